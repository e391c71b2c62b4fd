"""The body of a submit for models that take one list of media. Pure.

Model Studio documents, one API reference for each model (catalog.py names it); read 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from providers.core.types import GenerationRequest
from providers.vendors.dashscope.media.options import VIDU_SIZES, EditParams

__all__ = ["media_body"]

TYPES: Mapping[str, str] = {
    "base_video": "video",
    "first_frame": "first_frame",
    "last_frame": "last_frame",
    "references": "reference_image",
    "reference_videos": "reference_video",
    "reference_sounds": "reference_audio",
}
VIDU_TYPES: Mapping[str, str] = {"first_image": "image", "last_image": "image", "reference_images": "image"}
H3_TYPES: Mapping[str, str] = {
    "first_image": "first_frame",
    "last_image": "last_frame",
    "reference_images": "image_url",
    "reference_videos": "feature",
    "reference_sounds": "driving_audio",
}
PARAMETERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "aspect_ratio": lambda value: {"ratio": "adaptive" if value == "auto" else value},
    "cut_to_s": lambda value: {"duration": value},
    "duration_auto": lambda value: {"duration": -1} if value else {},
    "duration_s": lambda value: {"duration": value},
    "keep_sound": lambda value: {"audio_setting": "origin" if value else "auto"},
    "prompt_extend": lambda value: {"prompt_extend": value},
    "resolution": lambda value: {"resolution": value},
    "seed": lambda value: {"seed": value},
    "watermark": lambda value: {"watermark": value},
    "with_audio": lambda value: {"audio": value},
}


def media_body(request: GenerationRequest, name: str) -> dict[str, Any]:
    """Return the body; `name` is what the vendor calls the model at this account. Media are given by type; the prompt names those
    of one type by their order.
    """
    values = request.params.model_dump(mode="json")
    types = VIDU_TYPES if request.spec.id.startswith("vidu") else H3_TYPES if request.spec.id.startswith("minimax") else TYPES
    given: dict[str, list[str]] = {slot: [file.data_uri for file in files] for slot, files in request.inputs.items()}
    for option in types.keys() & values.keys():
        value = values.pop(option)
        given[option] = [value] if isinstance(value, str) else value
    media = [{"type": kind, "url": url} for place, kind in types.items() for url in given.get(place, ()) if url]
    texts = {"prompt": request.prompt, "negative_prompt": values.pop("negative_prompt", "")}
    said: dict[str, Any] = {field: text for field, text in texts.items() if text} | ({"media": media} if media else {})
    return {"model": name, "input": said, "parameters": dict(_parameters(request, values))}


def _parameters(request: GenerationRequest, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    shape = values.get("aspect_ratio")
    if shape and request.spec.id.startswith("vidu"):
        yield "size", VIDU_SIZES[values["resolution"], values.pop("aspect_ratio")]
    elif isinstance(request.params, EditParams) and shape == "auto":  # without it, the video keeps its ratio
        values.pop("aspect_ratio")
    for option, value in values.items():
        if value is not None:
            yield from PARAMETERS[option](value).items()
