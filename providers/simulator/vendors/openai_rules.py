"""What the OpenAI Videos API accepts: a form or a JSON body becomes an Order, or is refused by parameter.

The host imitates a gateway: it has OpenAI's models and one more, which is its default.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from aiohttp import web

from providers.simulator.dialect import Refused
from providers.simulator.pictures import BadPicture, Picture, from_bytes, from_url
from providers.simulator.tasks import Order

Body = dict[str, Any]
MAX_PROMPT = 32_000
HOUSE_MODEL = "house-video-1"
_SORA_SECONDS = ("4", "8", "12", "16", "20")
_SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024")
_PRO_SIZES = (*_SIZES, "1920x1080", "1080x1920")
_ANY_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")
_KINDS = {"JPEG", "PNG", "WEBP"}


@dataclass(frozen=True, kw_only=True)
class Model:
    seconds: tuple[str, ...]
    """The first is the default."""
    sizes: tuple[str, ...]
    """The first is the default."""
    is_free: bool = False
    """Takes any size, and any shape of a first frame."""


_SORA = Model(seconds=_SORA_SECONDS, sizes=_SIZES)
_SORA_PRO = Model(seconds=_SORA_SECONDS, sizes=_PRO_SIZES)
_HOUSE = Model(seconds=("5", *(str(number) for number in range(1, 61))), sizes=("1280x720",), is_free=True)
MODELS = {
    "sora-2": _SORA,
    "sora-2-2025-10-06": _SORA,
    "sora-2-2025-12-08": _SORA,
    "sora-2-pro": _SORA_PRO,
    "sora-2-pro-2025-10-06": _SORA_PRO,
    HOUSE_MODEL: _HOUSE,
    "acme/long-1": _HOUSE,  # gateways put the maker before the name
}


def invalid(name: str, message: str, code: str = "invalid_value", status: int = 400) -> NoReturn:
    raise Refused(status, f"{code}:{name}", message)


async def read_body(request: web.BaseRequest) -> Body:
    """Return the fields of a form or of a JSON object; a file is an `Upload`. Raise Refused."""
    try:
        if request.content_type == "multipart/form-data":
            return {name: _part(value) for name, value in (await request.post()).items()}
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if request.content_type != "application/json" or not isinstance(body, dict):
        raise Refused(400, "invalid_request", "The body must be multipart/form-data or a JSON object.")
    return body


@dataclass(frozen=True, kw_only=True)
class Upload:
    filename: str
    content_type: str
    content: bytes

    def as_logged(self) -> dict[str, Any]:
        return {"filename": self.filename, "content_type": self.content_type, "size_bytes": len(self.content)}


def _part(value: object) -> object:
    if isinstance(value, web.FileField):
        return Upload(filename=value.filename, content_type=value.content_type, content=value.file.read())
    return value


async def read_order(body: Body) -> Order:
    """Turn a body into an order. Raise Refused."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        invalid("prompt", "Missing required parameter: 'prompt'.", "missing_required_parameter")
    if len(prompt) > MAX_PROMPT:
        invalid("prompt", f"The prompt is longer than {MAX_PROMPT} characters.", "string_above_max_length")
    name = body.get("model") or HOUSE_MODEL
    model = MODELS.get(name) if isinstance(name, str) else None
    if model is None:
        invalid("model", f"The model '{name}' does not exist.", "model_not_found", 404)
    seconds = body.get("seconds", model.seconds[0])
    if seconds not in model.seconds:
        invalid("seconds", f"Invalid value: {seconds!r}. Supported values are strings: {', '.join(sorted(set(model.seconds), key=int))}.")
    width, height = _size(body, model)
    picture = await _reference(body.get("input_reference"))
    if picture and not model.is_free and (picture.width_px, picture.height_px) != (width, height):
        invalid("input_reference", "The image must match the requested width and height.")
    return Order(
        model=str(name),
        prompt=prompt,
        width_px=width,
        height_px=height,
        duration_s=int(seconds),
        body={key: value.as_logged() if isinstance(value, Upload) else value for key, value in body.items()},
        extra={"seconds": seconds, "size": f"{width}x{height}", "remixed_from": None},
    )


def _size(body: Body, model: Model) -> tuple[int, int]:
    size = body.get("size", model.sizes[0])
    match = _ANY_SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is None or not (size in model.sizes or model.is_free):
        invalid("size", f"Invalid value: {size!r}. Supported values are: {', '.join(model.sizes)}.")
    width, height = int(match[1]), int(match[2])
    if width * height > 3840 * 2160:
        invalid("size", f"Invalid value: {size!r}. The size is too large.")
    return width // 2 * 2, height // 2 * 2


async def _reference(value: object) -> Picture | None:
    if value is None:
        return None
    try:
        match value:
            case Upload():
                picture = await from_bytes(value.content)
            case {"image_url": str(url)} if url.startswith(("http://", "https://", "data:image/")):
                picture = await from_url(url)
            case {"file_id": str()}:
                return None
            case _:
                invalid("input_reference", "Expected a file, or an object with file_id or image_url.")
    except BadPicture as error:
        invalid("input_reference", f"The image could not be read: {error}.")
    if picture.kind not in _KINDS:
        invalid("input_reference", f"Unsupported image type {picture.kind}.")
    return picture
