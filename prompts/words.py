"""The words of a text. Pure."""

from __future__ import annotations

import re

__all__ = ["words_of"]

WORD = re.compile(r"[^\W\d_\u3400-\u9fff]{3,}|[\u3400-\u9fff]{2,}")


def words_of(text: str) -> set[str]:
    """Return its words in small letters. Chinese is written without spaces: each pair of neighbours counts as a word."""
    found: set[str] = set()
    for run in WORD.findall(text.casefold()):
        is_chinese = "\u3400" <= run[0] <= "\u9fff"
        found.update(run[at : at + 2] for at in range(len(run) - 1)) if is_chinese else found.add(run)
    return found
