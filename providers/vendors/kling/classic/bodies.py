"""The path and body of a submit to Kling's classic API. Pure.

Kling developer documents, "text to video" and "image to video"; read 2026-11-20. "Multi-image to video" as two public clients send it;
2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from providers.core.catalog import ModelSpec
from providers.core.types import GenerationRequest

__all__ = ["IMAGE", "IMAGES", "TEXT", "classic_body", "kind_of", "kinds_of"]

TEXT, IMAGE, IMAGES = "text2video", "image2video", "multi-image2video"
CAMERA_AXES = ("horizontal", "vertical", "pan", "tilt", "roll", "zoom")
IMAGE_FIELDS = {"first_frame": "image", "last_frame": "image_tail", "static_mask": "static_mask"}
FIXED: Mapping[str, Mapping[str, str]] = {"kling-v2-1-master": {"mode": "pro"}}
SAID: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "duration_s": lambda value: {"duration": str(value)},
    "negative_prompt": lambda value: {"negative_prompt": value} if value else {},
    "aspect_ratio": lambda value: {"aspect_ratio": value},
    "mode": lambda value: {"mode": value},
    "guidance": lambda value: {"cfg_scale": value},
    "with_audio": lambda value: {"sound": "on" if value else "off"},
    "multi_shot": lambda value: {"multi_shot": value, "shot_type": "intelligence"} if value else {"multi_shot": value},
    "shots": lambda value: _shots(value) if value else {},
    "voice_ids": lambda value: {"voice_list": [{"voice_id": name} for name in value]} if value else {},
    "element_ids": lambda value: {"element_list": [{"element_id": int(name)} for name in value]} if value else {},
    "watermark": lambda value: {"watermark_info": {"enabled": value}},
}


def kind_of(request: GenerationRequest) -> str:
    """Return the path that takes this request."""
    if request.inputs.get("references"):
        return IMAGES
    return IMAGE if any(request.inputs.values()) else TEXT


def kinds_of(spec: ModelSpec) -> tuple[str, ...]:
    """Return the paths that a task of this model may live under."""
    kinds = (IMAGE,) if spec.needed_slots else (TEXT, IMAGE)
    return (*kinds, IMAGES) if spec.slot("references") else kinds


def classic_body(request: GenerationRequest) -> dict[str, Any]:
    values = request.params.model_dump()
    body: dict[str, Any] = {"model_name": request.spec.id, **FIXED.get(request.spec.id, {})}
    if request.prompt and not values.get("shots"):
        body["prompt"] = request.prompt
    camera = {name: values.pop(name) for name in ("camera", "camera_axis", "camera_amount") if name in values}
    paths = values.pop("paths", ())
    if kind_of(request) == IMAGE:
        values.pop("aspect_ratio", None)  # refused by a rule unless it is the default, which only text needs
    for name, value in values.items():
        body |= SAID[name](value)
    if camera.get("camera"):
        body["camera_control"] = _camera_control(**camera)
    return {**body, **_images(request, paths), "external_task_id": request.reference}


def _camera_control(*, camera: str, camera_axis: str, camera_amount: float) -> dict[str, Any]:
    if camera != "simple":
        return {"type": camera}
    return {"type": camera, "config": {axis: camera_amount if axis == camera_axis else 0 for axis in CAMERA_AXES}}


def _shots(shots: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    parts = [{"index": number, "prompt": shot["prompt"], "duration": str(shot["duration_s"])} for number, shot in enumerate(shots, start=1)]
    return {"multi_shot": True, "shot_type": "customize", "multi_prompt": parts}


def _images(request: GenerationRequest, paths: Sequence[str]) -> dict[str, Any]:
    """Return the images as bare base64: Kling refuses a data: prefix."""
    said: dict[str, Any] = {IMAGE_FIELDS[slot]: files[0].base64 for slot, files in request.inputs.items() if slot in IMAGE_FIELDS and files}
    if references := request.inputs.get("references"):
        said["image_list"] = [{"image": file.base64} for file in references]
    if masks := request.inputs.get("dynamic_masks"):
        lines = [[point.split(",") for point in path.split()] for path in paths]
        points = [[{"x": int(x), "y": int(y)} for x, y in line] for line in lines]
        said["dynamic_masks"] = [{"mask": mask.base64, "trajectories": line} for mask, line in zip(masks, points, strict=True)]
    return said
