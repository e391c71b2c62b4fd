"""Whether the elements of a Matroska or WebM file are valid (RFC 9559, on EBML, RFC 8794). Pure Python, as `mp4`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from generation.media.errors import BadMedia

__all__ = ["EBML", "Matroska", "check_elements"]

EBML = bytes.fromhex("1a45dfa3")
HEADER, DOC_TYPE, SEGMENT = 0x1A45DFA3, 0x4282, 0x18538067
TRACKS, CLUSTER = 0x1654AE6B, 0x1F43B675
IN_CLUSTERS = frozenset({0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0xAF, 0x5854, 0xEC, 0xBF})
"""Timestamp, SimpleBlock, BlockGroup, Position, PrevSize, EncryptedBlock, SilentTracks, Void, CRC-32."""
MAX_ELEMENTS = 2_000_000
MAX_HEADER_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Element:
    """One element, and where its payload starts and ends in the file; `end` is None where the file does not say."""

    kind: int
    start: int
    end: int | None


@dataclass(frozen=True, kw_only=True)
class Matroska:
    """What the elements say: WebM or another kind of Matroska, and whether a missing end would show."""

    is_webm: bool
    is_cut_visible: bool


def check_elements(path: Path) -> Matroska:
    """Walk the segment and its clusters. Raises BadMedia if an element is cut, lies about its size or is missing.

    Bytes behind a segment of stated size are ignored. A live recording states no size: its clusters are walked to the end of the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = _element(file, 0, size)
        if header.kind != HEADER or header.end is None or header.end - header.start > MAX_HEADER_BYTES:
            raise BadMedia("broken_boxes", "The file has no readable header")
        is_webm = _doc_type(file, header) == b"webm"
        segment = _element(file, header.end, size)
        if segment.kind != SEGMENT:
            raise BadMedia("broken_boxes", "The file has no segment")
        kinds = set(_walked(file, segment.start, segment.end or size))
    if not {TRACKS, CLUSTER} <= kinds:
        raise BadMedia("no_video", "The file has no tracks or no pictures")
    return Matroska(is_webm=is_webm, is_cut_visible=segment.end is not None)


def _doc_type(file: BinaryIO, header: Element) -> bytes:
    at = header.start
    assert header.end is not None
    while at < header.end:
        element = _element(file, at, header.end)
        if element.end is None:
            break
        if element.kind == DOC_TYPE:
            file.seek(element.start)
            return file.read(element.end - element.start).rstrip(b"\0")
        at = element.end
    return b"matroska"


def _walked(file: BinaryIO, start: int, end: int) -> Iterator[int]:
    """Yield the kinds of a segment's elements, and go through its clusters, which must be made of their own elements."""
    cluster_end: int | None = None
    in_cluster, seen = False, 0
    while start < end:
        element = _element(file, start, cluster_end or end)
        seen += 1
        if seen > MAX_ELEMENTS:
            raise BadMedia("broken_boxes", "The file has too many elements")
        if in_cluster and element.kind not in IN_CLUSTERS:
            if cluster_end is not None:
                raise BadMedia("broken_boxes", "A cluster has an element that belongs elsewhere")
            in_cluster = False
        if not in_cluster:
            yield element.kind
        if element.kind == CLUSTER:
            in_cluster, cluster_end, start = True, element.end, element.start
        elif element.end is None:
            raise BadMedia("broken_boxes", "An element does not say where it ends")
        else:
            start = element.end
        if start == cluster_end:
            in_cluster, cluster_end = False, None


def _element(file: BinaryIO, at: int, end: int) -> Element:
    file.seek(at)
    head = file.read(min(12, end - at))
    if not head:
        raise BadMedia("cut", "The file ends where an element is due")
    kind_bytes = 9 - head[0].bit_length()
    if kind_bytes > 4:
        raise BadMedia("broken_boxes", "An element has no name")
    rest = head[kind_bytes:]
    size_bytes = 9 - rest[0].bit_length() if rest else 1
    if size_bytes > 8:
        raise BadMedia("broken_boxes", "An element lies about its size")
    if len(rest) < size_bytes:
        raise BadMedia("cut", "The file ends inside the header of an element")
    unknown = (1 << 7 * size_bytes) - 1
    length, start = int.from_bytes(rest[:size_bytes]) & unknown, at + kind_bytes + size_bytes
    kind = int.from_bytes(head[:kind_bytes])
    if length == unknown:
        return Element(kind=kind, start=start, end=None)
    if start + length > end:
        raise BadMedia("cut", "The file ends before its last element does")
    return Element(kind=kind, start=start, end=start + length)
