"""Decides what an error answer to a paid request proves: a refusal, a task that exists already, or nothing. Pure."""

from __future__ import annotations

import re

from providers.core.base import status_as_code
from providers.core.errors import (
    AuthenticationFailed,
    ContentRejected,
    DuplicateReference,
    InvalidParams,
    OutOfCredit,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    Uncertain,
    UnexpectedReply,
)
from providers.core.gateways import QUOTED, UNKNOWN_TASK
from providers.core.messages import say

__all__ = ["error_of_payment", "outcome_unknown"]

DUPLICATE = re.compile(
    r"external_?task_?id|\bsubmit_id\b|duplicat|idempoten|\brepeat(?:ed|ing)?\b|\bre-?used\b|(?:must|should|not|n't)(?: be)? unique"
    r"|already[ _](?:been[ _])?(?:exist|used|in[ _]use|taken|submitted|accepted|created|processed|received|registered)"
    r"|(?:_id|\bid|reference|token|key)\W+(?:\S+ ){0,4}(?:exists|conflict|(?:is )?(?:in use|taken))"
    r"|重复|重覆|已存在|已经存在|唯一|已提交|已使用|已被使用",
    re.IGNORECASE,
)
"""Words by which vendors say that they have a reference already. The sentences of those whose words are known are in
tests/providers/core/test_payments.py. A match too many costs a look-up or a person's minute; one too few, a render.
"""
NAMED = re.compile(
    r"external_?task_?id|\bsubmit_id\b|(?:_id|\bid|reference)\W+(?:\S+ ){0,4}(?:exists|conflict|(?:is )?(?:in use|taken))", re.IGNORECASE
)
"""Those of them that name our reference: in a refusal for the key, the balance or the content, the others speak of those."""
UNDER_WAY = re.compile(
    r"already[ _](?:(?:been|being|in)[ _])?(?:running|process\w+|progress|pending|queued)|正在(?:运行|处理|进行|生成|审核)", re.IGNORECASE
)
"""Words for a task that is in progress. In a rate-limit error they refer to other tasks; in any other refusal, to the one we sent."""
MOST_WORDS = 2_000
"""How much of a message is searched: without blanks in it, a search takes the square of its length."""
REFUSED_WITHOUT_CODE = frozenset({401, 411, 413, 414, 415, 429, 431})
"""Statuses by which servers reject a request before they pass it on; a proxy's page proves a refusal too. Others may come from a firewall
that withheld the vendor's acceptance (403) or from a wrong base URL (404, 405): a person submits again.
"""
REFUSED_IN_WORDS = REFUSED_WITHOUT_CODE | {400, 422}
"""The same for a bare `{"error": text}` or `{"detail": ...}` of a service without codes (`status_as_code`)."""
NOT_FROM_BEHIND = frozenset({408, 499, 502, 504})
"""Statuses by which a proxy says that it has no whole answer. No word beside them proves what became of the request."""
REFUSED_WITH_CODE = REFUSED_WITHOUT_CODE | {400, 402, 403, 404, 405, 410, 422}
"""What proves a refusal when the vendor gives its own code. 409 and 425 are not among them: the same request may be under way."""


def error_of_payment(error: ProviderError) -> ProviderError:
    """Return the error of a paid request as what it proves: itself, `DuplicateReference`, or `Uncertain`."""
    if isinstance(error, (ProviderDown, UnexpectedReply)) or error.http_status in NOT_FROM_BEHIND:
        return outcome_unknown(error)
    if _says_duplicate(error):
        return DuplicateReference(error.message, vendor_code=error.vendor_code, http_status=error.http_status, request_id=error.request_id)
    return error if _is_sure(error) else outcome_unknown(error)


def outcome_unknown(error: ProviderError) -> Uncertain:
    """Return the error as one after which the render may have been accepted."""
    return Uncertain(
        error.words + say("may_be_accepted"),
        vendor_code=error.vendor_code,
        http_status=error.http_status,
        request_id=error.request_id,
    )


def _says_duplicate(error: ProviderError) -> bool:
    """Return whether the vendor says that it already has our reference."""
    if isinstance(error, RateLimited):
        patterns: tuple[re.Pattern[str], ...] = (DUPLICATE,)
    elif type(error) is AuthenticationFailed:
        patterns = (NAMED,)
    elif type(error) in {ContentRejected, OutOfCredit}:  # some are known by their words alone, see refusals.py
        patterns = (NAMED, UNDER_WAY)
    elif type(error) in {Refused, InvalidParams}:
        patterns = (DUPLICATE, UNDER_WAY)
    else:
        return False
    words = f"{error.vendor_code or ''} {error.message}"[:MOST_WORDS]
    return any(pattern.search(words) for pattern in patterns)


def _is_sure(error: ProviderError) -> bool:
    """Return whether the error proves that nothing was accepted. Subclasses of `Refused` come from the vendor's table or a plain status."""
    status = error.http_status
    if (error.vendor_code or "").lower() == UNKNOWN_TASK and status is not None and status < 400:
        return False
    if not isinstance(error, Refused) or status is None or status < 400:
        return True
    if error.vendor_code in {None, str(status), QUOTED}:  # any server repeats the status; a gateway quotes pages under its own code
        return status in REFUSED_WITHOUT_CODE
    if error.vendor_code == status_as_code(status):
        return status in REFUSED_IN_WORDS
    return status in REFUSED_WITH_CODE or type(error) is not Refused
