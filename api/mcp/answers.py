"""What the tools answer: short, because a language model reads all of it, and always with the next step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, Field

from api.v1.schemas import ModelOut, TaskOut
from api.v1.video_schemas import VideoOut
from generation.lifecycle import Status

__all__ = ["ModelAnswer", "ModelsAnswer", "TaskAnswer", "VideosAnswer", "doing", "model_answer", "result_of", "task_answer", "video_answer"]


class ModelAnswer(BaseModel):
    name: str = Field(description="What create_video takes as `model`.")
    label: str
    vendor: str
    price: str = Field(description="The price for most settings; empty if none is known.")
    usual_seconds: tuple[int, int] = Field(description="How long a render usually takes.")
    needs_prompt: bool
    image_slots: list[str] = Field(description="What create_video takes as keys of `images`.")
    needed_images: list[str] = Field(description="The slots that must have an image.")
    params: dict[str, Any] | None = Field(None, description="The JSON Schema of `params`, if one model was asked for by name.")


class ModelsAnswer(BaseModel):
    models: list[ModelAnswer]
    message: str


class VideoAnswer(BaseModel):
    video_id: UUID
    task_id: UUID
    url: str = Field(description="Plays in any browser or page without a sign-in.")
    prompt: str
    model: str
    title: str
    duration_s: float
    width_px: int
    height_px: int
    has_audio: bool
    size_bytes: int
    warnings: list[str] = Field(description="What a viewer would notice at once, such as a black picture.")
    created_at: datetime


class VideosAnswer(BaseModel):
    videos: list[VideoAnswer]
    next_cursor: UUID | None = Field(description="Give it as `cursor` to read on; null on the last page.")


class TaskAnswer(BaseModel):
    task_id: UUID
    status: Status
    progress: int | None = Field(description="Percent, where the vendor reports it.")
    message: str = Field(description="What happened and what to do now.")
    model: str
    prompt: str
    videos: list[VideoAnswer]
    estimated_cost: str
    created_at: datetime
    updated_at: datetime


DOING: Mapping[Status, Any] = {
    Status.QUEUED: gettext_lazy("It is waiting for its turn."),
    Status.SUBMITTING: gettext_lazy("It is being sent to the vendor."),
    Status.RUNNING: gettext_lazy("The vendor is rendering it."),
    Status.INGESTING: gettext_lazy("The finished video is being stored."),
}
WAIT = gettext_lazy("Call wait_video with this task_id until it has ended. Do not order it again: it would be charged again.")


def model_answer(model: ModelOut, *, in_full: bool = False) -> ModelAnswer:
    """Return a model; the schema of its params only `in_full`, as it is long."""
    price = model.price
    per = "million tokens" if price and price.unit == "token" else price and price.unit
    return ModelAnswer(
        name=model.name,
        label=model.label,
        vendor=model.vendor,
        price=f"{price.amount.normalize():f} {price.currency} for each {per}" if price else "",
        usual_seconds=model.usual_s,
        needs_prompt=model.needs_prompt,
        image_slots=[slot.slot for slot in model.inputs],
        needed_images=model.needed_inputs,
        params=model.json_schema if in_full else None,
    )


def task_answer(task: TaskOut) -> TaskAnswer:
    """Return a task, with what to do next."""
    cost = task.cost
    return TaskAnswer(
        task_id=task.id,
        status=task.status,
        progress=task.progress,
        message=_message(task),
        model=task.model,
        prompt=task.prompt,
        videos=[video_answer(video, task.prompt) for video in task.videos],
        estimated_cost="" if cost.estimated is None else f"{cost.estimated.normalize():f} {cost.currency}",
        created_at=task.created_at,
        updated_at=task.updated_at,
    )


def _message(task: TaskOut) -> str:
    if task.status in DOING:
        return " ".join(filter(None, (doing(task.status, task.progress), task.waits_because, str(WAIT))))
    if task.error:
        said = _("The vendor said: %(words)s") % {"words": task.error.vendor_message} if task.error.vendor_message else ""
        return " ".join(filter(None, (task.error.message, task.error.advice, said)))
    if task.status is Status.CANCELLED:
        return _("The task was cancelled.")
    if task.videos:
        return _("It is ready. Give the person the url: it plays without a sign-in.")
    return _("The video was made, but it is now in the bin or deleted.")


def doing(status: Status, progress: int | None) -> str:
    """Return what happens to the task at the moment."""
    return str(DOING.get(status) or _("It has ended.")) + (f" ({progress} %)" if progress is not None else "")


def video_answer(video: VideoOut, prompt: str) -> VideoAnswer:
    """Return a video and the prompt that it was made from."""
    shared = {name: getattr(video, name) for name in VideoAnswer.model_fields if name in VideoOut.model_fields}
    warnings = [warning.message for warning in video.quality.warnings] if video.quality else []
    return VideoAnswer(**shared, video_id=video.id, task_id=video.task, prompt=prompt, warnings=warnings)


def result_of(task: TaskAnswer) -> CallToolResult:
    """Return a task as the result of a tool; one that failed, or that a person must decide, is an error."""
    return CallToolResult(
        content=[TextContent(type="text", text=task.model_dump_json(indent=1))],
        structured_content=task.model_dump(mode="json"),
        is_error=task.status in {Status.FAILED, Status.NEEDS_REVIEW},
    )
