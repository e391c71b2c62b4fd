"""What an account's answers say about the account: when it rests, and the free call that ends a rest.

The breaker counts attempts as they are stored, since it last closed; there is no counter that a dying process could leave wrong. Refusals
of a prompt or a setting say nothing about the account and do not count.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from generation.models import Attempt
from providers.breaker import BreakerState
from providers.core.errors import AuthenticationFailed, OutOfCredit, ProviderError, RateLimited, Unreachable
from providers.models import ProviderAccount
from providers.probe import probe

__all__ = ["heed_acceptance", "heed_error", "probe_account"]

log = logging.getLogger("generation.health")

FAULTS = frozenset({"unreachable", "uncertain", "auth_failed"})
"""Errors of attempts that are the account's or the vendor's: refused connections, timeouts, resets, 5xx, unreadable answers, keys."""
STRAIGHT = 5
LATELY = timedelta(seconds=60)
ENOUGH = 20
NO_CREDIT_COOLDOWN_S = 60.0
"""Of an account whose key or credit is refused: a person has to act, or its plan's next day to begin."""


def heed_acceptance(account: ProviderAccount) -> None:
    account.note_accepted()


def heed_error(account: ProviderAccount, error: ProviderError) -> None:
    """After the attempt that ended so is stored."""
    account.note_error(str(error))
    if isinstance(error, RateLimited) and error.retry_after_s is not None:
        account.cool_down(max(error.retry_after_s, 1.0), str(error))
    elif isinstance(error, (RateLimited, Unreachable)):
        account.rest(str(error))
    elif isinstance(error, (AuthenticationFailed, OutOfCredit)):
        account.cool_down(NO_CREDIT_COOLDOWN_S, str(error))
    elif error.code in FAULTS and (why := why_open(account, timezone.now())):
        log.warning("account %s: %s", account.pk, why)
        account.rest(f"{why} Last: {error}")


def why_open(account: ProviderAccount, now: datetime) -> str:
    """A sentence when the account fails too often; empty while it may go on."""
    ended = Attempt.objects.filter(account=account, finished_at__isnull=False)
    closed_at = ProviderAccount.objects.values_list("closed_at", flat=True).get(pk=account.pk)
    if closed_at is not None:
        ended = ended.filter(started_at__gt=closed_at)
    last = list(ended.order_by("-finished_at").values_list("error_code", flat=True)[:STRAIGHT])
    if len(last) == STRAIGHT and FAULTS.issuperset(last):
        return f"{STRAIGHT} submits failed in a row."
    counts = ended.filter(finished_at__gt=now - LATELY).aggregate(all=Count("pk"), bad=Count("pk", filter=Q(error_code__in=FAULTS)))
    if counts["all"] >= ENOUGH and counts["bad"] * 2 >= counts["all"]:
        return f"{counts['bad']} of the last {counts['all']} submits failed."
    return ""


def probe_account(account_id: UUID | str) -> None:
    """One free call to an account whose rest is over: it comes back, or rests for longer."""
    account = ProviderAccount.objects.get(pk=account_id)
    if not account.enabled or account.breaker(timezone.now()).state is not BreakerState.HALF_OPEN:
        return
    finding = probe(account)
    if finding.ok:
        log.info("account %s answers again", account.pk)
        account.close_breaker()
    else:
        log.info("account %s does not answer yet: %s", account.pk, finding.message)
        account.rest(finding.message, at_least_s=finding.retry_after_s)
