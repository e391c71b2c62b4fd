"""A task as a card of the Studio's queue, as a row of Activity and as a take of a video's page: one set of facts, three templates."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.callers import Caller
from generation.lifecycle import UNDER_WAY, Status
from generation.models import GenerationTask, TaskNews
from generation.ordering.estimate import usual_seconds
from generation.queries.queue_position import PoolState, pool_state
from providers.labels import listed
from web.formatting import money
from web.presenters.actions import Action, Note, actions_of, failure_note
from web.presenters.settings import settings_line
from web.presenters.states import Around, face_of, percent_of, state_key, text_of
from web.presenters.videos import poster_of
from web.presenters.words import model_label, name_of, title_and_language

__all__ = ["cards_of", "cost_words", "news_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """Everything that job_row.html, task_row.html and _take.html show of a task. `card_url` is the address of the fragment itself; `state`
    comes from `state_key`; `percent` is None if the vendor reports none.
    """

    id: str
    href: str
    card_url: str
    state: str
    label: str | Promise
    tone: str
    icon: str
    title: str
    title_lang: str
    thumb_url: str
    live: bool
    percent: int | None
    text: str
    slim: bool
    facts: list[str]
    model: str
    owner: str
    settings: str
    actions: list[Action]
    note: Note | None
    sent_at: datetime
    took_s: float
    cost: str


def cards_of(tasks: Iterable[GenerationTask], caller: Caller, form: str) -> list[Card]:
    """Return the cards of some tasks; `form` is job, row or take."""
    rows = list(tasks)
    around = _around(rows)
    return [_card(task, caller, form, around) for task in rows]


def _around(tasks: Collection[GenerationTask | TaskNews], *, all_of: int | None = None) -> Around:
    """Return what the texts of these tasks depend on; `all_of` is an owner all of whose waiting tasks are among them."""
    pool = pool_state() if any(task.status == Status.QUEUED for task in tasks) else PoolState()
    waiting = [task for task in tasks if task.status == Status.QUEUED and (task.owner_id == all_of or pool.openings(task).is_full)]
    usual = usual_seconds(task.model for task in tasks if task.status == Status.RUNNING)
    return Around(now=timezone.now(), pool=pool, places=pool.places(waiting, all_of=all_of), usual=usual)


def _card(task: GenerationTask, caller: Caller, form: str, around: Around) -> Card:
    now, face, (title, language) = around.now, face_of(task, around.now), title_and_language(task)
    videos, inputs = task.kept_videos(), list(task.inputs.all())
    thumb_url = reverse("asset", args=[inputs[0].asset_id]) if inputs else ""
    poster = poster_of(videos[0]) if videos else None
    images = ngettext("from %(n)d image", "from %(n)d images", len(inputs)) % {"n": len(inputs)} if inputs else _("text only")
    settings = settings_line(task)
    return Card(
        id=str(task.pk),
        href=reverse("video", args=[videos[0].pk]) if videos else reverse("task", args=[task.pk]),
        card_url=reverse("task-card", args=[task.pk], query={"as": form}),
        state=state_key(task, now),
        label=face.label,
        tone=face.tone,
        icon=face.icon,
        title=title,
        title_lang=language,
        thumb_url=poster.narrowest_url if poster else thumb_url,
        live=task.state in UNDER_WAY,
        percent=percent_of(task),
        text=text_of(task, around) or _deleted_words(task),
        slim=task.state is Status.QUEUED,
        facts=[model_label(task.model), *settings],
        model=model_label(task.model),
        owner=name_of(task.owner),
        settings=listed([*settings, images]),
        actions=actions_of(task, caller),
        note=failure_note(task, caller),
        sent_at=task.created_at,
        took_s=((task.finished_at or now) - task.created_at).total_seconds(),
        cost=cost_words(task),
    )


def _deleted_words(task: GenerationTask) -> str:
    """Say where the videos of a finished task are if all of them were deleted."""
    if task.state is not Status.SUCCEEDED or task.kept_videos() or not task.videos.all():
        return ""
    return _("in the bin") if task.binned_videos() else _("video deleted for good")


def cost_words(task: GenerationTask) -> str:
    """Return what the task costs; nothing before it was sent."""
    if not task.submission_id:
        return ""
    return _("sandbox") if task.is_sandbox else money(task.cost, task.currency)


def news_of(tasks: Sequence[TaskNews], caller: Caller, *, has_all_own: bool) -> list[dict[str, Any]]:
    """Return what /tick says about tasks: enough to move a bar, to see that a card is stale, or that one is missing. `has_all_own`: all of
    the caller's waiting tasks are among them.
    """
    me = caller.user.pk
    around = _around(tasks, all_of=me if has_all_own else None)
    return [
        {
            "id": str(task.id),
            "state": state_key(task, around.now),
            "pct": percent_of(task),
            "text": text_of(task, around),
            "own": task.owner_id == me,
            "batch": task.batch_id is not None,
        }
        for task in tasks
    ]
