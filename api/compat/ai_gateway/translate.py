"""Vercel's AI gateway as `@ai-sdk/gateway` 4.0.146 calls it (src/gateway-video-model.ts, src/errors; read 2026-11-29). Pure.

What its reader needs: `ai` tries again after 408, 409, 429 and every 5xx, and then orders again, so a render that failed is 424.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from api.compat.asked import Asked, few
from api.compat.images import no_image
from api.errors import Failure
from generation.errors import InvalidRequest
from providers.core.catalog import ModelSpec, schema_of

__all__ = ["asked_of", "images_in", "refusal", "warnings"]

OPTIONS: Mapping[str, str] = {
    "duration": "duration_s",
    "resolution": "size",
    "aspectRatio": "aspect_ratio",
    "generateAudio": "with_audio",
    "fps": "fps",
    "seed": "seed",
}
HINTS = frozenset({"fps", "seed"})
FIELDS: Mapping[str, str] = {option: name for name, option in OPTIONS.items()}
FRAMES = ("first_frame", "last_frame")
KINDS: Mapping[int, str] = {401: "authentication_error", 403: "forbidden", 424: "failed_dependency", 429: "rate_limit_exceeded"}


def asked_of(body: Mapping[str, Any], spec: ModelSpec) -> Asked:
    """Return what a body asks of this model. `providerOptions` may have options by their own names, under any provider."""
    own = schema_of(spec.params)["properties"]
    wrapped = body.get("providerOptions")
    parts = wrapped.values() if isinstance(wrapped, dict) else ()
    more = {name: value for part in parts if isinstance(part, dict) for name, value in part.items() if name in own}
    names = {option: option for option in more} | {option: name for name, option in OPTIONS.items() if name in body}
    options = more | {option: body[name] for name, option in OPTIONS.items() if name in body}
    return Asked(options=options, names=names, hints=HINTS)


def images_in(body: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return by slot the images, each with the field that a refusal names. `ai` sends a first frame in `image` too.

    Raises `InvalidRequest`.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for place, frame in enumerate(_list(body, "frameImages")):
        at = f"frameImages[{place}]"
        slot = frame.get("frameType") if isinstance(frame, dict) else None
        if slot not in FRAMES or slot in found:
            words = _("Send each frame once: %(names)s.") % {"names": ", ".join(FRAMES)}
            raise InvalidRequest(words, fields={at: words})
        found[slot] = [(at, _content_of(frame.get("image"), at))]
    if "image" in body and FRAMES[0] not in found:
        found[FRAMES[0]] = [("image", _content_of(body["image"], "image"))]
    references = [(f"inputReferences[{place}]", one) for place, one in enumerate(_list(body, "inputReferences"))]
    return few(found | {"references": [(at, _content_of(one, at)) for at, one in references]})


def warnings(not_applied: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what the model does otherwise as `ai` logs it."""
    return [{"type": "unsupported", "feature": name, "details": words} for name, words in not_applied.items()]


def refusal(failure: Failure) -> tuple[int, dict[str, Any]]:
    """Return status and body of a refusal: `{"error": {"message", "type", "param", "code"}}`."""
    status = 404 if failure.code == "unknown_model" else 400 if failure.status == 422 else failure.status
    kind = KINDS.get(status) or ("internal_server_error" if status >= 500 else "invalid_request_error")
    if failure.code == "unknown_model":
        kind = "model_not_found"
    fields = {_field(place): words for place, words in failure.fields.items()}
    message = [] if failure.message in fields.values() else [failure.message]
    text = " ".join([*message, *(f"{name}: {words}" for name, words in fields.items())])
    return status, {"error": {"message": text, "type": kind, "param": next(iter(fields), None), "code": failure.code}}


def _field(place: str) -> str:
    """Return the client's name of the field at this place of an order."""
    if place.startswith("inputs."):
        return "inputReferences" if "references" in place else "image"
    option = place.removeprefix("params.")
    return FIELDS.get(option, option)


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    return value if isinstance(value, list) else [value]


def _content_of(image: Any, at: str) -> str:
    """Return the address or the base64 of an image."""
    content = image.get("url" if image.get("type") == "url" else "data") if isinstance(image, dict) else None
    if not isinstance(content, str):
        raise no_image(at)
    return content
