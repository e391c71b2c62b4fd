"""Turns a task into what adapters take: its spec, validated params, and the bytes of its images."""

from __future__ import annotations

from pydantic import ValidationError

from generation import store
from generation.messages import too_large_together
from generation.models import Asset, GenerationTask
from providers.core.messages import Message, say
from providers.core.types import GenerationRequest, InputFile

__all__ = ["CannotBeSent", "generation_request"]


class CannotBeSent(Exception):
    """An image, a setting or the model no longer exists, or the body would be too large; `code` is one of generation.messages.FAILURES."""

    def __init__(self, code: str, because: Message) -> None:
        super().__init__(str(because))
        self.code = code
        self.because = because


def generation_request(task: GenerationTask) -> GenerationRequest:
    """Return everything that an adapter needs. Reads images, so call it before the intent is committed.

    Raises `CannotBeSent`, `StorageUnavailable`.
    """
    spec = task.spec
    if spec is None:
        raise CannotBeSent("model_gone", say("model_gone", model=task.model))
    try:
        params = spec.params.model_validate(task.params)  # again, because the catalog may have changed while the task waited
    except ValidationError as error:
        raise CannotBeSent("settings_gone", say("settings_gone", model=spec.name)) from error
    images = task.images()
    if any(spec.slot(slot) is None for slot in images):
        raise CannotBeSent("settings_gone", say("settings_gone", model=spec.name))
    inputs = {slot: tuple(_file(slot, asset) for asset in assets) for slot, assets in images.items()}
    request = GenerationRequest(spec=spec, prompt=task.prompt.text, params=params, inputs=inputs, reference=task.next_reference)
    if too_large := too_large_together(spec, request.body_bytes):  # the vendor's server would cut it off: outcome unknown
        raise CannotBeSent("too_large", too_large)
    return request


def _file(slot: str, asset: Asset) -> InputFile:
    try:
        content = store.read(asset.file)
    except store.ObjectMissing as error:
        if not any(store.listing(asset.file.partition("/")[0])):  # no image at all: a wrong bucket, or a disk that is not mounted
            raise store.StorageUnavailable("no image is in the storage") from error
        raise CannotBeSent("input_missing", say("image_gone", slot=slot)) from error
    return InputFile(slot=slot, content=content, content_type=asset.content_type, width_px=asset.width_px, height_px=asset.height_px)
