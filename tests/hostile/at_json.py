"""Kinds that spoil the body of the answer to a paid request that counted: encodings, broken and odd JSON."""

from __future__ import annotations

import json

from tests.hostile.kinds import Stage, declare, kind
from tests.hostile.talk import Talk


def _body(name: str, summary: str, body: bytes, status: int = 200, content_type: str = "application/json") -> None:
    """BODY in it is the good one."""

    def act(talk: Talk) -> None:
        talk.answer(body.replace(b"BODY", talk.good.body), status, kind=content_type)

    declare(f"json-{name}", Stage.PAID, f"{summary} Paid.", act)


_body("empty-200", "Answer 200 with nothing.", b"")
_body("html-200", "Answer 200 with a page.", b"<!doctype html><html><body>Welcome</body></html>", content_type="text/html")
_body("twice", "Send two JSON documents.", b"BODY\nBODY")
_body("trailing", "Send words behind the JSON.", b"BODY and more")
_body("prefix", "Send the prefix against script inclusion before the JSON.", b")]}',\nBODY")
_body("bom", "Send the good answer behind a byte order mark.", b"\xef\xbb\xbfBODY")
_body("invalid-utf8", "Send bytes that are not UTF-8 before the JSON.", b'{"a": "\xff\xfe"} BODY')
_body("null", "Answer null.", b"null")
_body("list", "Send the good answer in a list.", b"[BODY]")
_body("string", "Answer a JSON string.", b'"ok"')
_body("number", "Answer a number.", b"42")
_body("nan", "Answer an object of NaN and Infinity.", b'{"code": NaN, "data": Infinity, "id": -Infinity, "task_id": NaN, "output": NaN}')
_body("empty-object", "Answer an empty object.", b"{}")
_body("deep", "Answer 20,000 nested lists.", b"[" * 20_000 + b"]" * 20_000)
_body("form", "Answer as a form.", b"task_id=1&code=0", content_type="application/x-www-form-urlencoded")
_body("event-stream", "Answer as an event stream.", b"data: BODY\n\ndata: [DONE]\n\n", content_type="text/event-stream")
_body("xml", "Answer in XML.", b"<response><code>0</code></response>", content_type="application/xml")


@kind(Stage.PAID)
def json_204(talk: Talk) -> None:
    """Answer 204. Paid."""
    talk.say(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


@kind(Stage.PAID)
def json_202_empty(talk: Talk) -> None:
    """Answer 202 with nothing. Paid."""
    talk.answer(b"", 202)


@kind(Stage.PAID)
def json_utf16(talk: Talk) -> None:
    """Send the good answer in UTF-16. Paid."""
    talk.answer(talk.good.body.decode().encode("utf-16"))


@kind(Stage.PAID)
def json_cut(talk: Talk) -> None:
    """Send a well-framed half of the good JSON. Paid."""
    talk.answer(talk.good.body[: len(talk.good.body) // 2])


@kind(Stage.PAID)
def json_doubled_keys(talk: Talk) -> None:
    """Send each key of the good answer twice, first with null. Paid."""
    body = json.loads(talk.good.body)
    pairs = [f"{json.dumps(key)}: null" for key in body] + [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in body.items()]
    talk.answer(("{" + ", ".join(pairs) + "}").encode())


@kind(Stage.PAID)
def json_doubled_keys_last_null(talk: Talk) -> None:
    """Send each key of the good answer twice, last with null. Paid."""
    body = json.loads(talk.good.body)
    pairs = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in body.items()] + [f"{json.dumps(key)}: null" for key in body]
    talk.answer(("{" + ", ".join(pairs) + "}").encode())


@kind(Stage.PAID)
def json_values_null(talk: Talk) -> None:
    """Send the good answer's keys, all values null. Paid."""
    talk.answer(json.dumps(dict.fromkeys(json.loads(talk.good.body))).encode())


@kind(Stage.PAID)
def json_values_listed(talk: Talk) -> None:
    """Send the good answer's values each in a list. Paid."""
    talk.answer(json.dumps({key: [value] for key, value in json.loads(talk.good.body).items()}).encode())


@kind(Stage.PAID)
def json_long_number(talk: Talk) -> None:
    """Add a number of 6,000 digits to the good answer. Paid."""
    talk.answer(b'{"more": ' + b"9" * 6000 + b", " + talk.good.body.lstrip()[1:])


@kind(Stage.PAID)
def json_half_surrogate(talk: Talk) -> None:
    """Add half a surrogate pair and NUL to the good answer. Paid."""
    talk.answer(b'{"more": "\\ud800 \\u0000", ' + talk.good.body.lstrip()[1:])
