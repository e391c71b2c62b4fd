"""The path and body of a submit to Vidu: one path for each kind of input, the same body for all. Pure.

Vidu platform documents, text, image, start-end and reference to video (https://platform.vidu.com/docs/text-to-video); read 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.types import GenerationRequest

__all__ = ["body_of", "path_of"]

NAMES: Mapping[str, str] = {
    "aspect_ratio": "aspect_ratio",
    "duration_s": "duration",
    "resolution": "resolution",
    "seed": "seed",
    "with_audio": "audio",
}
TEXT, IMAGE, FRAMES, REFERENCES = "text2video", "img2video", "start-end2video", "reference2video"


def path_of(request: GenerationRequest) -> str:
    return f"/ent/v2/{_kind(request)}"


def body_of(request: GenerationRequest) -> dict[str, Any]:
    """Return the body. The vendor hands `payload` back with the task: it holds our reference."""
    values = request.params.model_dump(exclude_none=True)
    if _kind(request) in {IMAGE, FRAMES}:  # which have no ratio; a rule refuses another than the usual one
        values.pop("aspect_ratio", None)
    if values.get("with_audio") is False and request.spec.id.startswith("viduq2"):  # silent unless asked; only `img2video` has the field
        del values["with_audio"]
    body = {"model": request.spec.id, "payload": request.reference} | {NAMES[name]: value for name, value in values.items()}
    if request.prompt:
        body["prompt"] = request.prompt
    images = [file.data_uri for slot in ("first_frame", "last_frame", "references") for file in request.inputs.get(slot, ())]
    return body | ({"images": images} if images else {})


def _kind(request: GenerationRequest) -> str:
    if request.inputs.get("references"):
        return REFERENCES
    if request.inputs.get("last_frame"):
        return FRAMES
    return IMAGE if request.inputs.get("first_frame") else TEXT
