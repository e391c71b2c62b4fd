"""Asks the index which entries have all of some words, the newest first: FTS5 on SQLite, GIN on PostgreSQL (docs/adr/0058)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from django.db import connection

from library.alike import FARTHEST, Like, distance, pictures_of
from library.models import Entry
from library.terms import Asked

__all__ = ["BLOCK", "LAST", "Question", "count_of", "distances_of", "entries_of"]

BLOCK = 4096
"""How many entries have the same block on PostgreSQL. The index of library/migrations/0003 has this number."""
WINDOWS = (4, 16)
"""Blocks in one query on PostgreSQL; the last number repeats. One query over many blocks costs far more than several over 16."""
FEW = 5_000
"""If the rest has at most so many matches, one query asks for all of it. The blocks that were read are taken as typical, so a word
that is common only among old videos costs as much as it has matches."""
TERMS = f"array_to_tsvector(string_to_array(rtrim('b:' || seq / {BLOCK} || ' ' || terms), ' '))"
INDEXED = 3
"""The length of the prefixes in SQLite's index (library/migrations/0003)."""
MOST_FORMS = 64
"""A prefix of more words than this is left to FTS5."""
WORDS_FROM = """
WITH RECURSIVE word(text) AS (
  SELECT (SELECT term FROM library_vocabulary WHERE term >= %s LIMIT 1)
  UNION ALL
  SELECT (SELECT term FROM library_vocabulary WHERE term >= word.text || char(1) LIMIT 1) FROM word WHERE word.text < %s LIMIT %s
)
SELECT text FROM word WHERE text < %s
"""
"""Lists the words in a range, going from word to word: the vocabulary has a row for each word of each entry, which DISTINCT would read."""
LAST = 2**62
MOST_COMPARED = 20_000
"""So many entries, the newest that have a word of the pictures, are compared."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Words that an entry must have: of each group at least one. `low` <= seq < `high`. With `like`, the words of its pictures are one of
    the groups, and what has them is compared.
    """

    groups: tuple[tuple[Asked, ...], ...]
    low: int = 0
    high: int = LAST
    like: Like | None = None


def entries_of(question: Question, count: int, *, before: int | None = None, after: int | None = None) -> list[int]:
    """Return the `seq` of at most `count` entries: the newest below `before`, or the oldest above `after`, which come in this order."""
    up = after is not None
    low, high = max(question.low, after + 1 if after is not None else 0), min(question.high, before if before is not None else LAST)
    if low >= high:
        return []
    if question.like is None:
        return _found(question, count, low, high, up=up)
    found = _found(question, MOST_COMPARED, low, high, up=up) if question.like.pictures else []
    near = distances_of(question.like, found)
    return [seq for seq in found if seq in near][:count]


def count_of(question: Question, most: int) -> int:
    """Return how many entries have the words, at most `most`."""
    return len(entries_of(question, most))


def distances_of(like: Like, entries: Sequence[int]) -> dict[int, int]:
    """Return in how many bits those of these entries that look like the video differ from it; the video itself is not one of them."""
    rows = Entry.objects.filter(seq__in=entries).exclude(video=like.video).values_list("seq", "video__quality")
    bits = {seq: distance(like.pictures, pictures_of(quality)) for seq, quality in rows}
    return {seq: differ for seq, differ in bits.items() if differ <= FARTHEST}


def _found(question: Question, count: int, low: int, high: int, *, up: bool) -> list[int]:
    """Return what the index finds."""
    if connection.vendor == "sqlite":
        sql = "SELECT rowid FROM library_words WHERE library_words MATCH %s AND rowid >= %s AND rowid < %s"
        return _rows(f"{sql} ORDER BY rowid {'ASC' if up else 'DESC'} LIMIT %s", [_match(question), low, high, count])
    found, seen, high, asked = list[int](), 0, min(high, _end()), "%s::tsquery"
    if question.like:  # a planner that sees how many words a picture has takes them for half of all rows, and reads the whole table
        asked = "(SELECT %s::tsquery)"
    sql = f"WITH found AS MATERIALIZED (SELECT seq FROM library_entry WHERE {TERMS} @@ {asked}) SELECT seq FROM found"  # noqa: S608
    sql += f" WHERE seq >= %s AND seq < %s ORDER BY seq {'ASC' if up else 'DESC'} LIMIT %s"
    for size in chain(WINDOWS, repeat(WINDOWS[-1])):
        if low >= high or len(found) == count:
            break
        is_rare = question.like or (len(found) + 1) * (high - low) <= FEW * seen
        first, end, blocks = (low, high, range(0)) if is_rare else _window(low, high, size, up=up)
        found += _rows(sql, [_tsquery(question, blocks), first, end, count - len(found)])
        low, high = (end, high) if up else (low, first)
        seen += end - first
    return found


def _match(question: Question) -> str:
    """Return the question in FTS5's language. Each word is a string there, so nothing in it is an operator."""
    groups = ([found for one in group for found in _alternatives(one)] for group in question.groups)
    return " AND ".join(f"({' OR '.join(group)})" for group in groups)


def _alternatives(one: Asked) -> list[str]:
    """Return the FTS5 strings that match a word of a search. A prefix longer than those in the index becomes its words, if they are few:
    FTS5 reads all entries of such a prefix before it returns the newest.
    """
    if one.begins and len(one.text) > INDEXED:
        end = f"{one.text}{chr(sys.maxunicode)}"
        words = _rows(WORDS_FROM, [one.text, end, MOST_FORMS + 1, end])
        if 0 < len(words) <= MOST_FORMS:
            return [_quoted(word) for word in words]
    return [_quoted(one.text) + " *" * one.begins]


def _quoted(text: str) -> str:
    return f'"{_doubled(text, chr(34))}"'


def _tsquery(question: Question, blocks: Iterable[int]) -> str:
    """Return the question as PostgreSQL's tsquery, for these blocks only; for no block, for all."""
    groups = [[f"'{_doubled(one.text, chr(39), chr(92))}'" + ":*" * one.begins for one in group] for group in question.groups]
    if within := [f"'b:{block}'" for block in blocks]:
        groups.append(within)
    return " & ".join(f"({' | '.join(group)})" for group in groups)


def _window(low: int, high: int, size: int, *, up: bool) -> tuple[int, int, range]:
    """Return the next part to read of low <= seq < high: its first `seq`, the end (not with it), and its blocks."""
    if up:
        block = low // BLOCK
        return low, min(high, (block + size) * BLOCK), range(block, block + size)
    block = (high - 1) // BLOCK + 1
    return max(low, (block - size) * BLOCK), high, range(max(0, block - size), block)


def _end() -> int:
    newest = Entry.objects.order_by("-seq").values_list("seq", flat=True).first()
    return newest + 1 if newest is not None else 0


def _rows(sql: str, params: list[Any]) -> list[Any]:
    """Return what the query has in its only column."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [value for (value,) in cursor.fetchall()]


def _doubled(text: str, *characters: str) -> str:
    for one in characters:
        text = text.replace(one, one * 2)
    return text
