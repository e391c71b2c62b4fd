"""The files that rows name, in the order of the rows: what should be in the media storage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from database.batches import first_id
from generation.models import Asset, Video

__all__ = ["NamedFile", "count_rows", "is_named", "named_files", "position_of", "rows_after"]

AT_ONCE = 500
KINDS: dict[str, type[Any]] = {"video": Video, "asset": Asset}
"""The tables with keys, in the order of a walk."""
NAMES: dict[type[Any], Q] = {Video: Q(copy_of=None), Asset: Q()}
"""Which rows are walked: copies of a video are skipped, because they share its files."""


@dataclass(frozen=True, kw_only=True)
class NamedFile:
    """One file of a row. Posters and previews have no hash; their `sha256` is empty and `size_bytes` unknown."""

    key: str
    row: Video | Asset
    sha256: str = ""
    size_bytes: int | None = None


def rows_after(position: str, *, since: datetime | None = None) -> Iterator[Video | Asset]:
    """Yield the rows that name files, oldest first, from behind this position (`position_of`; empty: from the start)."""
    reached, _, last = position.partition(":")
    for kind, model in KINDS.items():
        if [*KINDS].index(kind) < [*KINDS].index(reached or "video"):
            continue
        newer = _newer(since)
        after = Q(pk__gt=UUID(last)) if kind == reached else Q()
        while chunk := list(model.objects.filter(NAMES[model], newer, after).exclude(file="").order_by("pk")[:AT_ONCE]):
            yield from chunk
            after = Q(pk__gt=chunk[-1].pk)


def count_rows(*, since: datetime | None = None) -> int:
    """Return how many rows name files."""
    return sum(model.objects.filter(NAMES[model], _newer(since)).exclude(file="").count() for model in KINDS.values())


def position_of(row: Video | Asset) -> str:
    """Return the text from which a walk continues behind this row."""
    return f"{'video' if isinstance(row, Video) else 'asset'}:{row.pk}"


def named_files(row: Video | Asset) -> list[NamedFile]:
    """Return the files that the row names."""
    main = NamedFile(key=row.file, row=row, sha256=row.sha256, size_bytes=row.size_bytes)
    others = row.keys if isinstance(row, Video) else []
    return [main, *(NamedFile(key=key, row=row) for key in others if key and key != row.file)]


def is_named(file: NamedFile) -> bool:
    """Return whether the row still names this file: it may have been deleted since it was read."""
    row = type(file.row).objects.filter(pk=file.row.pk).first()
    if row is None or (isinstance(row, Video) and row.purged_at and not row.copies.filter(purged_at=None).exists()):
        return False
    return any(one.key == file.key for one in named_files(row))


def _newer(since: datetime | None) -> Q:
    return Q(pk__gte=first_id(since)) if since else Q()
