"""Turns the rows of accepted batches into tasks, a few hundred ahead of what can start, and ends a batch when all of its tasks have.

A row and its task are written in one transaction, under the lock of the batch and its fence, and the task's id is the row's. So a feeder
that is killed has done all of it or nothing, and of two at once one does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from access import ledger
from access.callers import Caller
from batches.messages import language_for
from batches.models import Batch, BatchRow, RowState, State
from batches.progress import counts_of
from database import clock
from events import outbox
from generation.errors import InvalidRequest, LostRace, NotYet, OrdersRefused, PortalError
from generation.lifecycle import LIVE, Status
from generation.models import Asset, GenerationTask, Prompt
from generation.models.task import NO_WAIT
from generation.ordering.create import create_many, hold_repeated
from generation.ordering.order import Order
from generation.ordering.room import QuotaReached, StorageLow
from providers.core.messages import Message, say

__all__ = ["feed", "hold", "park", "unpark"]

AHEAD = 200
"""So many tasks of a batch may wait: what starts within minutes, and little enough for everybody's looks at the queue."""
AT_ONCE = 50
SOON, NOTHING_NEW, NO_ROOM, WHILE_PAUSED = (timedelta(seconds=seconds) for seconds in (1, 3, 60, 10))
PARKED = timedelta(days=3650)


def feed(batch: Batch) -> timedelta:
    """Place rows while there is room ahead, and end the batch if everything has ended. Return when to come back."""
    with translation.override(language_for(batch)):
        for _turn in range(AHEAD // AT_ONCE):
            waiting = GenerationTask.objects.filter(batch_id=batch.pk, status=Status.QUEUED).count()
            if waiting >= AHEAD:
                return NOTHING_NEW
            try:
                if not _place(batch, min(AT_ONCE, AHEAD - waiting)):
                    break
            except (QuotaReached, StorageLow) as error:
                Batch.objects.filter(pk=batch.pk, fence=batch.fence).update(error=Message.of(error.message))
                return NO_ROOM
            except NotYet:
                return SOON
    _end(batch)
    return NOTHING_NEW


def hold(batch: Batch) -> timedelta:
    """Keep the tasks of a paused batch from starting, also those that came back to the queue, and end it if everything has ended."""
    park(batch)
    _end(batch)
    return WHILE_PAUSED


def park(batch: Batch) -> None:
    """Put what was not sent far into the future. What a job holds at this moment goes on."""
    now = clock.now()
    waiting = GenerationTask.objects.free(now).filter(batch_id=batch.pk, status=Status.QUEUED, due_at__lt=now + PARKED / 2)
    waiting.update(due_at=now + PARKED, wait_reason=say("batch_paused"), updated_at=now)


def unpark(batch: Batch) -> None:
    """Make due what was put into the future."""
    now = clock.now()
    parked = GenerationTask.objects.filter(batch_id=batch.pk, status=Status.QUEUED, due_at__gte=now + PARKED / 2)
    parked.update(due_at=now, updated_at=now, **NO_WAIT)


@contextmanager
def _still_mine(batch: Batch) -> Iterator[None]:
    """Lock the batch in a transaction. Raise `LostRace` if a person changed its state, or another job has it."""
    with transaction.atomic():
        if not Batch.objects.select_for_update().filter(pk=batch.pk, fence=batch.fence, state=batch.state).exists():
            raise LostRace(f"batch {batch.pk} is no longer {batch.state} under fence {batch.fence}")
        yield


def _place(batch: Batch, most: int) -> int:
    """Make tasks of the next rows. Return how many rows no longer wait; 0: none is left."""
    with _still_mine(batch):
        rows = list(batch.rows.filter(state=RowState.WAITING).order_by("number")[:most])
        if not rows:
            return 0
        unused = _adopt(batch, rows)
        wanted: list[UUID] = [row.task_id for row in rows if row.task_id]
        there = set(GenerationTask.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        refused = _create(batch, [row for row in rows if row.task_id not in there])
        placed = [row.pk for row in rows if row.pk not in refused]
        BatchRow.objects.filter(pk__in=placed).update(state=RowState.PLACED)
        for row in rows:
            if row.pk in refused:
                _refuse(row, refused[row.pk])
        ledger.release_unused([*unused, *(row.task_id for row in rows if row.pk in refused and row.task_id)])
        Batch.objects.filter(pk=batch.pk).exclude(error=Message()).update(error=Message())
        return len(rows)


def _adopt(batch: Batch, rows: Sequence[BatchRow]) -> list[UUID]:
    """Give rows that wait to be retried the task with which their owner has retried them by hand meanwhile, so that they are not bought a
    second time, also if that is being stored at this moment. Return the ids of tasks that are no longer to come.
    """
    waiting = {row.order["retry_of"]: row for row in rows if row.order.get("retry_of")}
    hold_repeated([UUID(repeated) for repeated in waiting])
    by_hand = GenerationTask.objects.filter(owner=batch.owner_id, retry_of__in=waiting).exclude(
        status__in=[Status.FAILED, Status.CANCELLED]
    )
    ours = {row.task_id for row in waiting.values() if row.task_id}
    unused: list[UUID] = []
    newest = {str(task.retry_of_id): task.pk for task in by_hand.exclude(pk__in=ours).order_by("pk").only("retry_of")}
    for repeated, task_id in newest.items():
        row = waiting[repeated]
        unused += [row.task_id] if row.task_id else []
        row.task_id = task_id
        row.save(update_fields=["task_id"])
        GenerationTask.objects.filter(pk=task_id).update(batch_id=batch.pk)
    return unused


def _create(batch: Batch, rows: Sequence[BatchRow]) -> Mapping[int, PortalError]:
    """Store the tasks of these rows, and return by row what was refused. Raise `QuotaReached`, `StorageLow` or `NotYet`."""
    refused: dict[int, PortalError] = {}
    assets, earlier = _named(batch, rows)
    left = list(rows)
    while left:
        orders = []
        for row in [*left]:
            try:
                orders.append(_order(batch, row, assets, earlier))
            except InvalidRequest as error:
                refused[row.pk] = error
                left.remove(row)
        try:
            create_many(orders)
        except OrdersRefused as error:
            for one in error.errors.values():
                if isinstance(one, (QuotaReached, StorageLow, NotYet)):
                    raise one from error
            refused |= {left[index].pk: one for index, one in error.errors.items()}
            left = [row for index, row in enumerate(left) if index not in error.errors]
        else:
            break
    return refused


def _named(batch: Batch, rows: Sequence[BatchRow]) -> tuple[Mapping[UUID, Asset], Mapping[UUID, GenerationTask]]:
    """Return the images that these rows name, and the tasks that they repeat."""
    images = {UUID(one) for row in rows for ids in row.order.get("inputs", {}).values() for one in ids}
    repeated = {UUID(row.order["retry_of"]) for row in rows if row.order.get("retry_of")}
    seen = Asset.objects.visible_to(Caller(user=batch.owner, token=batch.token))
    assets = seen.in_bulk(images) if images else {}
    return assets, GenerationTask.objects.select_related("prompt").in_bulk(repeated) if repeated else {}


def _order(batch: Batch, row: BatchRow, assets: Mapping[UUID, Asset], earlier: Mapping[UUID, GenerationTask]) -> Order:
    said: dict[str, Any] = row.order
    inputs = {slot: [assets.get(UUID(one)) for one in ids] for slot, ids in said.get("inputs", {}).items()}
    gone = {f"inputs.{slot}": _("There is no such asset.") for slot, images in inputs.items() if None in images}
    if gone:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=gone)
    retry_of = earlier.get(UUID(said["retry_of"])) if said.get("retry_of") else None
    return Order(
        owner=batch.owner,
        team=batch.team,
        token=batch.token,
        model=said.get("model", ""),
        prompt=said.get("prompt", ""),
        params=said.get("params", {}),
        inputs={slot: [image for image in images if image] for slot, images in inputs.items()},
        source=Prompt.Source.API if batch.token else Prompt.Source.TYPED,
        content_id=said.get("content_id", ""),
        external_id="" if retry_of else said.get("external_id", ""),
        metadata=said.get("metadata", {}),
        made_from=said.get("made_from", {}),
        retry_of=retry_of,
        batch_id=batch.pk,
        task_id=row.task_id,
        priority=batch.priority,
        collection_id=UUID(said["collection"]) if said.get("collection") else None,
    )


def _refuse(row: BatchRow, error: PortalError) -> None:
    """Keep in the row why no task came of it."""
    fields = getattr(error, "fields", {}) or {"": error.message}
    row.state, row.repair = RowState.REFUSED, error.code[:64]
    row.problems = [{"code": "refused", "field": field, "facts": {"words": words}} for field, words in fields.items()]
    row.save(update_fields=["state", "repair", "problems"])


def _end(batch: Batch) -> None:
    """End the batch and write its event, if no row waits and no task goes on. Where only reviews are left, say so."""
    live = GenerationTask.objects.filter(batch_id=batch.pk, status__in=LIVE).order_by()
    if left := set(live.values_list("status", flat=True).distinct()):
        is_reviewed = left == {Status.NEEDS_REVIEW} and not batch.rows.filter(state=RowState.WAITING).exists()
        words = say("batch_in_review") if is_reviewed else Message()
        Batch.objects.filter(pk=batch.pk, fence=batch.fence).exclude(error=words).update(error=words)
        return
    with _still_mine(batch):
        if batch.rows.filter(state=RowState.WAITING).exists():
            return
        now = clock.now()
        Batch.objects.filter(pk=batch.pk).update(state=State.ENDED, ended_at=now, due_at=None, lease_until=None, error=Message())
        facts = {"name": batch.name, **counts_of(batch), "team_id": batch.team_id}
        outbox.write("batch.finished", subject=batch.pk, owner_id=batch.owner_id, at=now, facts=facts)
