"""The portal's tasks and refusals as OpenAI shows them. Pure.

From openai-python 3.52.0 (resources/videos.py, types/video.py), LiteLLM 1.106.2 (llms/openai/videos, llms/hosted_vllm/videos,
types/videos/main.py), n8n (nodes/vendors/OpenAi/v2/actions/video) and QuantumNous/new-api (dto/video.go, dto/openai_video.go, dto/task.go,
relay/relay_task.go, relay/channel/task/sora), all read 2026-11-29. What their readers need: `seconds` is text, `progress` and the times are
whole numbers, `error` is null unless the video failed, and only OpenAI's four states occur.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from api.compat.picture_shapes import Shape
from api.errors import Failure
from generation.lifecycle import Status
from generation.messages import failure_sentence
from generation.models import GenerationTask, Video

__all__ = ["generation", "refusal", "task_id_of", "video", "video_id"]

PREFIX = "video_"
HEX_CHARS = 32

STATES: Mapping[Status, str] = {
    Status.QUEUED: "queued",
    Status.SUBMITTING: "queued",
    Status.RUNNING: "in_progress",
    Status.INGESTING: "in_progress",
    Status.NEEDS_REVIEW: "in_progress",  # it may be rendered and charged: a client that reads "failed" orders it again
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
}
OLD_STATES = {"queued": "queued", "in_progress": "processing", "completed": "succeeded", "failed": "failed"}
RELAY_STATES = {"queued": "QUEUED", "in_progress": "IN_PROGRESS", "completed": "SUCCESS", "failed": "FAILURE"}

PLACES: Mapping[str, str] = {
    "params.duration_s": "seconds",
    "params.frames": "seconds",
    "params.size": "size",
    "params.aspect_ratio": "size",
    "params.resolution": "size",
    "params.with_audio": "generate_audio",
    "params.steps": "num_inference_steps",
    "file": "input_reference",
    "url": "input_reference",
}
"""The client's field of each place in an order."""
CODES: Mapping[str, str] = {
    "token_missing": "missing_api_key",
    "token_unreadable": "invalid_api_key",
    "token_refused": "invalid_api_key",
    "not_authenticated": "invalid_api_key",
    "unknown_model": "model_not_found",
    "rate_limited": "rate_limit_exceeded",
    "budget_reached": "insufficient_quota",
    "content_rejected": "moderation_blocked",
    "internal_error": "server_error",
}
NOT_VALID = 422


def video_id(task_id: UUID) -> str:
    """Return the task's id as this dialect writes it."""
    return f"{PREFIX}{task_id.hex}"


def task_id_of(name: str) -> UUID | None:
    """Return the task's id in `video_…` or a plain UUID; None for anything else."""
    text = name.removeprefix(PREFIX)
    try:
        return UUID(hex=text) if len(text) >= HEX_CHARS else None
    except ValueError:
        return None


def video(task: GenerationTask) -> dict[str, Any]:
    """Return OpenAI's object of a video. Prefetch `videos`, and of many also `retry_of`."""
    state = STATES[task.state]
    kept = next(iter(task.kept_videos()), None) if task.state is Status.SUCCEEDED else None
    return {
        "id": video_id(task.pk),
        "object": "video",
        "created_at": _seconds_of(task.created_at),
        "completed_at": _seconds_of(task.finished_at) if state == "completed" else None,
        "expires_at": None,
        "status": state,
        "model": task.model,
        "progress": _progress(task),
        "prompt": task.prompt.text,
        "seconds": _length(task, kept),
        "size": _size(task, kept),
        "error": _error(task),
        "remixed_from_video_id": _remixed_from(task),
    }


def generation(task: GenerationTask, url: str) -> dict[str, Any]:
    """Return the answer of the older pair `/v1/video/generations`: as new-api documents it, with what its relay answers in `data`."""
    state = STATES[task.state]
    error = _error(task)
    kept = next(iter(task.kept_videos()), None) if state == "completed" else None
    relayed = {
        "task_id": video_id(task.pk),
        "status": RELAY_STATES[state],
        "fail_reason": error["message"] if error else "",
        "result_url": url,
        "progress": f"{_progress(task)}%",
        "submit_time": _seconds_of(task.created_at),
        "finish_time": _seconds_of(task.finished_at) or 0,
    }
    seed = task.params.get("seed")
    made = (
        {
            "duration": kept.duration_s,
            "fps": round(kept.fps),
            "width": kept.width_px,
            "height": kept.height_px,
            "seed": seed if isinstance(seed, int) else 0,
        }
        if kept
        else None
    )
    return {
        "id": video_id(task.pk),
        "task_id": video_id(task.pk),
        "status": OLD_STATES[state],
        "url": url,
        "format": kept.suffix.removeprefix(".") if kept else "mp4",
        "metadata": made,
        "error": {"code": 500, "message": error["message"]} if error else None,
        "code": "success",
        "message": "",
        "data": relayed,
    }


def refusal(failure: Failure) -> tuple[int, dict[str, Any]]:
    """Return status and body of a refusal: `{"error": {"message", "type", "param", "code"}}`."""
    status, code = failure.status, CODES.get(failure.code, failure.code)
    if status == NOT_VALID:
        status = 404 if failure.code == "unknown_model" else 400
    place = next(iter(failure.fields), None)
    said = [words for words in failure.fields.values() if words != failure.message]
    message = " ".join([failure.message, *(f"{_field(name)}: {words}" for name, words in failure.fields.items() if words in said)])
    return status, {"error": {"message": message, "type": _kind(status, code), "param": _field(place) if place else None, "code": code}}


def _field(place: str) -> str:
    """Return the client's name of the field at this place of an order."""
    if place.startswith("inputs."):
        return "input_reference"
    return PLACES.get(place) or place.removeprefix("params.")


def _kind(status: int, code: str) -> str:
    if code == "insufficient_quota":
        return code
    if status >= 500:
        return "server_error"
    return "rate_limit_error" if status == 429 else "invalid_request_error"


def _error(task: GenerationTask) -> dict[str, str] | None:
    if task.state is Status.CANCELLED:
        return {"code": "cancelled", "message": _("The task was cancelled.")}
    if task.state is not Status.FAILED:
        return None
    message, advice = failure_sentence(task.error_code)
    said = str(task.error_message)
    return {"code": CODES.get(task.error_code, task.error_code), "message": " ".join(filter(None, (str(message), said, str(advice))))}


def _remixed_from(task: GenerationTask) -> str | None:
    """Return the video whose order this one repeats with another prompt."""
    before = task.retry_of
    return video_id(before.pk) if before and before.prompt_id != task.prompt_id else None


def _progress(task: GenerationTask) -> int:
    if task.state is Status.SUCCEEDED:
        return 100
    return min(task.progress or 0, 99)


def _length(task: GenerationTask, kept: Video | None) -> str | None:
    """Return the seconds of the stored video, or those of the order; None if the order does not give them."""
    if kept:
        return str(max(round(kept.duration_s), 1))
    ordered, frames, spec = task.params.get("duration_s"), task.params.get("frames"), task.spec
    if ordered is None and frames and spec and spec.params.frames_per_s:
        ordered = frames // spec.params.frames_per_s
    return None if ordered is None else str(ordered)


def _size(task: GenerationTask, kept: Video | None) -> str | None:
    """Return width x height in pixels of the stored video, or those of the order; None if the order does not give them."""
    if kept:
        return f"{kept.width_px}x{kept.height_px}"
    shape = Shape.of(task.params)
    return "{}x{}".format(*shape.pixels) if shape.ratio and shape.lines else None


def _seconds_of(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None
