"""Kinds whose answer to a paid request that counted is good but for the id: it is odd, gone, or another's."""

from __future__ import annotations

import json
from typing import Any

from tests.hostile.kinds import Stage, declare, kind
from tests.hostile.talk import Talk

NAMES = {"task_id", "id", "history_record_id"}
"""What the vendors call an accepted render's id."""
MISSING = object()


def with_id(value: Any, put: Any) -> Any:
    """Return an answer with another id wherever one is, or without."""
    if isinstance(value, list):
        return [with_id(item, put) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: put if name in NAMES else with_id(item, put) for name, item in value.items()}
    return {name: item for name, item in changed.items() if item is not MISSING}


def _odd(name: str, summary: str, put: Any) -> None:
    def act(talk: Talk) -> None:
        talk.answer(json.dumps(with_id(json.loads(talk.good.body), put)).encode(), talk.good.status)

    declare(f"id-{name}", Stage.PAID, f"{summary} Paid.", act)


_odd("missing", "Leave the id out.", MISSING)
_odd("empty", "Give an empty id.", "")
_odd("blanks", "Give an id of blanks.", "   ")
_odd("inner-blank", "Give an id with a blank in it.", "abc def")
_odd("crlf", "Give an id with CR and LF.", "abc\r\nX-Other: 1")
_odd("nul", "Give an id with NUL.", "abc\x00def")
_odd("path", "Give an id that leads elsewhere.", "../../x?y#z")
_odd("address", "Give an address as id.", "http://127.0.0.1:9/x")
_odd("true", "Give true as id.", True)
_odd("false", "Give false as id.", False)
_odd("true-word", "Give the word True as id.", "True")
_odd("none-word", "Give the word None as id.", "None")
_odd("null-word", "Give the word null as id.", "null")
_odd("zero", "Give 0 as id.", 0)
_odd("minus-one", "Give -1 as id.", -1)
_odd("fraction", "Give a fraction as id.", 1.5)
_odd("null", "Give null as id.", None)
_odd("list", "Give a list as id.", ["a"])
_odd("object", "Give an object as id.", {"value": "a"})
_odd("long", "Give an id of 10,000 characters.", "x" * 10_000)
_odd("emoji", "Give an emoji as id.", "🎬")
_odd("percent", "Give an id of percent signs.", "%2e%2e%2f%00")
_odd("unknown", "Give a plain id that the vendor does not know.", "a1b2c3d4e5f6a7b8c9")

_earlier: dict[str, bytes] = {}


@kind(Stage.PAID)
def id_of_another(talk: Talk) -> None:
    """Give the answer of the first render that was accepted at this path. Paid."""
    first = _earlier.setdefault(talk.request.path, talk.good.body)
    talk.answer(first, talk.good.status)
