"""What the local CogVideoX-2b service accepts: a body becomes an Order, or is refused."""

from __future__ import annotations

from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.json_values import is_integer, is_number
from providers.simulator.tasks import Order

Body = dict[str, Any]
MODEL = "CogVideoX-2b"
MEMORY_PX = 1280 * 720 * 49
"""Pixels of all frames together that the card can hold; a larger order runs out of memory while it renders."""
_FRAMES_PER_SECOND = 8
_WHOLE = {
    "num_frames": (1, 200, 16),
    "width": (64, 2048, 512),
    "height": (64, 2048, 512),
    "num_inference_steps": (1, 200, 20),
    "fps": (1, 60, _FRAMES_PER_SECOND),
    "seed": (0, 2**63, 0),
}
"""Minimum, maximum and default."""


def invalid(message: str) -> NoReturn:
    raise Refused(422, "invalid", message)


def read_order(body: object) -> Order:
    """Turn a body into an order. Raise Refused."""
    if not isinstance(body, dict):
        invalid("the body is not an object")
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        invalid("prompt: field required")
    given = {}
    for name, (least, most, usual) in _WHOLE.items():
        value = body.get(name, usual)
        if not is_integer(value) or not least <= value <= most:
            invalid(f"{name}: must be an integer between {least} and {most}")
        given[name] = value
    if given["width"] % 8 or given["height"] % 8:
        invalid("width and height must be multiples of 8")
    _check_rest(body)
    return Order(
        model=MODEL,
        prompt=prompt,
        width_px=given["width"],
        height_px=given["height"],
        duration_s=max(1, round(given["num_frames"] / given["fps"])),
        body=body,
        mark=body.get("content_id", ""),
        extra={"fits": given["width"] * given["height"] * given["num_frames"] <= MEMORY_PX},
    )


def _check_rest(body: Body) -> None:
    if not isinstance(body.get("content_id", ""), str):
        invalid("content_id: must be a string")
    if not isinstance(body.get("metadata", {}), dict):
        invalid("metadata: must be an object")
    guidance = body.get("guidance_scale", 6.0)
    if not is_number(guidance) or guidance < 0:
        invalid("guidance_scale: must be a number of at least 0")
