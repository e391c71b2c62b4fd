"""`/jimeng/`: the answer to a prompt is the video, if it is done in time; otherwise the address to ask for it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from access.scopes import Scope
from api.compat.dialect import Call, Dialect, json_response
from api.compat.fit import fit
from api.compat.images import asset_of, counted, in_slots
from api.compat.jimeng.translate import STATES, USUAL_MODELS, asked_of, refusal
from api.compat.model_names import known_names, meant_model
from api.compat.ordering import held, order, repeat_key
from api.compat.why import why_no_video
from api.errors import Failure
from generation.lifecycle import TERMINAL
from generation.models import GenerationTask

__all__ = ["dialect"]

dialect = Dialect("jimeng", "jimeng/", refusal)

PATIENCE = timedelta(minutes=20)
"""Dify ends a run after this time (WORKFLOW_MAX_EXECUTION_TIME). Until then a node with retries orders again after each 504."""


@dialect.route("POST", "generate_video", scope=Scope.GENERATE)
def generate_video(call: Call) -> HttpResponseBase:
    """Order a video and wait for it, with `?wait=N` for up to N seconds: 200 with its address; 202 with `status_url` if it takes longer, or
    504 with `?strict=1`.
    """
    asked = asked_of(call.body)
    spec = meant_model(asked.model, dialect=call.dialect, by=call.caller, usual=USUAL_MODELS)
    inputs = in_slots(spec, {"first_frame": [asset_of(call, asked.image, at="image_url")]}) if asked.image else {}
    fitted = fit(spec, asked.options, counted(inputs))
    task = order(call, spec, prompt=asked.prompt, fitted=fitted, inputs=inputs, key=repeat_key(call, while_made=PATIENCE)).task
    return held(call, task, _video_or_where, wait_s=call.asked_wait_s)


def _video_or_where(call: Call, task: GenerationTask) -> HttpResponseBase:
    shown = _shown(call, task)
    if "video_url" in shown:
        return json_response({name: shown[name] for name in ("video_url", "task_id")})
    if "detail" in shown:
        return dialect.refuse(Failure(status=500, code="render_failed", message=str(shown["detail"])))
    if call.request.GET.get("strict") == "1":
        words = _("The video is not ready yet. Ask for it at %(address)s") % {"address": shown["status_url"]}
        return dialect.refuse(Failure(status=504, code="not_ready", message=words))
    return json_response(shown, status=202)


@dialect.route("GET", "tasks/<uuid:task_id>", scope=Scope.READ)
def get_task(call: Call, task_id: UUID) -> HttpResponseBase:
    """Answer with the state of a task, and its video when it is done. `?wait=N` holds the answer for up to N seconds until then."""
    return held(call, call.task(task_id), _state, wait_s=call.asked_wait_s or 0)


@dialect.route("GET", "models", scope=Scope.READ)
def list_models(call: Call) -> HttpResponseBase:
    """List the names that `model` may have. The service itself has one model and no such list: this is for agents that choose."""
    return json_response({"models": [{"name": name, "label": spec.label} for name, spec in known_names(call.caller).items()]})


def _state(call: Call, task: GenerationTask) -> HttpResponseBase:
    return json_response(_shown(call, task))


def _shown(call: Call, task: GenerationTask) -> dict[str, object]:
    """Return a task: with `video_url` if its video exists, with `detail` if there will not be one."""
    address = call.address(f"/{dialect.prefix}tasks/{task.pk}")
    shown: dict[str, object] = {"task_id": str(task.pk), "status": STATES[task.state], "status_url": address}
    if task.state not in TERMINAL:
        return shown
    videos = task.kept_videos()
    return shown | ({"video_url": call.video_url(videos[0])} if videos else {"status": "failed", "detail": why_no_video(task)})
