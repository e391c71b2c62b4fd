"""Changes to many videos: the bar with what can be done, and in words what was done and how far a job has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.callers import Caller
from library.models import BulkJob, BulkState
from providers.labels import sentences
from web.formatting import capped
from web.presenters.collections import fillable

__all__ = ["Bar", "Progress", "bar_of", "done_words", "progress_of", "working_words"]

NEWS_FOR = timedelta(minutes=10)
"""How long the gallery shows that a job has ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Everything of bulk/_job.html. `percent` is None while it is not known; addresses are empty where there is nothing to do."""

    id: UUID
    title: str
    words: str
    percent: int | None
    is_running: bool
    is_news: bool
    cancel_url: str
    undo_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """Everything of bulk/_bar.html: the filter of the page as an address has it, how many videos it finds, and the choices of its menus."""

    filter: str
    total: str
    choices: dict[str, str]
    teams: Mapping[int, str]


def bar_of(caller: Caller, query: Mapping[str, str], total: int) -> Bar:
    """Return what can be done with videos that this person chooses on a page."""
    return Bar(filter=urlencode(query), total=capped(total), choices=fillable(caller), teams=caller.teams)


def done_words(job: BulkJob) -> str:
    """Say what was done, and how many were left as they are."""
    words = _action_words(job)
    if job.skipped:
        left = ngettext("%(n)s was not changed.", "%(n)s were not changed.", job.skipped) % {"n": number_format(job.skipped)}
        words = sentences([words if job.changed else "", left])
    return words


def working_words() -> str:
    return _("Working in the background. You can leave this page.")


def progress_of(job: BulkJob) -> Progress:
    """Return how far a job has come."""
    done, is_running = job.changed + job.skipped, job.state == BulkState.RUNNING
    percent = min(100 * done // job.total, 100) if job.total else None
    if is_running and job.total:
        words = _("%(done)s of %(total)s") % {"done": number_format(done), "total": number_format(job.total)}
    elif is_running:
        words = _("counting…")
    elif job.state == BulkState.CANCELLED:
        words = sentences([_("Cancelled."), str(job.get_obstacle_display()), done_words(job)])
    else:
        words = done_words(job)
    return Progress(
        id=job.pk,
        title=_title(job),
        words=words,
        percent=percent,
        is_running=is_running,
        is_news=is_running or (job.ended_at is not None and job.fence > 0 and job.ended_at > timezone.now() - NEWS_FOR),
        cancel_url=reverse("bulk-cancel", args=[job.pk]) if is_running else "",
        undo_url=reverse("bulk-undo", args=[job.pk]) if job.action == "bin" and not is_running and job.changed else "",
    )


def _title(job: BulkJob) -> str:
    titles = {
        "tag": _("Adding tags"),
        "untag": _("Removing tags"),
        "rate": _("Rating"),
        "star": _("Starring") if job.arguments.get("starred") else _("Removing stars"),
        "collect": _("Adding to a collection"),
        "share": _("Sharing"),
        "bin": _("Moving to the bin"),
        "restore": _("Restoring"),
    }
    return titles[job.action]


def _action_words(job: BulkJob) -> str:
    n = job.changed
    words = {
        "tag": ngettext("%(n)s video was tagged.", "%(n)s videos were tagged.", n),
        "untag": ngettext("The tags were removed from %(n)s video.", "The tags were removed from %(n)s videos.", n),
        "rate": ngettext("%(n)s video was rated.", "%(n)s videos were rated.", n),
        "star": ngettext("%(n)s video was starred.", "%(n)s videos were starred.", n)
        if job.arguments.get("starred")
        else ngettext("The star was removed from %(n)s video.", "The star was removed from %(n)s videos.", n),
        "collect": ngettext("%(n)s video is in the collection.", "%(n)s videos are in the collection.", n),
        "share": ngettext("%(n)s video is shared as you chose.", "%(n)s videos are shared as you chose.", n),
        "bin": ngettext("%(n)s video was moved to the bin.", "%(n)s videos were moved to the bin.", n),
        "restore": ngettext("%(n)s video was restored.", "%(n)s videos were restored.", n),
    }
    return words[job.action] % {"n": number_format(n)}
