"""NAL units of H.264 and HEVC as mp4 and Matroska hold them: each after its length (ISO/IEC 14496-15)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Units", "units_of"]

HEVC_SETS = frozenset({32, 33, 34})
"""Kinds of units: video, sequence and picture parameter set."""
THREE_ZEROS = bytes(3)
HOLE = re.compile(rb"\0\0\0+[^\0]|\0{256}")
"""Three zeros in a row occur in no unit (ITU-T H.264 and H.265, 7.4.1); careless writers leave a few at its end."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """How to read the units of one track, from its decoder configuration record (avcC or hvcC)."""

    is_hevc: bool
    record: bytes
    length_bytes: int

    def has_hole(self, picture: bytes) -> bool:
        """Return whether coded pixels are interrupted by zeros, which decoders may not notice."""
        # Nearly no unit has three zeros, and this finds that out ten times as fast as the pattern.
        return any(THREE_ZEROS in unit and self._is_pixels(unit) and HOLE.search(unit) for unit in self._split(picture))

    def are_sets_in_record(self) -> bool:
        """Return whether the record of an HEVC track has each kind of parameter set."""
        kinds, at = set(), 23
        for _ in range(self.record[22] if len(self.record) > 22 else 0):
            kinds.add(self.record[at] & 0x3F if at < len(self.record) else 0)
            count, at = int.from_bytes(self.record[at + 1 : at + 3]), at + 3
            for _ in range(count):
                at += 2 + int.from_bytes(self.record[at : at + 2])
        return kinds >= HEVC_SETS and at <= len(self.record)

    def are_sets_among(self, pictures: Iterable[bytes]) -> bool:
        """Return whether an HEVC track has parameter sets among its pictures too."""
        return any(unit[0] >> 1 & 0x3F in HEVC_SETS for picture in pictures for unit in self._split(picture))

    def _split(self, picture: bytes) -> Iterator[bytes]:
        at = 0
        while at + self.length_bytes < len(picture):
            start = at + self.length_bytes
            at = start + int.from_bytes(picture[at:start])
            if at > start:
                yield picture[start:at]

    def _is_pixels(self, unit: bytes) -> bool:
        return unit[0] >> 1 & 0x3F < 32 if self.is_hevc else 1 <= unit[0] & 0x1F <= 5


def units_of(codec: str, record: bytes | None) -> Units | None:
    """Return how to read a track's units, or None if it has none or its record is not one."""
    if codec not in {"h264", "hevc"} or not record or record[0] != 1 or len(record) < (23 if codec == "hevc" else 5):
        return None
    return Units(is_hevc=codec == "hevc", record=record, length_bytes=(record[21 if codec == "hevc" else 4] & 3) + 1)
