"""DashScope's words for a bad parameter or a bad file, and the checks of addresses and pictures that all its models share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.pictures import MAX_BYTES, BadPicture, Picture, from_url

ADDRESSES = ("http://", "https://", "oss://")


@dataclass(frozen=True, kw_only=True)
class PictureRules:
    least_px: int = 360
    most_px: int = 2_000
    ratio: float = 99.0
    """The widest ratio; one divided by it is the narrowest."""
    most_bytes: int = MAX_BYTES
    kinds: Collection[str] = frozenset({"JPEG", "PNG", "BMP", "WEBP"})
    takes_data: bool = True
    """Whether it also takes data URIs, not only addresses."""


LARGER_PICTURES = PictureRules(least_px=240, most_px=8_000, ratio=8.0, most_bytes=20 * 1024 * 1024)
"""The rules of Wan 2.7 and 3.0."""


def invalid(message: str, code: str = "InvalidParameter", status: int = 400) -> NoReturn:
    raise Refused(status, code, message)


def check_address(value: object, name: str) -> None:
    if not isinstance(value, str) or not value.startswith(ADDRESSES):
        invalid(f"{name} must be the address of a file", "InvalidURL")


async def picture_of(value: object, name: str, rules: PictureRules, *, resolves_oss: bool) -> Picture:
    """Measure a picture by address or data URI. Raise Refused."""
    taken = (*ADDRESSES, "data:image/") if rules.takes_data else ADDRESSES
    if not isinstance(value, str) or not value.startswith(taken):
        invalid(f"{name} must be an address{' or a data: URI' if rules.takes_data else ''}", "InvalidURL")
    if value.startswith("oss://") and not resolves_oss:
        invalid(f"{name}: oss:// needs the header X-DashScope-OssResourceResolve", "InvalidURL")
    try:
        picture = await from_url(value, rules.most_bytes)
    except BadPicture as error:
        code, status = {
            "too-large": ("InvalidParameter.DataSize", 413),
            "unreachable": ("InputDownloadFailed", 415),
        }.get(error.reason, ("UnsupportedFileFormat", 415))
        invalid(f"{name}: {error}", code, status)
    if picture.kind not in rules.kinds or (picture.kind == "PNG" and picture.has_alpha):
        invalid(f"{name}: only {', '.join(sorted(rules.kinds))}, PNG without alpha", "UnsupportedFileFormat", 415)
    if not all(rules.least_px <= side <= rules.most_px for side in (picture.width_px, picture.height_px)):
        invalid(f"{name}: each side must have {rules.least_px} to {rules.most_px} pixels")
    if not 1 / rules.ratio <= picture.ratio <= rules.ratio:
        invalid(f"{name}: the ratio must be between 1:{rules.ratio:g} and {rules.ratio:g}:1")
    return picture
