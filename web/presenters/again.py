"""Chosen videos as they would be ordered again: what each costs, and which cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from access.callers import Caller
from generation.errors import InvalidRequest, PortalError
from generation.models import GenerationTask, Video
from providers.labels import sentences
from web.presenters.settings import settings_line
from web.presenters.variations import budget_words, cost_of
from web.presenters.videos import Tile, tile_of
from web.presenters.words import model_label

__all__ = ["again_context"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A video of the list: what it costs once more, or why it cannot be ordered."""

    task: UUID
    tile: Tile
    facts: list[str]
    words: str


def again_context(videos: Sequence[Video], tasks: Sequence[GenerationTask], costs: Sequence[Any], caller: Caller) -> dict[str, Any]:
    """Return everything of again/page.html: each video with its task and with what `costs_again` says of that."""
    good, left = list[Line](), list[Line]()
    for video, task, cost in zip(videos, tasks, costs, strict=True):
        refused = isinstance(cost, PortalError)
        words = _why(cost) if refused else cost_of([cost])
        (left if refused else good).append(
            Line(task=task.pk, tile=tile_of(video, caller), facts=[model_label(task.model), *settings_line(task)], words=words)
        )
    known = [cost for cost in costs if not isinstance(cost, PortalError)]
    return {"good": good, "left": left, "cost": cost_of(known), "budget": budget_words(caller) if any(known) else ""}


def _why(refusal: PortalError) -> str:
    """Return why; of fields that are wrong, what is wrong with them."""
    if refusal.code == "unknown_model":
        return _("Its model is not offered any more.")
    said = list(dict.fromkeys(refusal.fields.values())) if isinstance(refusal, InvalidRequest) else []
    return sentences(said) if said and refusal.code == InvalidRequest.code else refusal.message
