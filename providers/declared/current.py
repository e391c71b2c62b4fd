"""The declared models as they are now, for every process: read from the database at most once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import DatabaseError, connection

from providers.core.catalog import ModelSpec
from providers.declared.models import DeclaredModel

__all__ = ["declared_models", "forget", "keep"]


@dataclass(frozen=True)
class _Reading:
    """`rows` are those from which the models were made; `at_s` is the monotonic time of the reading; a stale one is not used again."""

    at_s: float
    rows: list[tuple[str, ...]]
    models: Mapping[str, ModelSpec]
    stale: bool = False


class _Kept:
    reading: _Reading | None = None
    lock = threading.Lock()


def declared_models() -> Mapping[str, ModelSpec]:
    """Return the models by name, as they were at most `settings.DECLARED_MODELS_KEPT_S` seconds ago: the same mapping until they change."""
    kept = _Kept.reading
    if kept and not kept.stale and time.monotonic() - kept.at_s <= settings.DECLARED_MODELS_KEPT_S:
        return kept.models
    if not _Kept.lock.acquire(blocking=kept is None or kept.stale):
        return kept.models if kept else {}
    try:
        _Kept.reading = reading = _read(_Kept.reading)
    finally:
        _Kept.lock.release()
    return reading.models


def forget() -> None:
    """Read again at the next use: this process changed a row."""
    if _Kept.reading:
        _Kept.reading = replace(_Kept.reading, stale=True)


def keep(models: Mapping[str, ModelSpec]) -> None:
    """Use these as the current models until the next reading."""
    _Kept.reading = _Reading(time.monotonic(), [], models)


def _read(before: _Reading | None) -> _Reading:
    at_s = time.monotonic()
    try:
        found = list(DeclaredModel.objects.order_by("pk"))
    except DatabaseError:
        if before:
            return replace(before, at_s=at_s)  # the caller's own query will find out that the database is away
        if DeclaredModel._meta.db_table in connection.introspection.table_names():  # noqa: SLF001 - public in Django
            raise
        return _Reading(at_s, [], {})  # before the first migration
    rows = [tuple(repr(getattr(row, field.attname)) for field in row._meta.concrete_fields) for row in found]  # noqa: SLF001
    if before and before.rows == rows:
        return _Reading(at_s, rows, before.models)
    return _Reading(at_s, rows, {row.name: spec for row in found if (spec := row.spec)})
