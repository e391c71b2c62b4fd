"""Lets a language model write: richer prompts, translations, descriptions of a first frame, captions.

Nothing here raises for what a language model does or fails to do. The text that came in is returned with a reason, and may be ordered as
before (docs/adr/0051).
"""

from __future__ import annotations

import base64
import io
import logging
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from PIL import Image

from generation import store
from generation.errors import PortalError
from generation.models import Asset
from prompts.chat import ChatFailed, ask, usable_endpoint
from prompts.instructions import ENGLISH, instruction_for, language_of
from prompts.models import Purpose
from providers.core.catalog import ModelSpec
from providers.core.messages import Message, say
from providers.vendors import PROVIDERS

__all__ = ["Written", "caption", "describe", "enhance", "translate"]

log = logging.getLogger("prompts.enhance")

SEEN_SIDE_PX = 1_024
"""Language models scale larger pictures down themselves."""
MADE = {Purpose.ENHANCE: "enhanced", Purpose.TRANSLATE: "translated", Purpose.DESCRIBE: "described", Purpose.CAPTION: "captioned"}


@dataclass(frozen=True, kw_only=True)
class Written:
    """The text to use and the original. Where the original is to be used, `reason` says why; otherwise `by` names endpoint and model."""

    purpose: Purpose
    text: str
    original: str
    reason: Message = field(default_factory=Message)
    by: dict[str, str] = field(default_factory=dict)

    @property
    def made_from(self) -> dict[str, Any]:
        """Return what `Prompt.made_from` keeps of it; empty where the original is used."""
        return {"original": self.original, MADE[self.purpose]: self.by} if self.by else {}


def enhance(text: str, *, owner: User, spec: ModelSpec | None = None) -> Written:
    """Enrich a prompt, in its own language, or in English for a video model that reads nothing else."""
    language = ENGLISH if spec and wants_english(spec) else language_of(text)
    return _written(Purpose.ENHANCE, text, language, owner=owner, spec=spec)


def translate(text: str, *, owner: User, spec: ModelSpec | None = None) -> Written:
    """Translate a prompt into English."""
    return _written(Purpose.TRANSLATE, text, ENGLISH, owner=owner, spec=spec)


def describe(image: Asset, *, owner: User, idea: str = "", language: str = "", spec: ModelSpec | None = None) -> Written:
    """Describe a first frame as a prompt; `idea` is what is to happen. `language` is that of the idea where none is given."""
    return _written(Purpose.DESCRIBE, idea, language or language_of(idea), owner=owner, spec=spec, image=image)


def caption(text: str, *, owner: User, platform: str = "") -> Written:
    """Write the text for a post beside the video of this prompt; `platform` is the name of where it is posted."""
    return _written(Purpose.CAPTION, text, language_of(text), owner=owner, asked="\n".join(filter(None, (text, platform))))


def wants_english(spec: ModelSpec) -> bool:
    """Return whether the video model reads prompts in English only."""
    return PROVIDERS[spec.provider].reads_english_only if spec.provider in PROVIDERS else False


def _written(
    purpose: Purpose,
    text: str,
    language: str,
    *,
    owner: User,
    spec: ModelSpec | None = None,
    image: Asset | None = None,
    asked: str = "",
) -> Written:
    try:
        endpoint = usable_endpoint(sees_images=image is not None)
        image_url = _as_data_url(image) if image else ""
        written = ask(endpoint, owner=owner, instruction=instruction_for(purpose, language, spec), text=asked or text, image_url=image_url)
        if spec and len(written) > spec.max_prompt_chars:
            raise ChatFailed(say("chat_over_limit", most=spec.max_prompt_chars))
    except ChatFailed as failed:
        return Written(purpose=purpose, text=text, original=text, reason=failed.words)
    return Written(purpose=purpose, text=written, original=text, by={"endpoint": endpoint.name, "model": endpoint.model})


def _as_data_url(image: Asset) -> str:
    """Return the image as a JPEG in a `data:` address, no larger than a language model looks at it. Raise `ChatFailed`."""
    try:
        with Image.open(io.BytesIO(store.read(image.file))) as picture:
            picture.draft("RGB", (SEEN_SIDE_PX, SEEN_SIDE_PX))
            picture.thumbnail((SEEN_SIDE_PX, SEEN_SIDE_PX))
            out = io.BytesIO()
            picture.convert("RGB").save(out, "JPEG", quality=85)
    except (OSError, ValueError, PortalError) as error:
        log.warning("image %s cannot be shown to a language model: %s", image.pk, error)
        raise ChatFailed(say("chat_bad_image")) from error
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"
