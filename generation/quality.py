"""Decides which measured facts of a video are worth a warning, and what it says. The thresholds are here only; it blocks nothing.

`generation/media/quality.py` measures; `Video.quality` says what its facts are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy

from generation.models import Video

__all__ = ["WARNINGS", "Warned", "is_sound_ordered", "warned", "warnings_of"]

BLACK_S = 2.0
BLACK_SHARE = 0.5
FROZEN_S = 2.0
WARNINGS = {
    "black": gettext_lazy("The picture is black for %(seconds)s s."),
    "frozen": gettext_lazy("The picture does not move for %(seconds)s s."),
    "silent": gettext_lazy("No sound can be heard."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Warned:
    """A warning: its stable code, and a sentence in the reader's language."""

    code: str
    message: str


def warnings_of(video: Video) -> list[Warned]:
    """Return what is wrong with the video as a viewer would see it; nothing if it was not measured."""
    facts = video.quality or {}
    found: dict[str, float] = {}
    if facts.get("black_s", 0.0) >= BLACK_S or facts.get("black_share", 0.0) >= BLACK_SHARE:
        found["black"] = max(facts["black_s"], facts["black_share"] * video.duration_s)
    if facts.get("frozen_s", 0.0) >= FROZEN_S:
        found["frozen"] = facts["frozen_s"]
    if facts.get("silent") and facts.get("sound_ordered"):
        found["silent"] = 0.0
    return [
        Warned(code=code, message=str(WARNINGS[code]) % {"seconds": number_format(round(seconds, 1), 1)}) for code, seconds in found.items()
    ]


def warned(code: str) -> Q:
    """Return the condition that finds the videos with this warning. It has no index: a million rows take SQLite half a second."""
    return {
        "black": Q(quality__black_s__gte=BLACK_S) | Q(quality__black_share__gte=BLACK_SHARE),
        "frozen": Q(quality__frozen_s__gte=FROZEN_S),
        "silent": Q(quality__silent=True, quality__sound_ordered=True),
    }[code]


def is_sound_ordered(params: Mapping[str, Any]) -> bool:
    """Return whether a task's options ask for sound. A model that takes a soundtrack and has no switch for sound always makes some."""
    return bool(params.get("with_audio", "audio_url" in params) or params.get("keep_sound"))
