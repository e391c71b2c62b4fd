"""Reads vendors' task ids. An id that cannot be one must not be kept: the task would look gone, though it is paid."""

from __future__ import annotations

import re
from collections.abc import Iterable

from providers.core.errors import UnexpectedReply

__all__ = ["NO_IDS", "first_id", "id_of"]

ID = re.compile(r"[A-Za-z0-9_=+~@$!*|:.\-]*[A-Za-z0-9][A-Za-z0-9_=+~@$!*|:.\-]*")
"""Numbers, UUIDs, `cgt-2026...`, `task_...`, `video_...` and base64 for URLs. No blank, `/`, `?`, `#`, `%`, comma, backslash."""
NO_IDS = frozenset({"true", "false", "none", "null", "nil", "nan", "undefined", "0"})
"""What programs write for a missing id."""
MOST = 10**20


def id_of(value: object, what: str = "task id", *, or_number: bool = False) -> str:
    """Return the id; `UnexpectedReply` for what cannot be one. Numbers are ids only where the vendor writes them so."""
    text = str(value) if or_number and type(value) is int and 0 < value < MOST else value
    if not isinstance(text, str) or not ID.fullmatch(text) or text.lower() in NO_IDS:
        raise UnexpectedReply(f"The vendor's answer has no usable {what}.")
    return text


def first_id(values: Iterable[object], what: str = "task id", *, or_number: bool = False) -> str:
    """Return the first of these that is an id; `UnexpectedReply` when none is."""
    for value in values:
        try:
            return id_of(value, what, or_number=or_number)
        except UnexpectedReply:
            continue
    raise UnexpectedReply(f"The vendor's answer has no usable {what}.")
