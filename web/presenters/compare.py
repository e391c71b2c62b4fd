"""Videos side by side: each with its letter, and what differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from generation.models import Video
from web.formatting import duration, money, size
from web.presenters.settings import setting_rows
from web.presenters.videos import Tile, tile_of
from web.presenters.words import model_label, name_of, plain_number

__all__ = ["LETTERS", "Side", "compare_url", "rows_of", "sides_of"]

LETTERS = "ABCD"
"""One for each video that can be compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """A video in the comparison. `name` is its model; `pick_url` is empty where this person may not star it."""

    id: UUID
    letter: str
    name: str
    tile: Tile
    file_url: str
    is_playable: bool
    fps: float
    pick_url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A fact of all videos, in their order; `differs` if it is not the same for all."""

    label: str
    values: list[str]
    differs: bool


def compare_url(videos: Sequence[UUID]) -> str:
    """Return the address of the comparison; empty for fewer than two."""
    return reverse("compare", query={"v": ",".join(str(pk) for pk in videos[: len(LETTERS)])}) if len(videos) > 1 else ""


def sides_of(videos: Sequence[Video], caller: Caller) -> list[Side]:
    """Return the videos as the page shows them."""
    return [
        Side(
            id=video.pk,
            letter=letter,
            name=model_label(video.model),
            tile=tile_of(video, caller),
            file_url=reverse("video-file", args=[video.pk]),
            is_playable=video.playable,
            fps=video.fps,
            pick_url=reverse("compare-pick") if may(caller, "act", video) else "",
        )
        for letter, video in zip(LETTERS, videos, strict=False)
    ]


def rows_of(videos: Sequence[Video]) -> list[Row]:
    """Return what is known of the videos, beside each other: how they were made, and what came out."""
    facts = [_facts(video) for video in videos]
    labels = list(dict.fromkeys(label for one in facts for label in one))
    rows = [
        Row(label=label, values=[one.get(label, "–") for one in facts], differs=len({one.get(label) for one in facts}) > 1)
        for label in labels
    ]
    return [row for row in rows if set(row.values) != {"–"}]


def _facts(video: Video) -> Mapping[str, str]:
    task = video.task
    waited_s = (task.finished_at - task.created_at).total_seconds() if task.finished_at else None
    cost = _("Sandbox, not billed") if task.is_sandbox else "–"
    return {
        _("Prompt"): task.prompt.text or "–",
        _("Model"): model_label(video.model),
        **{row.label: row.value for row in setting_rows(task)},
        _("Picture"): f"{video.width_px} × {video.height_px}",
        _("Frames per second"): plain_number(video.fps),
        _("Length"): _("%(n)s s") % {"n": plain_number(video.duration_s)},
        _("Sound"): _("Yes") if video.has_audio else _("None"),
        _("Size"): size(video.size_bytes),
        _("Wait"): duration(waited_s) or "–",
        _("Cost"): cost if task.spent is None else money(task.spent, settings.CURRENCY),
        _("By"): name_of(video.owner),
    }
