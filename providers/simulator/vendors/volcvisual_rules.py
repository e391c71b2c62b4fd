"""What Volcengine's visual service accepts for Jimeng's video models: a body becomes an Order, or is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.pictures import BadPicture, Picture, from_base64, from_url
from providers.simulator.tasks import Order
from providers.simulator.vendors.jimeng_sizes import RATIOS, SIZES, nearest

Body = dict[str, Any]
FRAMES = {121: 5, 241: 10}
"""Frames and the seconds that they last."""
MAX_PICTURE_BYTES = int(4.7 * 1024 * 1024)
MAX_SEED = 2**32 - 1
_CAMERAS = {
    *("hitchcock_dolly_in", "hitchcock_dolly_out", "robo_arm", "dynamic_orbit", "central_orbit", "crane_push"),
    *("quick_pull_back", "counterclockwise_swivel", "clockwise_swivel", "handheld", "rapid_push_pull"),
}
_STRENGTHS = {"weak", "medium", "strong"}


@dataclass(frozen=True, kw_only=True)
class Model:
    resolution: str
    pictures: range
    """The numbers of pictures that it takes."""
    has_camera: bool = False
    """Requires a camera movement and its strength."""


_NO, _ONE, _TWO, _MAYBE = range(1), range(1, 2), range(2, 3), range(2)
MODELS = {
    "jimeng_t2v_v30": Model(resolution="720p", pictures=_NO),
    "jimeng_t2v_v30_1080p": Model(resolution="1080p", pictures=_NO),
    "jimeng_i2v_first_v30": Model(resolution="720p", pictures=_ONE),
    "jimeng_i2v_first_v30_1080": Model(resolution="1080p", pictures=_ONE),
    "jimeng_i2v_first_tail_v30": Model(resolution="720p", pictures=_TWO),
    "jimeng_i2v_first_tail_v30_1080": Model(resolution="1080p", pictures=_TWO),
    "jimeng_i2v_recamera_v30": Model(resolution="720p", pictures=_ONE, has_camera=True),
    "jimeng_ti2v_v30_pro": Model(resolution="1080p", pictures=_MAYBE),
    "jimeng_vgfm_t2v_l20": Model(resolution="720p", pictures=_NO),
}


def invalid(message: str) -> NoReturn:
    raise Refused(400, 50215, f"Input invalid for this service: {message}")


async def read_order(body: object) -> Order:
    """Turn a body into an order. Raise Refused."""
    if not isinstance(body, dict):
        invalid("the body is not an object")
    name = body.get("req_key")
    if not isinstance(name, str) or name not in MODELS:
        invalid("req_key is unknown")
    model = MODELS[name]
    prompt = body.get("prompt", "")
    if not isinstance(prompt, str):
        invalid("prompt must be a string")
    pictures = await _pictures(body, model)
    if not prompt and not pictures:
        invalid("prompt is required")
    if model.has_camera and (body.get("template_id") not in _CAMERAS or body.get("camera_strength") not in _STRENGTHS):
        invalid("template_id and camera_strength are required")
    width, height = _size(body, model, pictures)
    seed, frames = body.get("seed", -1), body.get("frames", 121)
    if not is_integer(seed) or not -1 <= seed <= MAX_SEED:
        invalid("seed must be an integer of at least -1")
    if not is_integer(frames) or frames not in FRAMES:
        invalid("frames must be 121 or 241")
    return Order(
        model=name,
        prompt=prompt,
        width_px=width,
        height_px=height,
        duration_s=FRAMES[frames],
        body=body,
    )


async def _pictures(body: Body, model: Model) -> list[Picture]:
    addresses, contents = body.get("image_urls") or [], body.get("binary_data_base64") or []
    if not isinstance(addresses, list) or not isinstance(contents, list):
        invalid("image_urls and binary_data_base64 must be arrays")
    if addresses and contents:
        invalid("image_urls and binary_data_base64 exclude each other")
    if len(addresses) + len(contents) not in model.pictures:
        least, most = model.pictures.start, model.pictures.stop - 1
        invalid(f"this req_key takes {least} to {most} images")
    pictures = [await _picture(item, is_address=True) for item in addresses]
    return pictures + [await _picture(item, is_address=False) for item in contents]


async def _picture(value: object, *, is_address: bool) -> Picture:
    if not isinstance(value, str) or (is_address and not value.startswith(("http://", "https://"))):
        invalid("an image must be an http address, or Base64 without a prefix")
    try:
        picture = await (from_url(value, MAX_PICTURE_BYTES) if is_address else from_base64(value, MAX_PICTURE_BYTES))
    except BadPicture as error:
        invalid(f"image: {error}")
    if picture.kind not in {"JPEG", "PNG"}:
        invalid("image: only JPEG and PNG")
    return picture


def _size(body: Body, model: Model, pictures: list[Picture]) -> tuple[int, int]:
    ratio = body.get("aspect_ratio")
    if ratio is not None and ratio not in RATIOS:
        invalid(f"aspect_ratio must be one of {', '.join(sorted(RATIOS))}")
    if ratio is None and pictures:
        return nearest(model.resolution, pictures[0].ratio)
    return SIZES[model.resolution][ratio or "16:9"]
