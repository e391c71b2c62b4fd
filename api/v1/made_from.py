"""Checks `made_from` of an order: the portal makes the prompt again from its parts, or has signed it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import ConfigDict, Field, StrictBool

from access.callers import Caller
from api.fields import EXACT, TEXT
from generation.errors import InvalidRequest, NotThere
from prompts.instructions import CHINESE, ENGLISH
from prompts.making import Made, make
from prompts.platforms import PLATFORMS
from prompts.signed import read, unpack
from prompts.templates import own
from providers.core.catalog import ModelSpec

__all__ = ["MadeFrom", "MadeFromIn", "Said", "TemplateUsedIn", "made_as_said"]

Id = Annotated[str, Field(max_length=40, pattern=TEXT)]
LanguageOrNone = Literal["en", "zh-hans"] | None


class TemplateUsedIn(Schema):
    """A template with the values of its variables."""

    model_config = ConfigDict(extra="forbid")

    id: Id = Field(examples=["about"])
    version: Annotated[int, Field(ge=1, le=1_000_000), EXACT] | None = None
    language: LanguageOrNone = None
    values: dict[str, Any] = Field(default_factory=dict, max_length=60, examples=[{"title": "snow"}])


class MadeFromIn(Schema):
    """What the prompt is made from, as POST /prompts/render takes it. The portal makes the prompt again; if the order has another one, it
    is refused. An order without a prompt gets the one that the portal makes, with its settings and image.
    """

    model_config = ConfigDict(extra="forbid")

    original: str = Field("", max_length=20_000, pattern=TEXT, description="Your own words.")
    template: TemplateUsedIn | None = None
    style: Id = ""
    platform: Id = ""
    quality: StrictBool = False


MadeFrom = (
    MadeFromIn
    | Annotated[
        str,
        Field(max_length=200_000, pattern=TEXT, description="`signed` of an answer of /prompts; the prompt may have been edited since."),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """The prompt of an order and how it was made; `params` and `inputs` only where the order had no prompt."""

    text: str
    made_from: Mapping[str, Any] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, list[UUID]] = field(default_factory=dict)


def made_as_said(
    said: MadeFromIn | str, prompt: str, *, asking: Caller, language: str, spec: ModelSpec | None, slots: Collection[str] = ()
) -> Said:
    """Return the prompt of an order. Raises `InvalidRequest` about `made_from` if it was not made in this way."""
    if isinstance(said, str):
        return _signed(said, prompt)
    wanted = said.template.language if said.template else None
    for tried in [wanted] if wanted else sorted((ENGLISH, CHINESE), key=lambda one: one != language):
        made = _made_again(said, tried, asking, spec, slots)
        if not prompt.strip():
            return Said(text=made.text, made_from=made.made_from, params=made.params, inputs=_images(made))
        if prompt.strip() == made.text:
            return Said(text=prompt, made_from=made.made_from)
    words = _("These parts make a different prompt: “%(text)s”. Leave the prompt out, or send “signed” of POST /prompts/render.")
    raise _wrong(words % {"text": made.text[:200]})


def _signed(said: str, prompt: str) -> Said:
    made = read(said) if said else Made(text="")
    if made is None:
        raise _wrong(_("Send “signed” exactly as the portal returned it, or the parts of the prompt."))
    text = prompt or made.text
    return Said(text=text, made_from=unpack(said, text))


def _images(made: Made) -> dict[str, list[UUID]]:
    try:
        return {slot: [UUID(one) for one in images] for slot, images in made.inputs.items()}
    except ValueError as error:
        raise _wrong(_("There is no such asset."), "template.values") from error


def _made_again(said: MadeFromIn, language: str, asking: Caller, spec: ModelSpec | None, slots: Collection[str]) -> Made:
    used = said.template
    if said.platform and said.platform not in PLATFORMS:
        raise _wrong(_("Choose a platform of GET /api/v1/platforms."), "platform")
    try:
        return make(
            language=language,
            text=said.original.strip(),
            template=own.find(asking, used.id, language, version=used.version) if used else None,
            values=used.values if used else None,
            style=own.find_style(asking, said.style) if said.style else None,
            platform=PLATFORMS.get(said.platform),
            quality=said.quality,
            spec=spec,
            slots=slots,
        )
    except NotThere as error:
        raise _wrong(error.message) from error
    except InvalidRequest as error:
        fields = {f"made_from.template.{path}": message for path, message in error.fields.items()}
        raise InvalidRequest(error.message, code=error.code, fields=fields) from error


def _wrong(words: str, part: str = "") -> InvalidRequest:
    return InvalidRequest(_("Some fields cannot be used as they are."), fields={f"made_from.{part}" if part else "made_from": words})
