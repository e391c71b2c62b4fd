"""The step of a batch that is being checked: its file becomes rows, a few at a time, under the fence of the step. After a kill it goes on
behind the last row that was written.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q, Sum
from django.utils import translation

from access.callers import Caller
from batches.checking import Checker, Draft
from batches.images import BadArchive, Images, open_archive
from batches.mapping import suggested
from batches.messages import language_for, refusal_of
from batches.models import Batch, BatchRow, RowState, State
from batches.reading.files import read_file
from batches.reading.sheet import BadFile, Row, Sheet
from batches.recipes import variables_of
from database import clock
from generation import store
from generation.errors import Busy, LostRace
from providers.core.messages import Message, say

__all__ = ["LEASE", "check"]

AT_ONCE, MOST_LETTERS, ROUND_S = 250, 1_000_000, 5.0
"""What is written in one transaction: so many rows, letters in their cells, or seconds of work, whichever comes first."""
TURN_S = 40.0
LEASE = timedelta(minutes=3)
"""Covers one transaction and the wait for a worker; a single row may take two and a half minutes."""
AGAIN, LATER = timedelta(0), timedelta(seconds=10)


def check(batch: Batch) -> timedelta:
    """Read and check rows for a while; when all are checked, say so. Return when to come back. Raise `LostRace`."""
    with translation.override(language_for(batch)), ExitStack() as stack:
        try:
            return _check(batch, stack)
        except BadFile as error:
            _end(batch, State.REFUSED, error=refusal_of(error))
        except BadArchive:
            _end(batch, State.REFUSED, error=say("archive_damaged"))
        except (Busy, store.StorageUnavailable):
            return LATER
    return AGAIN


def _check(batch: Batch, stack: ExitStack) -> timedelta:
    until = time.monotonic() + TURN_S
    archive = stack.enter_context(open_archive(stack.enter_context(_copied(batch.archive_key)))) if batch.archive_key else None
    if batch.file_key:
        sheet = read_file(stack.enter_context(_copied(batch.file_key)))
        if not batch.heading:
            _keep_heading(batch, sheet)
        checker = Checker(batch, Images(Caller(user=batch.owner, token=batch.token), archive))
        for drafts in _rounds(checker, sheet.rows, _gone_on(checker)):
            _write(batch, checker.checked(drafts))
            if time.monotonic() > until:
                return AGAIN
    facts = batch.rows.aggregate(
        rows_read=Count("pk"),
        unpriced=Count("pk", filter=Q(state=RowState.READY, cost=None)),  # before the next, which takes the column's name
        cost=Sum("cost", filter=Q(state=RowState.READY)),
    )
    _end(batch, State.CHECKED, error=Message(), checked_at=clock.now(), **facts)
    return AGAIN


def _keep_heading(batch: Batch, sheet: Sheet) -> None:
    """Keep what the columns are: what the upload said, and suggestions for the others."""
    given = batch.mapping
    batch.heading, batch.encoding = list(sheet.heading), sheet.encoding
    batch.mapping = suggested(batch, sheet.heading, variables_of(batch))
    said = {name: target for name, target in given.items() if name in batch.mapping}
    batch.mapping = {name: "" if target in said.values() else target for name, target in batch.mapping.items()} | said
    with _held(batch):
        Batch.objects.filter(pk=batch.pk).update(heading=batch.heading, encoding=batch.encoding, mapping=batch.mapping)


def _gone_on(checker: Checker) -> int:
    """Return the number of the last row that an earlier step wrote, 0 for none; the checker knows all of them then."""
    rows = checker.batch.rows.order_by("number")
    for number, order in rows.values_list("number", "order").iterator(chunk_size=AT_ONCE):
        checker.remember(number, order)
    return rows.aggregate(last=Max("number"))["last"] or 0


def _rounds(checker: Checker, rows: Iterator[Row], last: int) -> Iterator[list[Draft]]:
    drafts: list[Draft] = []
    letters, began = 0, time.monotonic()
    for row in rows:
        if row.number <= last:
            continue
        drafts.append(checker.draft(row))
        letters += sum(map(len, row.cells.values()))
        if len(drafts) == AT_ONCE or letters > MOST_LETTERS or time.monotonic() - began > ROUND_S:
            yield drafts
            drafts, letters, began = [], 0, time.monotonic()
    if drafts:
        yield drafts


def _write(batch: Batch, rows: list[BatchRow]) -> None:
    with _held(batch):
        BatchRow.objects.bulk_create(rows)
        until = clock.now() + LEASE
        Batch.objects.filter(pk=batch.pk).update(lease_until=until, due_at=until)


def _end(batch: Batch, state: State, **facts: Any) -> None:
    with _held(batch):
        Batch.objects.filter(pk=batch.pk).update(state=state, due_at=None, lease_until=None, **facts)


@contextmanager
def _held(batch: Batch) -> Iterator[None]:
    """Write while nobody else can: raise `LostRace` if another step, or a person, has taken the batch since."""
    with transaction.atomic():
        mine = Batch.objects.filter(pk=batch.pk, fence=batch.fence, state=State.CHECKING)
        if not mine.select_for_update(of=("self",)).exists():
            raise LostRace("another step has this batch")
        yield


@contextmanager
def _copied(key: str) -> Iterator[Path]:
    """Copy a file of the storage to a path, while it lasts."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="batch-", dir=settings.SCRATCH_DIR) as folder:
        path = Path(folder) / "file"
        with store.open_file(key) as source, path.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        yield path
