"""Decides by an account's answers when it cools down, and makes the free call that ends a cooldown.

The breaker counts attempts as they are stored, since it last closed; there is no counter that a dying process could leave wrong. Refusals
of a prompt or a setting say nothing about the account and do not count.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from database import clock
from generation.messages import trouble
from generation.models import Attempt
from providers.accounts.circuit_breaker import PLAN, BreakerState
from providers.accounts.health_test import probe
from providers.core.errors import AuthenticationFailed, OutOfCredit, PlanUsedUp, ProviderError, RateLimited, Unreachable
from providers.core.messages import Message, say
from providers.models import ProviderAccount

__all__ = ["handle_error", "probe_account"]

log = logging.getLogger("generation.health")

FAULTS = frozenset({"unreachable", "uncertain", "auth_failed"})
"""Errors of attempts that are the account's or the vendor's: refused connections, timeouts, resets, 5xx, unreadable answers, keys."""
STRAIGHT = 5
LATELY = timedelta(seconds=60)
ENOUGH = 20
NO_CREDIT_COOLDOWN_S = 60.0
"""The cooldown of an account whose key or credit is refused: a person has to act."""
LONGEST_BELIEVED = timedelta(days=1)
"""How far ahead a vendor may say that a plan opens again: it is read from free text, and one refusal a day costs nothing."""


def handle_error(account: ProviderAccount, error: ProviderError) -> None:
    """Cool the account down if the error says so. Call after the attempt that ended with it is stored."""
    account.note_error(str(error))
    now = clock.now()
    if isinstance(error, PlanUsedUp) and error.opens_at is not None and error.opens_at > now:
        account.cool_down_for(min(error.opens_at - now, LONGEST_BELIEVED).total_seconds(), trouble(error))
    elif isinstance(error, PlanUsedUp):
        account.cool_down(trouble(error), pace=PLAN)
    elif isinstance(error, RateLimited) and error.retry_after_s is not None:
        account.cool_down_for(max(error.retry_after_s, 1.0), trouble(error))
    elif isinstance(error, (RateLimited, Unreachable)):
        account.cool_down(trouble(error))
    elif isinstance(error, (AuthenticationFailed, OutOfCredit)):
        account.cool_down_for(NO_CREDIT_COOLDOWN_S, trouble(error))
    elif error.code in FAULTS and (why := why_open(account, now)):
        log.warning("account %s: %s", account.pk, why)
        account.cool_down(why + say("last_failure", words=str(error)))


def why_open(account: ProviderAccount, now: datetime) -> Message | None:
    """Return the reason to open the breaker when the account fails too often, or None."""
    ended = Attempt.objects.filter(account=account, finished_at__isnull=False)
    closed_at = ProviderAccount.objects.values_list("closed_at", flat=True).get(pk=account.pk)
    if closed_at is not None:
        ended = ended.filter(started_at__gt=closed_at)
    last = list(ended.order_by("-finished_at").values_list("error_code", flat=True)[:STRAIGHT])
    if len(last) == STRAIGHT and FAULTS.issuperset(last):
        return say("failed_in_a_row", n=STRAIGHT)
    counts = ended.filter(finished_at__gt=now - LATELY).aggregate(all=Count("pk"), bad=Count("pk", filter=Q(error_code__in=FAULTS)))
    if counts["all"] >= ENOUGH and counts["bad"] * 2 >= counts["all"]:
        return say("failed_often", bad=counts["bad"], all=counts["all"])
    return None


def probe_account(account_id: UUID | str) -> None:
    """Make one free call to an account whose cooldown is over: it comes back, or cools down for longer."""
    account = ProviderAccount.objects.get(pk=account_id)
    if not account.enabled or account.breaker(clock.now()).state is not BreakerState.HALF_OPEN:
        return
    finding = probe(account)
    if finding.ok:
        log.info("account %s answers again", account.pk)
        account.close_breaker()
    else:
        log.info("account %s does not answer yet: %s", account.pk, finding.words)
        account.cool_down(finding.words, at_least_s=finding.retry_after_s)
