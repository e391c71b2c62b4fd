"""How a task's state looks and reads: a table of labels, tones and icons, and the line of text beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from generation.lifecycle import Status
from generation.messages import stop_sentence, why_unstartable
from generation.models import GenerationTask, TaskNews
from generation.models.status_labels import STATUS_CHOICES
from generation.ordering.estimate import Usual
from generation.queries.queue_position import PoolState
from generation.queries.refused_field import REFUSALS
from providers.accounts.circuit_breaker import BreakerState
from providers.messages import translated
from web.formatting import duration, moment
from web.presenters.words import time_range, vendor_label

__all__ = ["FACES", "Around", "face_of", "percent_of", "state_key", "text_of"]

MIN_PERCENT = 5
"""Below this, a remaining time would be a guess."""


@dataclass(frozen=True, kw_only=True)
class Face:
    """A state as word, tone (a CSS class) and icon."""

    label: str | Promise
    tone: str
    icon: str


WORDS = dict(STATUS_CHOICES)
FACES = {
    "queued": Face(label=WORDS["queued"], tone="wait", icon="clock"),
    "queued-later": Face(label=gettext_lazy("Trying again"), tone="warn", icon="hourglass"),
    "submitting": Face(label=WORDS["submitting"], tone="run", icon="spinner"),
    "running": Face(label=WORDS["running"], tone="run", icon="spinner"),
    "running-cancelling": Face(label=gettext_lazy("Cancelling…"), tone="warn", icon="spinner"),
    "ingesting": Face(label=WORDS["ingesting"], tone="busy", icon="arrow-down-to-line"),
    "succeeded": Face(label=WORDS["succeeded"], tone="ok", icon="circle-check"),
    "needs_review": Face(label=WORDS["needs_review"], tone="warn", icon="triangle-alert"),
    "failed": Face(label=WORDS["failed"], tone="bad", icon="circle-x"),
    "failed-refused": Face(label=gettext_lazy("Refused"), tone="bad", icon="circle-alert"),
    "cancelled": Face(label=WORDS["cancelled"], tone="off", icon="circle-slash"),
}


def state_key(task: GenerationTask | TaskNews, now: datetime) -> str:
    """Return the status with what makes its card look different: a page fetches a card again when this changes."""
    if task.status == Status.QUEUED and _is_later(task, now):
        return "queued-later"
    if task.status == Status.RUNNING and task.cancel_requested_at:
        return "running-cancelling"
    return task.status


def _is_later(task: GenerationTask | TaskNews, now: datetime) -> bool:
    """Return whether it waits after a failure. A row that a worker has just leased also has a later `due_at`."""
    return bool(task.due_at and task.due_at > now and not task.lease_owner and (task.failures or task.wait_reason))


def face_of(task: GenerationTask, now: datetime) -> Face:
    key = state_key(task, now)
    if key == "queued-later" and task.due_at:
        again = _("Trying again at %(time)s") % {"time": moment(task.due_at)}
        return Face(label=again, tone="warn", icon="hourglass")
    return FACES["failed-refused" if key == "failed" and task.error_code in REFUSALS else key]


def percent_of(task: GenerationTask | TaskNews) -> int | None:
    """Return the progress that the vendor reported; never a guess."""
    return task.progress if task.status == Status.RUNNING else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """The facts that the texts of some tasks need beside the tasks. `places` are those in line by task, `usual` the times by model."""

    now: datetime
    pool: PoolState = field(default_factory=PoolState)
    places: Mapping[UUID, int] = field(default_factory=dict)
    usual: Mapping[str, Usual] = field(default_factory=dict)


def text_of(task: GenerationTask | TaskNews, around: Around) -> str:
    """Say why the task waits, how far it is, or how it ended."""
    state = task.state
    if state is Status.QUEUED:
        return _waiting(task, around)
    if state is Status.RUNNING:
        return translated(task.wait_reason) or _rendering(task, around.usual.get(task.model), around.now)
    if state is Status.INGESTING:
        if not task.failures:
            return _("saving the video") if task.lease_owner else _("waits for a free worker to save it")
        return translated(task.wait_reason) or _("storage or download is slow, trying again")
    if state is Status.NEEDS_REVIEW:
        return (
            _("accepted by the vendor, needs a person's decision")
            if task.submission_id
            else _("may have been sent, needs a person's decision")
        )
    if state is Status.CANCELLED:
        return _("the render was stopped") if task.submission_id else _("before it started")
    if state is Status.FAILED and task.attempt_count and not task.submission_id and task.error_code in REFUSALS:
        return _("not charged")
    return ""


def _waiting(task: GenerationTask | TaskNews, around: Around) -> str:
    pool, now = around.pool, around.now
    if pool.stop:
        return stop_sentence(pool.stop)
    if why := why_unstartable(task, pool.account(task.account_id)):
        return translated(why)
    if _is_later(task, now):
        return translated(task.wait_reason) or _("attempt %(n)d failed") % {"n": task.failures}
    openings = pool.openings(task)
    if not openings.loads:
        return _("no enabled account for %(vendor)s") % {"vendor": vendor_label(task.vendor)}
    if openings.cooling:
        breaker, names = openings.cooling.breaker(now), {"vendor": vendor_label(task.vendor)}
        if breaker.state is BreakerState.HALF_OPEN or breaker.until is None:
            return _("checking whether %(vendor)s answers again") % names
        return _("%(vendor)s is paused until %(time)s") % (names | {"time": moment(breaker.until)})
    if not openings.is_full:
        return _("starts in a moment")
    place = around.places.get(task.id)
    return _in_line(task.vendor, place, get_language()) if place else _("starts when a slot frees")


@lru_cache(maxsize=10_000)
def _in_line(vendor: str, place: int, language: str | None) -> str:  # noqa: ARG001 - the language is part of the key
    """Return the sentence, cached because every open page asks for it every few seconds for each of its waiting tasks."""
    return _("%(vendor)s is full, %(place)s in line") % {"vendor": vendor_label(vendor), "place": ordinal(place)}


def _rendering(task: GenerationTask | TaskNews, usual: Usual | None, now: datetime) -> str:
    if task.cancel_requested_at:
        return _("waiting for the vendor")
    so_far = (now - (task.accepted_at or task.created_at)).total_seconds()
    if usual is None:
        return _("%(time)s so far") % {"time": duration(so_far)}
    if task.progress and task.progress >= MIN_PERCENT:
        return _("about %(time)s left") % {"time": duration(max(1.0, so_far * (100 - task.progress) / task.progress))}
    if so_far > usual.slow_s:
        return _("%(time)s so far, longer than usual") % {"time": duration(so_far)}
    return _("%(time)s so far, usually %(usual)s") % {"time": duration(so_far), "usual": time_range(usual.low_s, usual.high_s)}
