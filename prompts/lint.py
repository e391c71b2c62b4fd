"""Looks at a prompt before it is paid for: what the model would refuse, and what it would render badly. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from prompts.words import words_of
from providers.core.catalog import ModelSpec
from providers.labels import listed

__all__ = ["NO_HISTORY", "Finding", "Refusals", "lint"]

SHORT_S = 5
"""A video of at most this many seconds is one scene."""
NOT_ASKED = re.compile(
    r"\b(?:no|without|never|avoid|free of|any)\b[^.,;]{0,20}$|(?:无|没有|不要|不含|不出现|不显示|去除|避免)[^，。；]{0,6}$", re.IGNORECASE
)
TEXT = re.compile(
    r"\btext overlay|\bon-screen text|\bsubtitles?\b"
    r"|\b(?:with|add|adding|show|shows|showing|display|displays|displaying|include|includes|including|featuring)\b[^.,;]{0,30}"
    r"\b(?:text|captions?|lettering|typography|slogan|headline|title)\b"
    r"|\b(?:sign|banner|text|screen|poster|caption|label|logo)s?\b[^.,;]{0,20}\b(?:says|reads|saying|reading)\b"
    r"|字幕|写着|字样|(?:显示|出现|加上|添加|配上|带有|叠加|打上)[^，。；]{0,12}(?:文字|标题|标语|文案)",
    re.IGNORECASE,
)
SCENES = re.compile(
    r"\b(?:cuts? to|(?:next|second|another) scene|scene (?:2|two)|shot (?:2|two)|then (?:we see|the scene|switch(?:es)? to)"
    r"|transitions? (?:in)?to|fades? (?:in)?to|montage)\b"
    r"|切换到|切换为|切到|切至|镜头切|转场|下一个镜头|下一幕|画面转到|第二(?:个镜头|个场景|个画面|幕)|[镜头场景]{2}(?:二|2)|蒙太奇",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about a prompt. An `error` would be refused; a `warning` may make a poor video. `part` is the words that it is about."""

    code: str
    level: Literal["error", "warning"]
    message: str
    part: str = ""


@dataclass(frozen=True)
class Refusals:
    """What the vendor refused before: whole prompts, and words that only refused prompts had."""

    texts: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


NO_HISTORY = Refusals()


def lint(
    spec: ModelSpec,
    text: str,
    *,
    negative_text: str = "",
    params: Mapping[str, Any] | None = None,
    slots: Collection[str] = (),
    refused: Refusals = NO_HISTORY,
) -> list[Finding]:
    """Return what is wrong with a prompt for this model, errors first. `slots` are those that have images."""
    given = params or {}
    found = [*_too_long(spec, text, slots), *_negative(spec, negative_text or str(given.get("negative_prompt") or ""))]
    if asked := next((one for one in TEXT.finditer(text) if not NOT_ASKED.search(text[: one.start()])), None):
        words = _("Models draw letters badly. Leave text out of the picture and add it when you cut the video.")
        found.append(Finding(code="text_in_picture", level="warning", message=words, part=asked[0]))
    length = given.get("duration_s", _usual_s(spec))
    if isinstance(length, (int, float)) and 0 < length <= SHORT_S and (scene := SCENES.search(text)):
        words = _("%(seconds)s s are enough for one scene. Describe one, or choose a longer video.") % {"seconds": length}
        found.append(Finding(code="two_scenes", level="warning", message=words, part=scene[0]))
    return [*found, *_refused(text, refused)]


def _too_long(spec: ModelSpec, text: str, slots: Collection[str]) -> list[Finding]:
    limit = spec.prompt_limit(slots)
    if len(text) <= limit:
        return []
    words = _("At most %(limit)d characters; this has %(length)d.") % {"limit": limit, "length": len(text)}
    return [Finding(code="too_long", level="error", message=words)]


def _negative(spec: ModelSpec, negative_text: str) -> list[Finding]:
    """Say if the model has no negative prompt, or a shorter one."""
    if not negative_text:
        return []
    option = spec.json_schema()["properties"].get("negative_prompt")
    if option is None:
        words = _("%(model)s has no negative prompt. Say in the prompt what you want to see instead.") % {"model": spec.label}
        return [Finding(code="negative_not_supported", level="warning", message=words, part=negative_text[:200])]
    limit = option.get("maxLength", len(negative_text))
    if len(negative_text) <= limit:
        return []
    words = _("Negative prompt: at most %(limit)d characters; this has %(length)d.") % {"limit": limit, "length": len(negative_text)}
    return [Finding(code="negative_too_long", level="error", message=words)]


def _refused(text: str, refused: Refusals) -> list[Finding]:
    if text.strip() in refused.texts:
        words = _("The vendor's safety check rejected this prompt before. Change it before you pay for another try.")
        return [Finding(code="refused_before", level="warning", message=words)]
    if not (known := words_of(text) & refused.words):
        return []
    part = listed(sorted(known)[:5])
    words = _("The vendor's safety check rejected earlier prompts with these words: %(words)s. Say it in another way.") % {"words": part}
    return [Finding(code="refused_words", level="warning", message=words, part=part)]


def _usual_s(spec: ModelSpec) -> Any:
    """Return the length of a video of which the order says nothing."""
    return spec.json_schema()["properties"].get("duration_s", {}).get("default")
