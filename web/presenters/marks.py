"""Marks in a text what a search found in it."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from library.terms import RUN, plain

__all__ = ["marked"]

BEFORE = 40
"""Characters that are shown before the first hit of a long text."""


def marked(text: str, q: str) -> SafeString:
    """Return the text with its hits in `<mark>`; of a text whose first hit comes late, what is near it."""
    wanted = _pattern(q)
    if wanted is None:
        return escape(text)
    first = wanted.search(text)
    if first and first.start() > 2 * BEFORE:
        text = "…" + text[first.start() - BEFORE :]
    parts, end = [], 0
    for hit in wanted.finditer(text):
        parts += [escape(text[end : hit.start()]), "<mark>", escape(hit[0]), "</mark>"]
        end = hit.end()
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 - its parts are escaped


def _pattern(q: str) -> re.Pattern[str] | None:
    """Return what to mark for a search: its words from their beginning, and of Chinese text the longest parts that it has."""
    found: list[str] = []
    for run in RUN.finditer(plain(q)):
        if run["cjk"]:
            pairs = [run[0][at : at + 2] for at in range(len(run[0]) - 1)]
            found += [re.escape(one) for one in dict.fromkeys([run[0], *pairs])]
        else:
            found.append(rf"\b{re.escape(run[0])}\w*")
    return re.compile("|".join(found), re.IGNORECASE) if found else None
