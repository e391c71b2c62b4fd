"""The body of a submit to Volcengine's visual service. Pure.

Volcengine documents, visual service, pages of the Jimeng video models (85621); read 2026-11-20.
"""

from __future__ import annotations

from typing import Any

from providers.core.types import GenerationRequest

__all__ = ["body_of"]

FRAMES = {5: 121, 10: 241}


def body_of(request: GenerationRequest) -> dict[str, Any]:
    values = request.params.model_dump()
    body = {"req_key": request.spec.id, "prompt": request.prompt, "frames": FRAMES[values["duration_s"]]}
    images = [file for slot in ("first_frame", "last_frame") for file in request.inputs.get(slot, ())]
    if images:
        body["binary_data_base64"] = [file.base64 for file in images]
    elif "aspect_ratio" in values:  # with an image it is refused by a rule, unless it is the default, which only text needs
        body["aspect_ratio"] = values["aspect_ratio"]
    if values["seed"] is not None:
        body["seed"] = values["seed"]
    if "camera" in values:
        body |= {"template_id": values["camera"], "camera_strength": values["camera_strength"]}
    return body
