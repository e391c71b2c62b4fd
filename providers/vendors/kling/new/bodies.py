"""The body of a submit to Kling's new API: the prompt or a list of contents, settings and options. Pure.

Kling developer documents, "text to video" and "image to video" of 3.0 omni; read 2026-11-20. Motion control, and the names by which prompts
call images and videos (https://kling.ai/document-api/api/video/3-0-omni/video-omni): copies of the pages, 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from providers.core.types import GenerationRequest
from providers.vendors.kling.new.catalog import MOTION_CONTROL, MotionParams, VideosParams

__all__ = ["body_of", "path_of"]

TEXT, IMAGE, ALL, MOTION = "text-to-video", "image-to-video", "omni-video", "motion-control"
IMAGES: Mapping[str, str] = {"first_frame": "first_frame", "last_frame": "last_frame", "references": "refer_image"}
VIDEOS: Mapping[str, str] = {"feature_video": "feature_video", "base_video": "base_video", "motion_video": "video"}
AUDIO = {False: "off", True: "native"}


def path_of(request: GenerationRequest) -> str:
    """Return the path that takes this request. Motion control has a separate path, with the models' usual names."""
    return f"/{_kind_of(request)}/{request.spec.id.removesuffix(MOTION_CONTROL)}"


def _kind_of(request: GenerationRequest) -> str:
    if isinstance(request.params, MotionParams):
        return MOTION
    if isinstance(request.params, VideosParams):
        return ALL
    return IMAGE if any(request.inputs.values()) else TEXT


def body_of(request: GenerationRequest, callback: Mapping[str, str]) -> dict[str, Any]:
    values, kind = request.params.model_dump(), _kind_of(request)
    watermark = values.pop("watermark")
    said = {"prompt": request.prompt} if kind == TEXT else {"contents": list(_contents(request, kind, values))}
    return {
        **said,
        "settings": _settings(values, shaped=request.only_input("first_frame") is None),
        "options": {"external_task_id": request.reference, "watermark_info": {"enabled": watermark}, **callback},
    }


def _settings(values: Mapping[str, Any], *, shaped: bool) -> dict[str, Any]:
    """Return the settings. With a first frame the shape is the image's; a rule refuses any other."""
    said: dict[str, Any] = {"resolution": values["resolution"]}
    if "duration_s" in values:
        said["duration"] = values["duration_s"]
    if shaped and "aspect_ratio" in values:
        said["aspect_ratio"] = values["aspect_ratio"]
    if "with_audio" in values or "keep_sound" in values:
        said["audio"] = "original" if values.get("keep_sound") else AUDIO[values.get("with_audio", False)]
    if "multi_shot" in values:
        said["multi_shot"] = values["multi_shot"]
    if "orientation" in values:
        said["character_orientation"] = values["orientation"]
    return said


def _contents(request: GenerationRequest, kind: str, values: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the words, the images as bare base64, a video by its address, and elements. An `id` is what the prompt calls them by, after @;
    images are counted in the order of their slots.
    """
    if request.prompt:
        yield {"type": "prompt", "text": request.prompt}
    images = [(slot, file) for slot, files in request.inputs.items() for file in files]
    for number, (slot, file) in enumerate(images, start=1):
        name = {"id": f"image_{number}"} if kind == ALL else {}
        yield {"type": "image" if kind == MOTION else IMAGES[slot], "url": file.base64, **name}
    for option, word in VIDEOS.items():
        if values.get(option):
            yield {"type": word, "url": values[option], **({"id": "video_1"} if kind == ALL else {})}
    for one in values.get("elements", ()):
        yield {"type": "element", "element_id": one["element_id"], "id": one["name"]}
