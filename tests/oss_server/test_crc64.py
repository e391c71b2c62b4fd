from __future__ import annotations

from tools.oss_server.crc64 import Crc64, combine


def crc_of(data: bytes) -> int:
    total = Crc64()
    total.update(data)
    return total.value


def test_the_check_value_is_that_of_the_standard():
    assert crc_of(b"123456789") == 0x995DC9BBDF1939FA  # CRC-64/XZ in the catalogue of parametrised CRCs


def test_the_sums_of_pieces_make_the_sum_of_the_whole():
    data = bytes(range(256)) * 5

    for cut in (0, 1, 2, 255, 256, 1000, len(data)):
        assert combine(crc_of(data[:cut]), crc_of(data[cut:]), len(data) - cut) == crc_of(data)
