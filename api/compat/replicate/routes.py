"""`/compat/replicate/v1/`: Replicate's predictions, files, models and account (docs/adr/0047, docs/integrations/replicate.md)."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from access.scopes import Scope
from api.compat.dialect import Call, Dialect, json_response
from api.compat.fit import fit
from api.compat.images import asset_of, counted, in_slots
from api.compat.model_names import known_names, meant_model
from api.compat.ordering import held, order
from api.compat.replicate.translate import (
    CALLBACK,
    PREFIX,
    asked_of,
    file_of,
    logs_of,
    model_of,
    name_of_version,
    prediction,
    refusal,
    version_of,
    webhook_of,
)
from api.compat.retries import key_by_arrival, key_of, note_told
from api.compat.why import why_no_video
from api.paging import PageIn, page_of
from delivery.waiting import asked_wait_s
from generation.actions.cancel import cancel_task
from generation.errors import InvalidRequest, NotThere
from generation.models import Asset, GenerationTask
from providers.core.catalog import ModelSpec

__all__ = ["dialect"]

dialect = Dialect("replicate", PREFIX, refusal, callback=CALLBACK)

FILES = f"/{dialect.prefix}files/"
PAGE = 100
FOR_NODE = "replicate-javascript/"
"""In the User-Agent of a client that sends a create again as soon as its answer is lost, and says nothing (lib/util.js of 1.4.0)."""
FOR_THE_ORDER_S = 1
"""Taken off the wait, because the package reads only half a second longer than it asks the portal to wait, and ordering takes time too."""


@dialect.route("POST", "models/<path:name>/predictions", scope=Scope.GENERATE)
@dialect.route("POST", "deployments/<path:name>/predictions", scope=Scope.GENERATE)
def create_by_name(call: Call, name: str) -> HttpResponseBase:
    return _create(call, meant_model(name, dialect=call.dialect, by=call.caller))


@dialect.route("POST", "predictions", scope=Scope.GENERATE)
def create_prediction(call: Call) -> HttpResponseBase:
    """Order by version: the id of one, `owner/name`, or `owner/name:id`."""
    return _create(call, meant_model(name_of_version(call.text("version")), dialect=call.dialect, by=call.caller))


@dialect.route("GET", "predictions", scope=Scope.READ)
def list_predictions(call: Call) -> HttpResponseBase:
    rows = GenerationTask.objects.select_related("prompt").prefetch_related("videos")
    return _page(call, rows, _shown, "predictions")


@dialect.route("GET", "predictions/<str:name>", scope=Scope.READ)
def get_prediction(call: Call, name: str) -> HttpResponseBase:
    task = call.task(name)
    note_told(task)
    return json_response(_shown(call, task))


@dialect.route("POST", "predictions/<str:name>/cancel", scope=Scope.GENERATE)
def cancel_prediction(call: Call, name: str) -> HttpResponseBase:
    """Cancel a prediction that has not ended; one that has stays as it is."""
    task = call.task(name)
    if not task.is_terminal:
        cancel_task(task, by=call.caller)
    return json_response(_shown(call, call.task(name)))


@dialect.route("POST", "files", scope=Scope.GENERATE, uploads=("content", "metadata"))
def create_file(call: Call) -> HttpResponseBase:
    asset = asset_of(call, call.files.get("content"), at="content")
    return json_response(_file(call, asset), status=201)


@dialect.route("GET", "files", scope=Scope.READ)
def list_files(call: Call) -> HttpResponseBase:
    return _page(call, Asset.objects.filter(owner=call.caller.user), _file, "files")


@dialect.route("GET", "files/<str:name>", scope=Scope.READ)
def get_file(call: Call, name: str) -> HttpResponseBase:
    return json_response(_file(call, _asset(call, name)))


@dialect.route("GET", "models", scope=Scope.READ)
def list_models(call: Call) -> HttpResponseBase:
    """List the models that may be ordered, under each name of the form `owner/name`."""
    models = [model_of(name, spec) for name, spec in known_names(call.caller).items() if "/" in name]
    return json_response({"previous": None, "next": None, "results": models})


@dialect.route("GET", "models/<path:name>/versions", scope=Scope.READ)
def list_versions(call: Call, name: str) -> HttpResponseBase:
    spec = meant_model(name, dialect=call.dialect, by=call.caller)
    return json_response({"previous": None, "next": None, "results": [version_of(spec)]})


@dialect.route("GET", "models/<path:name>/versions/<str:version>", scope=Scope.READ)
def get_version(call: Call, name: str, version: str) -> HttpResponseBase:  # noqa: ARG001 - the version names its model
    return json_response(version_of(meant_model(name_of_version(version), dialect=call.dialect, by=call.caller)))


@dialect.route("GET", "models/<path:name>", scope=Scope.READ)
def get_model(call: Call, name: str) -> HttpResponseBase:
    return json_response(model_of(name, meant_model(name, dialect=call.dialect, by=call.caller)))


@dialect.route("GET", "account", scope=Scope.READ)
def get_account(call: Call) -> HttpResponseBase:
    user = call.caller.user
    names = {"username": user.get_username(), "name": user.get_full_name() or user.get_username()}
    return json_response({"type": "user", **names, "github_url": None, "avatar_url": None})


def _create(call: Call, spec: ModelSpec) -> HttpResponseBase:
    """Order what `input` asks for, as near as the model can. Answer at once, or wait as `Prefer: wait` says."""
    url = webhook_of(call.body)
    asked = asked_of(call.body.get("input", {}), spec)
    repeats = FOR_NODE in call.request.headers.get("User-Agent", "")
    with key_by_arrival(call) if repeats else key_of(call) as key:
        sent = {slot: [_image(call, one, at=f"input.{asked.names[slot]}") for one in many] for slot, many in asked.images.items()}
        inputs = in_slots(spec, sent)
        fitted = fit(spec, asked.options, counted(inputs))
        names = {"callback_url": url, "callback_shape": call.dialect if url else ""}
        task = key.task or order(call, spec, prompt=asked.prompt, fitted=fitted, inputs=inputs, key=key, **names).task
    return held(call, task, partial(_created, logs=logs_of(asked, fitted)), wait_s=_asked_wait_s(call))


def _created(call: Call, task: GenerationTask, *, logs: str) -> HttpResponseBase:
    note_told(task)
    shown = _shown(call, task, is_created=True)
    return json_response(shown | {"logs": logs}, status=201)


def _asked_wait_s(call: Call) -> int | None:
    """Return the seconds of `Prefer: wait=N`, 0 without it; None for `wait` alone: as long as the portal holds answers."""
    prefer = call.request.headers.get("Prefer", "")
    if "wait" in [word.strip().lower() for word in prefer.split(",")]:
        return None
    return max(0, asked_wait_s(prefer) - FOR_THE_ORDER_S)


def _shown(call: Call, task: GenerationTask, *, is_created: bool = False) -> dict[str, Any]:
    videos = [url for _video, url in call.videos(task)]
    shown = prediction(task, task.state, call.address(""), videos, is_created=is_created)
    shown["input"] = {"prompt": task.prompt.text, **shown["input"]}
    return shown | ({"error": why_no_video(task)} if shown["error"] else {})


def _image(call: Call, image: Any, *, at: str) -> Asset:
    """Return an image of `input`, which may be the address of an uploaded file."""
    files = call.address(FILES)
    if isinstance(image, str) and image.startswith(files):
        return _asset(call, image.removeprefix(files))
    return asset_of(call, image, at=at)


def _asset(call: Call, name: str) -> Asset:
    try:
        asset = Asset.objects.one_for(call.caller, UUID(hex=name))
    except ValueError:
        asset = None
    if asset is None:
        raise NotThere(_("There is no such asset."))
    return asset


def _file(call: Call, asset: Asset) -> dict[str, Any]:
    return file_of(asset, call.address(f"{FILES}{asset.pk.hex}"))


def _page(call: Call, rows: Any, show: Any, place: str) -> HttpResponseBase:
    """Return a page of the rows that the caller sees, newest first. `next` is the whole address of the next one."""
    given = call.request.GET.get("cursor")
    try:
        cursor = UUID(hex=given) if given else None
    except ValueError:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"cursor": _("There is no such page.")}) from None
    found, last = page_of(rows, PageIn(cursor=cursor, limit=PAGE), seen_by=call.caller)
    following = call.address(f"/{dialect.prefix}{place}?cursor={last.hex}") if last else None
    return json_response({"previous": None, "next": following, "results": [show(call, one) for one in found]})
