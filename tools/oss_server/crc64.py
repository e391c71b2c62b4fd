"""CRC-64 of the vendor: ECMA-182, reflected (its check value is 0x995dc9bbdf1939fa). The fast loop is that of crcmod, compiled."""

from __future__ import annotations

import crcmod

__all__ = ["Crc64", "combine"]

_POLYNOMIAL = 0x142F0E1EBA9EA3693
_REFLECTED = 0xC96C5795D7870F42


class Crc64:
    """A running sum: `update(bytes)`, then `value`."""

    def __init__(self) -> None:
        self._sum = crcmod.Crc(_POLYNOMIAL, initCrc=0, rev=True, xorOut=0xFFFFFFFFFFFFFFFF)

    def update(self, data: bytes) -> None:
        self._sum.update(data)

    @property
    def value(self) -> int:
        return int(self._sum.crcValue)


def combine(first: int, second: int, second_bytes: int) -> int:
    """Return the sum of two pieces, one after the other, from their sums and the length of the second.

    To append n zero bytes is a linear map over GF(2): a matrix of 64 rows, squared for each bit of n.
    """
    if not second_bytes:
        return first
    shift = [_REFLECTED] + [1 << bit for bit in range(63)]  # one zero bit
    for _ in range(3):  # one zero byte
        shift = _squared(shift)
    remaining = second_bytes
    while remaining:
        if remaining & 1:
            first = _applied(shift, first)
        remaining >>= 1
        if remaining:
            shift = _squared(shift)
    return first ^ second


def _applied(matrix: list[int], vector: int) -> int:
    total = 0
    for row in matrix:
        if not vector:
            break
        if vector & 1:
            total ^= row
        vector >>= 1
    return total


def _squared(matrix: list[int]) -> list[int]:
    return [_applied(matrix, row) for row in matrix]
