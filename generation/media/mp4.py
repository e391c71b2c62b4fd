"""The mp4 container, read in pure Python: whether its boxes make sense, and the generation record that we wrote into it.

Nothing is decoded here and no native library is loaded, so this may run on any bytes in any process.
Boxes: ISO/IEC 14496-12; the `mdta` metadata (keys, ilst): QuickTime File Format, "Metadata".
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["RECORD_TAG", "BadMedia", "Box", "check_boxes", "is_faststart", "read_record"]

RECORD_TAG = "videoportal"
MAX_BOXES = 200_000
MAX_MOOV_BYTES = 64 * 1024 * 1024


class BadMedia(Exception):
    """These bytes are not a whole video. `code` is a stable slug; `retryable` says that another try on the same bytes may pass."""

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


@dataclass(frozen=True, kw_only=True)
class Box:
    """One box: where its payload starts and ends in the file."""

    kind: str
    start: int
    end: int


def check_boxes(path: Path) -> list[Box]:
    """The top-level boxes, or BadMedia when they do not fill the file exactly or one that a video needs is missing."""
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
    """Whether a player finds the index before the pictures."""
    kinds = [box.kind for box in boxes]
    return kinds.index("moov") < kinds.index("mdat")


def read_record(path: Path) -> dict[str, Any] | None:
    """The generation record inside a file that `prepare_video` made; None when there is none or it cannot be read."""
    try:
        with path.open("rb") as file:
            text = _tag(file, path.stat().st_size, RECORD_TAG)
        record = json.loads(text) if text is not None else None
    except (BadMedia, OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _require(boxes: list[Box]) -> None:
    kinds = {box.kind for box in boxes}
    if "moov" not in kinds:
        raise BadMedia("no_moov", "The file has no index (moov)")
    if "mdat" not in kinds:
        raise BadMedia("no_mdat", "The file has no pictures (mdat)")
    if any(box.kind == "moov" and box.end - box.start > MAX_MOOV_BYTES for box in boxes):
        raise BadMedia("broken_boxes", "The index (moov) claims an absurd size")


def _listed(file: BinaryIO, start: int, end: int) -> list[Box]:
    boxes = []
    for box in _walk(file, start, end):
        boxes.append(box)
        if len(boxes) > MAX_BOXES:
            raise BadMedia("broken_boxes", "The file has too many boxes")
    return boxes


def _walk(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    while start < end:
        file.seek(start)
        head = file.read(min(16, end - start))
        box = _box(head, start, end)
        yield box
        start = box.end


def _box(head: bytes, start: int, end: int) -> Box:
    if len(head) < 8:
        raise BadMedia("cut", "The file ends inside a box header")
    size, header = int.from_bytes(head[:4]), 8
    if size == 1:
        size, header = int.from_bytes(head[8:16]), 16
    elif size == 0:  # the last box may run to the end
        size = end - start
    # Apple's item and tag names start with a copyright sign or are numbers; at the levels read here neither appears broken.
    if size < header or head[4:8] == bytes(4):
        raise BadMedia("broken_boxes", "A box lies about its size")
    if start + size > end:
        raise BadMedia("cut", "The file ends before its last box does")
    return Box(kind=head[4:8].decode("latin-1"), start=start + header, end=start + size)


def _child(file: BinaryIO, parent: Box, kind: str, skip: int = 0) -> Box | None:
    return next((box for box in _walk(file, parent.start + skip, parent.end) if box.kind == kind), None)


def _tag(file: BinaryIO, size: int, name: str) -> str | None:
    """The text under a key of moov/udta/meta or moov/meta."""
    moov = _child(file, Box(kind="", start=0, end=size), "moov")
    if moov is None or moov.end - moov.start > MAX_MOOV_BYTES:
        return None
    udta = _child(file, moov, "udta")
    meta = (_child(file, udta, "meta") if udta else None) or _child(file, moov, "meta")
    if meta is None:
        return None
    skip = _full_box_bytes(file, meta)
    keys, values = _child(file, meta, "keys", skip), _child(file, meta, "ilst", skip)
    if keys is None or values is None or name not in (names := _key_names(file, keys)):
        return None
    return _value(file, values, names.index(name) + 1)


def _full_box_bytes(file: BinaryIO, meta: Box) -> int:
    """ISO files have four bytes of version and flags before the children of `meta`, QuickTime files do not."""
    file.seek(meta.start)
    return 0 if file.read(8)[4:] == b"hdlr" else 4


def _key_names(file: BinaryIO, keys: Box) -> list[str]:
    entries = _walk(file, keys.start + 8, keys.end)
    return [_payload(file, entry).decode("utf-8", "replace") for entry in entries]


def _value(file: BinaryIO, values: Box, index: int) -> str | None:
    wanted = index.to_bytes(4).decode("latin-1")
    item = _child(file, values, wanted)
    data = _child(file, item, "data") if item else None
    return _payload(file, data)[8:].decode("utf-8") if data else None


def _payload(file: BinaryIO, box: Box) -> bytes:
    file.seek(box.start)
    return file.read(box.end - box.start)
