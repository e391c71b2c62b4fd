"""The switch that stops every paid submit at once, on all workers, without a restart.

The clock and the submit look before they begin; `is_stopped_for_sure` looks once more inside the transaction that commits the intent, and
waits for a switch that is being turned. A sender looks a last time right before the paid request leaves.
A database that was restored from a backup stops them too, until a person confirms (`submitting/restored_backup.py`).
"""

from __future__ import annotations

import time

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from access.callers import Caller
from database import clock
from events import audit
from generation.errors import InvalidRequest
from generation.models import PaidSubmits
from generation.models.switch import Stop

__all__ = ["current_stop", "is_stopped_for_sure", "resume_submits", "shown_stop", "stop_submits"]


def current_stop() -> Stop | None:
    """Return why paid submits are stopped, or None while they go out."""
    if settings.STOP_PAID_SUBMITS:
        return Stop(by_environment=True)
    row = PaidSubmits.objects.select_related("by").exclude(stopped=False, held_at=None).first()
    if row is None:
        return None
    if row.held_at is not None:
        return Stop(restored=True, since=row.held_at)
    return Stop(since=row.at, by=row.by.get_username() if row.by else "", reason=row.reason)


class _Shown:
    """What this process read last, with the time in seconds of the monotonic clock."""

    stop: tuple[float, Stop | None] | None = None


def shown_stop() -> Stop | None:
    """Return `current_stop` for an answer, at most `settings.POOL_STATE_KEPT_S` seconds old: thousands of answers ask in that time."""
    kept = _Shown.stop
    if kept is None or time.monotonic() - kept[0] > settings.POOL_STATE_KEPT_S:
        kept = _Shown.stop = (time.monotonic(), current_stop())
    return kept[1]


def is_stopped_for_sure() -> bool:
    """Return whether paid submits are stopped, and lock the row, so that turning the switch and committing an intent never overlap."""
    locked = PaidSubmits.objects.select_for_update(no_key=True).filter(pk=PaidSubmits.THE_ROW)
    return settings.STOP_PAID_SUBMITS or any(row.stopped or row.held_at is not None for row in locked)


def stop_submits(*, by: Caller, reason: str) -> PaidSubmits:
    """Send nothing new from here on; polls and downloads go on. Raises `InvalidRequest` without a reason."""
    if not reason.strip():
        raise InvalidRequest(_("Say why, so that others know when to switch it on again."), fields={"reason": _("This is needed.")})
    return _turn(stopped=True, by=by, reason=reason.replace("\x00", "").strip()[:300])


def resume_submits(*, by: Caller) -> PaidSubmits:
    """Let what waits go on at the clock's next round."""
    return _turn(stopped=False, by=by, reason="")


@transaction.atomic
def _turn(*, stopped: bool, by: Caller, reason: str) -> PaidSubmits:
    facts = {"stopped": stopped, "by": by.user, "at": clock.now(), "reason": reason}
    row, _created = PaidSubmits.objects.update_or_create(pk=PaidSubmits.THE_ROW, defaults=facts)
    audit.record("submits.stopped" if stopped else "submits.resumed", row, by=by, after={"reason": reason} if stopped else {})
    return row
