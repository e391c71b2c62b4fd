"""What clients of Replicate send and read, under its names. Pure.

From the package `replicate` 1.0.7, 2.0.0b4 (run.py, prediction.py, helpers.py, file.py, types/), read 2026-11-29.
What its readers need: `id`, `model`, `version` and one of five states; `error` a text or null; `urls` without nulls; times as text.
`run()` takes every state but `starting` for the end if it has waited, so an answer to a create never says `processing`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from api.compat.fit import Fit
from api.errors import Failure
from generation.errors import InvalidRequest
from generation.lifecycle import TERMINAL, Status
from generation.messages import failure_sentence
from generation.models import Asset, GenerationTask, Video
from generation.ordering.assets import MOST_IMAGES
from providers.core.catalog import ModelSpec, schema_of
from providers.vendors import ALL_MODELS
from webhooks.shapes import CallbackShape

__all__ = [
    "CALLBACK",
    "PREFIX",
    "Asked",
    "asked_of",
    "file_of",
    "logs_of",
    "model_of",
    "name_of_version",
    "prediction",
    "refusal",
    "version_id",
    "version_of",
    "webhook_of",
]

STARTING = "starting"
STATES: Mapping[Status, str] = {
    Status.QUEUED: STARTING,
    Status.SUBMITTING: STARTING,
    Status.RUNNING: "processing",
    Status.INGESTING: "processing",
    Status.NEEDS_REVIEW: "processing",  # it may be rendered and charged: a client that reads "failed" orders it again
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.CANCELLED: "canceled",
}
OPTIONS: Mapping[str, str] = {
    "duration": "duration_s",
    "seconds": "duration_s",
    "num_frames": "frames",
    "fps": "fps",
    "frames_per_second": "fps",
    "size": "size",
    "width": "width_px",
    "height": "height_px",
    "aspect_ratio": "aspect_ratio",
    "resolution": "resolution",
    "generate_audio": "with_audio",
    "negative_prompt": "negative_prompt",
    "seed": "seed",
    "num_inference_steps": "steps",
    "cfg_scale": "guidance",
    "prompt_optimizer": "prompt_extend",
}
"""The portal's option of each field that video models of Replicate have. Each option of a model also has its own name."""
SLOTS: Mapping[str, str] = {
    "image": "first_frame",
    "start_image": "first_frame",
    "first_frame_image": "first_frame",
    "first_frame": "first_frame",
    "input_image": "first_frame",
    "end_image": "last_frame",
    "last_frame_image": "last_frame",
    "last_frame": "last_frame",
    "reference_images": "references",
    "subject_reference": "references",
    "references": "references",
}
"""The portal's slot of each field that they have for images."""
PLACES: Mapping[str, str] = {"prompt": "input.prompt", "params": "input", "inputs": "input", "callback_url": "webhook"}
"""The client's name of the first part of a place in an order."""
COMPLETED = "completed"
PREFIX = "compat/replicate/v1/"
COG_VERSION = "0.16.0"
"""The package takes the output of a model for an iterator if its Cog is much older."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What `input` asks of a model. `names` has the client's name of each option and slot, `unused` the unknown fields."""

    prompt: str
    options: Mapping[str, Any]
    images: Mapping[str, list[Any]]
    names: Mapping[str, str]
    unused: tuple[str, ...]


def asked_of(given: Any, spec: ModelSpec) -> Asked:
    """Read `input`. Raises `InvalidRequest`."""
    if not isinstance(given, dict):
        raise _wrong("input", _("An object is needed here."))
    if not isinstance(given.get("prompt", ""), str):
        raise _wrong("input.prompt", _("A text is needed here."))
    own = schema_of(spec.params)["properties"]
    options: dict[str, Any] = {}
    images: dict[str, list[Any]] = {}
    names: dict[str, str] = {}
    unused = []
    for name, value in given.items():
        place = name if name in own else OPTIONS.get(name) or SLOTS.get(name)
        if name == "prompt":
            continue
        if place is None:
            unused.append(name)
        elif place in names:
            raise _wrong(f"input.{name}", _("“%(other)s” already sets this. Send only one of them.") % {"other": names[place]})
        elif name not in own and name in SLOTS:
            images[place] = value if isinstance(value, list) else [value]
            names[place] = name
        else:
            options[place] = value
            names[place] = name
    if sum(map(len, images.values())) > MOST_IMAGES:
        raise _wrong("input", _("Send at most %(most)d images.") % {"most": MOST_IMAGES})
    return Asked(prompt=given.get("prompt", ""), options=options, images=images, names=names, unused=tuple(unused))


def logs_of(asked: Asked, fitted: Fit) -> str:
    """Return a line for each field of `input` that the model does otherwise."""
    lacks = _("This model has no such option.")
    words = {
        asked.names[name]: _("This model uses %(instead)s instead.") % {"instead": used} for name, (_a, used) in fitted.changed.items()
    }
    words |= dict.fromkeys((asked.names[name] for name in fitted.ignored), lacks) | dict.fromkeys(asked.unused, lacks)
    return "".join(f"{name}: {said}\n" for name, said in words.items())


def prediction(task: GenerationTask, state: Status, origin: str, videos: Sequence[str], *, is_created: bool = False) -> dict[str, Any]:
    """Return a prediction with this state. `videos` has the addresses at which they play: the package sends its token there and follows no
    redirect. `is_created`: for the answer to a create. `input` has no prompt, because callbacks are logged.
    """
    has_ended = state in TERMINAL
    address = f"{origin}/{PREFIX}predictions/{task.pk.hex}"
    output = [f"{url}?direct=1" for url in videos] if state is Status.SUCCEEDED else []
    took = {"predict_time": _between(task.submitted_at or task.created_at, task.finished_at)}
    return {
        "id": task.pk.hex,
        "model": task.model,
        "version": version_id(task.model),
        "status": STATES[state] if has_ended or not is_created else STARTING,
        "input": dict(task.params),
        "output": (output if len(output) > 1 else output[0]) if output else None,
        "error": " ".join(failure_sentence(task.error_code)) if state is Status.FAILED else None,
        "logs": f" {task.progress}%|#| {task.progress}/100\n" if task.progress and not has_ended else "",
        "metrics": took | {"total_time": _between(task.created_at, task.finished_at)} if task.finished_at else {},
        "data_removed": state is Status.SUCCEEDED and not videos,
        "created_at": _text(task.created_at),
        "started_at": _text(task.submitted_at),
        "completed_at": _text(task.finished_at) if has_ended else None,
        "source": "api",
        "urls": {"get": address, "cancel": f"{address}/cancel", "web": f"{origin}/tasks/{task.pk}"},
    }


def _callback(task: GenerationTask, status: str, at: datetime, videos: Sequence[tuple[Video, str]]) -> dict[str, Any]:
    shown = prediction(task, Status(status), settings.PUBLIC_URL, [url for _video, url in videos])
    return shown | {"completed_at": _text(at)}


CALLBACK = CallbackShape(types=("task.succeeded", "task.failed", "task.cancelled"), body=_callback)


def webhook_of(body: Mapping[str, Any]) -> str:
    """Return the address to call when the prediction ends; empty for none. Raises `InvalidRequest` if only other events are asked for."""
    url, events = body.get("webhook", body.get("webhook_completed", "")), body.get("webhook_events_filter", [COMPLETED])
    if not isinstance(url, str):
        raise _wrong("webhook", _("A text is needed here."))
    if url and (not isinstance(events, list) or (events and COMPLETED not in events)):
        raise _wrong("webhook_events_filter", _("The portal sends only “completed”."))
    return url


def model_of(name: str, spec: ModelSpec) -> dict[str, Any]:
    """Return a model under this name, `owner/name`."""
    owner, _slash, short = name.partition("/")
    return {
        "url": spec.docs_url,
        "owner": owner,
        "name": short,
        "description": spec.label,
        "visibility": "public",
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 0,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": version_of(spec),
    }


def version_of(spec: ModelSpec) -> dict[str, Any]:
    """Return the only version of a model, with the fields of `input` under the portal's names."""
    images = {slot.name: {"type": "array" if slot.name == "references" else "string", "format": "uri"} for slot in spec.slots}
    own = {"prompt": {"type": "string", "maxLength": spec.max_prompt_chars}, **images, **schema_of(spec.params)["properties"]}
    schemas = {
        "Input": {"type": "object", "title": "Input", "properties": own, "required": ["prompt"] if spec.needs_prompt else []},
        "Output": {"type": "string", "format": "uri", "title": "Output"},
    }
    return {
        "id": version_id(spec.name),
        "created_at": _text(datetime.combine(spec.docs_read, time.min, UTC)),
        "cog_version": COG_VERSION,
        "openapi_schema": {
            "openapi": "3.0.2",
            "info": {"title": spec.label, "version": "1"},
            "paths": {},
            "components": {"schemas": schemas},
        },
    }


def version_id(name: str) -> str:
    """Return the id of a model's version: clients send it alone, and it has the look of Replicate's."""
    return hashlib.sha256(name.encode()).hexdigest()


def name_of_version(version: str) -> str:
    """Return the model that `ID`, `owner/name` or `owner/name:ID` means; anything else is a name, which may be an alias."""
    name, _colon, digest = version.rpartition(":")
    return _names_by_version().get(digest) or name or digest


@cache
def _names_by_version() -> Mapping[str, str]:
    return {version_id(name): name for name in ALL_MODELS}


def file_of(asset: Asset, url: str) -> dict[str, Any]:
    """Return an uploaded image. It does not expire; because readers expect a date, it has one that is years away."""
    return {
        "id": asset.pk.hex,
        "name": f"{asset.pk.hex}.{asset.content_type.rpartition('/')[2]}",
        "content_type": asset.content_type,
        "size": asset.size_bytes,
        "etag": asset.sha256,
        "checksums": {"sha256": asset.sha256},
        "metadata": {},
        "created_at": _text(asset.created_at),
        "expires_at": _text(asset.created_at.replace(month=1, day=1, year=asset.created_at.year + 10)),
        "urls": {"get": url},
    }


def refusal(failure: Failure) -> tuple[int, dict[str, Any]]:
    """Return status and body of a refusal: `{"title", "detail", "status"}`, and of fields `invalid_fields`."""
    status = 404 if failure.code == "unknown_model" else failure.status
    title = "Input validation failed" if status == HTTPStatus.UNPROCESSABLE_ENTITY else HTTPStatus(status).phrase
    body: dict[str, Any] = {"title": title, "detail": failure.message, "status": status}
    if failure.fields:
        fields = {_field(place): words for place, words in failure.fields.items()}
        said = [f"- {place}: {words}" for place, words in fields.items() if words != failure.message]
        body["detail"] = "\n".join([failure.message, *said])
        body["invalid_fields"] = [{"type": failure.code, "field": place, "description": words} for place, words in fields.items()]
    return status, body


def _field(place: str) -> str:
    """Return the client's name of the field at this place of an order."""
    first, dot, rest = place.partition(".")
    return PLACES.get(first, first) + dot + rest


def _wrong(place: str, words: str) -> InvalidRequest:
    return InvalidRequest(_("Some fields cannot be used as they are."), fields={place: words})


def _between(start: datetime, end: datetime | None) -> float:
    return round((end - start).total_seconds(), 3) if end else 0.0


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
