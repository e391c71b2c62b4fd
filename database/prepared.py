"""A query that is asked again and again: its SQL is built once in each process, because building it takes longer than the answer."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, models

__all__ = ["Prepared"]

M = TypeVar("M", bound=models.Model)


class Prepared(Generic[M]):
    """The query that `build` returns for any values. It must hold each of the `examples`, which are texts and UUIDs, as it is given."""

    def __init__(self, build: Callable[..., models.QuerySet[M]], *examples: str | UUID) -> None:
        self.build, self.examples = build, examples

    @cached_property
    def _built(self) -> tuple[models.QuerySet[M], Any, str, tuple[Any, ...]]:
        rows = self.build(*self.examples)
        compiler = rows.query.get_compiler(using=rows.db)
        return rows, compiler, *compiler.as_sql()

    def rows(self, *values: str | UUID) -> list[M]:
        """Return the rows for these values in place of the examples."""
        rows, built, sql, params = self._built
        sent = {_as_sent(example): _as_sent(value) for example, value in zip(self.examples, values, strict=True)}
        compiler, asked = copy(built), rows.all()
        compiler.connection = connection  # this thread's
        compiler.as_sql = lambda: (sql, tuple(sent.get(param, param) for param in params))
        asked.query.get_compiler = lambda using: compiler  # type: ignore[method-assign, assignment, misc] # noqa: ARG005
        return list(asked)


def _as_sent(value: str | UUID) -> str | UUID:
    return value if isinstance(value, str) or connection.features.has_native_uuid_field else value.hex
