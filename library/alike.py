"""Which videos look alike: the hashes of their pictures, and the words by which the index finds them (docs/adr/0064). No queries.

`Video.quality` has a hash of 64 bits of three pictures. Two videos are alike if one picture of each differs in at most `FARTHEST` bits.
Every third bit of a hash makes a band. An entry has its bands as words, and a search asks for the bands of its video and for those that
differ from one of them in one bit. So it finds all that differ in up to 5 bits, and most of the others, without comparing every video.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

__all__ = ["FARTHEST", "Like", "asked_of", "distance", "pictures_of", "words_of"]

FARTHEST = 8
BITS, BANDS = 64, 3
FEWEST = 3
"""A band in which fewer bits are set, or not set, is no word: it is that of plain and dark pictures, which are like too many others."""
WIDTHS = [len(range(band, BITS, BANDS)) for band in range(BANDS)]


@dataclass(frozen=True, kw_only=True)
class Like:
    """The video that others are to be like, and its pictures; none if they are plain or were not measured."""

    video: UUID
    pictures: tuple[int, ...]


def pictures_of(quality: Mapping[str, Any] | None) -> tuple[int, ...]:
    """Return the hashes of a video's pictures that can be compared, from `Video.quality`."""
    hashes = dict.fromkeys(int(text, 16) for text in (quality or {}).get("dhash", ()))
    return tuple(one for one in hashes if any(True for _word in words_of([one])))


def words_of(pictures: Iterable[int]) -> Iterable[str]:
    """Yield the words that an entry has of these pictures."""
    for picture in pictures:
        for band, value in enumerate(_bands(picture)):
            if _says_something(band, value):
                yield _word(band, value)


def asked_of(pictures: Iterable[int]) -> Iterable[str]:
    """Yield the words of which those that are like these pictures have at least one."""
    for picture in pictures:
        for band, value in enumerate(_bands(picture)):
            near = [value, *(value ^ 1 << bit for bit in range(WIDTHS[band]))]
            yield from (_word(band, one) for one in near if _says_something(band, one))


def distance(pictures: Sequence[int], others: Sequence[int]) -> int:
    """Return in how many bits the two pictures that are most alike differ; `BITS` where there is nothing to compare."""
    return min(((one ^ other).bit_count() for one in pictures for other in others), default=BITS)


def _bands(picture: int) -> list[int]:
    bits = f"{picture:0{BITS}b}"
    return [int(bits[band::BANDS], 2) for band in range(BANDS)]


def _says_something(band: int, value: int) -> bool:
    return FEWEST <= value.bit_count() <= WIDTHS[band] - FEWEST


def _word(band: int, value: int) -> str:
    return f"p{band}:{value:x}"
