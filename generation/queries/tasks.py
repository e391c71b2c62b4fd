"""What the pages list: queue, results, gallery, activity. Read only, each with a fixed number of queries, whatever the table's size."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from access.callers import Caller
from access.rights import may
from generation.lifecycle import UNDER_WAY, Status
from generation.models import GenerationTask, Prompt, TaskNews, Video
from generation.models.task_queries import TaskQuerySet

__all__ = [
    "ACTIVITY_PAGE",
    "ATTENTION_FOR",
    "COUNTED_MOST",
    "NEWS_MOST",
    "TABS",
    "activity_counts",
    "activity_page",
    "changed_tasks",
    "live_count",
    "live_numbers",
    "queue_of",
    "takes_of",
    "task_for",
    "task_in_full",
    "todays_videos",
    "versions_of",
    "video_count",
]

JUST_FAILED = timedelta(hours=1)
QUEUE_MOST = 60
FAILED_MOST = 5
TODAY_MOST = 60
ACTIVITY_PAGE = 40
NEWS_MOST = 400
VERSIONS_MOST = 12
COUNTED_MOST = 1_000
ATTENTION_FOR = timedelta(days=7)

COUNTED = ("running", "waiting", "attention")
"""Tabs whose tasks are live or changed lately."""
TABS = ("all", "running", "waiting", "attention", "done", "cancelled")


def with_cards(tasks: TaskQuerySet[GenerationTask]) -> TaskQuerySet[GenerationTask]:
    """Add everything that a card shows, in three queries. `retried_as` is the owner's newest retry."""
    retries = GenerationTask.objects.filter(retry_of=OuterRef("pk"), owner=OuterRef("owner")).order_by("-id")
    seen: Any = tasks.annotate(retried_as=Subquery(retries.values("pk")[:1]))
    cards: TaskQuerySet[GenerationTask] = seen.select_related("prompt", "owner", "account").prefetch_related("inputs", "videos")
    return cards


def task_for(caller: Caller, pk: UUID) -> GenerationTask | None:
    """Return the task if the caller may see it."""
    return with_cards(GenerationTask.objects.all()).one_for(caller, pk)


def task_in_full(caller: Caller, pk: UUID) -> GenerationTask | None:
    """Return the task with its events and attempts if the caller may see it. Its videos have it without another query."""
    rows = with_cards(GenerationTask.objects.select_related("team")).prefetch_related("events", "attempts__account")
    return rows.one_for(caller, pk)


def queue_of(user: User) -> list[GenerationTask]:
    """Return the user's unfinished tasks: what is under way, what waits for a review, then what waits to start, longest waiting first.
    Then those that failed within the last hour and were neither retried nor dismissed.
    """
    mine = GenerationTask.objects.filter(owner=user).order_by("-id")
    started = with_cards(mine.live().exclude(status=Status.QUEUED))[:QUEUE_MOST]
    live = sorted(started, key=lambda task: task.state not in UNDER_WAY)
    live += with_cards(mine.filter(status=Status.QUEUED).order_by("id"))[:QUEUE_MOST]
    return live + list(with_cards(mine).filter(_just_failed())[:FAILED_MOST])


def live_numbers(user: User) -> dict[str, int]:
    """Return how many of the user's tasks are `running`, `waiting` and in `review`."""
    states = {"running": Q(status__in=UNDER_WAY), "waiting": Q(status=Status.QUEUED), "review": Q(status=Status.NEEDS_REVIEW)}
    counts = {name: Count("pk", filter=state) for name, state in states.items()}
    return GenerationTask.objects.filter(owner=user).live().aggregate(**counts)


def live_count(user: User) -> int:
    """Return how many of the user's tasks have not ended."""
    return GenerationTask.objects.filter(owner=user).live().count()


def video_count(caller: Caller) -> int:
    """Return how many videos the caller sees, at most `COUNTED_MOST` + 1: counting all of a large library would take too long."""
    return Video.objects.visible_to(caller).order_by()[: COUNTED_MOST + 1].count()


def _midnight(now: datetime) -> datetime:
    """Return the beginning of the reader's day."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def todays_videos(user: User) -> list[Video]:
    """Return the user's videos since midnight, newest first."""
    mine = Video.objects.kept().filter(owner=user, created_at__gte=_midnight(timezone.now()))
    return list(mine.select_related("task__prompt").order_by("-id")[:TODAY_MOST])


def versions_of(caller: Caller, video: Video) -> list[Video]:
    """Return this video and others of the same prompt or the same chain of retries, oldest first."""
    related = GenerationTask.objects.filter(_related(video.task))
    seen = Video.objects.visible_to(caller).filter(task__in=related).select_related("task__prompt")
    return sorted(seen.order_by("-id")[:VERSIONS_MOST], key=lambda one: one.pk)


def takes_of(caller: Caller, video: Video) -> list[GenerationTask]:
    """Return the unfinished tasks of the same prompt or the same chain of retries, oldest first, and those that failed a moment ago."""
    news = Q(finished_at=None) | _just_failed()
    tasks = with_cards(GenerationTask.objects.visible_to(caller).filter(_related(video.task)))
    return sorted(tasks.filter(news).order_by("-id")[:VERSIONS_MOST], key=lambda one: one.pk)


def _related(task: GenerationTask) -> Q:
    """Return the condition for tasks of the same prompt or the same chain of retries."""
    repeated = {task.pk, task.retry_of_id} - {None}
    related = Q(pk__in=repeated) | Q(retry_of__in=repeated)
    if task.prompt.text:
        related |= Q(prompt__in=Prompt.objects.filter(owner=task.owner_id, digest=task.prompt.digest, text=task.prompt.text))
    return related


def _just_failed() -> Q:
    """Return the condition for tasks of `with_cards` that failed lately and were neither retried nor dismissed."""
    return Q(status=Status.FAILED, finished_at__gte=timezone.now() - JUST_FAILED, retried_as=None, dismissed_at=None)


def activity_page(caller: Caller, *, tab: str, mine: bool, before: UUID | None, only: Q | None = None) -> tuple[list[GenerationTask], bool]:
    """Return one page of tasks, newest first, and whether there are more. `only` narrows them further."""
    now, count = timezone.now(), ACTIVITY_PAGE + 1
    of_tab = with_cards(GenerationTask.objects.filter(_tab(tab, now), only or Q()))
    if before:
        of_tab = of_tab.filter(pk__lt=before)
    if tab in COUNTED:
        # found first, then put in order: with a LIMIT, SQLite would walk all tasks from the newest
        found = GenerationTask.objects.filter(_live_or_lately(caller, now, mine=mine)).order_by().values("pk")
        tasks = of_tab.filter(pk__in=found).order_by("-pk")[:count]
    elif mine:
        tasks = of_tab.filter(owner=caller.user).order_by("-pk")[:count]
    else:
        tasks = of_tab.first_for(caller, count)
    rows = list(tasks)
    return rows[:ACTIVITY_PAGE], len(rows) > ACTIVITY_PAGE


def activity_counts(caller: Caller, *, mine: bool) -> dict[str, int]:
    """Return how many tasks each tab has; `done` counts today's. One query over rows that are live or changed recently."""
    now = timezone.now()
    found: dict[str, int] = GenerationTask.objects.filter(_live_or_lately(caller, now, mine=mine)).aggregate(
        **{tab: Count("pk", filter=_tab(tab, now), distinct=True) for tab in COUNTED},
        done=Count("pk", filter=Q(status=Status.SUCCEEDED, finished_at__gte=_midnight(now)), distinct=True),
    )
    return found


def _live_or_lately(caller: Caller, now: datetime, *, mine: bool) -> Q:
    """Return the condition for the caller's own tasks (`mine`), or all that they see, that have not ended or changed lately. Each of its
    parts has an index.
    """
    lately = Q(updated_at__gte=min(_midnight(now), now - ATTENTION_FOR))
    if may(caller, "see", GenerationTask) and not mine:
        return lately | Q(finished_at=None)
    live = Q(owner=caller.user, finished_at=None)
    if caller.teams and not mine:
        live |= Q(team__in=sorted(caller.teams), finished_at=None)
    return live | lately & GenerationTask.objects.all().shown_among(caller, mine=mine)


def _tab(tab: str, now: datetime) -> Q:
    return {
        "running": Q(status__in=UNDER_WAY),
        "waiting": Q(status=Status.QUEUED),
        "attention": Q(status=Status.NEEDS_REVIEW)
        | Q(status=Status.FAILED, finished_at__gte=now - ATTENTION_FOR, retries=None, dismissed_at=None),
        "done": Q(status=Status.SUCCEEDED),
        "cancelled": Q(status=Status.CANCELLED),
    }.get(tab, Q())


def changed_tasks(caller: Caller, since: datetime | None, *, all_waiting: bool) -> list[TaskNews]:
    """Return at most `NEWS_MOST` visible tasks, the last to change first: those that changed since then, and the caller's own unfinished
    ones, whose text changes with the time. Without `all_waiting`, own ones that were due before then are left out.
    """
    tasks = GenerationTask.objects.all()
    wanted = Q(owner=caller.user, finished_at=None)
    if since is not None:
        wanted &= Q() if all_waiting else ~Q(status=Status.QUEUED) | Q(due_at__gt=since)
        wanted |= Q(updated_at__gt=since) & tasks.shown_among(caller)
    latest = Coalesce("updated_at", "created_at").desc()  # no index: ordered by an indexed column, a database may read all tasks
    rows = tasks.filter(wanted).order_by(latest).values_list(*TaskNews._fields)
    return [TaskNews._make(row) for row in rows[:NEWS_MOST]]
