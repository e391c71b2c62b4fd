"""One change to many videos: at once for some chosen ones, and as a job in the background for everything that a filter finds.

A job changes up to `MOST_AT_ONCE` videos and stores its progress in one transaction, so a step that is killed has done nothing, and no
video is changed twice. Each video is changed only if the job's owner may do that now; the others are counted as skipped. A job is cancelled
when its owner may not continue it: the person or the token was blocked, or the collection or the team is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from database import clock
from database.batches import first_id
from events import audit
from generation.actions.bin import move_to_bin, restore
from generation.actions.share import require_team, share
from generation.errors import Conflict, InvalidRequest, NotAllowed, NotThere
from generation.models import GenerationTask, Video
from jobs import queue
from library import notes
from library.collections import add, the_collection
from library.filters import filter_of, lost_in, query_of, question_of
from library.finding import Question, count_of, entries_of
from library.models import BulkJob, BulkState, Entry, Obstacle
from providers.labels import listed

__all__ = ["ACTIONS", "MOST_AT_ONCE", "MOST_CHOSEN", "bulk_soon", "cancel", "old_jobs", "start", "step", "undo"]

ACTIONS = ("tag", "untag", "rate", "star", "collect", "share", "bin")
RESTORE = "restore"
MOST_AT_ONCE = 200
"""The most videos that are changed while the caller waits, and in one transaction of a job."""
MOST_CHOSEN = 2_000
MOST_COUNTED = 1_000_000
LEASE = timedelta(minutes=1)
WORK_FOR = timedelta(seconds=20)
"""How long one step works before other jobs get their turn."""
STEPS_AT_ONCE = 5


def start(
    *,
    by: Caller,
    action: str,
    arguments: Mapping[str, Any],
    ids: Sequence[UUID] = (),
    wanted: Mapping[str, str] | None = None,
) -> BulkJob:
    """Change the videos with these ids, or all that the filter `wanted` (as an address has it) finds now. Return the job: it has ended if
    there were few ids. Raises `InvalidRequest` by field.
    """
    checked = _checked(action, arguments, by)
    chosen = list(dict.fromkeys(ids))
    if bool(chosen) is (wanted is not None) or len(chosen) > MOST_CHOSEN:
        raise _wrong("videos", _("Choose between 1 and %(most)d videos, or a filter.") % {"most": MOST_CHOSEN})
    if lost := lost_in(wanted or {}, by):
        raise _wrong("filter", _("The filter has parts that mean nothing here: %(names)s.") % {"names": listed(lost)})
    newest = Entry.objects.aggregate(last=Max("seq"))["last"] or 0
    now = clock.now()
    job = BulkJob(owner=by.user, token=by.token, action=action, arguments=checked, newest_seq=newest, next_seq=newest + 1, due_at=now)
    job.wanted, job.video_ids, job.total = query_of(filter_of(wanted or {}, by)), [str(pk) for pk in chosen], len(chosen)
    if chosen:
        job.next_seq = 0
    with transaction.atomic():
        if chosen and len(chosen) <= MOST_AT_ONCE:
            changed = _apply(job, chosen, by)
            job.changed, job.skipped, job.next_seq = len(changed), len(chosen) - len(changed), len(chosen)
            job.video_ids = [str(pk) for pk in changed]
            job.state, job.due_at, job.ended_at = BulkState.ENDED, None, now
        job.save()
        audit.record("bulk.started", job, by=by, after={"action": action, "of": checked, "filter": job.wanted, "videos": len(chosen)})
    return job


def undo(job: BulkJob, *, by: Caller) -> BulkJob:
    """Restore what this job moved to the bin, as a new job. Raises `NotAllowed`, and `Conflict` where there is nothing to take back."""
    _require(job, by)
    if job.action != "bin" or job.state == BulkState.RUNNING:
        raise Conflict(_("This cannot be undone. Only moving to the bin can."), code="not_undoable")
    now = clock.now()
    again = BulkJob(owner=by.user, token=by.token, action=RESTORE, arguments=job.arguments, newest_seq=0, next_seq=0, total=job.changed)
    again.due_at = now
    with transaction.atomic():
        if job.changed <= MOST_AT_ONCE:
            again.video_ids = [str(pk) for pk in _apply(again, _binned(again, by), by)]
            again.changed = len(again.video_ids)
            again.skipped = max(job.changed - again.changed, 0)
            again.state, again.due_at, again.ended_at = BulkState.ENDED, None, now
        again.save()
        audit.record("bulk.started", again, by=by, after={"action": RESTORE, "videos": job.changed})
    return again


def cancel(job: BulkJob, *, by: Caller) -> None:
    """Cancel the job; what it has changed stays. Does nothing to a job that has ended. Raises `NotAllowed`."""
    _require(job, by)
    running = BulkJob.objects.filter(pk=job.pk, state=BulkState.RUNNING)
    running.update(state=BulkState.CANCELLED, due_at=None, lease_until=None, ended_at=clock.now())
    job.refresh_from_db()


def old_jobs(before: datetime) -> QuerySet[BulkJob]:
    """Return the jobs that ended before this time."""
    return BulkJob.objects.filter(pk__lt=first_id(before), ended_at__lt=before)


def bulk_soon() -> int:
    """Lease the jobs that are due and enqueue their next steps. Return how many. The clock calls it."""
    now = clock.now()
    due = BulkJob.objects.filter(due_at__lte=now).order_by("due_at")
    if not due.exists():  # asked without a write lock
        return 0
    with transaction.atomic():
        chosen = list(due.select_for_update(skip_locked=True).values_list("pk", "fence")[:STEPS_AT_ONCE])
        for pk, fence in chosen:
            BulkJob.objects.filter(pk=pk).update(fence=fence + 1, lease_until=now + LEASE, due_at=now + LEASE)
            queue.enqueue(queue.INGEST, "bulk", pk, fence + 1)
    return len(chosen)


def step(job_id: UUID | str, fence: int) -> None:
    """Change the next videos of a job that was leased under this fence, for some seconds."""
    until = clock.now() + WORK_FOR
    while _part(job_id, fence):
        if clock.now() >= until:
            BulkJob.objects.filter(pk=job_id, fence=fence, state=BulkState.RUNNING).update(due_at=clock.now(), lease_until=None)
            return


def _part(job_id: UUID | str, fence: int) -> bool:
    """Change up to `MOST_AT_ONCE` videos and store the progress, in one transaction. Return whether there may be more."""
    with transaction.atomic():
        mine = BulkJob.objects.filter(pk=job_id, fence=fence, state=BulkState.RUNNING)
        job = mine.select_for_update(of=("self",), no_key=True).select_related("owner", "token").first()
        if job is None:
            return False
        by, now = Caller(user=job.owner, token=job.token), clock.now()
        ended: dict[str, Any] = {"due_at": None, "lease_until": None, "ended_at": now}
        obstacle = None
        if not job.owner.is_active or (job.token and job.token.revoked_at):
            obstacle = Obstacle.BLOCKED
        elif lost_in(job.wanted, by):
            obstacle = Obstacle.FILTER
        if obstacle:
            mine.update(state=BulkState.CANCELLED, obstacle=obstacle, **ended)
            return False
        try:
            with transaction.atomic():
                if not job.total:
                    job.total = count_of(_question(job, by), MOST_COUNTED)
                ids, place, has_more = _following(job, by)
                changed = _apply(job, ids, by)
        except (InvalidRequest, NotAllowed, NotThere):
            mine.update(state=BulkState.CANCELLED, obstacle=Obstacle.TARGET, **ended)
            return False
        facts: dict[str, Any] = {"total": job.total, "next_seq": place, "changed": F("changed") + len(changed)}
        facts["skipped"] = F("skipped") + len(ids) - len(changed)
        ends = {"due_at": now + LEASE, "lease_until": now + LEASE} if has_more else {"state": BulkState.ENDED, **ended}
        mine.update(**facts, **ends)
        return has_more


def _following(job: BulkJob, by: Caller) -> tuple[list[UUID], int, bool]:
    """Return the ids that are next, the place behind them, and whether there are more."""
    if job.action == RESTORE:
        ids = _binned(job, by)
        return ids, 0, len(ids) == MOST_AT_ONCE
    if job.video_ids:
        place = job.next_seq + MOST_AT_ONCE
        return [UUID(text) for text in job.video_ids[job.next_seq : place]], place, place < len(job.video_ids)
    found = entries_of(_question(job, by), MOST_AT_ONCE, before=job.next_seq)
    ids = list(Entry.objects.filter(seq__in=found).order_by("-seq").values_list("video", flat=True))
    return ids, found[-1] if found else 0, len(found) == MOST_AT_ONCE


def _question(job: BulkJob, by: Caller) -> Question:
    """Return what the job asks the index: its filter, for what was there when it began."""
    asked = question_of(filter_of(job.wanted, by), by)
    return replace(asked, high=min(asked.high, job.newest_seq + 1))


def _apply(job: BulkJob, ids: Sequence[UUID], by: Caller) -> list[UUID]:
    """Change those of the videos that the caller may change, and return them."""
    given = job.arguments
    match job.action:
        case "tag":
            return notes.tag(ids, given["tags"], by=by)
        case "untag":
            return notes.untag(ids, given["tags"], by=by)
        case "rate":
            return notes.rate(ids, given["rating"], by=by)
        case "star":
            return notes.star(ids, starred=given["starred"], by=by)
        case "collect":
            gone = set(add(the_collection(by, UUID(given["collection"])), ids, by=by))
            return [pk for pk in ids if pk not in gone]
        case "share":
            return _shared(ids, require_team(by.teams.get(given["team"], ""), by) if given["team"] else None, by)
    videos = list(notes.actable(ids, by).order_by("pk")) if job.action == "bin" else list(Video.objects.filter(pk__in=ids).order_by("pk"))
    for video in videos:
        if job.action == "bin":
            move_to_bin(video, by=by, at=datetime.fromisoformat(given["at"]))
        else:
            restore(video, by=by)
    return [video.pk for video in videos]


def _shared(ids: Sequence[UUID], team: Group | None, by: Caller) -> list[UUID]:
    """Share the tasks of these videos, with all of their videos."""
    rows = dict(notes.actable(ids, by).values_list("pk", "task"))
    chosen = GenerationTask.objects.select_related("team").filter(pk__in=set(rows.values())).order_by("pk")
    tasks, done = list(chosen.select_for_update(of=("self",), no_key=True)), set()
    # lock the videos in the order of `notes` and the bin: otherwise the two can deadlock
    list(Video.objects.filter(task__in=tasks).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    for task in tasks:
        try:
            share(task, team, by=by)
        except (NotAllowed, InvalidRequest):
            continue
        done.add(task.pk)
    return [pk for pk, task in rows.items() if task in done]


def _binned(job: BulkJob, by: Caller) -> list[UUID]:
    """Return some of the videos that a job moved to the bin, and that are still there since then."""
    rows = Video.objects.in_bin().filter(deleted_at=datetime.fromisoformat(job.arguments["at"]))
    mine = rows if may(by, "act", Video) else rows.filter(owner=by.user)
    return list(mine.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])


def _checked(action: str, arguments: Mapping[str, Any], by: Caller) -> dict[str, Any]:
    """Return what the action needs, as the job keeps it. Raises `InvalidRequest` by field, `NotThere` and `NotAllowed`."""
    match action:
        case "tag" | "untag":
            names = notes.tag_names(arguments.get("tags") or [])
            if not names:
                raise _wrong("tags", _("Write at least one tag."))
            return {"tags": names}
        case "rate":
            return {"rating": arguments.get("rating")}
        case "star":
            return {"starred": arguments.get("starred") is not False}
        case "collect":
            if not arguments.get("collection"):
                raise _wrong("collection", _("Choose a collection."))
            row = the_collection(by, arguments["collection"])
            if not may(by, "fill", row):
                raise NotAllowed(_("This collection belongs to someone else. Only its owner can change it."))
            return {"collection": str(row.pk)}
        case "share":
            return {"team": require_team(arguments["team"], by).pk if arguments.get("team") else None}
        case "bin":
            return {"at": clock.now().isoformat()}
    raise _wrong("action", _("Choose what to do with the videos."))


def _require(job: BulkJob, by: Caller) -> None:
    if not may(by, "act", job):
        raise NotAllowed(_("This belongs to someone else."))


def _wrong(field: str, words: str) -> InvalidRequest:
    return InvalidRequest(words, fields={field: words})
