"""/presets: values of orders that a person keeps under a name. /prompts: the person's own earlier prompts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from access.scopes import Scope
from api.auth import caller, needs
from api.fields import Plain
from api.idempotency import idempotent
from api.paging import PageIn
from api.v1.schemas import TEXT, ErrorOut, Page
from api.v1.video_schemas import VideoOut, video_out
from delivery.links import origin_of
from prompts import presets
from prompts.history import Earlier, earlier_prompts
from prompts.models import Preset

__all__ = ["history", "router"]

router = Router(tags=["prompts"])
history = Router(tags=["prompts"])

PresetName = Annotated[str, Field(min_length=1, max_length=100, pattern=TEXT)]
VALUES = "`model`, `prompt`, `params`, `inputs` as POST /tasks takes them; `count`, `styles`, `models`, `drafts` as the Studio has them."
Values = Annotated[dict[str, Any], Field(max_length=20, description=VALUES)]


class PresetIn(Schema):
    model_config = ConfigDict(extra="forbid")

    name: PresetName
    values: Values


class PresetPatch(Schema):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: PresetName | None = None
    values: Values | None = None


class PresetOut(Schema):
    id: UUID
    name: str
    values: dict[str, Any]
    created_at: datetime


class PresetsOut(Schema):
    items: list[PresetOut]


class EarlierFilter(PageIn):
    q: Plain = Field("", description="Words that the prompt has, in any order.")


class EarlierOut(Schema):
    """A prompt, with the newest task of it, and a video if there is one."""

    text: str
    made_from: dict[str, Any]
    model: str
    task_id: UUID | None
    video: VideoOut | None
    created_at: datetime


CHANGED: Any = {404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


@router.get("", response=PresetsOut, summary="Your presets")
def list_presets(request: HttpRequest) -> dict[str, list[Preset]]:
    """List all of yours by name; nobody else sees them."""
    return {"items": presets.of(caller(request).user)}


@router.post("", response={201: PresetOut} | CHANGED, summary="Keep values under a name", auth=needs(Scope.GENERATE))
@idempotent
def post_preset(request: HttpRequest, body: PresetIn) -> Status[Preset]:
    """Keep values under a name. 409 `name_taken`: change that preset instead."""
    return Status(201, presets.create(caller(request).user, body.name, body.values))


@router.patch("/{preset_id}", response={200: PresetOut} | CHANGED, summary="Change a preset", auth=needs(Scope.GENERATE))
def patch_preset(request: HttpRequest, preset_id: UUID, body: PresetPatch) -> Preset:
    return presets.change(presets.the_preset(caller(request).user, preset_id), name=body.name, values=body.values)


@router.delete("/{preset_id}", response={204: None, 404: ErrorOut}, summary="Delete a preset", auth=needs(Scope.GENERATE))
def delete_preset(request: HttpRequest, preset_id: UUID) -> Status[None]:
    presets.delete(presets.the_preset(caller(request).user, preset_id))
    return Status(204, None)


@history.get("", response=Page[EarlierOut], summary="Your earlier prompts")
def list_prompts(request: HttpRequest, wanted: Query[EarlierFilter]) -> Page[EarlierOut]:
    """List your own prompts, each text once, newest first."""
    found, cursor = earlier_prompts(caller(request).user, words=wanted.q, before=wanted.cursor, most=wanted.limit)
    return Page[EarlierOut](items=[_earlier_out(one, origin_of(request)) for one in found], next_cursor=cursor)


def _earlier_out(one: Earlier, origin: str) -> EarlierOut:
    return EarlierOut(
        text=one.text,
        made_from=one.prompt.made_from,
        model=one.task.model if one.task else "",
        task_id=one.task.pk if one.task else None,
        video=video_out(one.video, origin) if one.video else None,
        created_at=one.prompt.created_at,
    )
