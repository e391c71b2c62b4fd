"""`/kling/v1/videos/`: Kling's classic API as its gateways serve it: videos from text and from images (docs/adr/0044)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from access.scopes import Scope
from access.two_keys import is_signed
from api.compat.choices import number
from api.compat.dialect import Call, Dialect, json_response
from api.compat.fit import fit
from api.compat.images import asset_of, counted, in_slots, no_image
from api.compat.kling.asked import SLOTS, checked, masks_in, options_of, unmet
from api.compat.kling.translate import CALLBACK, envelope, refusal, task_of
from api.compat.model_names import meant_model
from api.compat.ordering import held, order
from api.compat.tokens import given_token
from generation.errors import InvalidRequest
from generation.models import Asset, GenerationTask
from generation.models.task_input import TaskInput

__all__ = ["dialect"]

dialect = Dialect("kling", "kling/", refusal, callback=CALLBACK, takes_signed=True)

USUAL_MODELS = ("kling/kling-v1", "kling/kling-v2-5-turbo", "kling/kling-v2-6", "kling/kling-v3")
TEXT, IMAGE = "v1/videos/text2video", "v1/videos/image2video"
USUAL_SIZE = 30
MOST_PAGES, MOST_ON_A_PAGE = 1_000, 500


@dialect.route("POST", TEXT, scope=Scope.GENERATE)
def text_to_video(call: Call) -> HttpResponseBase:
    return _ordered(call, checked(call.body), {})


@dialect.route("POST", IMAGE, scope=Scope.GENERATE, uploads=SLOTS)
def image_to_video(call: Call) -> HttpResponseBase:
    """Order a video from a first frame, a last one, or both; masks say what stays still and what moves."""
    body = checked(call.body)
    if not any(name in body or name in call.files for name in ("image", "image_tail")):
        raise no_image("image")
    images = {slot: [asset_of(call, call.files.get(name) or body[name], at=name)] for name, slot in SLOTS.items() if _has(call, name)}
    masks = [asset_of(call, mask, at="dynamic_masks") for mask in masks_in(body)]
    return _ordered(call, body, {**images, "dynamic_masks": masks})


@dialect.route("GET", TEXT, scope=Scope.READ)
def list_of_texts(call: Call) -> HttpResponseBase:
    return _listed(call, has_images=False)


@dialect.route("GET", IMAGE, scope=Scope.READ)
def list_of_images(call: Call) -> HttpResponseBase:
    return _listed(call, has_images=True)


@dialect.route("GET", f"{TEXT}/<str:name>", scope=Scope.READ)
@dialect.route("GET", f"{IMAGE}/<str:name>", scope=Scope.READ)
def get_task(call: Call, name: str) -> HttpResponseBase:
    """Answer with a task, by its id or its `external_task_id`, when it has ended: one client gives up at its first unfinished answer.
    `?wait=N` holds the answer for N seconds at most; 0 does not hold it. A client with two keys expects Kling's own API, which never
    waits: one (github.com/KwaiVGI/ComfyUI-KLingAI-API, read 2026-11-29) gives up after 5 s, and asks each second.
    """
    wait_s = call.asked_wait_s
    if wait_s is None and is_signed(given_token(call.request)):
        wait_s = 0
    return held(call, call.task_named(name), _shown, wait_s=wait_s)


def _ordered(call: Call, body: Mapping[str, Any], images: dict[str, list[Asset]]) -> HttpResponseBase:
    spec = meant_model(body.get("model_name") or body.get("model", ""), dialect=call.dialect, by=call.caller, usual=USUAL_MODELS)
    inputs = in_slots(spec, images)
    fitted = fit(spec, options_of(body, has_image=bool(inputs)), counted(inputs))
    task = order(
        call,
        spec,
        prompt=body.get("prompt", ""),
        fitted=fitted,
        inputs=inputs,
        callback_url=body.get("callback_url", ""),
        callback_shape=call.dialect if "callback_url" in body else "",
        external_id=body.get("external_task_id", ""),
    ).task
    missed = unmet(fitted)
    return json_response(envelope(task_of(task, call.videos(task)) | ({"not_applied": missed} if missed else {})))


def _shown(call: Call, task: GenerationTask) -> HttpResponseBase:
    return json_response(envelope(task_of(task, call.videos(task))))


def _listed(call: Call, *, has_images: bool) -> HttpResponseBase:
    """Page through the caller's tasks, the newest first."""
    page, size = _within(call, "pageNum", 1, MOST_PAGES), _within(call, "pageSize", USUAL_SIZE, MOST_ON_A_PAGE)
    images = Exists(TaskInput.objects.filter(task=OuterRef("pk")))
    seen = GenerationTask.objects.visible_to(call.caller).filter(images if has_images else ~images)
    rows = seen.prefetch_related("videos").order_by("-pk")[(page - 1) * size : page * size]
    return json_response(envelope([task_of(task, call.videos(task)) for task in rows]))


def _within(call: Call, name: str, usual: int, most: int) -> int:
    value = number(call.request.GET.get(name) or usual)
    if value is None or value != int(value) or not 1 <= value <= most:
        words = _("Choose 1 to %(most)d.") % {"most": most}
        raise InvalidRequest(words, fields={name: words})
    return int(value)


def _has(call: Call, name: str) -> bool:
    return name in call.body or name in call.files
