"""The body of a submit to Kling's new API: the prompt or a list of contents, settings and options. Pure.

Kling developer documents, "text to video" and "image to video" of 3.0 omni; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.types import GenerationRequest
from providers.vendors.kling.new.catalog import OMNI

__all__ = ["TEXT", "body_of", "kind_of"]

TEXT, IMAGE, ALL = "text-to-video", "image-to-video", "omni-video"
KINDS: Mapping[str, str] = {"first_frame": "first_frame", "last_frame": "last_frame", "references": "refer_image"}
VIDEOS = ("feature_video", "base_video")
AUDIO = {False: "off", True: "native"}


def kind_of(request: GenerationRequest) -> str:
    """Return the path that takes this request."""
    if request.spec.id == OMNI:
        return ALL
    return IMAGE if any(request.inputs.values()) else TEXT


def body_of(request: GenerationRequest, callback: Mapping[str, str]) -> dict[str, Any]:
    values = request.params.model_dump()
    watermark = values.pop("watermark")
    said = {"prompt": request.prompt} if kind_of(request) == TEXT else {"contents": _contents(request, values)}
    return {
        **said,
        "settings": _settings(values, shaped=request.only_input("first_frame") is None),
        "options": {"external_task_id": request.reference, "watermark_info": {"enabled": watermark}, **callback},
    }


def _settings(values: Mapping[str, Any], *, shaped: bool) -> dict[str, Any]:
    """Return the settings. With a first frame the shape is the image's; a rule refuses any other."""
    said: dict[str, Any] = {"resolution": values["resolution"], "duration": values["duration_s"]}
    if shaped:
        said["aspect_ratio"] = values["aspect_ratio"]
    if "with_audio" in values:
        said["audio"] = "original" if values.get("keep_sound") else AUDIO[values["with_audio"]]
    if "multi_shot" in values:
        said["multi_shot"] = values["multi_shot"]
    return said


def _contents(request: GenerationRequest, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the words, the images as bare base64, a video by its address, and elements, whose `id` is their name in the words."""
    text = [{"type": "prompt", "text": request.prompt}] if request.prompt else []
    images = [{"type": KINDS[slot], "url": file.base64} for slot, files in request.inputs.items() for file in files]
    videos = [{"type": name, "url": values[name]} for name in VIDEOS if values.get(name)]
    elements = [{"type": "element", "element_id": one["element_id"], "id": one["name"]} for one in values.get("elements", ())]
    return [*text, *images, *videos, *elements]
