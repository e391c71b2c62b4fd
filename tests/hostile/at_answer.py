"""Kinds that spoil the frame of the answer to a paid request that counted: nothing, a cut, a hang, broken lengths and chunks."""

from __future__ import annotations

import time

from tests.hostile.kinds import ALWAYS, Stage, declare, kind
from tests.hostile.talk import PAST_PATIENCE_S, Talk, render

JSON = ("Content-Type", "application/json")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


@kind(Stage.PAID)
def paid_close(talk: Talk) -> None:
    """Close without a word. Paid."""


@kind(Stage.PAID)
def paid_reset(talk: Talk) -> None:
    """Reset without a word. Paid."""
    talk.reset()


@kind(Stage.PAID)
def paid_hang(talk: Talk) -> None:
    """Say nothing past the read timeout. Paid."""
    talk.hang()


@kind(Stage.PAID)
def paid_late(talk: Talk) -> None:
    """Give the good answer after the read timeout. Paid."""
    time.sleep(PAST_PATIENCE_S)
    talk.relay()


@kind(Stage.PAID)
def paid_drip(talk: Talk) -> None:
    """Give the good answer a byte at a time, each well within the read timeout. Paid."""
    for byte in render(200, talk.good.headers, talk.good.body):
        talk.say(bytes([byte]))
        time.sleep(0.05)


@kind(Stage.PAID)
def paid_head_then_hang(talk: Talk) -> None:
    """Send the headers and no body, past the read timeout. Paid."""
    talk.say(HEAD, b"Content-Length: 100\r\n\r\n")
    talk.hang()


@kind(Stage.PAID)
def paid_half_then_reset(talk: Talk) -> None:
    """Reset in the middle of the body. Paid."""
    whole = render(200, talk.good.headers, talk.good.body)
    talk.say(whole[:-5])
    time.sleep(0.05)
    talk.reset()


@kind(Stage.PAID)
def status_line_cut(talk: Talk) -> None:
    """Close in the middle of the status line. Paid."""
    talk.say(b"HTTP/1.1 20")


@kind(Stage.PAID)
def status_line_garbage(talk: Talk) -> None:
    """Send bytes that are no HTTP. Paid."""
    talk.say(bytes(range(256)) * 4)


@kind(Stage.PAID)
def status_not_a_number(talk: Talk) -> None:
    """Send a status that is no number. Paid."""
    talk.say(b"HTTP/1.1 OK 200\r\nContent-Length: 2\r\n\r\n{}")


@kind(Stage.PAID)
def status_999(talk: Talk) -> None:
    """Send the good body under a status that does not exist. Paid."""
    talk.say(render(999, [JSON], talk.good.body))


@kind(Stage.PAID)
def http_09(talk: Talk) -> None:
    """Send the body alone, as HTTP/0.9 did. Paid."""
    talk.say(talk.good.body)


@kind(Stage.PAID)
def http_2_preface(talk: Talk) -> None:
    """Answer with a SETTINGS frame of HTTP/2. Paid."""
    talk.say(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x00\xff\xff\x00\x05\x00\x00\x40\x00")


@kind(Stage.PAID)
def continue_then_close(talk: Talk) -> None:
    """Say 100 Continue after the whole request, then close. Paid."""
    talk.say(b"HTTP/1.1 100 Continue\r\n\r\n")


@kind(Stage.PAID)
def continue_then_good(talk: Talk) -> None:
    """Say 100 Continue after the whole request, then give the good answer. Paid."""
    talk.say(b"HTTP/1.1 100 Continue\r\n\r\n")
    talk.relay()


@kind(Stage.PAID)
def early_hints_storm(talk: Talk) -> None:
    """Send 300 interim answers, then close. Paid."""
    talk.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 300)


@kind(Stage.PAID)
def switching_protocols(talk: Talk) -> None:
    """Answer 101 Switching Protocols. Paid."""
    talk.say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")


@kind(Stage.PAID, times=ALWAYS)
def two_lengths(talk: Talk) -> None:
    """Send two Content-Length headers that differ, every time. Paid."""
    size = len(talk.good.body)
    talk.say(HEAD, f"Content-Length: {size}\r\nContent-Length: {size + 7}\r\n\r\n".encode(), talk.good.body)


@kind(Stage.PAID)
def length_twice(talk: Talk) -> None:
    """Send the right Content-Length twice. Paid."""
    line = f"Content-Length: {len(talk.good.body)}\r\n".encode()
    talk.say(HEAD, line, line, b"\r\n", talk.good.body)


def _length(name: str, summary: str, value: str) -> None:
    def act(talk: Talk) -> None:
        talk.say(render(200, [JSON], talk.good.body, length=value.format(size=len(talk.good.body), short=len(talk.good.body) // 2)))

    declare(f"length-{name}", Stage.PAID, f"{summary} Paid.", act)


_length("too-long", "Promise more bytes than come.", "9{size}")
_length("too-short", "Promise half of the bytes.", "{short}")
_length("zero", "Promise no body, and send one.", "0")
_length("negative", "Promise a negative length.", "-{size}")
_length("not-a-number", "Promise a length that is no number.", "many")
_length("in-hex", "Promise a length in hexadecimal.", "0x{size:x}")
_length("endless", "Promise more than fits into 64 bits.", "99999999999999999999999")


def _chunked(name: str, summary: str, raw: bytes) -> None:
    def act(talk: Talk) -> None:
        size = f"{len(talk.good.body):x}".encode()
        talk.say(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", raw.replace(b"SIZE", size).replace(b"BODY", talk.good.body))

    declare(f"chunk-{name}", Stage.PAID, f"{summary} Paid.", act)


_chunked("good", "Send the good answer in a chunk.", b"SIZE\r\nBODY\r\n0\r\n\r\n")
_chunked("size-bad", "Send a chunk whose size is no number.", b"zz\r\nBODY\r\n0\r\n\r\n")
_chunked("size-negative", "Send a chunk of a negative size.", b"-5\r\nBODY\r\n0\r\n\r\n")
_chunked("size-huge", "Announce a chunk of 16 EiB.", b"ffffffffffffffff\r\nBODY")
_chunked("cut", "Close before the last chunk.", b"SIZE\r\nBODY\r\n")
_chunked("cut-inside", "Close inside a chunk.", b"FFFF\r\nBODY")
_chunked("missing", "Say chunked, and send the body bare.", b"BODY")


@kind(Stage.PAID)
def chunked_and_length(talk: Talk) -> None:
    """Send chunks and a Content-Length that contradicts them. Paid."""
    size = f"{len(talk.good.body):x}\r\n".encode()
    talk.say(HEAD, b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", size, talk.good.body, b"\r\n0\r\n\r\n")


@kind(Stage.PAID)
def doubled_answer(talk: Talk) -> None:
    """Send the good answer twice. Paid."""
    talk.relay()
    talk.relay()


@kind(Stage.PAID)
def answer_of_502_then_good(talk: Talk) -> None:
    """Send a 502 with the good answer right behind it. Paid."""
    talk.answer(b"<html>502</html>", 502, kind="text/html")
    talk.relay()


@kind(Stage.PAID)
def too_large(talk: Talk) -> None:
    """Send a body of 8 MiB and a byte. Paid."""
    talk.answer(talk.good.body + b" " * (8 * 1024 * 1024 + 1))
