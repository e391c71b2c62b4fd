"""Kinds that strike a connection before any request was read, without TLS: nothing can have been paid."""

from __future__ import annotations

from tests.hostile.kinds import Stage, kind
from tests.hostile.talk import Talk, render


@kind(Stage.CONNECT)
def connect_close(talk: Talk) -> None:
    """Close right after the accept. Unpaid."""


@kind(Stage.CONNECT)
def connect_reset(talk: Talk) -> None:
    """Reset right after the accept. Unpaid."""
    talk.reset()


@kind(Stage.CONNECT)
def connect_early_502(talk: Talk) -> None:
    """Answer 502 before anything was asked, and close. Unpaid."""
    talk.say(render(502, [("Content-Type", "text/html")], b"<html>Bad Gateway</html>"))


@kind(Stage.CONNECT)
def connect_early_junk(talk: Talk) -> None:
    """Greet like another protocol, and close. Unpaid."""
    talk.say(b"220 mail.example ESMTP ready\r\n")
