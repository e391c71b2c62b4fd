"""What kind of video file some bytes are, judged by the bytes alone: neither the name nor the Content-Type counts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generation.media.errors import BadMedia
from generation.media.matroska import EBML, check_elements
from generation.media.mp4 import check_boxes, is_cut_visible, is_quicktime

__all__ = ["Container", "Suffix", "checked"]

Suffix = Literal[".mp4", ".mov", ".webm", ".mkv"]
MP4_STARTS = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
"""The first boxes of mp4 files, and of QuickTime files from the time before `ftyp`."""
LOST_BY_A_COPY = frozenset({"uuid", "meta"})
"""Top-level boxes that a copy of the tracks loses. C2PA keeps its signed manifest in a `uuid` box, and the signature covers the whole
file (specification 2.4, A.5, https://spec.c2pa.org, 2026-11-29), so it breaks if the file is rewritten.
"""


@dataclass(frozen=True, kw_only=True)
class Container:
    """A file whose structure is whole. `demuxer` is FFmpeg's name of the format.

    `is_cut_visible`: the file states all that belongs to it, so a missing end would have been found.
    """

    suffix: Suffix
    demuxer: str
    is_cut_visible: bool
    keeps_marks: bool
    """It has marks that only the file as it came keeps."""


def checked(path: Path) -> Container:
    """Return what the file is. Raises BadMedia if its structure is not whole, or not that of mp4, mov, webm or mkv."""
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise BadMedia("empty", "The file is empty")
    if head[4:8] in MP4_STARTS:
        boxes = check_boxes(path)
        return Container(
            suffix=".mov" if is_quicktime(path) else ".mp4",
            demuxer="mp4",
            is_cut_visible=is_cut_visible(boxes),
            keeps_marks=any(box.kind in LOST_BY_A_COPY for box in boxes),
        )
    if head[:4] == EBML:
        found = check_elements(path)
        suffix: Suffix = ".webm" if found.is_webm else ".mkv"
        return Container(suffix=suffix, demuxer="matroska", is_cut_visible=found.is_cut_visible, keeps_marks=False)
    raise BadMedia("not_a_video", "The file does not start like an mp4, mov, webm or mkv")
