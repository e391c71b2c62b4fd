"""What a client of OpenRouter's videos asks for, under the portal's names. Pure.

The fields are those of `POST /videos` in https://openrouter.ai/docs/api/reference/videos and of @openrouter/ai-sdk-provider 3.1.0
(src/video/index.ts), which sends the size in `size` and spreads what its user adds over the body; read 2026-11-29. Each option of a model
may also be given by its own name, as OpenRouter passes a vendor's own parameters through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from api.compat.asked import Asked, few
from api.compat.bodies import refuse_unknown
from generation.errors import InvalidRequest
from providers.core.catalog import ModelSpec, schema_of

__all__ = ["FRAMES", "OPTIONS", "asked_of", "images_in"]

OPTIONS: Mapping[str, str] = {
    "duration": "duration_s",
    "resolution": "resolution",
    "aspect_ratio": "aspect_ratio",
    "size": "size",
    "seed": "seed",
    "generate_audio": "with_audio",
}
"""The portal's option of each field."""
HINTS = frozenset({"seed", "negative_prompt"})
IGNORED = frozenset({"provider", "user", "session_id", "metadata", "trace"})
"""Fields about OpenRouter's choice of a vendor and its log."""
NOT_OPTIONS = frozenset({"model", "prompt", "frame_images", "input_references", "callback_url"}) | IGNORED
FRAMES = ("first_frame", "last_frame")
PROVIDER = "provider"


def asked_of(body: Mapping[str, Any], spec: ModelSpec) -> Asked:
    """Return what a body asks of this model. Raises `InvalidRequest` for an unknown field."""
    own = schema_of(spec.params)["properties"]
    given = {name: value for name, value in body.items() if name not in NOT_OPTIONS}
    refuse_unknown([name for name in given if name not in OPTIONS and name not in own])
    names: dict[str, str] = {}
    for name in given:
        names.setdefault(OPTIONS.get(name, name), name)
    options = {option: given[name] for option, name in names.items()}
    return Asked(options=options, names=names, hints=HINTS, unused=[PROVIDER] if PROVIDER in body else [])


def images_in(body: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return by slot the images, each with the field that a refusal names: an address or a data URL. Raises `InvalidRequest`."""
    found: dict[str, list[tuple[str, str]]] = {}
    for field in ("frame_images", "input_references"):
        images = body.get(field, [])
        for place, image in enumerate(images if isinstance(images, list) else [images]):
            at = f"{field}[{place}]"
            slot = image.get("frame_type", FRAMES[0]) if isinstance(image, dict) else ""
            if field == "frame_images" and (slot not in FRAMES or slot in found):
                words = _("Send each frame once: %(names)s.") % {"names": ", ".join(FRAMES)}
                raise InvalidRequest(words, fields={at: words})
            slot = slot if field == "frame_images" else "references"
            found.setdefault(slot, []).append((at, _address_in(image, at)))
    return few(found)


def _address_in(image: Any, at: str) -> str:
    given = image.get("image_url") if isinstance(image, dict) and image.get("type", "image_url") == "image_url" else None
    address = given.get("url") if isinstance(given, dict) else given
    if not isinstance(address, str):
        words = _("Send an image as https address or as data URL, in image_url.url.")
        raise InvalidRequest(words, code="bad_image", fields={at: words})
    return address
