"""Compares the ledger with the tasks and requests that it is about, and mends it: `manage.py ledger check`, and the clock each hour.

What is mended is money in the books only: nothing here sends, moves or ends a task.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import BigIntegerField, Exists, F, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from access import ledger
from access.ledger_models import Basis, Reservation
from database import clock
from generation.lifecycle import TERMINAL, UNDER_WAY, Status
from generation.models import Attempt, GenerationTask
from generation.models.attempt import MAYBE_PAID
from generation.models.settling import end_without_render, never_in_the_way, note_costs, paying_row, settle_ended
from generation.ordering.purchase import ask_of, latest_reservation, scope_of

__all__ = ["check", "mend"]

log = logging.getLogger("generation.money")

LATELY = timedelta(days=3)
"""How far back the hourly round looks."""
AT_ONCE = 500
NOT_KNOWN = -1
SENT = sorted(status.value for status in UNDER_WAY | {Status.NEEDS_REVIEW})
ENDED = sorted(status.value for status in TERMINAL)


def mend() -> None:
    """Mend what is wrong since a few days ago, and log it as an error: it shows a fault of the portal."""
    for words in check(repair=True, since=clock.now() - LATELY):
        log.error("the ledger was mended: %s", words)


def check(*, repair: bool = False, since: datetime | None = None) -> list[str]:
    """Return what does not agree, in words; with `repair`, mend it. `since` limits how old the tasks are that are looked at."""
    return [
        *_unpaid_for(since, repair=repair),
        *_closed_too_early(repair=repair),
        *_open_after_the_end(since, repair=repair),
        *_other_costs(since, repair=repair),
        *(f"{one.of} holds {one.was} instead of {one.is_now} millionths" for one in ledger.check(repair=repair)),  # after what moves money
    ]


def _unpaid_for(since: datetime | None, *, repair: bool) -> Iterator[str]:
    """Yield tasks with requests to billed accounts for which no money was set aside. Those from before the first reservation do not count,
    nor those of accounts that were edited since: they may have been sandboxes.
    """
    first = Reservation.objects.aggregate(first=Min("at"))["first"]
    if first is None:
        return
    paid = Attempt.objects.filter(dispatch__in=MAYBE_PAID, account__sandbox=False, started_at__gt=max(first, since or first))
    as_then = paid.filter(Q(account__edited_at=None) | Q(account__edited_at__lt=F("started_at")))
    missing = as_then.exclude(Exists(Reservation.objects.filter(task_id=OuterRef("task_id"))))
    for task_id in list(missing.order_by("task_id").values_list("task_id", flat=True).distinct()):
        yield f"task {task_id} was sent, and no money was set aside for it"
        if repair:
            with never_in_the_way(task_id):
                _set_aside(task_id)


def _set_aside(task_id: UUID) -> None:
    task = GenerationTask.objects.select_for_update().get(pk=task_id)
    if task.spec is None:
        log.error("task %s: the catalog no longer has its model, so its cost is not known", task_id)
    elif latest_reservation(task) is None:
        params = task.spec.params.model_construct(**task.params)
        ledger.reserve([ask_of(task, task.spec, params, scope_of(task))], forced=True)


def _closed_too_early(*, repair: bool) -> Iterator[str]:
    """Yield tasks that a billed account renders, and whose money was released. What a person or a bill decided stays."""
    mine = Reservation.objects.filter(task_id=OuterRef("pk"))
    sent = GenerationTask.objects.filter(status__in=SENT, account__sandbox=False).filter(Exists(mine))
    decided = mine.filter(Q(closed_at=None) | Q(basis__in=[Basis.PERSON, Basis.BILL]))
    for task_id in list(sent.exclude(Exists(decided)).order_by("pk").values_list("pk", flat=True)):
        yield f"task {task_id} is rendered, and its money was released"
        if repair:
            with never_in_the_way(task_id):
                _open_again(task_id)


def _open_again(task_id: UUID) -> None:
    task = GenerationTask.objects.select_for_update().get(pk=task_id)
    row = latest_reservation(task)
    if row is not None and row.closed_at is not None and task.status in SENT:
        ledger.reopen(row)
        note_costs(task)


def _open_after_the_end(since: datetime | None, *, repair: bool) -> Iterator[str]:
    """Yield ended tasks whose money is neither settled nor waits for a person."""
    still_open = Reservation.objects.filter(closed_at=None, waits=False)
    if since is not None:
        still_open = still_open.filter(at__gte=since)
    ids = list(still_open.values_list("task_id", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        ended = GenerationTask.objects.filter(pk__in=ids[start : start + AT_ONCE], status__in=ENDED)
        not_settled = ended.filter(Exists(still_open.filter(task_id=OuterRef("pk")))).order_by("pk")  # again: others settle too
        for task_id in list(not_settled.values_list("pk", flat=True)):
            yield f"task {task_id} has ended, and its money is not settled"
            if repair:
                with never_in_the_way(task_id):
                    _settle(task_id)


def _settle(task_id: UUID) -> None:
    task = GenerationTask.objects.select_for_update().get(pk=task_id)
    rows = list(Reservation.objects.filter(task_id=task_id).order_by("number"))
    if task.state not in TERMINAL or not rows:
        return
    paying = paying_row(task, rows)
    for row in rows:
        if row.closed_at is None and row == paying:  # also one that waits since another sending: its render has ended
            settle_ended(task, row, task.state)
        elif row.closed_at is None and not row.waits:
            end_without_render(task, row)
    note_costs(task)


def _other_costs(since: datetime | None, *, repair: bool) -> Iterator[str]:
    """Yield tasks that keep another cost than their reservations say."""
    settled = Reservation.objects.filter(task_id=OuterRef("pk"), closed_at__isnull=False).exclude(basis=Basis.SANDBOX).order_by()
    total = settled.values("task_id").annotate(total=Sum("settled", output_field=BigIntegerField())).values("total")
    tasks = GenerationTask.objects.filter(finished_at__gte=since) if since else GenerationTask.objects.all()
    both = tasks.annotate(
        kept=Coalesce("cost_settled", NOT_KNOWN), rows=Coalesce(Subquery(total, output_field=BigIntegerField()), NOT_KNOWN)
    )
    for task in both.exclude(kept=F("rows")).order_by("pk"):
        yield f"task {task.pk} keeps another cost than its reservations say"
        if repair:
            with never_in_the_way(task.pk):
                note_costs(GenerationTask.objects.select_for_update().get(pk=task.pk))  # else a settlement of this moment is overwritten
