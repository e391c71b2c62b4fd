"""The result cache: an order is answered with the stored videos of an equal earlier one, and nothing is bought (docs/adr/0056)."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db.models import Q

from access.callers import Caller
from generation import store
from generation.lifecycle import Status
from generation.models import CachedModel, GenerationTask, Video
from generation.models.video import first_title
from generation.ordering.order import Order
from providers.core.catalog import ModelSpec

__all__ = ["SourceChanged", "copies_for", "copy_for", "facts_of_copy", "forget", "stored_like", "wants_stored"]

LOOKED_AT = 10
"""How many equal tasks are looked at, newest first, for one whose videos are all there."""
OWN = frozenset({"id", "task", "copy_of", "owner", "team", "title", "chosen_at", "link_version", "created_at"}) | frozenset(
    {"favourite", "rating", "review_state", "to_index_at"}
)
"""The fields that a copied video does not take from its source."""


class SourceChanged(Exception):
    """A video of the source was deleted after the source was found."""


class _Kept:
    models: tuple[float, Collection[str]] | None = None
    """The cached models, with the time in seconds of the monotonic clock when they were read."""


def wants_stored(order: Order, spec: ModelSpec) -> bool:
    """Return whether a stored video will do: as the order says, or else its token, or the model for every program. A retry wants a new
    render, and the row of a batch has its money set aside already.
    """
    if order.retry_of or order.task_id:
        return False
    if order.cache is not None:
        return order.cache
    return order.token is not None and (order.token.cache or spec.name in _cached_models())


def _cached_models() -> Collection[str]:
    """Return the names of the cached models, read at most once a second, because every order asks."""
    kept = _Kept.models
    if kept is None or time.monotonic() - kept[0] > settings.PRICES_KEPT_S:
        kept = _Kept.models = (time.monotonic(), frozenset(CachedModel.objects.values_list("model", flat=True)))
    return kept[1]


def forget() -> None:
    """Read the cached models again at the next order."""
    _Kept.models = None


def stored_like(order: Order, fingerprint: str, *, billed: bool) -> GenerationTask | None:
    """Return the newest equal task of the owner, or of a team of theirs, whose videos are all kept and stored. Videos of a sandbox answer
    only orders that would not be billed.
    """
    equal = GenerationTask.objects.filter(fingerprint=fingerprint, status=Status.SUCCEEDED, asked_model="").exclude(fingerprint="")
    teams = Caller(user=order.owner, token=order.token).teams
    mine = equal.filter(Q(owner=order.owner) | Q(team__in=sorted(teams)), account__sandbox=not billed)
    for task in mine.prefetch_related("videos").order_by("-pk")[:LOOKED_AT]:
        videos = list(task.videos.all())
        seen = all(video.deleted_at is None and (video.owner_id == order.owner.pk or video.team_id in teams) for video in videos)
        if videos and seen and all(_is_there(video) for video in videos):
            return task
    return None


def _is_there(video: Video) -> bool:
    """Return whether the video's file is in the storage. While the storage does not respond, it counts as there: buying again would not
    help.
    """
    try:
        store.size(video.file)
    except store.ObjectMissing:
        return False
    except store.StorageUnavailable:
        return True
    return True


def facts_of_copy(source: GenerationTask) -> dict[str, Any]:
    """Return the columns of a task that is given the videos of this one: it has ended, and no account has it."""
    return {
        "copy_of": source,
        "status": Status.SUCCEEDED.value,
        "due_at": None,
        "account": None,
        "is_bound": False,
        "submission_id": source.submission_id,
        "submission_kind": source.submission_kind,
        "actual_prompt": source.actual_prompt,
    }


def copies_for(task: GenerationTask) -> list[Video]:
    """Return rows for a task that is a copy, which share the files of its source. Locks the source's videos: call in the transaction
    that stores the rows. Raises `SourceChanged`.
    """
    source = task.copy_of
    assert source is not None
    videos = list(Video.objects.select_for_update().filter(task=source).order_by("output_index"))
    if not videos or any(video.deleted_at for video in videos):
        raise SourceChanged
    return [copy_for(task, video) for video in videos]


def copy_for(task: GenerationTask, video: Video) -> Video:
    """Return a row for this task that shares the files of `video`. Lock it before."""
    columns = [field.attname for field in Video._meta.concrete_fields if field.name not in OWN]  # noqa: SLF001 - public in Django
    return Video(
        **{name: getattr(video, name) for name in columns},
        task=task,
        copy_of_id=video.copy_of_id or video.pk,
        owner_id=task.owner_id,
        team_id=task.team_id,
        title=first_title(task.prompt.text),
    )
