"""Providers, requests and replies for tests of vendors; replies come from fixtures/, made by hand after the vendors' pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from providers.core.base import Options, Provider
from providers.core.catalog import ModelSpec
from providers.core.client import converse
from providers.core.errors import ProviderError
from providers.core.types import Exchange, GenerationRequest, InputFile, Snapshot, Submission, WireReply, WireRequest
from providers.vendors import ALL_MODELS, PROVIDERS
from tests import pictures

FIXTURES = Path(__file__).parent / "fixtures"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CREDENTIALS = {
    "access_key": "sim-access",
    "secret_key": "sim-secret",
    "api_key": "sk-portal-test",
    "cookie": "sessionid=sim-session-000000000000; uid=7",
    "sign": "computed",
}
T = TypeVar("T")


def make_provider(
    slug: str, surface: str = "", base_url: str = "https://vendor.example", *, names: Mapping[str, str] | None = None, **keys: str
) -> Provider:
    """The vendor's adapter, by default for its first surface."""
    cls = PROVIDERS[slug]
    chosen = cls.surfaces[surface] if surface else next(iter(cls.surfaces.values()))
    credentials = {field.name: (CREDENTIALS | keys)[field.name] for field in chosen.credentials if field.name in keys or not field.optional}
    return cls(Options(surface=chosen.slug, base_url=base_url, credentials=credentials, names=names or {}))


def picture(slot: str, colour: str = "teal") -> InputFile:
    """A real PNG that every vendor takes."""
    content = pictures.picture((400, 400), colour=colour).getvalue()
    return InputFile(slot=slot, content=content, content_type="image/png", width_px=400, height_px=400)


def needed_slots(spec: ModelSpec) -> tuple[str, ...]:
    return spec.needed_slots


def make_request(
    model: str, slots: Iterable[str] | None = None, *, prompt: str = "a boat", reference: str = "job-1", **params: Any
) -> GenerationRequest:
    """A request, by default with the slots and options that the model needs."""
    spec = ALL_MODELS[model]
    filled = needed_slots(spec) if slots is None else slots
    inputs = {slot: (picture(slot),) for slot in filled}
    options = spec.params(**spec.needed_params | params)
    return GenerationRequest(spec=spec, prompt=prompt, params=options, inputs=inputs, reference=reference)


def asked(provider: Provider, request: GenerationRequest) -> WireRequest:
    """Return the submit as it leaves, before it is signed."""
    return next(provider.submit(request))


def said(provider: Provider, request: GenerationRequest) -> str:
    """Return everything in the submit's first request as one text to compare."""
    ask = asked(provider, request)
    return repr((ask.path, ask.query, ask.json, ask.content, [(part.name, part.content) for part in ask.parts]))


def fixture(name: str, **changes: Any) -> dict[str, Any]:
    """A reply's body. `changes` go into its `data` or `output`."""
    body: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    for part in ("data", "output"):
        if changes and part in body:
            body[part] |= changes
    return body


def reply_of(body: Mapping[str, Any] | list[Any] | bytes, status: int = 200, **headers: str) -> WireReply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return WireReply(status=status, body=raw, headers={name.replace("_", "-"): value for name, value in headers.items()})


def outcome(provider: Provider, exchange: Exchange[T], *replies: WireReply) -> T | ProviderError:
    """Return a conversation's result: its value, or its error."""
    talk = converse(provider, exchange, clock=lambda: NOON)
    try:
        next(talk)
        for reply in replies:
            talk.send(reply)
    except StopIteration as done:
        return done.value
    except ProviderError as error:
        return error
    raise AssertionError("the conversation goes on")


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One vendor's adapter, without a socket: what it asks, and what it makes of the answers that a test gives it."""

    provider: Provider
    model: str
    """Of the submits, as `provider/model`."""
    task: Submission
    """Which the polls are about."""

    def asked(self, request: GenerationRequest) -> WireRequest:
        """Return the submit as it leaves, before it is signed."""
        return asked(self.provider, request)

    def outcome(self, exchange: Exchange[T], *replies: WireReply) -> T | ProviderError:
        """Return the result of a conversation of this adapter."""
        return outcome(self.provider, exchange, *replies)

    def submit(self, body: Any, status: int = 200, *, model: str = "", **headers: str) -> Submission | ProviderError:
        request = make_request(model or self.model)
        return self.outcome(self.provider.submit(request), reply_of(body, status, **headers))

    def poll(
        self, body: Any, status: int = 200, *, then: Sequence[Any] = (), task: Submission | None = None, **headers: str
    ) -> Snapshot | ProviderError:
        """`then` are the answers to what the adapter asks after the first."""
        replies = [reply_of(one, status, **headers) for one in (body, *then)]
        return self.outcome(self.provider.poll(task or self.task), *replies)

    def look_up(self, *replies: WireReply, model: str = "", known: Sequence[str] = ()) -> Submission | ProviderError | None:
        return self.outcome(self.provider.look_up("job-1", ALL_MODELS[model or self.model], NOON, known), *replies)

    def check_account(self, body: Any, status: int = 200) -> ProviderError | None:
        return self.outcome(self.provider.check_account(), reply_of(body, status))
