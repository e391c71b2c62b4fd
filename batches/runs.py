"""Runs of recurring batches: the clock begins one when it is due; the job fetches the file, has it checked as every batch, and accepts it.

The id of a run's batch is chosen with the lease that begins it, so a run that is killed anywhere, or done by two workers, makes one batch.
`next_at` moves when the run has ended, so several missed days give one run (docs/adr/0057).
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from typing import Any, BinaryIO, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from uuid_utils.compat import uuid7

from access.callers import Caller
from access.models import ApiToken, TokenState
from access.money import decimal
from access.preferences import chosen_language
from access.scopes import Scope
from batches.accepting import accept
from batches.messages import problem
from batches.models import Batch, BatchRow, RecurringBatch, RowState, Source, State
from batches.reading.sheet import MOST_BYTES
from batches.recurring import next_run
from batches.upload import upload
from database import clock
from database.errors import is_taken
from events import outbox
from generation import store
from generation.errors import PortalError
from generation.queries.content import coverage_of
from jobs import queue
from providers.core.fetch import FetchError, FetchTimeouts, NetworkPolicy, safe_fetch
from providers.core.messages import Message, say
from providers.messages import translated

__all__ = ["run", "runs_soon"]

LEASE = timedelta(minutes=5)
"""Covers one step of a run and its wait for a worker; fetching a file takes two minutes at most."""
PATIENCE = FetchTimeouts(total_s=120.0, stall_s=20.0)
TRIES, TRY_AGAIN = 4, timedelta(minutes=10)
WHILE_CHECKED, STORAGE_AWAY = timedelta(seconds=3), timedelta(minutes=1)
AT_ONCE = 20
IN_MEMORY_BYTES = 1 << 20


def runs_soon() -> int:
    """Lease the recurring batches that are due, and enqueue their next steps. Return how many. The clock calls it."""
    now = clock.now()
    due = RecurringBatch.objects.filter(due_at__lte=now).order_by("due_at")
    if not due.exists():  # asked without a write lock
        return 0
    with transaction.atomic():
        chosen = list(due.select_for_update(skip_locked=True).only("pk", "fence", "run_id")[:AT_ONCE])
        for row in chosen:
            changes = {"fence": row.fence + 1, "due_at": now + LEASE, "run_id": row.run_id or uuid7()}
            RecurringBatch.objects.filter(pk=row.pk).update(**changes)
            queue.enqueue(queue.INGEST, "recurring", row.pk, row.fence + 1)
    return len(chosen)


def run(recurring_id: UUID | str, fence: int) -> None:
    """Do what is next for the run that was leased under this fence: fetch, wait for the check, or accept."""
    rows = RecurringBatch.objects.select_related("owner", "team", "token")
    row = rows.filter(pk=recurring_id, fence=fence, run_id__isnull=False).first()
    if row is None:
        return
    with translation.override(chosen_language(row.owner) or None):
        if not row.owner.is_active:
            _end(row, None, Message(), paused=True)
        elif not _token_works(row):
            _end(row, None, say("run_token_ended"), failed=True, paused=True)
        else:
            assert row.run_id is not None
            batch = Batch.objects.select_related("owner", "token").filter(pk=row.run_id).first()
            _follow(row, batch) if batch else _fetch(row)


def _token_works(row: RecurringBatch) -> bool:
    """Return whether the token that made it, or one that replaced that, works and may still order. A person's own needs none."""
    if row.token_line is None:
        return True
    token, now = row.token, timezone.now()
    while token is not None and token.rolled_to_id and token.state(now) is not TokenState.GOOD:
        token = ApiToken.objects.filter(pk=token.rolled_to_id).first()
    row.token = token
    return token is not None and token.state(now) in {TokenState.GOOD, TokenState.ROLLED} and Scope.GENERATE in token.scopes


def _fetch(row: RecurringBatch) -> None:
    """Fetch the file and make the batch of this run from it."""
    allowed = tuple(settings.OUTBOUND_ALLOW_CIDRS)
    policy = NetworkPolicy(allow_http=bool(allowed), allow_cidrs=allowed)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as spool:
        file = cast("BinaryIO", spool)
        try:
            safe_fetch(row.url, to=file, max_bytes=MOST_BYTES, allow=policy, timeouts=PATIENCE, tries=2)
            file.seek(0)
            if not _is_mine(row):
                return
            store.discard([f"batches/{row.run_id}.rows", f"batches/{row.run_id}.images.zip"])  # what a killed run left
            upload(
                by=Caller(user=row.owner, token=row.token),
                file=file,
                file_name=row.url.partition("?")[0].rpartition("/")[2],
                name=f"{row.name} {clock.now().astimezone(ZoneInfo(row.time_zone)):%Y-%m-%d}",
                mapping=row.mapping,
                defaults=row.defaults,
                team=row.team,
                source=Source.SCHEDULE,
                pk=row.run_id,
            )
        except FetchError as error:
            if row.tries + 1 < TRIES:
                _again(row, TRY_AGAIN, tries=row.tries + 1)
            else:
                _end(row, None, say("run_not_fetched", words=error.message), failed=True)
        except store.StorageUnavailable:
            _again(row, STORAGE_AWAY)
        except PortalError as error:
            _end(row, None, say("run_not_read", words=error.message), failed=True)
        except IntegrityError as error:
            if not is_taken(error):
                raise  # a taken key: another worker has just made it
        else:
            _again(row, WHILE_CHECKED)


def _follow(row: RecurringBatch, batch: Batch) -> None:
    """Accept the batch of this run once it is checked, or say why not."""
    if batch.state == State.CHECKING:
        _again(row, WHILE_CHECKED)
    elif batch.state == State.REFUSED:
        _end(row, batch, say("run_not_read", words=translated(batch.error)), failed=True)
    elif batch.state == State.CHECKED and (gone := [name for name, use in row.mapping.items() if use and name not in batch.heading]):
        _end(row, batch, say("run_columns_gone", names=", ".join(gone)), failed=True)  # without its content ids it would order everything
    elif batch.state == State.CHECKED:
        _start(row, batch)
    else:  # it was accepted, by this run before a kill or by a person
        left_out = batch.rows.filter(state=RowState.LEFT_OUT).count()
        _end(row, batch, say("run_done", rows=batch.rows.count() - left_out, left_out=left_out))


def _start(row: RecurringBatch, batch: Batch) -> None:
    if row.missing_only and not _left_out(batch):
        _again(row, WHILE_CHECKED)
        return
    ready = list(batch.rows.filter(state=RowState.READY).values_list("cost", flat=True))
    bad = batch.rows.filter(state=RowState.BAD).count()
    cost, unpriced = sum(one or 0 for one in ready), ready.count(None)
    if not ready and not bad:
        if _is_mine(row):
            _end(row, None, say("run_nothing_new")) if _deleted(batch) else _again(row, WHILE_CHECKED)
        return
    Batch.objects.filter(pk=batch.pk, state=State.CHECKED, fence=batch.fence).update(cost=cost, unpriced=unpriced)
    if row.most_cost is not None and unpriced:
        _end(row, batch, say("run_not_priced", rows=unpriced), failed=True)
    elif row.most_cost is not None and cost > row.most_cost:
        may_cost, most = f"{decimal(cost):.2f}", f"{decimal(row.most_cost):.2f}"
        _end(row, batch, say("run_too_dear", cost=may_cost, most=most, currency=settings.CURRENCY), failed=True)
    elif _is_mine(row):
        try:
            accept(batch, by=Caller(user=row.owner, token=row.token), good_only=row.good_only)
        except PortalError as error:
            if error.code in {"not_checked", "batch_changed"}:  # a person has accepted or changed it at this moment
                _again(row, WHILE_CHECKED)
            else:
                _end(row, batch, say("run_not_accepted", words=error.message), failed=True)
        else:
            _follow(row, Batch.objects.get(pk=batch.pk))


def _deleted(batch: Batch) -> bool:
    """Delete the batch and its file; not if a person has just accepted it, or has it checked again: the next step sees that."""
    with transaction.atomic():
        if not _held(batch):
            return False
        batch.delete()
    store.discard(filter(None, [batch.file_key, batch.archive_key]))
    return True


def _left_out(batch: Batch) -> bool:
    """Leave out rows whose content id has a video, has one on its way, or waits in another batch of the owner's. Return False if a person
    has just accepted or changed the batch: the next step sees that.
    """
    ready = {pk: name for pk, name in batch.rows.filter(state=RowState.READY).values_list("pk", "order__content_id") if name}
    others = BatchRow.objects.filter(state=RowState.WAITING, batch__owner=batch.owner_id).exclude(batch=batch.pk)
    waiting = set(others.values_list("order__content_id", flat=True))
    missing, under_way = coverage_of(Caller(user=batch.owner, token=batch.token), set(ready.values()))
    with transaction.atomic():
        if not _held(batch):
            return False
        for code, names in (("row_under_way", {*under_way, *waiting}), ("row_has_video", set(ready.values()) - {*missing, *under_way})):
            pks = [pk for pk, name in ready.items() if name in names]
            told: dict[str, Any] = {"state": RowState.LEFT_OUT, "problems": [problem(code, "content_id")], "repair": code}
            batch.rows.filter(pk__in=pks, state=RowState.READY).update(**told)
        batch.fence += 1
        batch.save(update_fields=["fence"])
    return True


def _held(batch: Batch) -> bool:
    """Lock the checked batch in a transaction. Return False if a person has accepted or changed it since it was read."""
    return Batch.objects.select_for_update(of=("self",)).filter(pk=batch.pk, state=State.CHECKED, fence=batch.fence).exists()


def _is_mine(row: RecurringBatch) -> bool:
    return RecurringBatch.objects.filter(pk=row.pk, fence=row.fence).exists()


def _again(row: RecurringBatch, pause: timedelta, **changes: Any) -> None:
    RecurringBatch.objects.filter(pk=row.pk, fence=row.fence).update(due_at=clock.now() + pause, **changes)


def _end(row: RecurringBatch, batch: Batch | None, result: Message, *, failed: bool = False, paused: bool = False) -> None:
    """End the run under its fence, and plan the next; tell the owner if it failed."""
    now = clock.now()
    with transaction.atomic():
        mine = RecurringBatch.objects.select_for_update().filter(pk=row.pk, fence=row.fence).first()
        if mine is None:
            return
        mine.paused = mine.paused or paused
        mine.next_at = next_run(mine.at, mine.time_zone, now)
        mine.due_at = None if mine.paused else mine.next_at
        mine.run_id, mine.tries, mine.fence = None, 0, mine.fence + 1
        mine.last_run_at, mine.batch, mine.result, mine.failed, mine.token = now, batch, result, failed, row.token
        mine.save()
        if failed:
            facts = {"name": mine.name, "words": translated(result), "batch": str(batch.pk) if batch else None, "team_id": mine.team_id}
            outbox.write("batch.run_failed", subject=mine.pk, owner_id=mine.owner_id, at=now, facts=facts)
