"""Kinds over TLS: at the hello and the certificate, where nothing can have been paid, and below TLS after a paid request counted."""

from __future__ import annotations

from tests.hostile.kinds import ALWAYS, Stage, kind
from tests.hostile.talk import Talk, render

RAW_502 = render(502, [("Content-Type", "text/html")], b"<html>502 Bad Gateway</html>")


@kind(Stage.CONNECT, tls=True)
def hello_close(talk: Talk) -> None:
    """Close after the hello. Unpaid."""
    talk.connection.recv(65_536)


@kind(Stage.CONNECT, tls=True)
def hello_reset(talk: Talk) -> None:
    """Reset after the hello. Unpaid."""
    talk.connection.recv(65_536)
    talk.reset()


@kind(Stage.CONNECT, tls=True)
def hello_hang(talk: Talk) -> None:
    """Say nothing to the hello. Unpaid."""
    talk.connection.recv(65_536)
    talk.hang()


@kind(Stage.CONNECT, tls=True)
def hello_plaintext(talk: Talk) -> None:
    """Answer the hello with a raw 502. Unpaid."""
    talk.connection.recv(65_536)
    talk.say(RAW_502)


@kind(Stage.CONNECT, tls=True)
def hello_alert(talk: Talk) -> None:
    """Answer the hello with an alert (handshake_failure). Unpaid."""
    talk.connection.recv(65_536)
    talk.say(b"\x15\x03\x03\x00\x02\x02\x28")


@kind(Stage.CONNECT, tls=True)
def hello_junk(talk: Talk) -> None:
    """Answer the hello with junk. Unpaid."""
    talk.connection.recv(65_536)
    talk.say(bytes(range(255, 0, -1)))


@kind(Stage.REFUSED, tls=True, certificate="strange", times=ALWAYS)
def certificate_strange(talk: Talk) -> None:
    """Show a certificate that nobody trusts. Unpaid: the client must not come this far."""
    talk.answer(b"{}")


@kind(Stage.REFUSED, tls=True, certificate="expired", times=ALWAYS)
def certificate_expired(talk: Talk) -> None:
    """Show a certificate that has ended. Unpaid: the client must not come this far."""
    talk.answer(b"{}")


@kind(Stage.REFUSED, tls=True, certificate="elsewhere", times=ALWAYS)
def certificate_of_another_host(talk: Talk) -> None:
    """Show another host's certificate. Unpaid: the client must not come this far."""
    talk.answer(b"{}")


@kind(Stage.PAID, tls=True, times=ALWAYS)
def tls_plaintext_502(talk: Talk) -> None:
    """Send a raw 502 below the established TLS, every time. Paid."""
    talk.plaintext(RAW_502)


@kind(Stage.PAID, tls=True)
def tls_junk(talk: Talk) -> None:
    """Send junk below the established TLS. Paid."""
    talk.plaintext(bytes(range(255, 0, -1)) * 4)


@kind(Stage.PAID, tls=True)
def tls_bad_record(talk: Talk) -> None:
    """Send a record that cannot be deciphered. Paid."""
    talk.plaintext(b"\x17\x03\x03\x00\x40" + b"\x00" * 64)


@kind(Stage.PAID, tls=True)
def tls_alert(talk: Talk) -> None:
    """Send an alert in plaintext (handshake_failure) after the request. Paid."""
    talk.plaintext(b"\x15\x03\x03\x00\x02\x02\x28")


@kind(Stage.PAID, tls=True)
def tls_close(talk: Talk) -> None:
    """Close without a word, and without close_notify. Paid."""


@kind(Stage.PAID, tls=True)
def tls_reset(talk: Talk) -> None:
    """Reset after the request. Paid."""
    talk.reset()


@kind(Stage.PAID, tls=True)
def tls_half_then_close(talk: Talk) -> None:
    """Close in the middle of the body, without close_notify and without a length. Paid."""
    body = talk.good.body
    talk.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n", body[: len(body) // 2])


@kind(Stage.PAID, tls=True)
def tls_hang(talk: Talk) -> None:
    """Say nothing past the read timeout. Paid."""
    talk.hang()


@kind(Stage.PAID, tls=True)
def tls_good(talk: Talk) -> None:
    """Answer well over TLS: that the certificate is trusted shows in this row. Paid."""
    talk.relay()


@kind(Stage.ASK, tls=True, times=2)
def tls_ask_plaintext(talk: Talk) -> None:
    """Send a raw 502 below TLS at a poll. Paid."""
    talk.plaintext(RAW_502)
