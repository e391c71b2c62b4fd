"""From a task to what adapters take: its spec, validated params, and the bytes of its images."""

from __future__ import annotations

from generation.models import GenerationTask
from providers.core.types import GenerationRequest, InputFile

__all__ = ["InputMissing", "generation_request"]


class InputMissing(Exception):
    """An image or the model itself is no longer there; the task cannot be sent."""


def generation_request(task: GenerationTask) -> GenerationRequest:
    """Everything an adapter needs. Raises `InputMissing`. Reads images from storage, so call it before the intent is committed."""
    if task.spec is None:
        raise InputMissing(f"The catalog no longer has the model {task.model}.")
    files: dict[str, tuple[InputFile, ...]] = {}
    for place in task.inputs.select_related("asset"):
        asset = place.asset
        try:
            with asset.file.open("rb") as stream:
                content = stream.read()
        except FileNotFoundError as error:
            raise InputMissing(f"The image in {place.slot} is no longer in storage.") from error
        image = InputFile(
            slot=place.slot, content=content, content_type=asset.content_type, width_px=asset.width_px, height_px=asset.height_px
        )
        files[place.slot] = (*files.get(place.slot, ()), image)
    params = task.spec.params.model_validate(task.params)
    return GenerationRequest(spec=task.spec, prompt=task.prompt.text, params=params, inputs=files, reference=task.next_reference)
