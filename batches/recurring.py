"""What people and programs do with recurring batches: make, change, pause, run now, delete. `batches/runs.py` runs them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from access.callers import Caller
from access.preferences import zone_names
from access.rights import may
from batches.accepting import require_same_limits
from batches.mapping import require_mapping
from batches.models import RecurringBatch
from batches.upload import checked_defaults
from database import clock
from events import audit
from generation.errors import Conflict, InvalidRequest, NotAllowed, NotThere
from generation.web_addresses import why_refused

__all__ = ["change", "create", "delete", "next_run", "run_now"]

MOST_OF_ONE = 50
FIELDS = ("name", "url", "at", "time_zone", "mapping", "defaults", "missing_only", "good_only", "most_cost", "paused")
TOLD = ("name", "url", "at", "time_zone", "missing_only", "good_only", "most_cost", "paused")
"""The fields that the audit log records."""


def next_run(at: time, time_zone: str, after: datetime) -> datetime:
    """Return the first moment after this one at which the clocks of the zone show this time. A time that a day skips is moved on by the
    gap; of a time that a day has twice, the first counts.
    """
    zone = ZoneInfo(time_zone)
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        moment = datetime.combine(day, at, zone).astimezone(after.tzinfo)
        if moment > after:
            return moment
        day += timedelta(days=1)


def create(*, by: Caller, team: Group | None = None, **values: Any) -> RecurringBatch:
    """Store a recurring batch; its first run is at the next time of day. `values` are those of `FIELDS`. Raises `InvalidRequest`, and
    `Conflict` for too many.
    """
    if RecurringBatch.objects.filter(owner=by.user).count() >= MOST_OF_ONE:
        raise Conflict(_("At most %(most)d recurring batches. Delete one first.") % {"most": MOST_OF_ONE}, code="too_many")
    now = clock.now()
    row = RecurringBatch(owner=by.user, token=by.token, token_line=by.token.line_id if by.token else None, team=team, created_at=now)
    _set(row, {"time_zone": settings.TIME_ZONE} | values)
    row.next_at = next_run(row.at, row.time_zone, now)
    row.due_at = None if row.paused else row.next_at
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record("recurring.created", row, by=by, after=_told(row))
    return row


def change(row: RecurringBatch, *, by: Caller, **values: Any) -> RecurringBatch:
    """Change values of `FIELDS`. A run in progress uses the new values from its next step on. Raises `NotAllowed`, `InvalidRequest`."""
    _require_rights(row, by)
    with transaction.atomic():
        locked = _locked(row)
        before, resumes = _told(locked), locked.paused and values.get("paused") is False
        _set(locked, values)
        if resumes and by.token is None:  # a person resumes it: from now on it needs no token
            locked.token = locked.token_line = None
        if {"at", "time_zone", "paused"} & values.keys():
            locked.next_at = next_run(locked.at, locked.time_zone, clock.now())
        if locked.run_id is None:
            locked.due_at = None if locked.paused else locked.next_at
        locked.save()
        after = _told(locked)
        changed = [name for name in TOLD if before[name] != after[name]]
        audit.record(
            "recurring.changed",
            locked,
            by=by,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
    return locked


def run_now(row: RecurringBatch, *, by: Caller) -> RecurringBatch:
    """Begin a run at once, also while it is paused. The next run stays at its time of day. Raises `NotAllowed`, and `Conflict` while one is
    on.
    """
    _require_rights(row, by)
    with transaction.atomic():
        locked = _locked(row)
        if locked.run_id is not None:
            raise Conflict(_("A run is already in progress."), code="run_is_on")
        locked.run_id, locked.due_at = uuid7(), clock.now()
        locked.save(update_fields=["run_id", "due_at"])
        audit.record("recurring.run", locked, by=by)
    return locked


@transaction.atomic
def delete(row: RecurringBatch, *, by: Caller) -> None:
    """Delete it. Its batches stay. Raises `NotAllowed`."""
    _require_rights(row, by)
    audit.record("recurring.deleted", row, by=by, before=_told(row))
    row.delete()


def _locked(row: RecurringBatch) -> RecurringBatch:
    found = RecurringBatch.objects.select_for_update(of=("self",)).select_related("token").filter(pk=row.pk).first()
    if found is None:  # deleted in the meantime
        raise NotThere(_("There is no such recurring batch."))
    return found


def _set(row: RecurringBatch, values: Mapping[str, Any]) -> None:
    """Set these values. Only they are checked: a batch is paused also when its address is no longer one that may be asked."""
    for name, value in values.items():
        assert name in FIELDS, name
        setattr(row, name, value)
    row.name = " ".join(row.name.split())[:200] or row.url[:200]
    wrong = {}
    if "url" in values and (refused := why_refused(row.url)):
        wrong["url"] = refused
    if row.time_zone not in zone_names():
        wrong["time_zone"] = _("There is no time zone “%(name)s”. Write a name such as Asia/Shanghai.") % {"name": row.time_zone[:60]}
    if row.most_cost is not None and row.most_cost < 0:
        wrong["most_cost"] = _("Give an amount of 0 or more.")
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    row.at = row.at.replace(second=0, microsecond=0, tzinfo=None)
    if "mapping" in values:
        row.mapping = require_mapping(row.mapping)
    if "defaults" in values:
        row.defaults = checked_defaults(row.defaults)


def _told(row: RecurringBatch) -> dict[str, Any]:
    facts = {name: getattr(row, name) for name in TOLD}
    return facts | {"at": f"{row.at:%H:%M}", "url": row.url.partition("?")[0]}  # a query may hold a key


def _require_rights(row: RecurringBatch, by: Caller) -> None:
    if not may(by, "act", row):
        raise NotAllowed(_("This recurring batch belongs to someone else. Ask its owner."))
    require_same_limits(by, row.token)
