"""A database restored from a backup does not know what was sent since, and would send it again. The record outside the database knows.

Each paid request takes the next number of the row `PaidSubmits` and is written into the record before it leaves. A record that already
has this number, or a higher one, was written by a database that had seen more: paid submits stop on all machines until a person
confirms. Then what was sent since the backup is reconciled like any submit without a stored answer (docs/adr/0011).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from access.callers import Caller
from database import clock
from events import audit
from generation.errors import Conflict
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask, PaidSubmits
from generation.store import StorageUnavailable
from generation.submitting import paid_record
from generation.submitting.paid_record import Sent
from generation.submitting.reconcile import SENDER_LOST, send_to_review
from providers.core.errors import NotSent, Uncertain
from providers.core.messages import say
from providers.models import ProviderAccount

__all__ = [
    "backup_facts",
    "compare_record",
    "confirm_restore",
    "hold_if_restored",
    "lost_requests",
    "note_sending",
]

log = logging.getLogger("generation.restored")

SENT_SINCE = say("sent_after_backup")


class Older(Exception):
    """The record has paid requests that this database does not know."""


@dataclass(kw_only=True)
class Reconciled:
    """What became of the requests that were sent after the backup. `lost` belong to tasks that this database does not have."""

    tasks: Counter[str] = field(default_factory=Counter)
    lost: list[Sent] = field(default_factory=list)


def note_sending(attempt: Attempt) -> None:
    """Number this paid request and record it; call right before it leaves. Raises `NotSent` when it may not."""
    try:
        newest = paid_record.newest()  # before the number is taken: whatever is listed now has a lower one
        try:
            paid_record.write(_take_number(newest), attempt)
        except Older as older:
            hold_if_restored()
            raise NotSent(say("restored_unconfirmed")) from older
    except NotSent:
        raise
    except Exception as trouble:  # the storage's or the database's; nothing was sent yet, so trying again is safe
        log.exception("attempt %s is not sent, because it could not be recorded", attempt)
        if not connection.in_atomic_block:
            connection.close()  # it may be dead, and what happens next is stored over it
        raise NotSent(say("not_recorded")) from trouble


def _take_number(newest: int) -> int:
    with transaction.atomic():
        row = _row(locked=True)
        if row.stopped or row.held_at is not None:
            raise NotSent(say("submits_stopped"))
        row.sent += 1
        if newest >= row.sent:
            raise Older
        row.save(update_fields=["sent"])
    return row.sent


def _row(*, locked: bool = False) -> PaidSubmits:
    rows = PaidSubmits.objects.select_for_update(no_key=True) if locked else PaidSubmits.objects
    return rows.get_or_create(pk=PaidSubmits.THE_ROW)[0]


def compare_record() -> None:
    """Look for a restored database, as `hold_if_restored`; a media storage that is away is looked at again later."""
    try:
        newest = paid_record.newest()
    except StorageUnavailable as trouble:  # each submit compares again, and is not sent without the storage
        log.warning("the record of paid requests cannot be read: %s", trouble)
        return
    _hold_if_behind(newest)


def hold_if_restored() -> bool:
    """Stop paid submits when the record has more than this database. Return whether they are stopped for that."""
    return _hold_if_behind(paid_record.newest())


def _hold_if_behind(newest: int) -> bool:
    with transaction.atomic():
        row = _row(locked=True)
        if row.held_at is None and row.sent < newest:
            row.held_at = clock.now()
            row.save(update_fields=["held_at"])
            log.error("the record of paid requests (%d) is ahead of the database (%d): paid submits are stopped", newest, row.sent)
        return row.held_at is not None


@dataclass(frozen=True, kw_only=True)
class BackupFacts:
    """How far the record is ahead of the database. `newest_in_database` is when the last request that it knows was sent."""

    held_at: datetime | None
    missing: int
    newest_in_database: datetime | None
    has_tasks: bool


def backup_facts() -> BackupFacts:
    """Compare the database with the record."""
    row, last = _row(), Attempt.objects.order_by("-pk").values_list("started_at", flat=True).first()
    missing = max(paid_record.newest() - row.sent, 0)
    return BackupFacts(held_at=row.held_at, missing=missing, newest_in_database=last, has_tasks=GenerationTask.objects.exists())


def lost_requests() -> Iterator[Sent]:
    """Yield the recorded requests of tasks that this database does not have, whenever they were sent."""
    return (one for one in paid_record.sent_after(0) if not GenerationTask.objects.filter(pk=one.task).exists())


def confirm_restore(*, by: Caller) -> Reconciled:
    """Have what was sent since the backup looked up, then allow paid submits again. Raises `Conflict` when nothing waits for this."""
    newest, records = paid_record.newest(), list(paid_record.sent_after(_row().sent))
    with transaction.atomic():
        row = _row(locked=True)
        if row.held_at is None:
            raise Conflict(_("Paid submits do not wait for this confirmation."), code="not_restored")
        found = _reconcile(records)
        row.sent, row.held_at, row.confirmed_at = max(newest, row.sent), None, clock.now()
        row.save(update_fields=["sent", "held_at", "confirmed_at"])
        audit.record("backup.confirmed", row, by=by, after={"known": found.tasks.total(), "lost": len(found.lost)})
    log.warning("%s confirmed the restored database: %s", by.user.get_username(), dict(found.tasks))
    for one in found.lost:
        log.warning("sent after the backup for a task that is gone: %s, %s, %s, at %s", one.reference, one.model, one.account_label, one.at)
    return found


def _reconcile(records: Iterable[Sent]) -> Reconciled:
    found = Reconciled()
    for one in records:
        task = GenerationTask.objects.select_for_update().filter(pk=one.task).first()
        if task is None:
            found.lost.append(one)
        elif not Attempt.objects.filter(pk=one.attempt).exists():
            _reconcile_one(task, one)
            found.tasks.update([task.status])
    return found


def _reconcile_one(task: GenerationTask, one: Sent) -> None:
    """Put the attempt back as one without an answer. A waiting task goes to `reconcile`, which asks the vendor, or else a person."""
    account = ProviderAccount.objects.filter(pk=one.account).first()
    if account is None:
        if task.state is Status.QUEUED:
            task.to_review(Uncertain.default_code, say("sent_account_gone", account=one.account_label))
        return
    elsewhere = task.attempts.exclude(dispatch=Dispatch.REJECTED).exclude(account=account).exists() or one.model != task.model
    _put_back(task, one, account)
    if task.state in (Status.QUEUED, Status.SUBMITTING) and elsewhere:  # a look-up asks one account and one model
        send_to_review(task, Uncertain(SENT_SINCE))
    elif task.state is Status.QUEUED:
        task.move(Status.SUBMITTING, note=SENT_SINCE, account=account, submitted_at=one.at)


def _put_back(task: GenerationTask, one: Sent, account: ProviderAccount) -> None:
    task.attempt_count += 1
    GenerationTask.objects.filter(pk=task.pk).update(attempt_count=task.attempt_count)
    Attempt.objects.create(
        pk=one.attempt,
        task=task,
        number=task.attempt_count,
        account=account,
        reference=one.reference,
        dispatch=Dispatch.UNKNOWN,
        error_code=SENDER_LOST,
        error_message=SENT_SINCE,
        started_at=one.at,
        finished_at=one.at,
    )
