"""The portal's tasks and refusals as Kling's classic API shows them. Pure.

Kling's developer documents ("text to video", "image to video", "callback protocol", "error codes"), read 2026-11-20. An answer is
`{"code", "message", "request_id", "data"}`, `code` 0 for success; the status `succeed` has no other spelling; times are milliseconds, and
lengths texts. For a task that failed `code` is 0 too, and `task_status_msg` says why. A callback is the bare object of the task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from api.compat.kling.asked import FIELDS, SLOTS
from api.errors import Failure
from delivery.request_ids import current_id
from generation.lifecycle import Status
from generation.messages import failure_sentence
from generation.models import GenerationTask, Video
from webhooks.shapes import CallbackShape

__all__ = ["CALLBACK", "envelope", "refusal", "task_of"]

STATES: Mapping[Status, str] = {
    Status.QUEUED: "submitted",
    Status.SUBMITTING: "submitted",
    Status.RUNNING: "processing",
    Status.INGESTING: "processing",
    Status.NEEDS_REVIEW: "processing",  # it may be rendered and charged: a client that reads "failed" orders it again
    Status.SUCCEEDED: "succeed",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
}
EVENTS = ("task.started", "task.succeeded", "task.failed", "task.cancelled")
"""Kling calls back at every change of its own status; these are the events that change it."""
CODES: Mapping[str, tuple[int, int]] = {
    "not_authenticated": (401, 1000),
    "token_missing": (401, 1001),
    "token_unreadable": (401, 1002),
    "token_refused": (401, 1002),
    "signature_refused": (401, 1002),
    "signature_early": (401, 1003),
    "signature_expired": (401, 1004),
    "budget_reached": (429, 1101),
    "price_unknown": (429, 1101),
    "quota_reached": (429, 1102),
    "unknown_model": (404, 1203),
    "model_retired": (404, 1203),
    "no_account": (404, 1203),
    "external_id_taken": (400, 1201),
    "bad_image": (400, 1201),
}
"""HTTP status and Kling's code, by the portal's code; for other codes see BY_STATUS."""
BY_STATUS: Mapping[int, int] = {400: 1200, 401: 1000, 403: 1103, 404: 1203, 405: 1202, 422: 1201, 429: 1302, 503: 5001, 504: 5002}
OF_CLIENTS, OF_OURS = 1200, 5000
PLACES: Mapping[str, str] = {
    "model": "model_name",
    "external_id": "external_task_id",
    **{f"params.{option}": name for option, name in FIELDS.items()},
    **{f"inputs.{slot}": name for name, slot in SLOTS.items()},
    "inputs.references": "image",
}
"""The client's field of each place in an order."""


def envelope(data: Any) -> dict[str, Any]:
    """Return the answer to a request that succeeded."""
    return {"code": 0, "message": "SUCCEED", "request_id": current_id(), "data": data}


def task_of(task: GenerationTask, videos: Sequence[tuple[Video, str]]) -> dict[str, Any]:
    """Return the task as it is now. `videos` are those that nobody deleted, with the addresses at which they play."""
    if task.state is Status.SUCCEEDED and not videos:
        return _task(task, "failed", task.updated_at, (), _("The video was deleted."))
    said = str(task.error_message) if task.state is Status.FAILED else ""
    return _task(task, STATES[task.state], task.updated_at, videos, " ".join(filter(None, (_why(task, task.state), said))))


def refusal(failure: Failure) -> tuple[int, Any]:
    """Return a failure as Kling shows it: `message` is what its clients raise."""
    usual = 400 if failure.status == 422 else failure.status
    other = BY_STATUS.get(failure.status, OF_OURS if failure.status >= 500 else OF_CLIENTS)
    status, code = CODES.get(failure.code, (usual, other))
    more = [f"{_field(place)}: {said}" for place, said in failure.fields.items() if said != failure.message]
    about = ", ".join(_field(place) for place, said in failure.fields.items() if said == failure.message)
    message = " ".join([f"{about}: {failure.message}" if about else failure.message, *more])
    return status, {"code": code, "message": message, "request_id": current_id()}


def _field(place: str) -> str:
    """Return the client's name of the field at this place of an order."""
    return PLACES.get(place) or place.removeprefix("params.").removeprefix("inputs.")


def _callback(task: GenerationTask, status: str, at: datetime, videos: Sequence[tuple[Video, str]]) -> dict[str, Any]:
    """Return the body of a callback about a status of this time. It leaves out the vendor's message, which may quote the prompt."""
    state = Status(status)
    return _task(task, STATES[state], at, videos, _why(task, state))


CALLBACK = CallbackShape(types=EVENTS, body=_callback)


def _why(task: GenerationTask, state: Status) -> str:
    """Return why a task failed or was cancelled; empty for other states."""
    if state is Status.CANCELLED:
        return _("The task was cancelled.")
    return " ".join(failure_sentence(task.error_code)) if state is Status.FAILED else ""


def _task(task: GenerationTask, status: str, at: datetime, videos: Sequence[tuple[Video, str]], why: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "task_id": str(task.pk),
        "task_status": status,
        "task_status_msg": why,
        "task_info": {"external_task_id": task.external_id},
        "created_at": _ms(task.created_at),
        "updated_at": _ms(at),
    }
    if status == "succeed":
        shown["task_result"] = {"videos": [_video(video, url) for video, url in videos]}
    return shown


def _video(video: Video, url: str) -> dict[str, str]:
    return {"id": str(video.pk), "url": url, "watermark_url": "", "duration": f"{video.duration_s:g}"}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
