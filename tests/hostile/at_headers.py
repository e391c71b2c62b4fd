"""Kinds that spoil the headers of the answer to a paid request that counted: redirects, packing, storms."""

from __future__ import annotations

import gzip
import zlib

from tests.hostile.kinds import ALWAYS, Stage, declare, kind
from tests.hostile.talk import Talk, render

JSON = ("Content-Type", "application/json")


def _raw(talk: Talk, lines: bytes, body: bytes | None = None) -> None:
    """Send the good body, or another one, under header lines that need not be any."""
    sent = talk.good.body if body is None else body
    talk.say(b"HTTP/1.1 200 OK\r\n", lines, f"Content-Length: {len(sent)}\r\nConnection: close\r\n\r\n".encode(), sent)


def _redirect(status: int) -> None:
    def act(talk: Talk) -> None:
        talk.answer(b"", status, ("Location", f"{talk.other}{talk.request.target}"))

    declare(f"paid-redirect-{status}", Stage.PAID, f"Redirect ({status}) to the paid path on another host. Paid; twice if followed.", act)


for _status in (301, 302, 303, 307, 308):
    _redirect(_status)


@kind(Stage.PAID, times=ALWAYS)
def location_not_utf8(talk: Talk) -> None:
    """Redirect (302) to an address that is not UTF-8, every time. Paid."""
    talk.say(b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/\xc3\x28\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@kind(Stage.PAID, times=ALWAYS)
def location_broken_ipv6(talk: Talk) -> None:
    """Redirect (302) to `http://[::1`, every time. Paid."""
    talk.answer(b"", 302, ("Location", "http://[::1"))


@kind(Stage.PAID)
def location_moved_broken(talk: Talk) -> None:
    """Redirect (307) to `http://[::1`. Paid."""
    talk.answer(b"", 307, ("Location", "http://[::1"))


@kind(Stage.PAID)
def location_missing(talk: Talk) -> None:
    """Redirect (302) to nowhere. Paid."""
    talk.answer(b"", 302)


@kind(Stage.PAID)
def gzip_good(talk: Talk) -> None:
    """Send the good answer packed with gzip, unasked. Paid."""
    talk.say(render(200, [JSON, ("Content-Encoding", "gzip")], gzip.compress(talk.good.body)))


@kind(Stage.PAID)
def gzip_cut(talk: Talk) -> None:
    """Send half of a gzip body. Paid."""
    packed = gzip.compress(talk.good.body)
    talk.say(render(200, [JSON, ("Content-Encoding", "gzip")], packed[: len(packed) // 2]))


@kind(Stage.PAID)
def gzip_bomb(talk: Talk) -> None:
    """Send 200 MB of blanks packed into 200 kB. Paid."""
    talk.say(render(200, [JSON, ("Content-Encoding", "gzip")], _bomb()))


def _bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * 1_000_000
    return b"".join([*(packer.compress(block) for _ in range(200)), packer.flush()])


@kind(Stage.PAID)
def gzip_wrong(talk: Talk) -> None:
    """Claim gzip, and send the good answer bare. Paid."""
    talk.say(render(200, [JSON, ("Content-Encoding", "gzip")], talk.good.body))


@kind(Stage.PAID)
def gzip_broken(talk: Talk) -> None:
    """Send a gzip body with wrong bytes in the middle. Paid."""
    packed = bytearray(gzip.compress(talk.good.body))
    packed[12:20] = b"\xff" * 8
    talk.say(render(200, [JSON, ("Content-Encoding", "gzip")], bytes(packed)))


@kind(Stage.PAID)
def brotli_claimed(talk: Talk) -> None:
    """Claim Brotli, which nobody asked for, and send other bytes. Paid."""
    talk.say(render(200, [JSON, ("Content-Encoding", "br")], b"\x0b\x02\x80" + bytes(40)))


@kind(Stage.PAID)
def encoding_unknown(talk: Talk) -> None:
    """Send the good answer under a Content-Encoding that changes nothing. Paid."""
    talk.say(render(200, [JSON, ("Content-Encoding", "aws-chunked")], talk.good.body))


@kind(Stage.PAID)
def header_nul(talk: Talk) -> None:
    """Send a header with NUL in it. Paid."""
    _raw(talk, b"X-Odd: a\x00b\r\n")


@kind(Stage.PAID)
def header_bare_cr(talk: Talk) -> None:
    """Send a header with a bare CR in it. Paid."""
    _raw(talk, b"X-Odd: a\rX-Other: b\r\n")


@kind(Stage.PAID)
def header_very_long(talk: Talk) -> None:
    """Send a header of 200 kB. Paid."""
    _raw(talk, b"X-Long: " + b"a" * 200_000 + b"\r\n")


@kind(Stage.PAID)
def header_thousands(talk: Talk) -> None:
    """Send 5,000 headers. Paid."""
    _raw(talk, b"".join(f"X-{n}: {n}\r\n".encode() for n in range(5000)))


@kind(Stage.PAID)
def header_without_colon(talk: Talk) -> None:
    """Send a header line that is none. Paid."""
    _raw(talk, b"this is no header\r\n")


@kind(Stage.PAID)
def header_not_latin(talk: Talk) -> None:
    """Send a header in UTF-8. Paid."""
    _raw(talk, "X-Odd: 渲染\r\n".encode())


@kind(Stage.PAID)
def cookie_storm(talk: Talk) -> None:
    """Send 90 cookies of 4 kB. Paid."""
    _raw(talk, b"".join(f"Set-Cookie: c{n}={'x' * 4000}\r\n".encode() for n in range(90)))


@kind(Stage.PAID)
def retry_after_odd(talk: Talk) -> None:
    """Answer 503 with a Retry-After that is neither number nor date. Paid."""
    talk.answer(b"busy", 503, ("Retry-After", "-1e999 soon"), kind="text/plain")


@kind(Stage.PAID)
def type_is_image(talk: Talk) -> None:
    """Send the good answer under the Content-Type of an image. Paid."""
    talk.answer(talk.good.body, kind="image/png")
