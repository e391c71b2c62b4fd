"""Deletes old batches and their files: uploaded files once nothing reads them any more, and batches that nobody accepted. Accepted batches
are always kept, because they say where tasks come from.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from batches.models import Batch, BatchRow, State
from database import clock
from generation import store
from generation.ingest.sweep import delete_if_old
from generation.submitting.restored_backup import hold_if_restored

__all__ = ["delete_files", "old_batches", "old_rows"]

log = logging.getLogger("batches.keeping")

AT_ONCE = 500
UPLOADED_LATELY = timedelta(days=1)
"""Younger files are kept: during an upload a file has no batch yet."""
HAS_FILES = ~Q(file_key="", archive_key="")


def delete_files() -> None:
    """Delete the uploaded files of old batches, and those that no batch names. Delete nothing while a restored database waits for its
    confirmation. Safe to run twice at once, and to kill.
    """
    now, kept = clock.now(), settings.KEPT["PORTAL_KEEP_BATCHES_DAYS"]
    try:
        if hold_if_restored():
            return
        for batch in _settled(now - kept).filter(HAS_FILES).order_by("pk")[:AT_ONCE] if kept else ():
            for key in filter(None, (batch.file_key, batch.archive_key)):
                store.delete(key)
            Batch.objects.filter(pk=batch.pk).update(file_key="", archive_key="")
        _delete_unnamed(now)
    except store.StorageUnavailable as error:
        log.warning("files of batches stay until a later sweep: %s", error)


def old_rows(before: datetime) -> QuerySet[BatchRow]:
    """Return the rows of batches from before this time that nobody has accepted."""
    return BatchRow.objects.filter(batch__in=_never_accepted(before))


def old_batches(before: datetime) -> QuerySet[Batch]:
    """Return those batches, once their rows and files are deleted."""
    return _never_accepted(before).filter(~HAS_FILES, rows=None)


def _settled(before: datetime) -> QuerySet[Batch]:
    """Return batches from before this time whose files nothing reads any more."""
    return Batch.objects.filter(created_at__lt=before).exclude(state=State.CHECKING)


def _never_accepted(before: datetime) -> QuerySet[Batch]:
    return Batch.objects.filter(created_at__lt=before, accepted_at=None, state__in=[State.CHECKED, State.REFUSED])


def _delete_unnamed(now: datetime) -> None:
    """Delete files without a batch: an upload was cut off, or the batch is gone."""
    names = sorted(set(store.listing("batches")[1]))
    for start in range(0, len(names), AT_ONCE):
        owners = {name: _batch_of(name) for name in names[start : start + AT_ONCE]}
        there = set(Batch.objects.filter(pk__in=[pk for pk in owners.values() if pk]).values_list("pk", flat=True))
        for name, pk in owners.items():
            if pk not in there:
                delete_if_old(f"batches/{name}", now, UPLOADED_LATELY)


def _batch_of(name: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(name.partition(".")[0])
    return None
