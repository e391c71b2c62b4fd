"""How v2 is spoken: the body of a create, and what a task's object means. Pure.

MiniMax platform documents, video generation v2; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.errors import GenerationFailed, ProviderError
from providers.core.replies import state_of, text_of, units_of
from providers.core.types import GenerationRequest, InputFile, Output, Snapshot, State
from providers.vendors.minimax.catalog import RESULT_LIFE
from providers.vendors.minimax.errors import render_failure
from providers.vendors.minimax.values import data_uri, log

__all__ = ["CREATE", "TASKS", "body", "snapshot"]

CREATE = "/v2/video_generation"
TASKS = "/v2/query/video_generation"
EXPIRED = "expired"
STATES: Mapping[str, State] = {
    "queued": State.QUEUED,
    "running": State.RUNNING,
    "succeeded": State.SUCCEEDED,
    "failed": State.FAILED,
    "cancelled": State.CANCELLED,
    EXPIRED: State.FAILED,
}
ROLES: Mapping[str, str] = {"first_frame": "first_frame", "last_frame": "last_frame", "references": "reference_image"}


def body(request: GenerationRequest) -> dict[str, Any]:
    values = request.params.model_dump()
    images = [_image(file, ROLES[slot]) for slot, files in request.inputs.items() for file in files]
    said: dict[str, Any] = {
        "model": request.spec.id,
        "content": [{"type": "text", "text": request.prompt}, *images],
        "resolution": values["resolution"],
        "duration": values["duration_s"],
    }
    if request.only_input("first_frame") is None:  # with one, the vendor takes the image's shape; check_inputs refuses another
        said["ratio"] = values["aspect_ratio"]
    if "prompt_expansion" in values:
        said["extra"] = {"prompt_expansion_mode": values["prompt_expansion"]}
    return said


def _image(file: InputFile, role: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_uri(file)}, "role": role}


def snapshot(task: Mapping[str, Any]) -> Snapshot:
    word = text_of(task, "status")
    state = state_of(word, STATES, log)
    return Snapshot(
        state=state,
        vendor_state=word,
        outputs=(_output(task),) if state is State.SUCCEEDED else (),
        error=_failure(word, task.get("error")) if state is State.FAILED else None,
        units=units_of(task.get("usage")),
    )


def _failure(word: str, error: object) -> ProviderError:
    if word == EXPIRED:
        return GenerationFailed("MiniMax dropped it before it was done.", vendor_code=EXPIRED)
    told = error if isinstance(error, dict) else {}
    return render_failure(str(told.get("code") or ""), str(told.get("message") or ""))


def _output(task: Mapping[str, Any]) -> Output:
    content = task.get("content")
    return Output(url=text_of(content if isinstance(content, dict) else {}, "url"), expires_in=RESULT_LIFE)
