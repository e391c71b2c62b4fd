"""Limits what an account may do: slots, submits per second and per minute, and its share of the processes that submit.

Everything is counted from tasks and attempts, so a killed worker leaks nothing: what it held ends with `Attempt.sender_gone_at`. The
clock looks here to lease no more than can start soon; the intent looks again under the account's lock, and that decides.

An attempt holds its permit from before it is sent until `WINDOW` after its end. So two uses of one permit are a full second apart at
the vendor, however long the network takes, and a vendor that counts in sliding seconds never sees more than it allows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q

from generation.lifecycle import AT_VENDOR, Status
from generation.models import Attempt, Dispatch, GenerationTask, LiveWorker
from generation.scheduling.leases import MOST_WAITING
from jobs import queue
from providers.models import ProviderAccount

__all__ = [
    "WINDOW",
    "Usage",
    "Wait",
    "about_to_start",
    "others_at_work",
    "processes_to_reconcile",
    "room_of",
    "submit_processes",
    "usage_of",
    "why_no_permit",
]

WINDOW = timedelta(seconds=1.03)
"""A second, and what clocks of several machines may differ."""
MINUTE = timedelta(seconds=60)
UNKNOWN_HOLDS = timedelta(minutes=10)
"""How long a render that may still be at the vendor, with an unknown outcome or past our deadline, keeps its slot."""
LOOK_UP_WAITS = timedelta(seconds=15)
"""How long look-ups leave all processes to submits; then one is theirs."""
LATER_S = 2.0
"""The wait for what no short wait brings back: a slot, the submits of a minute, a share of the workers."""
RECHECK_S = 0.1
"""The wait while somebody is sending, when nobody knows when the permit comes back."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What an account has going on. `sending` are attempts without an answer yet, `recent` those that ended within the last second;
    `reconciling` are lost answers that a process asks about now, `to_reconcile` those that wait for one.
    """

    at_vendor: int = 0
    about_to: int = 0
    reconciling: int = 0
    to_reconcile: int = 0
    sending: int = 0
    recent: int = 0
    last_minute: int = 0
    unknown: int = 0
    overdue: int = 0

    @property
    def slots(self) -> int:
        return self.at_vendor + self.unknown + self.overdue

    @property
    def permits(self) -> int:
        return self.sending + self.recent

    def has_its_share(self, share: int) -> bool:
        """Return whether its submits and look-ups take all its processes. Look-ups that wait keep submits from up to half of them."""
        return self.sending + self.reconciling + min(self.to_reconcile, share // 2) >= share


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Why an account may not send now; ask again in so many seconds."""

    seconds: float
    because: str


def usage_of(accounts: Iterable[ProviderAccount], now: datetime) -> dict[UUID, Usage]:
    """Return what each of these accounts has going on. Four queries, five while an outcome is unknown, however many accounts and tasks."""
    asked = list(accounts)
    keys = [account.pk for account in asked]
    facts: dict[UUID, dict[str, int]] = {key: {} for key in keys}
    for rows in (_tasks(keys, now), _attempts(keys, now), _unknown(asked, now), _overdue(keys, now)):
        for row in rows:
            facts[row.pop("account")] |= row
    return {key: Usage(**found) for key, found in facts.items()}


def _tasks(keys: list[UUID], now: datetime) -> Iterable[Any]:
    there, leased = Q(status__in=AT_VENDOR), about_to_start(now)
    rows = GenerationTask.objects.filter(there | leased, account__in=keys).order_by().values("account")
    asked_about = Q(status=Status.SUBMITTING, lease_until__gt=now)
    return rows.annotate(
        at_vendor=Count("pk", filter=there),
        about_to=Count("pk", filter=leased),
        reconciling=Count("pk", filter=asked_about),
        to_reconcile=Count("pk", filter=Q(status=Status.SUBMITTING, due_at__lte=now)),
    )


def about_to_start(now: datetime) -> Q:
    """Match tasks that are leased for an account and not sent yet."""
    return Q(status=Status.QUEUED, lease_until__gt=now)


def _being_sent(now: datetime) -> Q:
    """Match attempts that somebody is sending."""
    return Q(finished_at=None, sender_gone_at__gt=now)


def _attempts(keys: list[UUID], now: datetime) -> Iterable[Any]:
    being_sent = _being_sent(now)
    rows = Attempt.objects.filter(Q(finished_at=None) | Q(finished_at__gt=now - MINUTE), account__in=keys).order_by().values("account")
    return rows.annotate(
        sending=Count("pk", filter=being_sent),
        recent=Count("pk", filter=Q(finished_at__gt=now - WINDOW)),
        last_minute=Count("pk", filter=being_sent | Q(started_at__gt=now - MINUTE) | Q(finished_at__gt=now - MINUTE)),
    )


def _unknown(accounts: list[ProviderAccount], now: datetime) -> Iterable[Any]:
    """Count what may have been accepted, whatever became of its task since. Not the attempt that is looked up: its task is counted already.
    Nor, where the vendor takes a reference only once, what is sent again there or was accepted there: both are one render, and known.
    """
    lately = Attempt.objects.filter(account__in=accounts, finished_at__gt=now - UNKNOWN_HOLDS, dispatch=Dispatch.UNKNOWN)
    if not lately.exists():  # usually so; the question below names the models of every account
        return
    one_render = Q(pk__in=[])  # attempts whose vendor takes a reference once: those of one task are one render at most
    for account in accounts:
        one_render |= Q(account=account, task__model__in=account.models_taken_once())
    accepted = Attempt.objects.filter(task=OuterRef("task"), account=OuterRef("account"), dispatch=Dispatch.ACCEPTED)
    looked_up = Q(task__status=Status.SUBMITTING, number=F("task__attempt_count"))
    sent_again = Q(task__account=F("account"), task__status__in=[Status.QUEUED, *AT_VENDOR])
    the_same = one_render & (sent_again | Q(Exists(accepted)))
    rows = lately.exclude(looked_up).exclude(the_same).order_by().values("account")
    for row in rows.annotate(attempts=Count("pk", filter=~one_render), tasks=Count("task", distinct=True, filter=one_render)):
        yield {"account": row["account"], "unknown": row["attempts"] + row["tasks"]}


def _overdue(keys: list[UUID], now: datetime) -> Iterable[Any]:
    """Count renders that outlived our deadline."""
    overdue = GenerationTask.objects.filter(status=Status.NEEDS_REVIEW, error_code="deadline", updated_at__gt=now - UNKNOWN_HOLDS)
    return overdue.filter(account__in=keys).order_by().values("account").annotate(overdue=Count("pk"))


def room_of(account: ProviderAccount, usage: Usage, *, workers: int, others_at_work: bool) -> int:
    """Return how many tasks to lease for it now: what can start within about a second."""
    if usage.has_its_share(_share(workers, others_at_work)):
        return 0
    limits = [account.max_in_flight - usage.slots, account.submits_per_minute - usage.last_minute, MOST_WAITING]
    if account.submits_per_second is not None:
        limits.append(account.submits_per_second - usage.sending)
    return max(min(limits) - usage.about_to, 0)


def why_no_permit(account: ProviderAccount, now: datetime) -> Wait | None:
    """Return None if it may send now. That is certain only under the account's lock, in the transaction that commits the intent."""
    usage = usage_of([account], now)[account.pk]
    if usage.slots >= account.max_in_flight:
        return Wait(seconds=LATER_S, because="all slots are taken")
    if account.submits_per_second is not None and usage.permits >= account.submits_per_second:
        return Wait(seconds=_permit_returns_s(account, usage, now), because="the submits of this second are used up")
    if usage.last_minute >= account.submits_per_minute:
        return Wait(seconds=LATER_S, because="the submits of this minute are used up")
    workers = submit_processes(now)
    if usage.has_its_share(_share(workers, others_at_work=False)) or (
        usage.has_its_share(_share(workers, others_at_work=True)) and others_at_work([account], now)
    ):
        return Wait(seconds=LATER_S, because="its share of the workers is taken")
    return None


def _permit_returns_s(account: ProviderAccount, usage: Usage, now: datetime) -> float:
    """Return the seconds until the first that ended lately is a window ago; nobody knows when those that are being sent end."""
    lately = Attempt.objects.filter(account=account, finished_at__gt=now - WINDOW).order_by("finished_at")
    first = lately.values_list("finished_at", flat=True).first() if usage.recent else None
    return max((first + WINDOW - now).total_seconds(), 0.01) if first else RECHECK_S


def submit_processes(now: datetime) -> int:
    """Return how many processes of all workers take submits; this machine's setting where none has signed in yet."""
    return LiveWorker.objects.submit_processes(now) or queue.workers_of(queue.SUBMIT)


def processes_to_reconcile(now: datetime) -> int:
    """Return how many may ask about lost answers: half of all, and the last one that no submit holds only after a while."""
    workers = submit_processes(now)
    sending = Attempt.objects.filter(_being_sent(now)).count()
    spare = 1 if workers > 1 else 0
    most = min(max(workers // 2, 1), workers - sending - spare)
    waits_long = GenerationTask.objects.due(now - LOOK_UP_WAITS).filter(status=Status.SUBMITTING)
    return most if most > 0 else int(waits_long.exists())


def others_at_work(accounts: Iterable[ProviderAccount], now: datetime) -> bool:
    """Return whether tasks of other accounts wait for a worker or are being sent."""
    keys = [account.pk for account in accounts]
    leased = GenerationTask.objects.filter(about_to_start(now), account__isnull=False).exclude(account__in=keys)
    being_sent = Attempt.objects.filter(_being_sent(now)).exclude(account__in=keys)
    return leased.exists() or being_sent.exists()


def _share(workers: int, others_at_work: bool) -> int:
    """Return how many processes one account may use: half while others work, so that a vendor that hangs starves nobody; never the last."""
    return max(workers // 2 if others_at_work else workers - 1, 1)
