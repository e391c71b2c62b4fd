"""What bytes are, by how they begin. Headers only count where the bytes say nothing."""

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["HEAD_BYTES", "Expected", "Refusal", "Stated", "is_gzip", "refusal"]

Expected = Literal["video", "image", "any"]
Kind = Literal["video", "image", "text"]

HEAD_BYTES = 64
GZIP = b"\x1f\x8b\x08"
ISO_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
IMAGE_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1"})
"""Brands of ISO files that are images (ISO/IEC 23008-12, AV1 Image File Format)."""
STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1a\x45\xdf\xa3", "video"),  # Matroska, WebM
    (b"FLV\x01", "video"),
    (b"\xff\xd8\xff", "image"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"<", "text"),
    (b"{", "text"),
    (b"[", "text"),
)
RIFF: dict[bytes, Kind] = {b"AVI ": "video", b"WEBP": "image"}
TEXT_TYPES = re.compile(r"text/|application/(json|xml|xhtml|javascript|.*\+json|.*\+xml)", re.IGNORECASE)
OTHER_KIND = {"video": "image/", "image": "video/"}
ENCODED = frozenset({"br", "zstd", "deflate", "compress"})
"""Content codings that change bytes, other than gzip (IANA registry). Whatever else the header has, as S3's aws-chunked, is ignored."""


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What the server says about a body: its Content-Type and its Content-Encoding."""

    content_type: str
    encoding: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    message: str
    code: str | None = None


def is_gzip(head: bytes) -> bool:
    return head.startswith(GZIP)


def refusal(head: bytes, expected: Literal["video", "image"], stated: Stated) -> Refusal | None:
    """Return why a body with these first bytes is not what was asked for, or None if it may be."""
    kind = _kind_of(head)
    if kind is not None:
        return None if kind == expected else Refusal(message=f"The answer is {_named(kind)}, not {_named(expected)}")
    if ENCODED & {coding.strip().lower() for coding in stated.encoding.split(",")}:
        return Refusal(message="The file came encoded, although plain bytes were asked for", code="encoded")
    content_type = stated.content_type.strip().lower()
    if TEXT_TYPES.match(content_type) or content_type.startswith(OTHER_KIND[expected]):
        return Refusal(message=f"The answer is {content_type[:80]!r}, not {_named(expected)}")
    return None


def _kind_of(head: bytes) -> Kind | None:
    if head[4:8] in ISO_BOXES:
        return "image" if head[4:8] == b"ftyp" and head[8:12] in IMAGE_BRANDS else "video"
    if head[:4] == b"RIFF":
        return RIFF.get(head[8:12])
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((kind for start, kind in STARTS if (text if kind == "text" else head).startswith(start)), None)


def _named(kind: Kind) -> str:
    return {"video": "a video", "image": "an image", "text": "text"}[kind]
