"""The body of a submit to a local CogVideoX service. Pure.

The names are those of the service's published examples; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.core.types import GenerationRequest

__all__ = ["body_of"]

NAMES: Mapping[str, str] = {"frames": "num_frames", "width_px": "width", "height_px": "height", "steps": "num_inference_steps"}


def body_of(request: GenerationRequest) -> dict[str, Any]:
    settings = {NAMES[name]: value for name, value in request.params.model_dump().items()}
    return {"prompt": request.prompt, "content_id": request.reference, **settings}
