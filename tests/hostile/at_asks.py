"""Kinds that answer the paid request well, or lose its answer once, and misbehave when they are asked about it, or at the download."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any
from zlib import crc32

from tests.hostile.kinds import ALWAYS, Stage, declare, kind
from tests.hostile.talk import Talk, render

PAGE = b"<html>502 Bad Gateway</html>"
WORDS = {"task_status", "status", "state"}
"""What the vendors call a render's state."""
SUCCESS = {"succeed", "succeeded", "success", "completed", "done"}
Act = Callable[[Talk], None]


def _say(body: bytes, status: int = 200, content_type: str = "application/json") -> Act:
    def act(talk: Talk) -> None:
        talk.answer(body, status, kind=content_type)

    return act


def _reset(talk: Talk) -> None:
    talk.reset()


def _close(talk: Talk) -> None:
    """Nothing is said."""


def _hang(talk: Talk) -> None:
    talk.hang()


def _gone(talk: Talk) -> None:
    """Ask the simulator about an id that it does not know, and give its answer: the vendor's own words."""
    body = talk.request.body
    target, renamed = re.subn(r"/[A-Za-z0-9_-]{12,}(?=$|\?)", "/0000-nobody-0000", talk.request.target)
    if not renamed and b"task_id" not in body:
        talk.is_idle = True
        talk.relay()
        return
    other = re.sub(rb'("task_id":\s*)"[^"]+"', rb'\1"0000-nobody-0000"', body)
    if other != body:  # a signature covers the body
        talk.answer(json.dumps({"code": 50501, "message": "task not found", "data": {"status": "not_found"}}).encode(), 200)
        return
    reply = talk.forward(target=target)
    talk.answer(reply.body, reply.status)


def _half_of(act: Act) -> Act:
    """Only for half of the renders: so the vendor is seen to know the others."""

    def sometimes(talk: Talk) -> None:
        if crc32(talk.request.target.encode() + talk.request.body) % 2:
            act(talk)
        else:
            talk.is_idle = True
            talk.relay()

    return sometimes


def _with_word(value: Any, put: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_with_word(item, put) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: put(item) if name in WORDS and isinstance(item, str) and item.lower() in SUCCESS else _with_word(item, put)
        for name, item in value.items()
    }


def _in_other_words(put: Callable[[str], str]) -> Act:
    def act(talk: Talk) -> None:
        try:
            body = json.loads(talk.good.body)
        except ValueError:
            body = None
        other = _with_word(body, put)
        talk.is_idle = other == body
        if talk.is_idle:
            talk.relay()
        else:
            talk.answer(json.dumps(other).encode(), talk.good.status)

    return act


def _without_addresses(talk: Talk) -> None:
    body = re.sub(rb'"https?://[^"]*/media/[^"]*"', b"null", talk.good.body)
    talk.is_idle = body == talk.good.body
    talk.answer(body, talk.good.status)


def _asks(name: str, summary: str, act: Act, times: int = 2) -> None:
    declare(f"ask-{name}", Stage.ASK, f"{summary} Paid.", act, times=times)


_asks("close", "Close at a poll.", _close)
_asks("reset", "Reset at a poll.", _reset)
_asks("hang", "Hang at a poll.", _hang, 1)
_asks("html", "Answer a poll with a page.", _say(PAGE, content_type="text/html"))
_asks("500", "Answer a poll with 500.", _say(b'{"code": "do_request_failed", "message": "upstream"}', 500))
_asks("500-always", "Answer every poll with 500, until the deadline.", _say(b"oops", 500, "text/plain"), ALWAYS)
_asks("empty", "Answer a poll with nothing.", _say(b""))
_asks("empty-object", "Answer a poll with an empty object.", _say(b"{}"))
_asks("null", "Answer a poll with null.", _say(b"null"))
_asks("401", "Refuse the key at polls, as a proxy would.", _say(b"<html>401</html>", 401, "text/html"))
_asks("403-always", "Refuse every poll with a firewall's page.", _say(b"<html>blocked</html>", 403, "text/html"), ALWAYS)
_asks("404-page-always", "Answer every poll with a proxy's 404, until the deadline.", _say(b"<html>404</html>", 404, "text/html"), ALWAYS)
_asks("400-unknown-always", "Refuse every poll with a body that no table has, until the deadline.", _say(b'{"oops": 1}', 400), ALWAYS)
_asks("new-api-code", "Answer a poll with a gateway's code.", _say(b'{"code": "fail_to_fetch_task", "message": "try later", "data": null}'))
_asks("new-api-code-500", "The same under 500.", _say(b'{"code": "get_task_failed", "message": "try later"}', 500))
_asks("429", "Answer polls with 429.", _say(b'{"error": {"code": "rate_limit", "message": "slow down"}}', 429))
_asks("redirect", "Redirect a poll to a broken address.", lambda talk: talk.answer(b"", 302, ("Location", "http://[::1")))
_asks("too-large", "Answer a poll with 8 MiB and a byte.", _say(b" " * (8 * 1024 * 1024 + 1)))
_asks("gone", "Deny the render twice, in the vendor's own words.", _gone)
_asks("gone-always", "Deny half of the renders at every poll, in the vendor's own words.", _half_of(_gone), ALWAYS)
_asks("word-upper", "Say success in capitals.", _in_other_words(str.upper), ALWAYS)
_asks("word-title", "Say success with a capital.", _in_other_words(str.title), ALWAYS)
_asks("word-unknown", "Say success in an unknown word, until the deadline.", _in_other_words(lambda _: "HOORAY"), ALWAYS)
_asks("word-blank", "Say success as an empty word, until the deadline.", _in_other_words(lambda _: ""), ALWAYS)
_asks("no-address", "Say success twice without an address.", _without_addresses)
_asks("no-address-always", "Say success without an address, until the deadline.", _without_addresses, ALWAYS)


def _look_ups(name: str, summary: str, act: Act, times: int = 2) -> None:
    declare(f"look-up-{name}", Stage.LOOK_UP, f"Lose the answer, then: {summary} Paid.", act, times=times)


_look_ups("reset", "reset at questions.", _reset)
_look_ups("hang", "hang at a question.", _hang, 1)
_look_ups("html", "answer questions with a page.", _say(PAGE, content_type="text/html"))
_look_ups("500-always", "answer every question with 500.", _say(b"oops", 500, "text/plain"), ALWAYS)
_look_ups("404-always", "answer every question with a proxy's 404.", _say(b"<html>404</html>", 404, "text/html"), ALWAYS)
_look_ups("empty-object", "answer every question with an empty object.", _say(b"{}"), ALWAYS)
_look_ups("gone", "deny the render twice, in the vendor's own words.", _gone)


def _downloads(name: str, summary: str, act: Act, times: int = 1) -> None:
    declare(f"download-{name}", Stage.DOWNLOAD, f"{summary} Paid.", act, times=times)


_downloads("reset", "Reset at the download.", _reset)
_downloads("html", "Give a page instead of the video.", _say(b"<html>login</html>", content_type="text/html"))
_downloads("500", "Answer the download with 500.", _say(b"oops", 500))
_downloads("empty", "Give an empty file.", _say(b"", content_type="video/mp4"))
_downloads("junk", "Give bytes that are no video.", _say(bytes(50_000), content_type="video/mp4"))


@kind(Stage.DOWNLOAD)
def download_cut(talk: Talk) -> None:
    """Cut the video in the middle. Paid."""
    whole = render(talk.good.status, talk.good.headers, talk.good.body)
    talk.say(whole[: len(whole) // 2])
    time.sleep(0.05)
    talk.reset()


@kind(Stage.DOWNLOAD)
def download_short(talk: Talk) -> None:
    """Give half of the video as if it were all. Paid."""
    talk.answer(talk.good.body[: len(talk.good.body) // 2], kind="video/mp4")


@kind(Stage.DOWNLOAD)
def download_endless_redirect(talk: Talk) -> None:
    """Redirect the download to itself. Paid."""
    talk.answer(b"", 302, ("Location", talk.request.target))
