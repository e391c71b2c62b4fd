"""The body of a submit to Zhipu: the same for every model, with the vendor's names for the options. Pure.

Zhipu open platform documents, "video generation"; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.types import GenerationRequest

__all__ = ["body_of"]

NAMES: Mapping[str, str] = {
    "aspect_ratio": "aspect_ratio",
    "duration_s": "duration",
    "fps": "fps",
    "mode": "quality",
    "motion": "movement_amplitude",
    "resolution": "size",
    "style": "style",
    "watermark": "watermark_enabled",
    "with_audio": "with_audio",
}


def body_of(request: GenerationRequest) -> dict[str, Any]:
    body: dict[str, Any] = {"model": request.spec.id, "request_id": request.reference}
    if request.prompt:
        body["prompt"] = request.prompt
    body |= {NAMES[name]: value for name, value in request.params.model_dump().items()}
    references = request.inputs.get("references", ())
    frames = [file for slot in ("first_frame", "last_frame") for file in request.inputs.get(slot, ())]
    if images := [file.data_uri for file in (*frames, *references)]:
        body["image_url"] = images[0] if len(images) == 1 and not references else images  # one frame alone, all else as a list
    return body
