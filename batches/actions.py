"""What people and programs do with an accepted batch: pause, resume, cancel what waits, retry what failed, change its turn."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from pydantic import ValidationError

from access import ledger
from access.callers import Caller
from batches.accepting import named, require_rights, require_same_limits, require_unchanged, save_rows, set_waiting, with_money
from batches.feeding import park, unpark
from batches.models import Batch, BatchRow, RowState, State
from batches.money import asks_of
from database import clock
from events import audit
from generation.actions.cancel import cancel_these
from generation.errors import Conflict, InvalidRequest, NotThere
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.room import quotas_of, require_free_disk
from providers.vendors import find_model

__all__ = ["HIGHEST", "LOWEST", "cancel_waiting", "lock", "move", "need_by", "pause", "resume", "retry_failed", "set_priority"]

LOWEST, HIGHEST = -9, 9
OFFLINE_TAKES = timedelta(hours=48)
"""How long an offline render may take if the model has no option (`expires_after_s`) that says when the vendor gives up."""


def pause(batch: Batch, *, by: Caller) -> Batch:
    """Start nothing more of it. What was sent goes on."""
    with transaction.atomic():
        locked = lock(batch, by, State.RUNNING)
        move(locked, State.PAUSED)
        audit.record("batch.paused", locked, by=by)
        park(locked)
    return locked


def resume(batch: Batch, *, by: Caller) -> Batch:
    """Go on after a pause."""
    with transaction.atomic():
        locked = lock(batch, by, State.PAUSED)
        move(locked, State.RUNNING)
        audit.record("batch.resumed", locked, by=by)
        unpark(locked)
    return locked


def cancel_waiting(batch: Batch, *, by: Caller) -> int:
    """Cancel everything that was not sent: rows without a task, whose money is released, and tasks that wait. Return how many."""
    with transaction.atomic():
        locked = lock(batch, by, State.RUNNING, State.PAUSED)
        ids = [pk for pk in locked.rows.filter(state=RowState.WAITING).values_list("task_id", flat=True) if pk]
        locked.rows.filter(state=RowState.WAITING).update(state=RowState.WITHDRAWN)
        audit.record("batch.cancelled", locked, by=by, after={"rows": len(ids)})
        ledger.release_unused(ids)
    tasks = GenerationTask.objects.filter(batch_id=batch.pk, status=Status.QUEUED)
    return len(ids) + cancel_these(tasks.order_by("-pk"))


def retry_failed(batch: Batch, *, by: Caller) -> Batch:
    """Let the rows that failed or were refused become new tasks, and no others. Money is set aside for all of them at once, as when a batch
    is accepted: they are priced before the transaction. A row whose task a person has retried already is left alone.
    """
    require_rights(batch, by)
    require_same_limits(by, batch.token)
    require_free_disk()
    quotas_of([batch.owner_id])[batch.owner_id].require_room()
    rows = list(_failed(batch))
    seen = {row.pk: (row.state, row.task_id) for row in rows}
    for row in rows:
        if row.state == RowState.PLACED:
            row.order["retry_of"] = str(row.task_id)
    asks = named(batch, rows)

    def begin(surely: bool) -> Batch:
        locked = lock(batch, by, State.RUNNING, State.PAUSED, State.ENDED)
        now = {pk: (state, task_id) for pk, state, task_id in _failed(locked).values_list("pk", "state", "task_id")}
        again = [row for row in rows if now.get(row.pk) == seen[row.pk]]  # the others were retried or finished in the meantime
        if not again:
            raise Conflict(_("No row of this batch has failed."), code="nothing_failed")
        ids = {row.task_id for row in again}
        locked.rows.filter(state=RowState.REFUSED, pk__in=[row.pk for row in again]).update(problems=[], repair="")
        set_waiting(again)
        move(locked, State.PAUSED if locked.state == State.PAUSED else State.RUNNING)
        audit.record("batch.retried", locked, by=by, after={"rows": len(again)})
        ledger.reserve([ask for ask in asks if ask.task_id in ids], surely=surely)
        return locked

    return with_money(begin)


def _failed(batch: Batch) -> QuerySet[BatchRow]:
    """Return the rows without a video that may get one: refused, or failed and not retried by hand."""
    task = GenerationTask.objects.filter(pk=OuterRef("task_id"), status=Status.FAILED)
    again = GenerationTask.objects.filter(retry_of=OuterRef("task_id")).exclude(status__in=[Status.FAILED, Status.CANCELLED])
    failed = Q(Exists(task), ~Exists(again), state=RowState.PLACED)
    return batch.rows.filter(failed | Q(state=RowState.REFUSED))


def set_priority(batch: Batch, priority: int, *, by: Caller) -> Batch:
    """Let its tasks start before those of its owner that have a lower number; what is ordered by hand has 0."""
    if not LOWEST <= priority <= HIGHEST:
        words = _("A whole number from %(lowest)d to %(highest)d.") % {"lowest": LOWEST, "highest": HIGHEST}
        raise InvalidRequest(words, fields={"priority": words})
    with transaction.atomic():
        locked = lock(batch, by, State.CHECKING, State.CHECKED, State.RUNNING, State.PAUSED)
        locked.priority = priority
        locked.save(update_fields=["priority"])
        GenerationTask.objects.filter(batch_id=batch.pk, status=Status.QUEUED).update(priority=priority)
    return locked


def need_by(batch: Batch, needed_by: datetime | None, *, by: Caller) -> Batch:
    """Set when the videos of a checked batch are needed, and update its cost. Rows whose model also renders offline, later and cheaper, are
    ordered offline if the vendor gives up before that time, unless the row chose its tier. Raise `Conflict` if the batch changes meanwhile.
    """
    require_rights(batch, by)
    batch = Batch.objects.select_related("token", "owner").get(pk=batch.pk)
    left = needed_by - clock.now() if needed_by else timedelta(0)
    rows, changed = list(batch.rows.filter(state=RowState.READY)), []
    for row in rows:
        before = dict(row.order)
        _choose_offline(row, left)
        if row.order != before:
            changed.append(row)
    for row, ask in zip(rows, asks_of(batch, rows), strict=True):
        row.cost = ask.amount if ask else row.cost
    with transaction.atomic():
        locked = lock(batch, by, State.CHECKED)
        require_unchanged(locked, batch)
        save_rows(changed, "order", "cost")
        locked.needed_by, locked.fence = needed_by, locked.fence + 1
        locked.cost, locked.unpriced = sum(row.cost or 0 for row in rows), sum(row.cost is None for row in rows)
        locked.save(update_fields=["needed_by", "cost", "unpriced", "fence"])
    return locked


def _choose_offline(row: BatchRow, left: timedelta) -> None:
    """Order the row's video offline if the time that is left is enough, or as usual again. `offline` in the order has the options that were
    chosen here.
    """
    spec, params = find_model(row.order.get("model", "")), dict(row.order.get("params", {}))
    chosen = row.order.get("offline", {})
    params = {name: value for name, value in params.items() if name not in chosen}
    order = {name: value for name, value in row.order.items() if name != "offline"}
    offline = dict(spec.params.offline) if spec and not params.keys() & spec.params.offline.keys() else {}
    if spec and offline:
        try:
            checked = spec.params.model_validate(params | offline)
            if left < timedelta(seconds=getattr(checked, "expires_after_s", OFFLINE_TAKES.total_seconds())):
                offline = {}
        except ValidationError:  # these settings are rendered at once only
            offline = {}
    row.order = order | {"params": params | offline} | ({"offline": offline} if offline else {})


def lock(batch: Batch, by: Caller, *states: State) -> Batch:
    """Return the batch, locked, in one of these states. Raise `NotAllowed`, `Conflict`."""
    require_rights(batch, by)
    locked = Batch.objects.select_for_update(of=("self",)).select_related("token", "owner").filter(pk=batch.pk).first()
    if locked is None:  # the run that made it had nothing to order
        raise NotThere(_("There is no such batch."))
    if locked.state not in states:
        raise Conflict(
            _("This cannot be done now. State of the batch: %(state)s.") % {"state": locked.get_state_display()}, code="wrong_state"
        )
    return locked


def move(batch: Batch, to: State) -> None:
    """Change the state and make the batch due: its next step follows at once. A job at work finds that it lost the batch."""
    batch.state, batch.due_at, batch.ended_at = to, clock.now(), None
    batch.fence, batch.lease_until = batch.fence + 1, None
    batch.save(update_fields=["state", "due_at", "ended_at", "fence", "lease_until"])
