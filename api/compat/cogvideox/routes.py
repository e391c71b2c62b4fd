"""`/compat/cogvideox/`: order a video, then ask for it; or play the address in the first answer, which waits for the video."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase

from access.scopes import Scope
from api.compat.cogvideox.translate import FIELDS, STATES, USUAL_MODELS, asked_of, refusal
from api.compat.dialect import Call, Dialect, json_response
from api.compat.fit import fit
from api.compat.model_names import meant_model
from api.compat.ordering import order, repeat_key
from api.compat.why import why_no_video
from generation.lifecycle import TERMINAL
from generation.models import GenerationTask

__all__ = ["dialect"]

dialect = Dialect("cogvideox", "compat/cogvideox/", refusal)


@dialect.route("POST", "api/v1/generate", scope=Scope.GENERATE)
def generate(call: Call) -> HttpResponseBase:
    """Order a video. `video_url` is the address at which it will play."""
    asked = asked_of(call.body)
    spec = meant_model(asked.model, dialect=call.dialect, by=call.caller, usual=USUAL_MODELS)
    fitted = fit(spec, asked.options)
    placed = order(
        call,
        spec,
        prompt=asked.prompt,
        fitted=fitted,
        key=repeat_key(call),
        content_id=asked.content_id,
        metadata=asked.metadata,
    )
    shown = _state(call, placed.task)
    if "error" in shown:  # the order is repeated by its key, and has failed
        return json_response({"success": False, **shown})
    return json_response({"success": True, **shown, "video_url": call.task_url(placed.task)} | fitted.report(FIELDS))


@dialect.route("GET", "api/v1/status/<uuid:task_id>", scope=Scope.READ)
def get_status(call: Call, task_id: UUID) -> HttpResponseBase:
    return json_response(_state(call, call.task(task_id)))


def _state(call: Call, task: GenerationTask) -> dict[str, Any]:
    """Return the state of a task, and its video when it is done, or why it has none."""
    shown = _shown(call, task)
    if task.state not in TERMINAL:
        return shown
    if task.kept_videos():
        return shown | {"video_url": call.task_url(task)}
    return shown | {"status": "failed", "error": why_no_video(task)}


def _shown(call: Call, task: GenerationTask) -> dict[str, Any]:
    address = call.address(f"/{dialect.prefix}api/v1/status/{task.pk}")
    names = {"content_id": task.content_id, "metadata": task.metadata}
    return {"task_id": str(task.pk), "status": STATES[task.state], "status_url": address} | {name: it for name, it in names.items() if it}
