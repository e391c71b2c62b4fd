"""/prompts: a language model writes prompts before they are ordered. Nothing is ordered here and no render is paid."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from access.scopes import Scope
from api.auth import caller, needs
from api.idempotency import idempotent
from api.v1.preferences import Language
from api.v1.schemas import TEXT, ErrorOut
from generation.errors import InvalidRequest
from generation.models import Asset
from generation.ordering.aliases import meant_by
from prompts.enhance import Written, caption, describe, enhance, translate
from prompts.making import Made
from prompts.signed import pack
from providers.core.catalog import ModelSpec
from providers.core.messages import Message, Sentence
from providers.messages import translated
from providers.vendors import find_model

__all__ = ["ReasonOut", "reason_out", "router"]

router = Router(tags=["prompts"])

Text = Annotated[str, Field(min_length=1, max_length=20_000, pattern=TEXT, examples=["a red fox in the snow"])]
VideoModel = Annotated[
    str, Field(max_length=120, pattern=TEXT, description="The video model that the prompt is for: its limits and manner count.")
]


class PromptIn(Schema):
    """A prompt, and the video model that it is for."""

    model_config = ConfigDict(extra="forbid")

    prompt: Text
    model: VideoModel = ""


class FrameIn(Schema):
    """A first frame, and perhaps an idea of what is to happen. `language` is that of the description, if not that of the idea."""

    model_config = ConfigDict(extra="forbid")

    image: UUID = Field(description="The id of an asset.")
    prompt: str = Field("", max_length=20_000, pattern=TEXT)
    language: Language | None = None
    model: VideoModel = ""


class CaptionIn(Schema):
    """What a video shows, and where it is to be posted."""

    model_config = ConfigDict(extra="forbid")

    prompt: Text
    platform: str = Field("", max_length=100, pattern=TEXT, examples=["YouTube"])


class ReasonOut(Schema):
    """Why the original is used: a stable code, and a sentence in the language of the request."""

    code: str
    message: str


class WrittenOut(Schema):
    """The text to use. With a `reason` it is the original. `made_from` says what it was and which language model wrote it; `signed` says
    the same to POST /tasks, and is empty where nothing was written.
    """

    text: str
    original: str
    reason: ReasonOut | None
    made_from: dict[str, Any]
    signed: str


WRITTEN: Any = {200: WrittenOut, 422: ErrorOut}


@router.post("/enhance", response=WRITTEN, summary="Enrich a prompt", auth=needs(Scope.GENERATE))
@idempotent
def enhance_prompt(request: HttpRequest, body: PromptIn) -> WrittenOut:
    """Let a language model turn a short idea into a rich prompt, in the idea's language. It may take as long as the endpoint's timeout."""
    return _shown(enhance(body.prompt, owner=caller(request).user, spec=_model(body.model)))


@router.post("/translate", response=WRITTEN, summary="Translate a prompt into English", auth=needs(Scope.GENERATE))
@idempotent
def translate_prompt(request: HttpRequest, body: PromptIn) -> WrittenOut:
    """Translate a prompt for video models that want English."""
    return _shown(translate(body.prompt, owner=caller(request).user, spec=_model(body.model)))


@router.post("/describe", response=WRITTEN, summary="Describe a first frame", auth=needs(Scope.GENERATE))
@idempotent
def describe_frame(request: HttpRequest, body: FrameIn) -> WrittenOut:
    """Let a language model that sees images write the prompt for a video that begins with this image."""
    asking = caller(request)
    image = Asset.objects.one_for(asking, body.image)
    if image is None:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"image": _("There is no such asset.")})
    return _shown(describe(image, owner=asking.user, idea=body.prompt, language=body.language or "", spec=_model(body.model)))


@router.post("/caption", response=WRITTEN, summary="Write a caption", auth=needs(Scope.GENERATE))
@idempotent
def write_caption(request: HttpRequest, body: CaptionIn) -> WrittenOut:
    """Let a language model write the text that is posted beside a video."""
    return _shown(caption(body.prompt, owner=caller(request).user, platform=body.platform))


def _model(name: str) -> ModelSpec | None:
    """Return the video model of this name, if one is named. Raise `InvalidRequest`."""
    if not name:
        return None
    spec = find_model(meant_by(name))
    if spec is None:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"model": _("There is no such model.")})
    return spec


def _shown(written: Written) -> WrittenOut:
    return WrittenOut(
        text=written.text,
        original=written.original,
        reason=reason_out(written.reason),
        made_from=written.made_from,
        signed=pack(Made(text=written.text, made_from=written.made_from)),
    )


def reason_out(reason: Message) -> ReasonOut | None:
    """Return why the original is used, or None."""
    return ReasonOut(code=_code(reason), message=translated(reason)) if reason else None


def _code(reason: Message) -> str:
    """Return the code of the first sentence."""
    return next(part.code for part in reason.parts if isinstance(part, Sentence))
