"""The body of a submit to Ark: contents, then each option under the vendor's name. Pure.

Volcengine Ark documents, "create a video generation task" and "Seedance 2.5"; read 2026-11-29.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from providers.core.content_tasks import contents_of
from providers.core.types import GenerationRequest

__all__ = ["body_of"]

SAID: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "aspect_ratio": lambda value: {} if value == "auto" else {"ratio": value},
    "camera_fixed": lambda value: {"camera_fixed": value},
    "draft": lambda value: {"draft": value},
    "expires_after_s": lambda value: {"execution_expires_after": value},
    "file_format": lambda value: {"output_format": value},
    "reference_use": lambda value: {} if value == "auto" else {"omni_reference_task_type": value},
    "resolution": lambda value: {"resolution": value},
    "seed": lambda value: {} if value is None else {"seed": value},
    "service_tier": lambda value: {"service_tier": value},
    "watermark": lambda value: {"watermark": value},
    "web_search": lambda value: {"tools": [{"type": "web_search"}]} if value else {},
    "with_audio": lambda value: {"generate_audio": value},
}


FINAL_TAKES = ("resolution", "watermark", "expires_after_s", "file_format")
"""Fields that a draft's final may have; others come from the draft and are refused even with the same value."""


def body_of(request: GenerationRequest, name: str) -> dict[str, Any]:
    """Return the body; `name` is what the vendor calls the model at this account."""
    values = request.params.model_dump(mode="json")
    if draft := values.pop("final_of", ""):
        content = [{"type": "draft_task", "draft_task": {"id": draft}}]
        return {"model": name, "content": content, **_said({option: values[option] for option in FINAL_TAKES})}
    content = contents_of(request, values.pop("reference_videos", ()), values.pop("reference_sounds", ()))
    seconds, by_model, frames = values.pop("duration_s"), values.pop("duration_auto", False), values.pop("frames", None)
    length = {"duration": -1 if by_model else seconds} if frames is None else {"frames": frames}
    return {"model": name, "content": content, **length, **_said(values)}


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for option, value in values.items():
        body |= SAID[option](value)
    return body
