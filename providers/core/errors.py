"""What can go wrong between us and a vendor.

    ProviderError
    ├─ Unreachable          surely not accepted: DNS, refused, TLS, connect timeout      retryable
    ├─ NotSent              held up or stopped here, right before it was to leave        retryable
    ├─ Uncertain            a billable request may have been accepted: read timeout,
    │                       reset, 5xx, redirect, page, unreadable answer                        never sent again by itself
    ├─ RateLimited          429 and what vendors say instead; carries `retry_after_s`    retryable
    │  └─ PlanUsedUp            until the plan's next hours, day or week; `opens_at`     retryable
    ├─ ProviderDown         5xx or a broken answer to a request that costs nothing       retryable
    ├─ Refused              the vendor said no
    │  ├─ DuplicateReference    the vendor has a task under our reference already: it may be ours, and paid
    │  ├─ InvalidParams         a parameter or input it does not take
    │  ├─ ContentRejected       moderation of the prompt or an image
    │  ├─ AuthenticationFailed  the key is wrong, expired or has no right to the model
    │  │  └─ ClockOff               the time of the signature, also with the vendor's own time     retryable
    │  ├─ OutOfCredit           balance or package used up
    │  └─ SubmissionGone        the vendor no longer knows the submission
    ├─ GenerationFailed     accepted, then failed at the vendor
    ├─ UnexpectedReply      we do not understand the answer; a bug here or a change there     retryable
    └─ Unsupported          the provider cannot do this

Callers branch on type, `retryable` and `code` only; all else is evidence. Messages never hold secrets.
"""

from __future__ import annotations

from datetime import datetime

from providers.core.messages import Message

__all__ = [
    "AuthenticationFailed",
    "ClockOff",
    "ContentRejected",
    "DuplicateReference",
    "GenerationFailed",
    "InvalidParams",
    "NotSent",
    "OutOfCredit",
    "PlanUsedUp",
    "ProviderDown",
    "ProviderError",
    "RateLimited",
    "Refused",
    "SubmissionGone",
    "Uncertain",
    "UnexpectedReply",
    "Unreachable",
    "Unsupported",
    "is_of_the_call",
]


class ProviderError(Exception):
    """Something went wrong at or on the way to a vendor. `advice` is a sentence of ours that says what helps against this one code."""

    default_code = "provider_error"
    default_retryable = False

    def __init__(
        self,
        message: str | Message,
        *,
        code: str = "",
        retryable: bool | None = None,
        vendor_code: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
        advice: Message | None = None,
    ) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self._ours = message if isinstance(message, Message) else None
        self.code = code or self.default_code
        self.retryable = self.default_retryable if retryable is None else retryable
        self.vendor_code = vendor_code
        self.http_status = http_status
        self.request_id = request_id
        self.advice = advice or Message()

    @property
    def words(self) -> Message:
        """Return the message as rows keep it: by its code only while nothing in it was masked."""
        return self._ours if self._ours and str(self._ours) == self.message else Message.of(self.message)

    @property
    def quoted(self) -> Message:
        """Return the message with the vendor's code."""
        return self.words + (f"[{self.vendor_code}]" if self.vendor_code else "")

    @property
    def in_full(self) -> Message:
        """Return the message with the vendor's code and what helps."""
        return self.quoted + self.advice

    def __str__(self) -> str:
        return str(self.in_full)


class Unreachable(ProviderError):
    """The request surely never arrived."""

    default_code = "unreachable"
    default_retryable = True


class NotSent(ProviderError):
    """Nothing left the process: it was held up (paused, swapped out, starved) past the time at which others may take it for dead, or paid
    submits were stopped in that time.
    """

    default_code = "not_sent"
    default_retryable = True


class Uncertain(ProviderError):
    """The vendor may have accepted a billable request; the portal does not know."""

    default_code = "uncertain"


class RateLimited(ProviderError):
    """Too many requests or no free slot; nothing was accepted. `retry_after_s` in seconds, when the vendor said so."""

    default_code = "rate_limited"
    default_retryable = True

    def __init__(self, message: str | Message, *, retry_after_s: float | None = None, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.retry_after_s = retry_after_s


class PlanUsedUp(RateLimited):
    """What the account's plan allows in some hours, a day or a week is used up. It opens again by itself: at `opens_at`, aware, when the
    vendor said so.
    """

    default_code = "plan_used_up"

    def __init__(self, message: str, *, opens_at: datetime | None = None, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.opens_at = opens_at


class ProviderDown(ProviderError):
    """The vendor is in trouble: 5xx or a broken answer, to a request that costs nothing."""

    default_code = "provider_down"
    default_retryable = True


class Refused(ProviderError):
    """The vendor said no, and would say so again."""

    default_code = "refused"


class DuplicateReference(Refused):
    """The vendor refuses a paid request: it has our reference already. Look that task up, else ask a person: it may be ours, and paid."""

    default_code = "duplicate_reference"


class InvalidParams(Refused):
    """The vendor does not take a parameter or input."""

    default_code = "invalid_params"


class ContentRejected(Refused):
    """The vendor's safety check refused the prompt, an image or the result."""

    default_code = "content_rejected"


class AuthenticationFailed(Refused):
    """The credentials are wrong, expired, or not allowed to use the model. `stale` means: sign again and ask once more."""

    default_code = "auth_failed"

    def __init__(self, message: str, *, stale: bool = False, **facts: object) -> None:
        super().__init__(message, **facts)  # type: ignore[arg-type]
        self.stale = stale


class ClockOff(AuthenticationFailed):
    """The vendor rejects the time of the signature, although it was made with the time that the vendor's own answer says."""

    default_code = "clock_off"
    default_retryable = True


class OutOfCredit(Refused):
    """The account's balance or package is used up."""

    default_code = "out_of_credit"


class SubmissionGone(Refused):
    """The vendor no longer knows (or never knew) this submission."""

    default_code = "submission_gone"


class GenerationFailed(ProviderError):
    """The vendor accepted the work, then failed at it."""

    default_code = "generation_failed"


class UnexpectedReply(ProviderError):
    """An answer that we do not understand."""

    default_code = "unexpected_reply"
    default_retryable = True


class Unsupported(ProviderError):
    """This provider has no such operation."""

    default_code = "unsupported"


def is_of_the_call(error: ProviderError) -> bool:
    """Return whether the error is about this way of asking and not about the account: another way may be tried."""
    return isinstance(error, (Refused, UnexpectedReply)) and not isinstance(error, (AuthenticationFailed, OutOfCredit))
