"""`/v1/`: OpenAI's videos and models, and new-api's older pair `/v1/video/generations` (docs/adr/0041, docs/integrations/openai.md)."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from access.scopes import Scope
from api.compat.asked import not_applied
from api.compat.bodies import refuse_unknown
from api.compat.choices import number
from api.compat.dialect import Call, Dialect, json_response
from api.compat.fit import Fit, fit
from api.compat.images import asset_of, counted, in_slots
from api.compat.model_names import known_names, meant_model
from api.compat.openai.asked import IMAGES, asked_of, image_in
from api.compat.openai.translate import generation, refusal, task_id_of, video
from api.compat.ordering import order
from api.compat.retries import key_of
from delivery.stored_file import serve_video
from generation.actions.bin import move_to_bin
from generation.actions.dismiss import dismiss
from generation.actions.rights import require_rights
from generation.errors import InvalidRequest, NotThere
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from providers.core.catalog import ModelSpec

__all__ = ["dialect"]

dialect = Dialect("openai", "v1/", refusal)

POLL_AFTER_MS = "2000"
"""The SDKs read this in the answer to their first poll and wait that long before each later one."""
INVALID = "invalid_value"
"""OpenAI's code for a value that it does not take."""
USUAL_LIMIT, MOST = 20, 100
VARIANTS = {"video": "video", "thumbnail": "poster"}
REMIX_FIELDS = frozenset({"prompt", "model", "user"})


@dialect.route("GET", "models", scope=Scope.READ)
def list_models(call: Call) -> HttpResponseBase:
    """List every name that `model` may have now: the models that this token may order, and the aliases."""
    return json_response({"object": "list", "data": [_model(name, spec) for name, spec in known_names(call.caller).items()]})


@dialect.route("GET", "models/<path:name>", scope=Scope.READ)
def get_model(call: Call, name: str) -> HttpResponseBase:
    spec = known_names(call.caller).get(name)
    if spec is None:
        raise InvalidRequest(_("There is no such model."), code="unknown_model", fields={"model": _("There is no such model.")})
    return json_response(_model(name, spec))


@dialect.route("POST", "videos/edits", scope=Scope.GENERATE, uploads=["video"])
@dialect.route("POST", "videos/extensions", scope=Scope.GENERATE, uploads=["video"])
@dialect.route("POST", "videos/characters", scope=Scope.GENERATE, uploads=["video"])
def unsupported(call: Call) -> HttpResponseBase:  # noqa: ARG001
    """Refuse what no vendor of the portal can do with a stored video."""
    raise NotThere(_("This portal cannot edit or extend videos, and has no characters."), code="unsupported")


@dialect.route("POST", "videos", scope=Scope.GENERATE, uploads=IMAGES)
def create_video(call: Call) -> HttpResponseBase:
    task, missed = _ordered(call)
    return json_response(video(task) | ({"not_applied": missed} if missed else {}))


@dialect.route("GET", "videos", scope=Scope.READ)
def list_videos(call: Call) -> HttpResponseBase:
    """Page by the last id of the page before, newest first or with `order=asc`. Videos that were deleted are not listed."""
    given = call.request.GET
    limit = number(given.get("limit", USUAL_LIMIT)) or 0
    is_ascending = given.get("order", "desc") == "asc"
    after = task_id_of(given.get("after", "")) if given.get("after") else None
    wrong = {"limit": _("Choose 1 to %(most)d.") % {"most": MOST}} if not 1 <= limit <= MOST else {}
    if given.get("after") and after is None:
        wrong["after"] = _("There is no such video.")
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), code=INVALID, fields=wrong)
    kept = Exists(Video.objects.kept().filter(task=OuterRef("pk")))
    rows = GenerationTask.objects.visible_to(call.caller).exclude(~kept, status=Status.SUCCEEDED)
    if after:
        rows = rows.filter(pk__gt=after) if is_ascending else rows.filter(pk__lt=after)
    rows = rows.select_related("prompt", "retry_of").prefetch_related("videos").order_by("pk" if is_ascending else "-pk")
    found = list(rows[: int(limit) + 1])
    data = [video(task) for task in found[: int(limit)]]
    ends = {"first_id": data[0]["id"] if data else None, "last_id": data[-1]["id"] if data else None}
    return json_response({"object": "list", "data": data, **ends, "has_more": len(found) > limit})


@dialect.route("GET", "videos/<str:name>", scope=Scope.READ)
def get_video(call: Call, name: str) -> HttpResponseBase:
    response = json_response(video(_task(call, name)))
    response["openai-poll-after-ms"] = POLL_AFTER_MS
    return response


@dialect.route("DELETE", "videos/<str:name>", scope=Scope.MANAGE_VIDEOS)
def delete_video(call: Call, name: str) -> HttpResponseBase:
    """Move the video into the bin, or take note of the failure. One that is still being made is not deleted."""
    task = _task(call, name)
    if not task.is_terminal:
        raise InvalidRequest(_("This video is still being made. It can be deleted when it has ended."), code="video_not_ended")
    for one in task.kept_videos():
        move_to_bin(one, by=call.caller)
    if task.state is Status.FAILED:
        dismiss(task, by=call.caller)
    return json_response({"id": name, "object": "video.deleted", "deleted": True})


@dialect.route("GET", "videos/<str:name>/content", scope=Scope.READ)
def get_content(call: Call, name: str) -> HttpResponseBase:
    """Send the file, with ranges, or redirect to where the storage does; `variant=thumbnail` is its poster."""
    variant = call.request.GET.get("variant") or "video"
    if variant == "spritesheet":
        raise NotThere(_("This portal makes no sprite sheets."), code="unsupported")
    if variant not in VARIANTS:
        words = _("Choose one of: %(values)s.") % {"values": ", ".join(VARIANTS)}
        raise InvalidRequest(words, code=INVALID, fields={"variant": words})
    kept = _task(call, name).kept_videos()
    if not kept:
        raise NotThere(_("This video is not ready yet."), code="video_not_ready")
    is_direct = call.request.GET.get("direct") in {"1", "true"}
    return serve_video(call.request, kept[0], VARIANTS[variant], may_redirect=not is_direct)  # type: ignore[arg-type]


@dialect.route("POST", "videos/<str:name>/remix", scope=Scope.GENERATE)
def remix_video(call: Call, name: str) -> HttpResponseBase:
    """Order the same with another prompt: model, options and images are those of the video that is named."""
    task = _task(call, name)
    require_rights(task, call.caller)
    refuse_unknown([field for field in call.body if field not in REMIX_FIELDS])
    if task.state is not Status.SUCCEEDED or task.spec is None:
        raise InvalidRequest(_("Only a finished video can be made again with another prompt."), code="video_not_ready")
    with key_of(call) as key:
        made = (
            key.task
            or order(
                call,
                task.spec,
                prompt=call.text("prompt", code=INVALID),
                fitted=Fit(params=task.params),
                inputs=task.images(),
                key=key,
                retry_of=task,
            ).task
        )
    return json_response(video(made))


@dialect.route("POST", "video/generations", scope=Scope.GENERATE, uploads=IMAGES)
def create_generation(call: Call) -> HttpResponseBase:
    task, _missed = _ordered(call)
    shown = video(task)
    return json_response(shown | {"task_id": shown["id"]})


@dialect.route("GET", "video/generations/<str:name>", scope=Scope.READ)
def get_generation(call: Call, name: str) -> HttpResponseBase:
    task = _task(call, name)
    kept = task.kept_videos()
    return json_response(generation(task, call.video_url(kept[0]) if kept else ""))


def _ordered(call: Call) -> tuple[GenerationTask, dict[str, str]]:
    """Order what the body asks for. Return the task, and by field what its model does otherwise."""
    with key_of(call) as key:
        if key.task:
            return key.task, {}
        name = call.text("model", code=INVALID)
        spec = meant_model(name, dialect=call.dialect, by=call.caller)
        asked = asked_of(call.body, spec)
        given = image_in(call.body, call.files)
        inputs = in_slots(spec, {"first_frame": [asset_of(call, given[1], at=given[0])]}) if given else {}
        fitted = fit(spec, asked.options, counted(inputs))
        missed = not_applied(fitted, asked, spec, called=name, has_image=bool(inputs), code=INVALID)
        prompt = call.text("prompt", code=INVALID)  # may be missing beside an image: `create` decides
        placed = order(call, spec, prompt=prompt, fitted=fitted, inputs=inputs, key=key)
    return placed.task, missed


def _task(call: Call, name: str) -> GenerationTask:
    """Return the task of a video that was not deleted. Raises `NotThere`."""
    task_id: UUID | None = task_id_of(name)
    task = call.task(task_id) if task_id else None
    if task is None or (task.state is Status.SUCCEEDED and not task.kept_videos()):
        raise NotThere(_("There is no such video."))
    return task


def _model(name: str, spec: ModelSpec) -> dict[str, Any]:
    created = int(datetime.combine(spec.docs_read, time.min, UTC).timestamp())
    return {"id": name, "object": "model", "created": created, "owned_by": spec.provider}
