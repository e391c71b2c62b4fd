"""The `content` of an order for Ark: words, frames and references, checked and measured."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.pictures import UNSEEN, BadPicture, Picture, from_url
from providers.simulator.vendors.ark_models import Model

MAX_BYTES = 30 * 1024 * 1024
_KINDS = {"JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"}
_SIDES_PX = (300, 6000)
_RATIOS = (0.4, 2.5)
_ROLES = {
    "image_url": {"first_frame", "last_frame", "reference_image"},
    "video_url": {"reference_video"},
    "audio_url": {"reference_audio"},
}


@dataclass(frozen=True, kw_only=True)
class Content:
    text: str
    first: Picture | None
    """The first frame, which decides an adaptive ratio."""
    has_references: bool
    has_video: bool
    draft: str = ""
    """The task of which a final is to be made."""


def _invalid(message: str) -> NoReturn:
    raise Refused(400, "InvalidParameter", f"The parameter `content` specified in the request is not valid: {message}.")


async def read_content(items: object, model: Model) -> Content:
    """Check the content and measure its pictures. Raise Refused."""
    if not isinstance(items, list) or not items:
        raise Refused(400, "MissingParameter", "The request failed because it is missing `content` parameter.")
    text, pictures, roles, draft = [], [], Counter[str](), ""
    for item in items:
        match item:
            case {"type": "text", "text": str(words)}:
                text.append(words)
            case {"type": "draft_task", "draft_task": {"id": str(draft)}} if model.has_draft:
                roles["draft"] += 1
            case {"type": "image_url" | "video_url" | "audio_url" as kind}:
                role, picture = await _medium(kind, item)
                roles[role] += 1
                pictures.append((role, picture))
            case _:
                _invalid("unknown type")
    if draft and len(items) > 1:
        _invalid("a draft_task stands alone")
    _check_roles(roles, model, has_text=any(text))
    first = next((picture for role, picture in pictures if role == "first_frame"), None)
    return Content(
        text=" ".join(text),
        first=first,
        has_references=any(role.startswith("reference") for role in roles),
        has_video=roles["reference_video"] > 0,
        draft=draft,
    )


async def _medium(kind: str, item: dict[str, Any]) -> tuple[str, Picture]:
    role = item.get("role") or ("first_frame" if kind == "image_url" else "")
    if role not in _ROLES[kind]:
        _invalid(f"role of {kind} must be one of {', '.join(sorted(_ROLES[kind]))}")
    inner = item.get(kind)
    url = inner.get("url") if isinstance(inner, dict) else None
    if not isinstance(url, str):
        _invalid(f"{kind}.url is required")
    if kind == "image_url":
        return role, await _picture(url)
    if not url.startswith(("http://", "https://", "asset")):
        _invalid(f"{kind}.url must be an address")
    return role, UNSEEN


async def _picture(url: str) -> Picture:
    if url.startswith("asset"):
        return UNSEEN
    if not url.startswith(("http://", "https://", "data:image/")):
        _bad_picture("neither an address nor a data URI")
    try:
        picture = await from_url(url, MAX_BYTES)
    except BadPicture as error:
        _bad_picture(str(error))
    low, high = _SIDES_PX
    if picture.kind not in _KINDS:
        _bad_picture(f"{picture.kind} is not supported")
    if not all(low <= side <= high for side in (picture.width_px, picture.height_px)):
        _bad_picture(f"each side must have {low} to {high} pixels")
    if not _RATIOS[0] <= picture.ratio <= _RATIOS[1]:
        _bad_picture("the ratio must be between 0.4 and 2.5")
    return picture


def _bad_picture(message: str) -> NoReturn:
    raise Refused(400, "InvalidImageURL.InvalidFormat", f"The image of the request is not valid: {message}.")


def _check_roles(roles: Counter[str], model: Model, *, has_text: bool) -> None:
    frames = roles["first_frame"] + roles["last_frame"]
    references = roles["reference_image"] + roles["reference_video"] + roles["reference_audio"]
    if roles["first_frame"] > 1 or roles["last_frame"] > roles["first_frame"]:
        _invalid("one first_frame, and a last_frame only with it")
    if frames and references:
        _invalid("frames and references exclude each other")
    if frames > model.max_frames:
        _invalid("frames are not supported by this model")
    if roles["reference_image"] > model.max_references:
        _invalid("too many reference images for this model")
    clips = roles["reference_video"], roles["reference_audio"]
    if max(clips) > model.max_clips:
        _invalid("too many reference videos or audios for this model")
    if roles["reference_audio"] == references and references and not model.takes_sounds_alone:
        _invalid("audio needs at least one reference image or video")
    if not (frames or references or roles["draft"]) and not (model.takes_text_alone and has_text):
        _invalid("an image is required" if has_text else "text is required")
