"""The video service of SciTiger AI (FastAPI, `/api/v1/tasks/`): its fields, states, answers and refusals. Pure.

From its README and source (github.com/Scitiger-AI/video-service: app/api/tasks.py, app/services, app/models/task.py, app/utils/response.py;
read 2026-11-29): every answer is `{"success", "message", "results"}`, a refusal has no `results`. Times are those of the server's clock,
without a zone. It answers 500 for most failures; here the status says what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from api.compat.choices import nearest, number
from api.errors import Failure
from generation.errors import InvalidRequest
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from generation.ordering.assets import MOST_IMAGES
from providers.core.catalog import ModelSpec

__all__ = [
    "FIELDS",
    "STATES",
    "USUAL_MODELS",
    "VENDORS",
    "Asked",
    "asked_of",
    "envelope",
    "moment",
    "name_of",
    "provider_of",
    "refusal",
    "result",
    "slots_of",
]

USUAL_MODELS = ("dashscope/wanx2.1-t2v-turbo", "zhipu/cogvideox-2", "zhipu/cogvideox-flash", "zhipu/viduq1-text")
VENDORS: Mapping[str, str] = {"aliyun": "dashscope", "zhipuai": "zhipu"}
"""The portal's vendors, by the service's `provider`."""
PROVIDERS = {vendor: provider for provider, vendor in VENDORS.items()}
OPTIONS: Mapping[str, str] = {"duration": "duration_s", "quality": "mode", "movement_amplitude": "motion", "template": "style"}
"""The portal's option of each parameter that has another name."""
FIELDS = {option: name for name, option in OPTIONS.items()}
SLOTS: Mapping[str, str] = {"first_frame_url": "first_frame", "last_frame_url": "last_frame"}
"""The portal's slot of each parameter that says which frame it is."""
IMAGES = ("image_url", "img_url", "source_image", *SLOTS)
STATES: Mapping[Status, str] = {
    Status.QUEUED: "pending",
    Status.SUBMITTING: "running",
    Status.RUNNING: "running",
    Status.INGESTING: "running",
    Status.NEEDS_REVIEW: "running",  # it may be rendered and charged: a client that reads "failed" orders it again
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELLED: "cancelled",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request asks for. `options` are under the portal's names; `images` are names of parameters, each with an address."""

    prompt: str
    model: str
    vendor: str
    is_async: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    images: Sequence[tuple[str, str]] = ()


def asked_of(body: Mapping[str, Any]) -> Asked:
    """Read a body. Raises `InvalidRequest` for a value of the wrong kind; no parameter is refused because it is unknown."""
    parameters = body.get("parameters", {})
    wrong = {name: _("A text is needed here.") for name in ("model", "provider") if not isinstance(body.get(name, ""), str)}
    is_async = nearest(body.get("is_async", True), {"type": "boolean"})
    if not is_async:
        wrong["is_async"] = _("True or false is needed here.")
    if not isinstance(parameters, dict):
        wrong["parameters"], parameters = _("A JSON object is needed here."), {}
    if not isinstance(parameters.get("prompt", ""), str):
        wrong["parameters.prompt"] = _("A text is needed here.")
    images = [(name, one) for name in IMAGES if name in parameters for one in _listed(parameters[name])]
    if len(images) > MOST_IMAGES or not all(isinstance(one, str) for _name, one in images):
        words = _("Send one address or a list of at most %(most)d.") % {"most": MOST_IMAGES}
        wrong |= {f"parameters.{name}": words for name, _one in images}
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    options = {OPTIONS.get(name, name): value for name, value in parameters.items() if name not in {"prompt", *IMAGES}}
    if (number(options.get("seed")) or 0) <= 0:  # the service's "any"
        options.pop("seed", None)
    return Asked(
        prompt=parameters.get("prompt", ""),
        model=body.get("model", ""),
        vendor=VENDORS.get(body.get("provider", "").casefold(), ""),
        is_async=is_async[0],
        options=options,
        images=images,
    )


def slots_of(asked: Asked, spec: ModelSpec) -> dict[str, list[tuple[str, str]]]:
    """Return the images by the model's slots. A list has the references of a model that is called so or takes no frames; otherwise a first
    and a last frame.
    """
    images, slots = list(asked.images), {slot.name for slot in spec.slots}
    if any(name in SLOTS for name, _image in images):
        found = {slot: [one for one in images if SLOTS.get(one[0], "first_frame") == slot] for slot in SLOTS.values()}
    elif "references" in slots and ("reference" in asked.model.casefold() or "first_frame" not in slots):
        found = {"references": images}
    else:
        found = {"first_frame": images[:1], "last_frame": images[1:]}
    return {slot: part for slot, part in found.items() if part}


def envelope(message: str, results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer to a request that succeeded."""
    return {"success": True, "message": message, "results": results}


def refusal(failure: Failure) -> tuple[int, Any]:
    """Return a failure as the service shows it: `message` has everything."""
    if failure.code == "token_missing":
        return failure.status, {"success": False, "message": "Missing authentication credentials"}
    fields = [f"{place}: {words}" for place, words in failure.fields.items()]
    said = fields if failure.message in failure.fields.values() else [failure.message, *fields]
    return failure.status, {"success": False, "message": " ".join(said)}


def moment(at: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a time by the server's clock."""
    return timezone.localtime(at, timezone.get_default_timezone()).strftime(form)


def provider_of(task: GenerationTask) -> str:
    """Return the service's name for the vendor, or the portal's for one that the service does not have."""
    vendor = task.model.partition("/")[0]
    return PROVIDERS.get(vendor, vendor)


def name_of(task: GenerationTask, video: Video) -> str:
    """Return the name of the video's file, `{provider}_{time}_{index}_{random}`, without its suffix; the same whenever it is asked."""
    return "_".join((provider_of(task), moment(video.created_at, "%Y%m%d_%H%M%S"), str(video.output_index), video.pk.hex[-8:]))


def result(task: GenerationTask, addresses: Mapping[Video, str]) -> dict[str, Any] | None:
    """Return the result of a task with videos, which play at these addresses; None without any."""
    if not addresses:
        return None
    videos = sorted(addresses, key=lambda video: video.output_index)
    first, lengths = videos[0], [round(video.duration_s) for video in videos]
    return {
        "id": task.submission_id or str(task.pk),
        "model": task.model.partition("/")[2],
        "created": moment(first.created_at),
        "videos": [
            {
                "index": video.output_index,
                "url": addresses[video],
                "local_path": f"data/videos/{name_of(task, video)}{video.suffix}",
                "duration": length,
            }
            for video, length in zip(videos, lengths, strict=True)
        ],
        "prompt": task.prompt.text,
        "actual_prompt": task.actual_prompt or task.prompt.text,
        "resolution": task.params.get("resolution") or f"{min(first.width_px, first.height_px)}P",
        "usage": {
            "video_count": len(videos),
            "video_duration": sum(lengths),
            "video_ratio": "standard",
        },
    }


def _listed(value: Any) -> list[Any]:
    return [one for one in value if one not in (None, "")] if isinstance(value, list) else [value]
