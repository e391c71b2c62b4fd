"""The interface of every vendor's adapter. An adapter does no I/O and knows no clock.

Operations are conversations (`Exchange`): generators that yield requests and are sent replies. They read top to bottom like the
vendor's page, also where a vendor needs two calls, and the same ones serve the blocking and the concurrent client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isnan
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from providers.core.callbacks import Callback, Notice
from providers.core.catalog import ModelSpec
from providers.core.declared import Declaration
from providers.core.errors import (
    AuthenticationFailed,
    InvalidParams,
    OutOfCredit,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    UnexpectedReply,
    Unsupported,
)
from providers.core.messages import Message, say
from providers.core.results import same_origin
from providers.core.types import (
    Balance,
    Exchange,
    GenerationRequest,
    Snapshot,
    Submission,
    WireReply,
    WireRequest,
)

__all__ = [
    "API_KEY",
    "KEY_PAIR",
    "WHILE_WAITING",
    "CredentialField",
    "Limits",
    "Options",
    "Provider",
    "Sandbox",
    "Surface",
    "Variables",
    "by_slug",
    "coded_error",
    "date_of",
    "http_error",
    "retry_after_s",
    "status_as_code",
]

WHILE_WAITING = "only while it waits"
GIVEN_UP = frozenset({408, 499})
"""A proxy stopped waiting for the request, or for its answer."""
REFUSALS: Mapping[int, type[Refused]] = {
    400: InvalidParams,
    401: AuthenticationFailed,
    402: OutOfCredit,
    403: AuthenticationFailed,
    413: InvalidParams,
    415: InvalidParams,
    422: InvalidParams,
}


@dataclass(frozen=True, kw_only=True)
class CredentialField:
    """One value that an admin types in. Secret ones are sealed and never shown again; optional ones may be left empty."""

    name: str
    label: str
    secret: bool = True
    optional: bool = False
    help: str = ""


API_KEY = CredentialField(name="api_key", label="API key")
"""Sent as a bearer token with every request (`Provider.sign`)."""
KEY_PAIR = (CredentialField(name="access_key", label="Access key", secret=False), CredentialField(name="secret_key", label="Secret key"))


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Where the simulator imitates this surface: the path below its address, invented credentials, and the account's priority."""

    path: str
    credentials: Mapping[str, str]
    priority: int = 10


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a new account of a surface starts with, by the names of the account's own fields: what the vendor's smallest plan allows."""

    max_in_flight: int = 5
    submits_per_minute: int = 60
    submits_per_second: int | None = None
    polls_per_second: int = 20


@dataclass(frozen=True, kw_only=True)
class Variables:
    """The environment variables of which an account of this surface is made at start (providers/accounts/given.py).

    `credentials` has their names by the credential's name, `address` those of the base URL; the first one that is set counts. Surfaces of
    one vendor may share variables: then the address chooses the surface, and without one the first surface has the account.
    """

    credentials: Mapping[str, tuple[str, ...]]
    address: tuple[str, ...] = ()
    address_needed: bool = False
    """The surface has no address of its own, so there is no account without one."""


@dataclass(frozen=True, kw_only=True)
class Surface:
    """One way into a vendor: its own API, another generation of it, or a gateway that speaks the same protocol."""

    slug: str
    label: str
    base_url: str
    credentials: tuple[CredentialField, ...]
    help: str = ""
    regional: bool = False
    """The vendor runs the same service at its other regional surfaces; a key is good at one of them."""
    limits: Limits = Limits()
    sandbox: Sandbox | None = None
    calls_back: bool = False
    """The vendor takes a callback address with each submit (see `Provider.notice`)."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What the vendor calls models here, by our ids; a model that is not in it goes by its id."""
    variables: Variables | None = None
    """Where its account comes from without a person; None where only the admin and the file of accounts make one."""
    takes_names: bool = False
    """An account may have its own names for models (see `Provider.name_of`): for endpoints, or where the models are not known."""


def by_slug(*surfaces: Surface) -> Mapping[str, Surface]:
    """Return the surfaces by their slugs, in this order; the first one is the usual one."""
    return {surface.slug: surface for surface in surfaces}


class Options(BaseModel):
    """Endpoint and credentials of one account.

    `callback_url` is where the vendor may call us; empty where it cannot. Its last part is a secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    surface: str
    base_url: str
    credentials: Mapping[str, str]
    callback_url: str = ""
    names: Mapping[str, str] = {}
    """The account's own names for models, by our ids."""

    def __repr__(self) -> str:
        return f"<Options {self.surface} {self.base_url}>"

    __str__ = __repr__


class Provider:
    """Our adapter to one vendor, bound to one account's options."""

    slug: ClassVar[str]
    label: ClassVar[str]
    docs_url: ClassVar[str]
    surfaces: ClassVar[Mapping[str, Surface]]
    models: ClassVar[Mapping[str, ModelSpec]]
    not_offered: ClassVar[Sequence[str]] = ()
    """What the vendor's pages have and this portal does not, in words for docs/providers.md."""
    read_elsewhere: ClassVar[Sequence[str]] = ()
    """Facts whose source is not the page that their model names, with where and when they were read; for docs/providers.md."""
    poll_batch: ClassVar[int] = 1
    """How many submissions one `poll_many` may ask for; 1 means that the vendor has no such call."""
    poll_batch_note: ClassVar[str] = ""
    """Where that does not hold for all its models; in words for docs/providers.md, as are the next two."""
    batch_is_whole: ClassVar[bool] = True
    """What the answer to a `poll_many` leaves out is gone; otherwise it is asked about alone."""
    can_cancel: ClassVar[bool] = False
    cancel_note: ClassVar[str] = ""
    """Which renders it can stop, where not all; `WHILE_WAITING` is usual."""
    declarable: ClassVar[tuple[str, ...]] = ()
    """The facts of a `Declaration` that a request can carry; empty where administrators cannot declare models."""
    can_look_up: ClassVar[bool] = False
    """The vendor can be asked about a submit whose answer was lost (see `look_up`)."""
    look_up_finds: ClassVar[str] = "finds a submit by our reference"
    """What that look-up can find out."""
    look_up_within: ClassVar[timedelta | None] = None
    """How long after a submit an absence still proves something; None where the vendor forgets nothing."""
    prompt_advice: ClassVar[Mapping[str, str]] = {}
    """How the vendor says that prompts should be written, by language ("en", "zh-hans"): for the language model that writes one."""
    reads_english_only: ClassVar[bool] = False
    """Its models understand no prompts in other languages."""

    def __init__(self, options: Options) -> None:
        self.options = options

    @classmethod
    def takes_reference_once(cls, surface: str, model: str) -> bool:  # noqa: ARG003
        """Return whether the vendor is known to refuse a reference that it has already, for this model (its id) at this surface."""
        return False

    @classmethod
    def declared(cls, model: Declaration) -> ModelSpec:  # noqa: ARG003
        """Return the model that an administrator declared."""
        raise Unsupported(f"{cls.label} has only the models of its package.")

    def submit(self, request: GenerationRequest) -> Exchange[Submission]:
        """Ask for a video. Exactly one of the requests is billable."""
        raise NotImplementedError

    def poll(self, submission: Submission) -> Exchange[Snapshot]:
        """Ask for the state of a submission. Raise `SubmissionGone` when the vendor no longer knows it."""
        raise NotImplementedError

    def poll_group(self, submission: Submission) -> str | None:
        """Return the group whose submissions may share a `poll_many`; None for one that is asked about alone (no batch)."""
        return "" if self.poll_batch > 1 else None

    def poll_many(self, submissions: Sequence[Submission]) -> Exchange[Mapping[str, Snapshot | ProviderError]]:
        """Ask about at most `poll_batch` submissions of one group in one call.

        Return answers by submission id; one that cannot be read does not spoil the others. A missing id is gone, if `batch_is_whole`.
        """
        raise Unsupported(f"{self.label} answers for one task at a time.")
        yield  # pragma: no cover

    def cancel(self, submission: Submission) -> Exchange[None]:
        """Ask the vendor to stop. Raise `Unsupported` where it cannot, `Refused` where it is too late."""
        raise Unsupported(f"{self.label} cannot stop a render once it is accepted.")
        yield  # pragma: no cover - makes this a conversation

    def look_up(self, reference: str, spec: ModelSpec, since: datetime, known: Sequence[str]) -> Exchange[Submission | None]:
        """Find the submission that carries our reference; None when the vendor surely has none, `Unsupported` when it cannot know.

        `since` is when we began to send; `known` are vendor ids that belong to other tasks, for vendors that can only list.
        """
        raise Unsupported(f"{self.label} cannot be asked about our reference.")
        yield  # pragma: no cover

    def check_account(self) -> Exchange[None]:
        """Make a call that costs nothing and fails when endpoint or credentials are wrong."""
        raise NotImplementedError

    def list_models(self) -> Exchange[Sequence[Declaration]]:
        """Ask for the models that the account has, with what the vendor says about each, by calls that cost nothing."""
        raise Unsupported(f"{self.label} has no list of its models.")
        yield  # pragma: no cover - makes this a conversation

    def notice(self, callback: Callback, at: datetime) -> Notice:
        """Return what a callback names. Raise `CallbackForged` where the account's callbacks are signed and this one is not."""
        raise Unsupported(f"{self.label} does not call back.")

    def callback_param(self, name: str) -> dict[str, str]:
        """Return the address for callbacks under the vendor's name for it; an empty dict where the vendor cannot reach us."""
        return {name: self.options.callback_url} if self.options.callback_url else {}

    def balance(self, at: datetime) -> Exchange[Balance]:
        """Ask what is left, by a call that costs nothing. Raise `Unsupported` where the vendor does not report it."""
        raise Unsupported(f"{self.label} does not report what an account has left.")
        yield  # pragma: no cover - makes this a conversation

    def download_headers(self, url: str, at: datetime) -> Mapping[str, str]:
        """Return the headers for fetching an output that needs them; none unless the URL is of the account's own origin."""
        if not same_origin(url, self.options.base_url):
            return {}
        return self.sign(WireRequest(method="GET", path=url), at).headers

    def sign(self, request: WireRequest, at: datetime) -> WireRequest:
        """Add authentication: the API key as a bearer token, where the surface has one. `at` is the time, for signatures that expire."""
        key = self.options.credentials.get(API_KEY.name)
        return request.with_headers(Authorization=f"Bearer {key}") if key else request

    def check(self, reply: WireReply) -> ProviderError | None:
        """Return the vendor's error in this reply, or None. Override for vendors that send errors with HTTP 200."""
        return http_error(reply)

    def name_of(self, model: str) -> str:
        """Return what the vendor calls this model of ours at this account."""
        return self.options.names.get(model) or self.surfaces[self.options.surface].names.get(model, model)

    def names_of_others(self, model: str) -> frozenset[str]:
        """Return the names under which the vendor lists tasks that surely are of other models.

        Empty where the account has its own name for this model: only the vendor knows which model that name means.
        """
        if model in self.options.names:
            return frozenset()
        names = self.surfaces[self.options.surface].names
        return frozenset(names.get(other, other) for other in self.models if other != model)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the values that must never be logged or stored in clear."""
        fields = self.surfaces[self.options.surface].credentials
        typed = (self.options.credentials.get(field.name, "") for field in fields if field.secret)
        return tuple(filter(None, (*typed, self.options.callback_url.rpartition("/")[2])))


def http_error(
    reply: WireReply, *, message: str = "", vendor_code: str | None = None, request_id: str | None = None
) -> ProviderError | None:
    """Return the error for an HTTP status, with the vendor's words if there are any; None below 400."""
    if reply.status < 400:
        return None
    words = message or say("answered_http", status=reply.status)
    if reply.status == 429:
        wait_s = retry_after_s(reply)
        return RateLimited(words, retry_after_s=wait_s, vendor_code=vendor_code, http_status=429, request_id=request_id)
    ill = reply.status >= 500 or reply.status in GIVEN_UP
    kind = ProviderDown if ill else REFUSALS.get(reply.status, Refused)
    return kind(words, vendor_code=vendor_code, http_status=reply.status, request_id=request_id)


def status_as_code(status: int) -> str:
    """Return the code of an error in the words of a service without codes. `payments.py` believes it more than a bare status."""
    return f"HTTP {status}"


def coded_error(
    reply: WireReply,
    kind: type[ProviderError] | None,
    message: str,
    *,
    vendor_code: str | None,
    request_id: str | None = None,
    advice: Message | None = None,
) -> ProviderError:
    """Return the error of the class that the vendor's code means; an undocumented code is judged by the HTTP status."""
    if kind is RateLimited:
        wait_s = retry_after_s(reply)
        return RateLimited(message, retry_after_s=wait_s, vendor_code=vendor_code, http_status=reply.status, request_id=request_id)
    if kind is not None:
        return kind(message, vendor_code=vendor_code, http_status=reply.status, request_id=request_id, advice=advice)
    plain = http_error(reply, message=message, vendor_code=vendor_code, request_id=request_id)
    return plain or UnexpectedReply(message, vendor_code=vendor_code, http_status=reply.status, request_id=request_id)


def retry_after_s(reply: WireReply) -> float | None:
    """Return the seconds of a Retry-After header, where it is a plain number; at most an hour."""
    try:
        seconds = float(reply.headers.get("retry-after", ""))
    except ValueError:
        return None
    return None if isnan(seconds) else min(max(seconds, 0.0), timedelta(hours=1).total_seconds())


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return the time at which a message says that it was sent (its Date header, RFC 9110 6.6.1), aware; None where it does not say so."""
    try:
        at = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else None
