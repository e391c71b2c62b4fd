"""What a video's page says of its file: captions, and what was measured."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from generation.actions.captions import language_name
from generation.models import Video
from web.presenters.facts import Fact
from web.presenters.words import plain_number

__all__ = ["caption_of", "quality_rows"]


def caption_of(video: Video, language: str) -> dict[str, str]:
    """Return a language of the captions: its name, and the address of the file."""
    return {
        "language": language,
        "name": language_name(language),
        "url": reverse("video-captions", args=[video.pk], query={"language": language}),
    }


def quality_rows(video: Video) -> list[Fact]:
    """Return what was measured on the file, as far as it says something to people."""
    facts = video.quality or {}
    shown = {
        _("Black picture"): ("black_s", _("%(n)s s")),
        _("Still picture"): ("frozen_s", _("%(n)s s")),
        _("Sharpness"): ("sharpness", "%(n)s"),
        _("Loudness"): ("loudness_lufs", "%(n)s LUFS"),
        _("Peak"): ("peak_dbtp", "%(n)s dBTP"),
    }
    return [Fact(label=label, value=words % {"n": plain_number(facts[name])}) for label, (name, words) in shown.items() if facts.get(name)]
