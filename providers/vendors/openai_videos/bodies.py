"""The body of a submit over the OpenAI Videos API: multipart, also without a file. Pure.

OpenAI's video generation guide and SDK; read 2026-11-20.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from providers.core.types import GenerationRequest, Part
from providers.vendors.openai_videos.catalog import ANY_MODEL, SIZES

__all__ = ["parts_of"]

ENDINGS: Mapping[str, str] = {"image/png": "png", "image/jpeg": "jpg"}


def parts_of(request: GenerationRequest) -> Iterator[Part]:
    """Yield the parts; empty ones are left out."""
    values = request.params.model_dump()
    fields = {
        "prompt": request.prompt,
        "model": values["model_name"] if request.spec.id == ANY_MODEL else request.spec.id,
        "seconds": str(values.get("duration_s", "")),
        "size": SIZES[values["resolution"], values["aspect_ratio"]] if "resolution" in values else values.get("size"),
    }
    for name, value in fields.items():
        if value:
            yield Part(name=name, content=value.encode())
    image = request.only_input("first_frame")
    if image is not None:
        filename = f"first_frame.{ENDINGS.get(image.content_type, 'bin')}"
        yield Part(name="input_reference", content=image.content, filename=filename, content_type=image.content_type)
