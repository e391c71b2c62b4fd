"""The strip below a video: the videos of the same prompt, and the takes that are still being made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from access.callers import Caller
from generation.models import Video
from generation.queries.tasks import takes_of, versions_of
from web.presenters.cards import cards_of
from web.presenters.compare import compare_url
from web.presenters.videos import Tile, tile_of
from web.presenters.words import model_label

__all__ = ["versions_context"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One of the videos made from the same prompt."""

    tile: Tile
    name: str
    at: datetime
    current: bool


def versions_context(video: Video, caller: Caller) -> dict[str, Any]:
    """Return everything of videos/_versions.html."""
    versions = versions_of(caller, video)
    return {
        "video": video,
        "versions": [_version(one, number, video, caller) for number, one in enumerate(versions, start=1)],
        "takes": cards_of(takes_of(caller, video), caller, "take"),
        "compare_url": compare_url([video.pk, *(one.pk for one in reversed(versions) if one.pk != video.pk)]),
    }


def _version(video: Video, number: int, shown: Video, caller: Caller) -> Version:
    same_model = video.model == shown.model
    name = _("Take %(n)d") % {"n": number} if same_model else model_label(video.model)
    return Version(tile=tile_of(video, caller), name=name, at=video.created_at, current=video.pk == shown.pk)
