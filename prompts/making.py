"""Makes a prompt from a template or typed text, a style, a platform and words of quality, and remembers how (docs/adr/0051). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prompts.platforms import Platform, settings_for
from prompts.styles import QUALITY, Style, joined
from prompts.templates.rendering import TemplateVersion, fill
from providers.core.catalog import ModelSpec

__all__ = ["Made", "make", "make_again", "without"]

ADDED = ("style", "platform", "quality")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A prompt, and what goes with it. `params` are settings of the model that was asked for, `inputs` ids of images by slot.

    `own` is the text of the person in it, `added` the words of style, platform and quality.
    """

    text: str
    negative_text: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, list[str]] = field(default_factory=dict)
    made_from: Mapping[str, Any] = field(default_factory=dict)
    own: str = ""
    added: Mapping[str, str] = field(default_factory=dict)


def make(
    *,
    language: str,
    text: str = "",
    template: TemplateVersion | None = None,
    values: Mapping[str, Any] | None = None,
    style: Style | None = None,
    platform: Platform | None = None,
    quality: bool = False,
    spec: ModelSpec | None = None,
    slots: Collection[str] = (),
) -> Made:
    """Return the prompt. Words that are added are in the template's language, without a template in `language`. A text beside a template
    follows it; words that are there already are not added again. `slots` of the model have images. Raises `InvalidRequest` for values that
    do not fit the template.
    """
    filled = fill(template, values or {}) if template else None
    language = template.language if template else language
    chosen: dict[str, Mapping[str, str] | None] = {
        "style": style.words if style else None,
        "platform": platform.words if platform else None,
    }
    chosen["quality"] = QUALITY if quality else None
    added = {name: _in(language, words) for name, words in chosen.items() if words}
    negative_text = joined([template.negative_text if template else "", _in(language, style.negative) if style else ""], language)
    inputs = _inputs(spec, filled.image) if filled and filled.image else {}
    params = settings_for(spec, platform, {*slots, *inputs}) if spec and platform else {}
    if spec and negative_text and "negative_prompt" in spec.params.model_fields:
        params["negative_prompt"] = negative_text
    made_from: dict[str, Any] = {"original": text} if text else {}
    if template and filled:
        facts = {"id": template.id, "version": template.version, "language": template.language, "values": dict(filled.values)}
        made_from["template"] = facts
    made_from |= {name: one.id for name, one in (("style", style), ("platform", platform)) if one}
    base = joined([filled.text if filled else "", text], language)
    return Made(
        text=joined([base, *(words for words in added.values() if words not in base)], language),
        negative_text=negative_text,
        params=params,
        inputs=inputs,
        made_from=made_from | ({"quality": True} if quality else {}),
        own=text,
        added=added,
    )


def make_again(prompt: str, before: Made, **recipe: Any) -> Made:
    """Return the prompt of a form whose `prompt` was made as `before` and perhaps edited since. `recipe` is what `make` takes but the text.

    Words that were added before are replaced. A template that stays as it was keeps what a person changed in its text; another one
    replaces it. Raises `InvalidRequest` as `make` does.
    """
    bare = prompt.strip()
    for words in before.added.values():
        bare = without(bare, words)
    had = before.made_from.get("template")
    whole = make(text=before.own if had else bare, **recipe)
    if had and whole.made_from.get("template") == had:
        whole = replace(whole, text=joined([bare, *whole.added.values()], had["language"]))
    written = {name: value for name, value in before.made_from.items() if name not in {"original", "template", *ADDED}}
    made_from = {**written, **whole.made_from}
    if written and "original" in before.made_from:  # a language model wrote the text; what the person wrote is older than that
        made_from["original"] = before.made_from["original"]
    return replace(whole, made_from=made_from)


def without(text: str, words: str) -> str:
    """Return the text without the words that were added to it, if they are still there."""
    at = text.rfind(words) if words else -1
    if at < 0:
        return text
    head, tail = text[:at].rstrip(" ,，"), text[at + len(words) :].lstrip(" ,，")
    return joined([head, tail], "zh" if "\u4e00" <= words[0] <= "\u9fff" else "en")


def _in(language: str, words: Mapping[str, str]) -> str:
    """Return the words in this language; a style of a person has one language only."""
    return words.get(language) or next(iter(words.values()))


def _inputs(spec: ModelSpec | None, image: str) -> dict[str, list[str]]:
    """Return the image in the model's slot for it: its first frame, or a reference where it takes no first frame."""
    names = [slot.name for slot in spec.slots] if spec else ["first_frame"]
    slot = next((name for name in ("first_frame", "references") if name in names), "")
    return {slot: [image]} if slot else {}
