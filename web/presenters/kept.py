"""Earlier prompts as the Studio lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from prompts.history import Earlier
from prompts.making import Made
from prompts.signed import pack
from web.presenters.videos import Poster, poster_of
from web.presenters.words import HAN, model_label

__all__ = ["EarlierLine", "earlier_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierLine:
    """An earlier prompt. `packed` goes with its text into the form; `remix_url` fills the form with its settings too."""

    text: str
    lang: str
    packed: str
    model: str
    at: datetime
    poster: Poster | None
    remix_url: str


def earlier_of(found: Iterable[Earlier]) -> list[EarlierLine]:
    """Return the lines of the history."""
    return [
        EarlierLine(
            text=one.text,
            lang="zh-Hans" if HAN.search(one.text) else "en",
            packed=pack(Made(text=one.text, made_from=one.prompt.made_from)) if one.text == one.prompt.text else "",
            model=model_label(one.task.model) if one.task else "",
            at=one.prompt.created_at,
            poster=poster_of(one.video) if one.video else None,
            remix_url=reverse("studio", query={"from": one.video.pk}) if one.video else "",
        )
        for one in found
    ]
