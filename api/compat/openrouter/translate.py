"""The portal's tasks, models and refusals as OpenRouter shows them. Pure.

From the OpenAPI document of https://github.com/OpenRouterTeam/typescript-sdk (@cb9393a), https://openrouter.ai/docs/api/reference/errors-and-debugging
and @openrouter/ai-sdk-provider 3.1.0, all read 2026-11-29. What their readers need: `error` of a job is text and is left out unless it
failed, `error.code` of a refusal is the HTTP status, and `usage.cost` counts US dollars.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from api.compat.choices import choices_of
from api.compat.openrouter.asked import FRAMES, OPTIONS
from api.compat.why import why_no_video
from api.errors import Failure
from generation.lifecycle import TERMINAL, Status
from generation.messages import failure_sentence
from generation.models import GenerationTask, Video
from providers.core.catalog import ModelSpec, schema_of
from webhooks.shapes import CallbackShape

__all__ = ["CALLBACK", "COST_IN", "job", "model_row", "refusal"]

COST_IN = "USD"
STATES: Mapping[Status, str] = {
    Status.QUEUED: "pending",
    Status.SUBMITTING: "pending",
    Status.RUNNING: "in_progress",
    Status.INGESTING: "in_progress",
    Status.NEEDS_REVIEW: "in_progress",  # it may be rendered and charged: a client that reads "failed" orders it again
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
}
STATUSES: Mapping[str, int] = {"unknown_model": 404, "budget_reached": 402}
NOT_VALID = 422
FIELDS: Mapping[str, str] = {option: name for name, option in OPTIONS.items()}


def job(task: GenerationTask, *, polling_url: str, video_urls: Sequence[str], cost: Decimal | None) -> dict[str, Any]:
    """Return OpenRouter's object of a video. A finished task whose video was deleted has expired."""
    ended = task.state in TERMINAL
    status = "expired" if task.state is Status.SUCCEEDED and not video_urls else STATES[task.state]
    shown: dict[str, Any] = {"id": str(task.pk), "generation_id": str(task.pk), "polling_url": polling_url, "status": status}
    if video_urls:
        shown |= {"unsigned_urls": list(video_urls), "usage": {"is_byok": False} | ({} if cost is None else {"cost": float(cost)})}
    elif ended:
        shown["error"] = why_no_video(task)
    return shown


def _callback(task: GenerationTask, status: str, at: datetime, videos: Sequence[tuple[Video, str]]) -> dict[str, Any]:
    """Return the event about a job that has ended. It leaves out the vendor's message, which may quote the prompt."""
    word = STATES[Status(status)]
    facts: dict[str, Any] = {"unsigned_urls": [url for _video, url in videos]} if videos else {}
    if word == "failed":
        facts["error"] = " ".join(failure_sentence(task.error_code))
    data = {"id": str(task.pk), "generation_id": str(task.pk), "status": word, "model": task.model, **facts}
    return {"type": f"video.generation.{word}", "created_at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z", "data": data}


CALLBACK = CallbackShape(types=("task.succeeded", "task.failed", "task.cancelled"), body=_callback)


def model_row(name: str, spec: ModelSpec) -> dict[str, Any]:
    """Return a model as the list shows it. Its options that OpenRouter has no name for are `allowed_passthrough_parameters`."""
    options = schema_of(spec.params)["properties"]
    slots = {slot.name for slot in spec.slots}

    def choices(option: str) -> list[Any] | None:
        return choices_of(options[option]) or None if option in options else None

    return {
        "id": name,
        "canonical_slug": spec.name,
        "name": spec.label,
        "description": "",
        "created": int(datetime.combine(spec.docs_read, time.min, UTC).timestamp()),
        "supported_durations": choices("duration_s"),
        "supported_resolutions": choices("resolution"),
        "supported_aspect_ratios": choices("aspect_ratio"),
        "supported_sizes": choices("size"),
        "supported_frame_images": [frame for frame in FRAMES if frame in slots] or None,
        "generate_audio": "with_audio" in options or None,
        "seed": "seed" in options or None,
        "pricing_skus": {},
        "allowed_passthrough_parameters": [option for option in options if option not in FIELDS],
    }


def refusal(failure: Failure) -> tuple[int, dict[str, Any]]:
    """Return status and body of a refusal: `{"error": {"code", "message", "metadata"}}`. The portal's own code is in the metadata."""
    status = STATUSES.get(failure.code, 400 if failure.status == NOT_VALID else failure.status)
    fields = {_field(place): words for place, words in failure.fields.items()}
    said = [f"{name}: {words}" for name, words in fields.items()]
    message = [] if failure.message in fields.values() else [failure.message]
    about = {"reason": failure.code} | ({"fields": fields} if fields else {})
    return status, {"error": {"code": status, "message": " ".join([*message, *said]), "metadata": about}}


def _field(place: str) -> str:
    """Return the client's name of the field at this place of an order."""
    if place.startswith("inputs."):
        return "input_references" if "references" in place else "frame_images"
    option = place.removeprefix("params.")
    return FIELDS.get(option, option)
