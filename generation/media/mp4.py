"""Whether the boxes of an mp4 file are valid (ISO/IEC 14496-12). Pure Python: nothing is decoded, so this may run on any bytes anywhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["BadMedia", "check_boxes", "is_faststart"]

MAX_BOXES = 200_000
MAX_MOOV_BYTES = 64 * 1024 * 1024


class BadMedia(Exception):
    """Bytes that are not a whole video. `code` is a stable slug; `retryable` means that another try with the same bytes may succeed."""

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


@dataclass(frozen=True, kw_only=True)
class Box:
    """One box, and where its payload starts and ends in the file."""

    kind: str
    start: int
    end: int


def check_boxes(path: Path) -> list[Box]:
    """Return the top-level boxes. Raises BadMedia if they do not fill the file exactly or one that a video needs is missing."""
    size = path.stat().st_size
    if size == 0:
        raise BadMedia("empty", "The file is empty")
    with path.open("rb") as file:
        if file.read(8)[4:] != b"ftyp":
            raise BadMedia("not_mp4", "The file does not start like an mp4")
        boxes = _listed(file, 0, size)
        _require(boxes)
        for moov in (box for box in boxes if box.kind == "moov"):
            _listed(file, moov.start, moov.end)
    return boxes


def is_faststart(boxes: list[Box]) -> bool:
    """Return whether the index comes before the pictures."""
    kinds = [box.kind for box in boxes]
    return kinds.index("moov") < kinds.index("mdat")


def _require(boxes: list[Box]) -> None:
    kinds = {box.kind for box in boxes}
    if "moov" not in kinds:
        raise BadMedia("no_moov", "The file has no index (moov)")
    if "mdat" not in kinds:
        raise BadMedia("no_mdat", "The file has no pictures (mdat)")
    if any(box.kind == "moov" and box.end - box.start > MAX_MOOV_BYTES for box in boxes):
        raise BadMedia("broken_boxes", "The index (moov) claims an absurd size")


def _listed(file: BinaryIO, start: int, end: int) -> list[Box]:
    boxes: list[Box] = []
    while start < end:
        file.seek(start)
        boxes.append(_box(file.read(min(16, end - start)), start, end))
        start = boxes[-1].end
        if len(boxes) > MAX_BOXES:
            raise BadMedia("broken_boxes", "The file has too many boxes")
    return boxes


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
