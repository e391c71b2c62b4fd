"""The body of a submit to OpenRouter: the same for every model, with what its options and slots hold. Pure.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation; read 2026-11-29. Images may be data URIs, which public clients have
tried; the shape of an image is what the server's own refusals name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.types import GenerationRequest, InputFile

__all__ = ["body_of"]

NAMES: Mapping[str, str] = {
    "aspect_ratio": "aspect_ratio",
    "duration_s": "duration",
    "resolution": "resolution",
    "seed": "seed",
    "with_audio": "generate_audio",
}


def body_of(request: GenerationRequest) -> dict[str, Any]:
    options = {NAMES[name]: value for name, value in request.params.model_dump(exclude_none=True).items()}
    body: dict[str, Any] = {"model": request.spec.id, "prompt": request.prompt} | options
    frames = [file for slot in ("first_frame", "last_frame") for file in request.inputs.get(slot, ())]
    if frames:
        body["frame_images"] = [_image(file) | {"frame_type": file.slot} for file in frames]
    if references := request.inputs.get("references", ()):
        body["input_references"] = [_image(file) for file in references]
    return body


def _image(file: InputFile) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": file.data_uri}}
