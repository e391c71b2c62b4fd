"""The words of the wall: what a video is found by, and what a filter and a search ask for (docs/adr/0058). No queries.

A word of a filter has a kind and a colon (`o:12`); a word of a text has neither a colon nor a space, so no text can pretend to be a filter.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.utils import translation

from generation.models import Video
from generation.quality import warnings_of
from library.alike import pictures_of, words_of
from providers.core.catalog import ModelSpec, vendor_of
from providers.labels import label_of
from providers.vendors import ALL_MODELS, PROVIDERS

__all__ = [
    "HIDDEN",
    "LENGTHS",
    "NO_REVIEW",
    "SHAPES",
    "SHOWN",
    "SIZES",
    "Asked",
    "asked_in",
    "plain",
    "prompt_key",
    "terms_of",
    "word",
    "words_in",
]

SHAPES: Mapping[str, Q] = {
    "wide": Q(width_px__gt=F("height_px")),
    "square": Q(width_px=F("height_px")),
    "tall": Q(width_px__lt=F("height_px")),
}
LENGTHS: Mapping[str, tuple[float, float]] = {"short": (0, 5.5), "medium": (5.5, 10.5), "long": (10.5, float("inf"))}
"""Classes of the length, in seconds: from, and below. A video of 5 seconds may have 5.04."""
SIZES: Mapping[str, tuple[float, float]] = {"480": (0, 600), "720": (600, 900), "1080": (900, 1_260), "2160": (1_260, float("inf"))}
"""Classes of the resolution, in pixels of the shorter side: from, and below."""
NO_REVIEW = "none"
SHOWN, HIDDEN = "h:0", "h:1"
"""Every kept video has one of them; the wall leaves out what is in a hidden collection unless it is asked for."""

MOST_WORDS = 4_000
LONGEST_WORD = 60
PREFIX_FROM = 3
"""A shorter word of a search has to be a whole one: too many words begin with two letters."""

CJK = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
RUN = re.compile(rf"(?P<cjk>[{CJK}]+)|[^\W_{CJK}]+")
PLAIN = re.compile(r"[a-z0-9]{1,40}")


class Asked(NamedTuple):
    """A word that a search asks for. With `begins` it may be longer."""

    text: str
    begins: bool = False


def word(kind: str, value: object) -> str:
    """Return the word of a filter's value. A value with other characters than small letters and digits becomes a digest."""
    text = value.hex if isinstance(value, UUID) else str(value)
    return f"{kind}:{text if PLAIN.fullmatch(text) else hashlib.sha256(text.encode()).hexdigest()[:20]}"


def words_in(text: str) -> Iterable[str]:
    """Yield what a text is found by: its words in small letters; of Chinese, Japanese and Korean text each character and each pair of
    neighbours.
    """
    for run in RUN.finditer(plain(text)):
        if run["cjk"]:
            yield from run[0]
            yield from _pairs(run[0])
        else:
            yield run[0][:LONGEST_WORD]


def asked_in(q: str) -> list[Asked]:
    """Return the words that a search asks for; none for punctuation. The last word may be the beginning of a longer one."""
    found, text = [], plain(q)
    for run in RUN.finditer(text):
        if run["cjk"]:
            found += [Asked(pair) for pair in _pairs(run[0])] or [Asked(run[0])]
        else:
            begins = run.end() == len(text) and PREFIX_FROM <= len(run[0]) <= LONGEST_WORD
            found.append(Asked(run[0][:LONGEST_WORD], begins))
    return list(dict.fromkeys(found))


def terms_of(video: Video, *, tags: Collection[str], collections: Collection[UUID], hidden: bool) -> str:
    """Return all words of a kept video, as its entry stores them. Select `task__prompt` and `owner` before."""
    task, owner = video.task, video.owner
    facts = [
        word("o", video.owner_id),
        word("task", video.task_id),
        word("prompt", prompt_key(video)),
        word("month", f"{video.created_at.astimezone(UTC):%Y%m}"),
        HIDDEN if hidden else SHOWN,
        word("m", video.model),
        word("v", vendor_of(video.model)),
        word("shape", "wide" if video.width_px > video.height_px else "tall" if video.width_px < video.height_px else "square"),
        word("length", _class(LENGTHS, video.duration_s)),
        word("size", _class(SIZES, min(video.width_px, video.height_px))),
        word("star", int(video.favourite)),
        word("review", video.review_state or NO_REVIEW),
        *(word("rated", number + 1) for number in range(video.rating or 0)),
        *(word("tag", tag) for tag in tags),
        *(word("in", pk) for pk in collections),
        *words_of(pictures_of(video.quality)),
    ]
    if video.team_id:
        facts.append(word("t", video.team_id))
    if task.content_id:
        facts.append(word("content", task.content_id))
    if task.batch_id:
        facts.append(word("batch", task.batch_id))
    if warnings := warnings_of(video):
        facts += [word("warned", "any"), *(word("warned", one.code) for one in warnings)]
    texts = [task.prompt.text, video.title, *tags, owner.username, owner.get_full_name(), task.content_id]
    texts += _names_of(video.model, ALL_MODELS.get(video.model))
    return " ".join(list(dict.fromkeys([*facts, *(found for text in texts for found in words_in(text))]))[:MOST_WORDS])


def prompt_key(video: Video) -> str:
    """Return what takes and variations of one prompt of one person have in common, of any model, seed and style; without a prompt, the
    videos of one task.
    """
    prompt = video.task.prompt
    is_styled = prompt.made_from.keys() == {"original", "style"}
    text = " ".join((prompt.made_from["original"] if is_styled else prompt.text).split())
    return hashlib.sha256(f"{video.owner_id} {text or video.task_id}".encode()).hexdigest()[:20]


@lru_cache(maxsize=1_000)  # by `spec` too: an administrator may rename a declared model
def _names_of(model: str, spec: ModelSpec | None) -> tuple[str, ...]:
    """Return what people call a model and its vendor, in every language."""
    vendor = PROVIDERS.get(vendor_of(model))
    names = [model]
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names += [label_of(spec)] if spec else []
            names += [translation.gettext(vendor.label)] if vendor else []
    return tuple(names)


def plain(text: str) -> str:
    """Return the text in small letters and in one form of each character."""
    return unicodedata.normalize("NFKC", text).casefold()


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _class(classes: Mapping[str, tuple[float, float]], value: float) -> str:
    return next(name for name, (low, high) in classes.items() if low <= value < high)
