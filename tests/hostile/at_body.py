"""Kinds that strike before the paid request counts: while it is read, or when it was read whole. Nothing is done, nothing is billed."""

from __future__ import annotations

import time

from tests.hostile.kinds import Stage, declare, kind
from tests.hostile.talk import PAST_PATIENCE_S, Talk

PAGE = b"<html><head><title>Bad Gateway</title></head><body>nginx</body></html>"


@kind(Stage.SENDING)
def body_reset(talk: Talk) -> None:
    """Reset while the paid request is read. Unpaid."""
    talk.reset()


@kind(Stage.SENDING)
def body_close(talk: Talk) -> None:
    """Close while the paid request is read. Unpaid."""


@kind(Stage.SENDING)
def body_never_read(talk: Talk) -> None:
    """Never read the paid request, past the read timeout. Unpaid."""
    time.sleep(PAST_PATIENCE_S)  # it lies unread, so that nothing shows when the client has gone


@kind(Stage.SENDING)
def body_early_413(talk: Talk) -> None:
    """Refuse the size before the body was read, and close. Unpaid."""
    talk.answer(b"<html>413 Request Entity Too Large</html>", 413, kind="text/html")


@kind(Stage.SENDING)
def body_continue_then_close(talk: Talk) -> None:
    """Say 100 Continue, then close. Unpaid."""
    talk.say(b"HTTP/1.1 100 Continue\r\n\r\n")


@kind(Stage.REFUSED)
def free_close(talk: Talk) -> None:
    """Read the request whole, then close; nothing was done. Unpaid."""


@kind(Stage.REFUSED)
def free_reset(talk: Talk) -> None:
    """Read the request whole, then reset; nothing was done. Unpaid."""
    talk.reset()


@kind(Stage.REFUSED)
def free_hang(talk: Talk) -> None:
    """Read the request whole, then say nothing past the read timeout. Unpaid."""
    talk.hang()


@kind(Stage.REFUSED)
def free_502(talk: Talk) -> None:
    """A proxy's 502; the vendor never saw the request. Unpaid."""
    talk.answer(PAGE, 502, kind="text/html")


def _refused(fault: str, summary: str, times: int = 1) -> None:
    def act(talk: Talk) -> None:
        reply = talk.forward(("X-Sim-Fault", fault))
        talk.answer(reply.body, reply.status, *[pair for pair in reply.headers if pair[0].lower() == "retry-after"])

    declare(f"free-{fault}", Stage.REFUSED, f"{summary}, in the vendor's own words. Unpaid.", act, times=times)


_refused("rate-limit", "Refuse for the rate, twice", 2)
_refused("quota", "Refuse for the balance")
_refused("auth", "Refuse the key")
_refused("bad-param", "Refuse a setting")
_refused("refuse", "Refuse the prompt")
_refused("5xx-before", "Answer with the vendor's own server error, though nothing was accepted")


def _redirect(status: int) -> None:
    def act(talk: Talk) -> None:
        talk.answer(b"", status, ("Location", talk.request.target))

    declare(f"free-redirect-{status}", Stage.REFUSED, f"Redirect ({status}) to the paid path itself: paid only if followed. Unpaid.", act)


def _redirect_abroad(status: int) -> None:
    def act(talk: Talk) -> None:
        talk.answer(b"", status, ("Location", f"{talk.other}{talk.request.target}"))

    summary = f"Redirect ({status}) to the paid path on another host: paid only if followed. Unpaid."
    declare(f"free-redirect-{status}-abroad", Stage.REFUSED, summary, act)


for _status in (301, 302, 303, 307, 308):
    _redirect(_status)
    _redirect_abroad(_status)
