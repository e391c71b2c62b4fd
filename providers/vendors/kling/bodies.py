"""What a submit to Kling's classic API says: names, camera, images. Pure.

Kling developer documents, "text to video" and "image to video"; read 2026-11-20.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from providers.core.types import GenerationRequest, InputFile

__all__ = ["IMAGE", "TEXT", "classic_body"]

TEXT, IMAGE = "text2video", "image2video"
CAMERA_AXES = ("horizontal", "vertical", "pan", "tilt", "roll", "zoom")
IMAGE_FIELDS = {"first_frame": "image", "last_frame": "image_tail"}
FIXED: Mapping[str, Mapping[str, str]] = {"kling-v2-1-master": {"mode": "pro"}}
SAID: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "duration_s": lambda value: {"duration": str(value)},
    "negative_prompt": lambda value: {"negative_prompt": value} if value else {},
    "aspect_ratio": lambda value: {"aspect_ratio": value},
    "mode": lambda value: {"mode": value},
    "guidance": lambda value: {"cfg_scale": value},
    "with_audio": lambda value: {"sound": "on" if value else "off"},
    "multi_shot": lambda value: {"multi_shot": value, "shot_type": "intelligence"} if value else {"multi_shot": value},
    "watermark": lambda value: {"watermark_info": {"enabled": value}},
}


def classic_body(request: GenerationRequest, kind: str) -> dict[str, Any]:
    body: dict[str, Any] = {"model_name": request.spec.id, "prompt": request.prompt, **FIXED.get(request.spec.id, {})}
    values = request.params.model_dump()
    camera = {name: values.pop(name) for name in ("camera", "camera_axis", "camera_amount") if name in values}
    if kind == IMAGE:
        values.pop("aspect_ratio", None)  # refused by check_inputs unless it is the default, which only text needs
    for name, value in values.items():
        body |= SAID[name](value)
    if camera.get("camera"):
        body["camera_control"] = _camera_control(**camera)
    body |= {IMAGE_FIELDS[slot]: _image(files[0]) for slot, files in request.inputs.items() if files}
    return {**body, "external_task_id": request.reference}


def _camera_control(*, camera: str, camera_axis: str, camera_amount: float) -> dict[str, Any]:
    if camera != "simple":
        return {"type": camera}
    return {"type": camera, "config": {axis: camera_amount if axis == camera_axis else 0 for axis in CAMERA_AXES}}


def _image(file: InputFile) -> str:
    """Bare base64: Kling refuses a data: prefix."""
    return base64.b64encode(file.content).decode()
