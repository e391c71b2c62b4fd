"""Deletes old rows: one rule for each table that grows with use (docs/operating.md).

A table that is not here is kept. Tasks and prompts are: they are what people come for. Videos go into the bin, if a number of days is set.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet

from access.models import SharedValue
from api.compat.retries import old_creates
from api.idempotency import old_answers
from batches import keeping
from database import clock
from database.batches import delete_in_batches
from events import outbox
from generation.bills.bills import old_bills, old_rows
from generation.keeping.old_videos import bin_old_videos, old_audit
from generation.queries import history
from jobs import queue
from library.bulk import old_jobs
from library.models import CollectionItem
from web import leaving
from webhooks.retention import old_deliveries, old_notices

__all__ = ["forget"]

log = logging.getLogger("videoportal.retention")

EVENTS, HISTORY, ATTEMPTS = "PORTAL_KEEP_EVENTS_DAYS", "PORTAL_KEEP_HISTORY_DAYS", "PORTAL_KEEP_ATTEMPTS_DAYS"
AUDIT, FAILURES, DELIVERIES = "PORTAL_KEEP_AUDIT_DAYS", "PORTAL_KEEP_FAILED_JOBS_DAYS", "PORTAL_KEEP_DELIVERIES_DAYS"
BILLS, BATCHES = "PORTAL_KEEP_BILLS_DAYS", "PORTAL_KEEP_BATCHES_DAYS"

RULES: Sequence[tuple[str, Callable[[datetime], QuerySet[Any]]]] = (
    (EVENTS, outbox.unwanted_deliveries),
    (EVENTS, outbox.old_events),
    (HISTORY, history.old_task_events),
    (ATTEMPTS, history.old_attempts),
    (AUDIT, old_audit),
    (AUDIT, lambda before: LogEntry.objects.filter(action_time__lt=before)),
    (FAILURES, queue.old_failures),
    (DELIVERIES, old_deliveries),
    (DELIVERIES, old_notices),
    (BILLS, old_rows),
    (BILLS, old_bills),
    (BATCHES, keeping.old_rows),
    (BATCHES, keeping.old_batches),
    (BATCHES, old_jobs),
)
"""The setting of each rule, and the rows that may go when everything before this time may."""


VIDEOS_THAT_STAY: Sequence[Q] = (
    Q(favourite=True),
    Q(Exists(CollectionItem.objects.filter(video=OuterRef("pk")))),
)
"""Videos that never grow too old."""


def forget() -> None:
    """Finish hand-overs, move old videos into the bin and delete old rows, a bounded time for each; the next round continues. Safe to run
    twice at once.
    """
    now = clock.now()
    leaving.finish()
    if settings.KEEP_VIDEOS:
        bin_old_videos(now - settings.KEEP_VIDEOS, stay=VIDEOS_THAT_STAY)
    old: list[QuerySet[Any]] = [
        Session.objects.filter(expire_date__lt=now),
        SharedValue.objects.filter(expires__lt=now),
        old_answers(now),
        old_creates(now),
    ]
    old += [rows(now - kept) for setting, rows in RULES if (kept := settings.KEPT[setting])]
    for rows in old:
        if count := delete_in_batches(rows):
            log.info("deleted %d rows of %s", count, rows.model._meta.label)  # noqa: SLF001 - public in Django, whatever its name
