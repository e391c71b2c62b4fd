"""Makes a prompt from a template or typed text, a style, a platform and words of quality, and remembers how (docs/adr/0051). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prompts.platforms import Platform, settings_for
from prompts.styles import QUALITY, Style, joined
from prompts.templates.rendering import TemplateVersion, fill
from providers.core.catalog import ModelSpec

__all__ = ["Made", "make"]


@dataclass(frozen=True, kw_only=True)
class Made:
    """A prompt, and what goes with it. `params` are settings of the model that was asked for, `inputs` ids of images by slot."""

    text: str
    negative_text: str
    params: Mapping[str, Any]
    inputs: Mapping[str, list[str]]
    made_from: Mapping[str, Any]


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
) -> Made:
    """Return the prompt. Words that are added are in the template's language, without a template in `language`. A text beside a template
    follows it. Raises `InvalidRequest` for values that do not fit the template.
    """
    filled = fill(template, values or {}) if template else None
    language = template.language if template else language
    added = [source.words for source in (style, platform) if source] + ([QUALITY] if quality else [])
    negatives = [template.negative_text if template else "", _in(language, style.negative) if style else ""]
    negative_text = joined(negatives, language)
    params = dict(settings_for(spec, platform)) if spec and platform else {}
    if spec and negative_text and "negative_prompt" in spec.params.model_fields:
        params["negative_prompt"] = negative_text
    made_from: dict[str, Any] = {"original": text} if text else {}
    if template and filled:
        made_from["template"] = {"id": template.id, "version": template.version, "values": dict(filled.values)}
    made_from |= {name: one.id for name, one in (("style", style), ("platform", platform)) if one}
    return Made(
        text=joined([filled.text if filled else "", text, *(_in(language, words) for words in added)], language),
        negative_text=negative_text,
        params=params,
        inputs=_inputs(spec, filled.image) if filled and filled.image else {},
        made_from=made_from | ({"quality": True} if quality else {}),
    )


def _in(language: str, words: Mapping[str, str]) -> str:
    """Return the words in this language; a style of a person has one language only."""
    return words.get(language) or next(iter(words.values()))


def _inputs(spec: ModelSpec | None, image: str) -> dict[str, list[str]]:
    """Return the image in the model's slot for it: its first frame, or a reference where it takes no first frame."""
    names = [slot.name for slot in spec.slots] if spec else ["first_frame"]
    slot = next((name for name in ("first_frame", "references") if name in names), "")
    return {slot: [image]} if slot else {}
