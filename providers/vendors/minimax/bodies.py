"""The body of a submit to MiniMax, in each generation of its API. Pure.

MiniMax platform documents: video generation v1, read 2026-11-20, and v2, read 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.content_tasks import content, contents_of
from providers.core.types import GenerationRequest

__all__ = ["regeneration_body", "v1_body", "v2_body"]

NAMES: Mapping[str, str] = {
    "duration_s": "duration",
    "resolution": "resolution",
    "prompt_extend": "prompt_optimizer",
    "fast_pretreatment": "fast_pretreatment",
}
IMAGES: Mapping[str, str] = {"first_frame": "first_frame_image", "last_frame": "last_frame_image"}


def v1_body(request: GenerationRequest) -> dict[str, Any]:
    said: dict[str, Any] = {"model": request.spec.id} | ({"prompt": request.prompt} if request.prompt else {})
    said |= {NAMES[name]: value for name, value in request.params.model_dump().items()}
    for slot, field in IMAGES.items():
        if (file := request.only_input(slot)) is not None:
            said[field] = file.data_uri
    if (subject := request.only_input("references")) is not None:
        said["subject_reference"] = [{"type": "character", "image": [subject.data_uri]}]
    return said


def v2_body(request: GenerationRequest) -> dict[str, Any]:
    values = request.params.model_dump(mode="json")
    said = _second(request.spec.id, request, values) | {"duration": values["duration_s"]}
    if request.only_input("first_frame") is None:  # with one, the vendor takes the image's shape; a rule refuses another
        said["ratio"] = values["aspect_ratio"]
    if "prompt_expansion" in values:
        said["extra"] = {"prompt_expansion_mode": values["prompt_expansion"]}
    return said


def regeneration_body(request: GenerationRequest) -> dict[str, Any]:
    """Return what the draft was made from, with the draft itself at the end. It gives length and shape."""
    values = request.params.model_dump(mode="json")
    said = _second("MiniMax-H3", request, values)
    said["content"].append(content("video_url", values["base_video"], "base_video"))
    return said


def _second(model: str, request: GenerationRequest, values: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "model": model,
        "content": contents_of(request, values["reference_videos"], values["reference_sounds"]),
        "resolution": values["resolution"],
    }
    return said | ({"aigc_watermark": True} if values["watermark"] else {})  # not every page of v2 names it: only said when wanted
