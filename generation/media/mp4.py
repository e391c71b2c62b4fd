"""Whether the boxes of an mp4 or mov file are valid (ISO/IEC 14496-12). Pure Python: nothing is decoded, so this may run on any bytes."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from generation.media.errors import BadMedia

__all__ = ["Box", "check_boxes", "has_label", "is_cut_visible", "is_faststart", "is_quicktime"]

MAX_BOXES = 200_000
MAX_MOOV_BYTES = 64 * 1024 * 1024
OF_THE_VIDEO = frozenset({b"moov", b"mdat", b"moof"})
"""Boxes that a video needs whole. Where another one is cut, the rest of the file is what somebody appended."""
NEXT_INSIDE = {"moov": "trak", "trak": "mdia", "mdia": "minf", "minf": "stbl"}
"""The boxes that lead to the tables of a track."""
LABEL = b"AIGC"
"""The name under which generated videos are labelled in China (GB 45438-2025; TC260 practice guide for video files, 2025-08-28)."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """One box, and where its payload starts and ends in the file."""

    kind: str
    start: int
    end: int


def check_boxes(path: Path) -> list[Box]:
    """Return the top-level boxes. Raises BadMedia if one that a video needs is missing, cut or not made of boxes.

    Bytes behind the last box are ignored: players do, and file servers append line ends or pad with zeros.
    """
    with path.open("rb") as file:
        boxes = _top_level(file, path.stat().st_size)
        _require(boxes)
        for moov in (box for box in boxes if box.kind == "moov"):
            _walk(file, moov)
    return boxes


def is_faststart(boxes: list[Box]) -> bool:
    """Return whether the index comes before the pictures."""
    kinds = [box.kind for box in boxes]
    return kinds.index("moov") < kinds.index("mdat")


def is_quicktime(path: Path) -> bool:
    """Return whether the file calls itself QuickTime, or is so old that it does not say what it is."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[4:8] != b"ftyp" or head[8:12] == b"qt  "


def is_cut_visible(boxes: list[Box]) -> bool:
    """Return whether a missing end would show: an index states all samples, fragments only do with their own index (mfra) at the end."""
    kinds = {box.kind for box in boxes}
    return "moof" not in kinds or "mfra" in kinds


def has_label(path: Path, boxes: list[Box]) -> bool:
    """Return whether a box other than the pictures has the label of generated videos."""
    with path.open("rb") as file:
        for box in boxes:
            file.seek(box.start)
            if box.kind != "mdat" and LABEL in file.read(min(box.end - box.start, MAX_MOOV_BYTES)):
                return True
    return False


def _require(boxes: list[Box]) -> None:
    kinds = [box.kind for box in boxes]
    if "moov" not in kinds:
        raise BadMedia("no_moov", "The file has no index (moov)")
    if "mdat" not in kinds:
        raise BadMedia("no_mdat", "The file has no pictures (mdat)")
    if "moof" in kinds and kinds[::-1].index("moof") < kinds[::-1].index("mdat"):
        raise BadMedia("cut", "The file ends before the pictures of its last fragment")
    if any(box.kind == "moov" and box.end - box.start > MAX_MOOV_BYTES for box in boxes):
        raise BadMedia("broken_boxes", "The index (moov) claims an absurd size")


def _top_level(file: BinaryIO, size: int) -> list[Box]:
    boxes: list[Box] = []
    while (start := boxes[-1].end if boxes else 0) < size:
        file.seek(start)
        head = file.read(16)
        try:
            boxes.append(_box(head, start, size))
        except BadMedia:
            if head[4:8] in OF_THE_VIDEO or not {"moov", "mdat"} <= {box.kind for box in boxes}:
                raise
            break
        _limit(boxes)
    return boxes


def _walk(file: BinaryIO, outer: Box) -> None:
    for box in _listed(file, outer.start, outer.end):
        if box.kind == NEXT_INSIDE.get(outer.kind):
            _walk(file, box)


def _listed(file: BinaryIO, start: int, end: int) -> list[Box]:
    boxes: list[Box] = []
    while start < end:
        file.seek(start)
        boxes.append(_box(file.read(min(16, end - start)), start, end))
        start = boxes[-1].end
        _limit(boxes)
    return boxes


def _limit(boxes: list[Box]) -> None:
    if len(boxes) > MAX_BOXES:
        raise BadMedia("broken_boxes", "The file has too many boxes")


def _box(head: bytes, start: int, end: int) -> Box:
    if len(head) < 8:
        raise BadMedia("cut", "The file ends inside a box header")
    size, header = int.from_bytes(head[:4]), 8
    if size == 1:
        size, header = int.from_bytes(head[8:16]), 16
    elif size == 0:  # the last box may run to the end
        size = end - start
    # Only an empty name is wrong: Apple's may start with a copyright sign.
    if size < header or head[4:8] == bytes(4):
        raise BadMedia("broken_boxes", "A box lies about its size")
    if start + size > end:
        raise BadMedia("cut", "The file ends before its last box does")
    return Box(kind=head[4:8].decode("latin-1"), start=start + header, end=start + size)
