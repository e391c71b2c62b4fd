"""The path and body of a submit to DashScope, by model family. Pure.

Model Studio documents, the API references that catalog.py names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.types import GenerationRequest
from providers.vendors.dashscope.media.bodies import media_body
from providers.vendors.dashscope.media.options import MediaParams
from providers.vendors.dashscope.options import SIZES

__all__ = ["body_of", "path_of"]

SUBMIT_PATH = "services/aigc/video-generation/video-synthesis"
FRAMES_PATH = "services/aigc/image2video/video-synthesis"
INPUT_NAMES: Mapping[str, str] = {
    "negative_prompt": "negative_prompt",
    "style": "template",
    "audio_url": "audio_url",
    "reference_media": "reference_urls",
    "reference_videos": "reference_video_urls",
}
PARAMETERS: Mapping[str, str] = {
    "duration_s": "duration",
    "prompt_extend": "prompt_extend",
    "resolution": "resolution",
    "seed": "seed",
    "watermark": "watermark",
    "with_audio": "audio",
}
SHOTS = {False: "single", True: "multi"}
IMAGE_NAMES: Mapping[bool, Mapping[str, str]] = {
    False: {"first_frame": "img_url"},
    True: {"first_frame": "first_frame_url", "last_frame": "last_frame_url"},
}
CLIPS: Mapping[str, str] = {"first_clip": "first_clip", "audio_url": "driving_audio"}


def path_of(model: str) -> str:
    return FRAMES_PATH if _takes_frames(model) else SUBMIT_PATH


def _takes_frames(model: str) -> bool:
    """Return whether it is a first-and-last-frame model: they have their own path and image names."""
    return "kf2v" in model


def body_of(request: GenerationRequest, name: str) -> dict[str, Any]:
    """Return the body; `name` is what the vendor calls the model at this account."""
    if isinstance(request.params, MediaParams):
        return media_body(request, name)
    model, values = request.spec.id, request.params.model_dump(mode="json")
    images = {slot: files[0].data_uri for slot, files in request.inputs.items() if files}
    if model.startswith("wan2.7-i2v"):  # images, clip and sound go into one list
        media = images | {kind: values.pop(option) for option, kind in CLIPS.items()}
        inputs: dict[str, Any] = {"media": [{"type": kind, "url": url} for kind, url in media.items() if url]}
    else:
        inputs = {IMAGE_NAMES[_takes_frames(model)][slot]: image for slot, image in images.items()}
    texts = {"prompt": request.prompt} | {INPUT_NAMES[option]: values.pop(option) for option in INPUT_NAMES if option in values}
    return {
        "model": name,
        "input": {field: value for field, value in texts.items() if value} | inputs,
        "parameters": _parameters(model, values),
    }


def _parameters(model: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters. Resolution and shape make one `size`, but 2.7 takes two."""
    said: dict[str, Any] = {}
    shape = values.pop("aspect_ratio", None)
    if shape and model.startswith("wan2.7"):
        said["ratio"] = shape
    elif shape:
        said["size"] = SIZES[values.pop("resolution"), shape]
    if "multi_shot" in values:
        said["shot_type"] = SHOTS[values.pop("multi_shot")]
    return said | {PARAMETERS[name]: value for name, value in values.items() if value is not None}
