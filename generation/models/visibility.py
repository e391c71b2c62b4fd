"""Rows that belong to a person, narrowed to what a caller may see (access/rights.py)."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

from access.callers import Caller
from access.rights import may

__all__ = ["OwnedQuerySet"]

M = TypeVar("M", bound=models.Model)


class OwnedQuerySet(models.QuerySet[M]):
    """Rows that belong to a person (`owner`)."""

    def visible_to(self, caller: Caller) -> Self:
        return self if may(caller, "see", self.model) else self.filter(owner=caller.user)
