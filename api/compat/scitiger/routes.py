"""`/compat/scitiger/`: create a task, then ask for its status and its result (docs/integrations/scitiger.md)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http.response import HttpResponseBase

from access.scopes import Scope
from api.compat.dialect import Call, Dialect, json_response
from api.compat.fit import fit
from api.compat.images import asset_of, counted, in_slots
from api.compat.model_names import meant_model
from api.compat.ordering import NO_KEY, held, order, repeat_key
from api.compat.scitiger.translate import (
    FIELDS,
    STATES,
    USUAL_MODELS,
    asked_of,
    envelope,
    moment,
    name_of,
    provider_of,
    refusal,
    result,
    slots_of,
)
from api.compat.why import why_no_video
from generation.actions.cancel import cancel_task
from generation.lifecycle import TERMINAL, Status
from generation.models import GenerationTask

__all__ = ["dialect"]

dialect = Dialect("scitiger", "compat/scitiger/", refusal)


@dialect.route("POST", "api/v1/tasks", scope=Scope.GENERATE)
def create_task(call: Call) -> HttpResponseBase:
    """Order a video. `is_async: false` holds the answer until it is there; the same request within two minutes is then the same order."""
    asked = asked_of(call.body)
    spec = meant_model(asked.model, dialect=call.dialect, by=call.caller, usual=USUAL_MODELS, vendor=asked.vendor)
    images = slots_of(asked, spec)
    inputs = in_slots(spec, {slot: [asset_of(call, one, at=f"parameters.{name}") for name, one in pairs] for slot, pairs in images.items()})
    fitted = fit(spec, asked.options, counted(inputs))
    key = NO_KEY if asked.is_async else repeat_key(call)
    task = order(call, spec, prompt=asked.prompt, fitted=fitted, inputs=inputs, key=key).task
    answer = partial(_created, report=fitted.report(FIELDS), with_result=not asked.is_async)
    return answer(call, task) if asked.is_async else held(call, task, answer)


def _created(call: Call, task: GenerationTask, *, report: Mapping[str, Any], with_result: bool) -> HttpResponseBase:
    shown = _outcome(call, task) if with_result else {"task_id": str(task.pk), "status": STATES[task.state]}
    return json_response(envelope("任务已创建", {**shown, **report}))


@dialect.route("GET", "api/v1/tasks/<uuid:task_id>", scope=Scope.READ)
def get_task(call: Call, task_id: UUID) -> HttpResponseBase:
    task = call.task(task_id)
    facts = {"model": task.model.partition("/")[2], "provider": provider_of(task), "parameters": task.params}
    return json_response(envelope("获取任务成功", {**_state(task), **facts, **_outcome(call, task)}))


@dialect.route("GET", "api/v1/tasks/<uuid:task_id>/status", scope=Scope.READ)
def get_status(call: Call, task_id: UUID) -> HttpResponseBase:
    return json_response(envelope("获取任务状态成功", _state(call.task(task_id))))


@dialect.route("GET", "api/v1/tasks/<uuid:task_id>/result", scope=Scope.READ)
def get_result(call: Call, task_id: UUID) -> HttpResponseBase:
    return json_response(envelope("获取任务结果成功", _outcome(call, call.task(task_id))))


@dialect.route("POST", "api/v1/tasks/<uuid:task_id>/cancel", scope=Scope.GENERATE)
def cancel(call: Call, task_id: UUID) -> HttpResponseBase:
    task = cancel_task(call.task(task_id), by=call.caller)
    return json_response(envelope("任务已取消", {"task_id": str(task.pk)}))


def _state(task: GenerationTask) -> dict[str, Any]:
    times = {"created_at": moment(task.created_at), "updated_at": moment(task.updated_at)}
    return {"task_id": str(task.pk), "status": _status(task), **times}


def _status(task: GenerationTask) -> str:
    """Return the service's word. A task whose video was deleted has failed for a client that waits for it."""
    return "failed" if task.state is Status.SUCCEEDED and not task.kept_videos() else STATES[task.state]


def _outcome(call: Call, task: GenerationTask) -> dict[str, Any]:
    """Return the result of a task that has ended, or why there is none."""
    videos = task.kept_videos() if task.state in TERMINAL else []
    addresses = {video: f"{call.video_url(video)}?{urlencode({'name': name_of(task, video)})}" for video in videos}
    error = why_no_video(task) if task.state in TERMINAL and not videos else None
    return {"task_id": str(task.pk), "status": _status(task), "result": result(task, addresses), "error": error}
