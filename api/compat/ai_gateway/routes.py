"""`/compat/ai-gateway/`: videos for Vercel's `ai` (docs/adr/0046, docs/integrations/ai-gateway.md)."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from access.scopes import Scope
from api.compat.ai_gateway.translate import asked_of, images_in, refusal, warnings
from api.compat.asked import not_applied
from api.compat.dialect import Call, Dialect, json_response
from api.compat.fit import fit
from api.compat.images import asset_of, counted, in_slots
from api.compat.model_names import meant_model
from api.compat.ordering import Key, held, order
from api.compat.retries import key_by_arrival, note_told
from api.compat.why import why_no_video
from api.errors import Failure
from generation.errors import InvalidRequest
from generation.lifecycle import TERMINAL, Status
from generation.models import GenerationTask

__all__ = ["dialect"]

dialect = Dialect("ai-gateway", "compat/ai-gateway/", refusal)

MODEL = "ai-model-id"


@dialect.route("POST", "video-model/start", scope=Scope.GENERATE)
def start(call: Call) -> HttpResponseBase:
    """Order a video. `ai` sends an `Idempotency-Key` that is the same in its retries."""
    task, noted = _ordered(_with_model(call), Key(call.idempotency_key))
    return json_response({"operation": {"id": str(task.pk)}, "warnings": noted})


@dialect.route("POST", "video-model/status", scope=Scope.READ)
def status(call: Call) -> HttpResponseBase:
    operation = call.body.get("operation")
    name = operation.get("id", "") if isinstance(operation, dict) else ""
    return _status(call, str(name))


@dialect.route("GET", "video-model/status", scope=Scope.READ)
def status_by_id(call: Call) -> HttpResponseBase:
    """Answer the same to `?id=`, for people."""
    return _status(call, call.request.GET.get("id", ""))


@dialect.route("POST", "video-model", scope=Scope.GENERATE)
def generate(call: Call) -> HttpResponseBase:
    """Order a video and wait for it: one event with its address; 504 if it takes longer. The next request of `ai` is the same order."""
    named = _with_model(call)
    with key_by_arrival(named) as key:
        task, noted = (key.task, []) if key.task else _ordered(named, key)
    return held(call, task, partial(_event, noted=noted))


def _with_model(call: Call) -> Call:
    """Return the call with the model of its header in the body, so that repeats are recognized by it."""
    name = call.request.headers.get(MODEL, "")
    return replace(call, body={**call.body, "model": name}) if name else call


def _ordered(call: Call, key: Key) -> tuple[GenerationTask, list[dict[str, str]]]:
    body = call.body
    wrong = {name: _("A text is needed here.") for name in ("model", "prompt", "callbackUrl") if not isinstance(body.get(name, ""), str)}
    if type(body.get("n", 1)) is not int or body.get("n", 1) != 1:
        wrong["n"] = _("One request makes one video.")
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    name = body.get("model", "")
    spec = meant_model(name, dialect=call.dialect, by=call.caller)
    asked = asked_of(body, spec)
    images = images_in(body)
    inputs = in_slots(spec, {slot: [asset_of(call, image, at=at) for at, image in found] for slot, found in images.items()})
    fitted = fit(spec, asked.options, counted(inputs))
    missed = not_applied(fitted, asked, spec, called=name, has_image=bool(inputs))
    placed = order(
        call,
        spec,
        prompt=body.get("prompt", ""),
        fitted=fitted,
        inputs=inputs,
        key=key,
        callback_url=body.get("callbackUrl", ""),
    )
    return placed.task, warnings(missed)


def _status(call: Call, name: str) -> HttpResponseBase:
    task = call.task(name)
    if task.state not in TERMINAL:
        return json_response({"status": "pending"})
    if task.state is Status.CANCELLED:
        return json_response({"status": "cancelled"})
    if videos := _videos(call, task):
        return json_response({"status": "completed", "videos": videos})
    return json_response({"status": "error", "error": why_no_video(task)})


def _event(call: Call, task: GenerationTask, *, noted: list[dict[str, str]]) -> HttpResponseBase:
    if task.state not in TERMINAL:
        words = _("The video is not ready yet. Ask again in a moment.")
        return dialect.refuse(Failure(status=504, code="not_ready", message=words))
    note_told(task)
    videos = _videos(call, task)
    if not videos:
        return dialect.refuse(Failure(status=424, code="render_failed", message=why_no_video(task)))
    event: dict[str, Any] = {"type": "result", "videos": videos, "warnings": noted}
    return HttpResponse(f"data: {json.dumps(event)}\n\n", content_type="text/event-stream")


def _videos(call: Call, task: GenerationTask) -> list[dict[str, str]]:
    return [{"type": "url", "url": call.video_url(video), "mediaType": "video/mp4"} for video in task.kept_videos()]
