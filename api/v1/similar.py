"""/tasks/similar: earlier videos like an order, so that nobody buys one that exists already."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from access.scopes import Scope
from api.auth import caller, needs
from api.v1.schemas import TEXT, ErrorOut, ModelName, SlotIn
from api.v1.tasks import assets_of
from api.v1.video_schemas import VideoOut, video_out
from delivery.links import origin_of
from generation.ordering.accounts import accounts_lately
from generation.ordering.aliases import meant_by
from generation.ordering.validate import check_request, require_model
from generation.queries.similar import similar_to

__all__ = ["router"]

router = Router(tags=["tasks"])


class SimilarIn(Schema):
    """The fields of POST /tasks that decide what the video shows."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName
    prompt: str = Field("", max_length=20_000, pattern=TEXT, examples=["a red fox in the snow"])
    params: dict[str, Any] = Field(default_factory=dict, max_length=60, examples=[{}])
    inputs: dict[str, SlotIn] = Field(default_factory=dict, max_length=10, description="Slot name to asset ids.", examples=[{}])


class SimilarVideoOut(Schema):
    """An earlier video. `likeness` of the prompts is from 0.8 to 1; `is_same`: model, params, prompt and images are equal."""

    video: VideoOut
    prompt: str
    likeness: float
    is_same: bool


class SimilarOut(Schema):
    items: list[SimilarVideoOut]


@router.post(
    "/similar", response={200: SimilarOut, 403: ErrorOut, 422: ErrorOut}, summary="Is there such a video already?", auth=needs(Scope.READ)
)
def post_similar(request: HttpRequest, body: SimilarIn) -> SimilarOut:
    """Return up to three stored videos that you may see and that are like this order, the most similar first. Orders nothing; refuses what
    POST /tasks would refuse.
    """
    asking = caller(request)
    accounts, only = accounts_lately(), asking.token.only if asking.token else ""
    inputs = assets_of(asking, body.inputs)
    spec, params = check_request(
        model=meant_by(body.model), prompt=body.prompt, params=body.params, inputs=inputs, accounts=accounts, only=only
    )
    require_model(asking.token, spec)
    origin = origin_of(request)
    found = similar_to(asking, spec, params.model_dump(mode="json"), body.prompt, inputs, accounts=accounts, only=only)
    return SimilarOut(
        items=[
            SimilarVideoOut(
                video=video_out(one.video, origin), prompt=one.video.task.prompt.text, likeness=round(one.likeness, 2), is_same=one.is_same
            )
            for one in found
        ]
    )
