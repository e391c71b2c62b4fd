"""The frozen values that travel between the engine, the adapters and the wire."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from providers.core.errors import ProviderError, UnexpectedReply

if TYPE_CHECKING:
    from providers.core.catalog import ModelSpec, Params

__all__ = [
    "LONGEST_ID_BYTES",
    "Balance",
    "Charge",
    "Exchange",
    "GenerationRequest",
    "InputFile",
    "Output",
    "Part",
    "Place",
    "Snapshot",
    "State",
    "Submission",
    "WireReply",
    "WireRequest",
    "base64_bytes",
]


LONGEST_ID_BYTES = 2_000
"""Of a submission's id, which for a vendor that renders while it is asked is an address. PostgreSQL's unique index takes 2,704 at most."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a multipart body; a file when it has a filename."""

    name: str
    content: bytes = field(repr=False)
    filename: str = ""
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class WireRequest:
    """One HTTP request, before it is signed. `path` is joined to the account's base URL; a full URL is used as it is.

    The body is one of `json`, `content` (bytes whose type is in the headers; for signatures over the exact body) or `parts`
    (multipart/form-data). `billable` marks the one request of a conversation that makes the vendor start charging.
    """

    method: str
    path: str
    query: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = field(default=None, repr=False)
    parts: tuple[Part, ...] = ()
    billable: bool = False

    def with_headers(self, **headers: str) -> WireRequest:
        """Return the request with more headers; underscores in names become dashes."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **more})


@dataclass(frozen=True, kw_only=True)
class WireReply:
    """One HTTP answer, body read whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def data(self) -> dict[str, Any]:
        """Return the body as a JSON object; raise `UnexpectedReply` for anything else, with its kind and not its words: a base URL
        may lead to a service whose answers are not for everyone who may test an account. An attempt keeps the reply itself.
        """
        try:
            value = json.loads(self.body, parse_constant=_no_number, parse_float=_finite)
            if any(mark in self.body for mark in (b"\\u", b"\xed", b"\x00")):  # escaped, as raw bytes, in UTF-16
                value = _storable(value)
        except (ValueError, RecursionError) as error:
            raise UnexpectedReply(f"The vendor answered {self._gist()} where JSON was due.", http_status=self.status) from error
        if not isinstance(value, dict):
            raise UnexpectedReply(f"The vendor answered {self._gist()} where an object was due.", http_status=self.status)
        return value

    def part(self, name: str) -> dict[str, Any]:
        """Return the object under `name` of the body; raise `UnexpectedReply` when there is none."""
        value = self.data().get(name)
        if not isinstance(value, dict):
            raise UnexpectedReply(f"The vendor's answer has no object “{name}”.", http_status=self.status)
        return value

    def _gist(self) -> str:
        kind = re.match(r"[\w.+-]{1,40}/[\w.+-]{1,60}", self.headers.get("content-type", ""), re.ASCII)
        what = f"{len(self.body):,} bytes{f' of {kind[0]}' if kind else ''}" if self.body.strip() else "an empty body"
        return f"HTTP {self.status} with {what}"


def base64_bytes(size: int) -> int:
    """Return how many characters so many bytes are as base64."""
    return (size + 2) // 3 * 4


T = TypeVar("T")
Exchange = Generator[WireRequest, WireReply, T]
"""A conversation with a vendor: yields requests, is sent replies, returns a value. Pure: no sockets, no clock."""


class State(StrEnum):
    """The state of a submission at the vendor."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """An image in a slot, bytes at hand. `content_type` is image/png or image/jpeg."""

    slot: str
    content: bytes = field(repr=False)
    content_type: str
    width_px: int
    height_px: int

    @property
    def base64(self) -> str:
        return base64.b64encode(self.content).decode()

    @property
    def data_uri(self) -> str:
        return f"data:{self.content_type};base64,{self.base64}"


@dataclass(frozen=True, kw_only=True)
class GenerationRequest:
    """What we ask of a vendor. `reference` is our own id of the task; vendors that keep it can be asked about it later."""

    spec: ModelSpec
    prompt: str
    params: Params
    inputs: Mapping[str, tuple[InputFile, ...]] = field(default_factory=dict)
    reference: str

    @property
    def body_bytes(self) -> int:
        """Return about how large the request will be on the wire: its images, as base64."""
        return sum(base64_bytes(len(file.content)) for files in self.inputs.values() for file in files)

    def only_input(self, slot: str) -> InputFile | None:
        """Return the first file in `slot`, or None."""
        return next(iter(self.inputs.get(slot, ())), None)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """The vendor's handle for accepted work. `model` is our bare model id: some vendors' paths depend on it; `kind` too. An id
    that is too long to be kept raises `UnexpectedReply`.
    """

    id: str
    model: str
    kind: str = ""

    def __post_init__(self) -> None:
        if len(self.id.encode()) > LONGEST_ID_BYTES:
            raise UnexpectedReply(f"The vendor names it by more than {LONGEST_ID_BYTES} bytes: “{self.id[:80]}…”.")


@dataclass(frozen=True, kw_only=True)
class Place:
    """An address of a finished file, without the spaces that some services write around it.

    `headers_needed`: only the account itself may fetch it (see `Provider.download_headers`).
    """

    url: str = field(repr=False)
    headers_needed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", self.url.strip())


@dataclass(frozen=True, kw_only=True)
class Output(Place):
    """A finished file still at the vendor. `others` are further addresses, tried if the first does not have it."""

    expires_in: timedelta | None = None
    duration_s: float | None = None
    others: tuple[Place, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What the vendor says that a render cost. `unit` is a currency, "tokens" or "seconds" that it bills, or the vendor's own: "credits",
    "units".
    """

    amount: Decimal
    unit: str


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The answer to one poll. `vendor_state` is the vendor's own word; `progress` is 0..100 where the vendor reports it.

    `error` is set iff `state` is FAILED. `units` is what the vendor says of usage and charge, in its own words; `charge` is what it says
    that it charged, where it says so in one number. `ask_again_after` is how long the vendor asks us to wait before the next poll
    (`replies.poll_delay`).
    """

    state: State
    vendor_state: str
    progress: int | None = None
    outputs: tuple[Output, ...] = ()
    error: ProviderError | None = None
    actual_prompt: str = ""
    units: str = ""
    charge: Charge | None = None
    ask_again_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What an account has left. `unit` is the vendor's own: "units" of a package, "credits"."""

    amount: Decimal
    unit: str


def _no_number(word: str) -> None:
    """Return None for NaN and Infinity: they are not JSON, and databases refuse them."""


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if isfinite(number) else None


def _storable(value: Any) -> Any:
    """Return the value in text that a database accepts: half a surrogate pair and NUL, which JSON can carry, become `?`."""
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\x00", "?")
    return value
