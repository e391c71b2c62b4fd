"""What OpenRouter accepts: a submit body becomes an Order, or is refused, by what its list of models says of the model.

The OpenAPI document of https://github.com/OpenRouterTeam/typescript-sdk (@cb9393a) and the list of 2026-10-09 as a public client keeps it;
read 2026-11-29. A value that the list does not have is refused with 400, as are a switch for sound and a seed that the model lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from providers.simulator.callbacks import is_loopback
from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer
from providers.simulator.pictures import BadPicture, from_url, in_shape
from providers.simulator.tasks import Order

Body = dict[str, Any]
Row = Mapping[str, Any]
_FIELDS = frozenset(
    {
        *("model", "prompt", "duration", "resolution", "aspect_ratio", "size", "seed", "generate_audio"),
        *("frame_images", "input_references", "callback_url", "provider", "creativity", "upscale_factor"),
    }
)
_SHORT_SIDES = {"480p": 480, "720p": 720, "768p": 768, "1080p": 1080, "1K": 1080, "2K": 1440, "4K": 2160}
_MOST_PICTURE = 20 * 1024 * 1024


def _row(
    name: str, lengths: object, sizes: str, shapes: str, frames: int, prices: Mapping[str, str], *, sound: Any = None, seed: Any = None
) -> Row:
    return {
        "id": name,
        "canonical_slug": name,
        "name": name.partition("/")[2],
        "description": "",
        "created": 1_780_000_000,
        "supported_durations": list(lengths),  # type: ignore[call-overload]
        "supported_resolutions": sizes.split(),
        "supported_aspect_ratios": shapes.split(),
        "supported_sizes": None,
        "supported_frame_images": ["first_frame", "last_frame"][:frames],
        "generate_audio": sound,
        "seed": seed,
        "pricing_skus": prices,
        "allowed_passthrough_parameters": [],
    }


_FIVE = "16:9 9:16 1:1 4:3 3:4"
_VEO = {"duration_seconds_with_audio": "0.40", "duration_seconds_without_audio": "0.20"}
_FAST = {"duration_seconds_with_audio": "0.12", "duration_seconds_without_audio": "0.10"}
_WAN = {"duration_seconds_480p": "0.05", "duration_seconds_720p": "0.1", "duration_seconds_1080p": "0.2"}
_GROK = {"cents_per_video_output_second_480p": "5", "cents_per_video_output_second_720p": "7"}
ROWS: Mapping[str, Row] = {
    row["id"]: row
    for row in (
        _row("google/veo-3.1", (4, 6, 8), "720p 1080p 4K", "16:9 9:16", 2, _VEO, sound=True, seed=True),
        _row("google/veo-3.1-fast", (4, 6, 8), "720p 1080p 4K", "16:9 9:16", 2, _FAST, sound=True, seed=True),
        _row("bytedance/seedance-2.0", range(4, 16), "480p 720p 1080p 4K", f"{_FIVE} 21:9 9:21", 2, {}, sound=True, seed=True),
        _row("alibaba/wan-3.0", range(2, 31), "480p 720p 1080p", _FIVE, 1, _WAN, sound=True, seed=True),
        _row("kwaivgi/kling-v3.0-pro", range(3, 16), "720p", "16:9 9:16 1:1", 2, {"duration_seconds": "0.112"}, sound=True, seed=False),
        _row("minimax/hailuo-3", range(5, 16), "2K", f"{_FIVE} 21:9", 2, {"duration_seconds": "0.13"}, sound=True, seed=False),
        _row("x-ai/grok-imagine-video", range(1, 16), "480p 720p", f"{_FIVE} 3:2 2:3", 1, _GROK),
        _row("runway/gen-4.5", range(2, 11), "720p", "16:9 9:16", 1, {"cents_per_second_output": "12"}, sound=False, seed=True),
        _row("acme/long-1", (4, 8), "720p", "16:9 9:16", 2, {}, sound=True, seed=True),  # one that is invented
    )
}
_CENTS_A_SECOND = 10


def invalid(message: str) -> NoReturn:
    raise Refused(400, 400, message)


async def read_order(body: object) -> Order:
    """Turn a body into an order. Raise Refused."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        invalid("Invalid input: expected string, received undefined: model")
    row = ROWS.get(body["model"])
    if row is None:
        raise Refused(404, 404, f"No endpoints found for {body['model']}.")
    if unknown := sorted(body.keys() - _FIELDS):
        invalid(f"Unrecognized keys: {', '.join(unknown)}")
    prompt = body.get("prompt", "")
    if not isinstance(prompt, str) or not prompt:
        invalid("prompt is required for this model")
    length = body.get("duration", row["supported_durations"][0])
    if not is_integer(length):
        invalid("Invalid input: expected int: duration")
    _require(row, "supported_durations", length, "duration")
    resolution = body.get("resolution", row["supported_resolutions"][0])
    _require(row, "supported_resolutions", resolution, "resolution")
    shape = body.get("aspect_ratio", "16:9")
    _require(row, "supported_aspect_ratios", shape, "aspect_ratio")
    _check_switches(row, body)
    await _check_frames(row, body)
    width, height = _size(resolution, shape)
    return Order(
        model=row["id"],
        prompt=prompt,
        width_px=width,
        height_px=height,
        duration_s=length,
        body=body,
        callback_url=_callback_url(body),
        extra={"cost": length * _CENTS_A_SECOND / 100},
    )


def _require(row: Row, listed: str, value: object, field: str) -> None:
    if value not in row[listed]:
        invalid(f"{field} {value} is not supported by {row['id']}. Supported: {', '.join(map(str, row[listed]))}")


def _check_switches(row: Row, body: Body) -> None:
    for field, kind in (("generate_audio", bool), ("seed", int)):
        value = body.get(field)
        if value is None:
            continue
        if type(value) is not kind:
            invalid(f"Invalid input: expected {kind.__name__}: {field}")
        if not row[field]:
            invalid(f"{field} is not supported by {row['id']}")


async def _check_frames(row: Row, body: Body) -> None:
    frames, references = body.get("frame_images", []), body.get("input_references", [])
    for field, images in (("frame_images", frames), ("input_references", references)):
        if not isinstance(images, list):
            invalid(f"Invalid input: expected array: {field}")
        for image in images:
            await _check_image(field, image)
    kinds = [frame.get("frame_type") for frame in frames]
    if any(kind not in row["supported_frame_images"] for kind in kinds) or len(kinds) > len(set(kinds)):
        invalid(f"frame_type is not supported by {row['id']}")


async def _check_image(field: str, image: object) -> None:
    url = image.get("image_url") if isinstance(image, dict) and image.get("type") == "image_url" else None
    address = url.get("url") if isinstance(url, dict) else None
    if not isinstance(address, str) or not address.startswith(("https://", "http://", "data:image/")):
        invalid(f"Invalid input: expected image_url: {field}")
    try:
        await from_url(address, _MOST_PICTURE)
    except BadPicture as error:
        invalid(f"{field}: {error}")


def _callback_url(body: Body) -> str:
    """Return the address. It must be https; addresses of this machine are taken too, so that callbacks can be tried."""
    url = body.get("callback_url", "")
    if not isinstance(url, str) or (url and not url.startswith("https://") and not is_loopback(url)):
        invalid("callback_url must be an HTTPS URL")
    return str(url)


def _size(resolution: str, shape: str) -> tuple[int, int]:
    """Return width and height with a resolution's number of pixels at 16:9, in this shape."""
    wide, _, high = shape.partition(":")
    return in_shape(_SHORT_SIDES[resolution] ** 2 * 16 / 9, int(wide) / int(high))
