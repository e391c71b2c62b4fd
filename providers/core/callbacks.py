"""Callbacks of vendors. A callback only names a task: it makes the portal poll, and the poll decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Callback", "CallbackForged", "Notice", "name_of"]

NAME = re.compile(r"[!-~]{1,200}")
MOST = 10**20


class CallbackForged(Exception):
    """The signature that this account's callbacks must carry is missing, wrong or old."""


@dataclass(frozen=True, kw_only=True)
class Callback:
    """What came in at an account's callback address. Header names are lower case; `fields` is `raw` read as a JSON object."""

    raw: bytes = field(default=b"", repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a callback says: the vendor's task, our reference if it has it, and the answer that the vendor expects."""

    submission_id: str = ""
    reference: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)


def name_of(*values: object) -> str:
    """Return the first of these that can be an id (printable ASCII without blanks, or a number), else an empty text."""
    for one in values:
        text = str(one) if type(one) is int and 0 < one < MOST else one
        if isinstance(text, str) and NAME.fullmatch(text):
            return text
    return ""
