"""The service of a self-hosted CogVideoX-2b (`POST /api/v1/generate`, `GET /api/v1/status/{id}`): fields, states, refusals. Pure.

From its published examples, read 2026-11-20. Some of its callers read `task_id`, and then `status`, `video_url` and `error` of the status;
others read `success`, `video_url` and `error` of the first answer, whatever its HTTP status is. `error` must be missing where there is
none: one asks only whether it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from api.compat.choices import number
from api.errors import Failure
from generation.errors import InvalidRequest
from generation.lifecycle import Status
from generation.ordering.validate import is_small

__all__ = ["FIELDS", "STATES", "USUAL_MODELS", "Asked", "asked_of", "refusal"]

USUAL_MODELS = ("cogvideox/cogvideox-2b", "zhipu/cogvideox-flash", "zhipu/cogvideox-2", "zhipu/cogvideox-3")
FIELDS: Mapping[str, str] = {
    "frames": "num_frames",
    "width_px": "width",
    "height_px": "height",
    "steps": "num_inference_steps",
    "guidance": "guidance_scale",
    "negative_prompt": "negative_prompt",
    "fps": "fps",
    "seed": "seed",
}
"""The client's field of each option. The last four are those of other services of this kind."""
TEXTS = ("prompt", "model", "negative_prompt")
NUMBERS = ("num_frames", "width", "height", "num_inference_steps", "guidance_scale", "fps", "seed")
STATES: Mapping[Status, str] = {
    Status.QUEUED: "pending",
    Status.SUBMITTING: "processing",
    Status.RUNNING: "processing",
    Status.INGESTING: "processing",
    Status.NEEDS_REVIEW: "processing",  # it may be rendered and charged: a client that reads "failed" orders it again
    Status.SUCCEEDED: "completed",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request asks for; `options` are under the portal's names."""

    prompt: str
    model: str = ""
    content_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def asked_of(body: Mapping[str, Any]) -> Asked:
    """Read a body. Fields that the service does not have are left out. Raises `InvalidRequest`."""
    wrong = {name: _("A text is needed here.") for name in TEXTS if not isinstance(body.get(name, ""), str)}
    wrong |= {name: _("A number is needed here.") for name in NUMBERS if name in body and number(body[name]) is None}
    content_id, metadata = body.get("content_id", ""), body.get("metadata", {})
    if not isinstance(content_id, (str, int)):  # ids of shops are texts or numbers
        wrong["content_id"] = _("A text is needed here.")
    if not isinstance(metadata, dict):
        wrong["metadata"] = _("An object is needed here.")
    elif not is_small(metadata):
        wrong["metadata"] = _("At most 16 kB.")
    if "prompt" not in body:
        wrong["prompt"] = _("This is needed.")
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    return Asked(
        prompt=body["prompt"],
        model=body.get("model", ""),
        content_id=str(content_id),
        metadata=metadata,
        options={name: body.get(theirs) for name, theirs in FIELDS.items()},
    )


def refusal(failure: Failure) -> tuple[int, Any]:
    """Return a failure as its callers read one: `error` has everything."""
    places = {place: FIELDS.get(place.removeprefix("params."), place) for place in failure.fields}
    fields = [words if words == failure.message else f"{places[place]}: {words}" for place, words in failure.fields.items()]
    return failure.status, {"success": False, "error": " ".join(dict.fromkeys([failure.message, *fields]))}
