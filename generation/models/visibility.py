"""Rows that belong to a person, narrowed to what a caller may see (access/rights.py)."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from access.callers import Caller
from access.rights import may

__all__ = ["OwnedQuerySet", "shared_with", "team_index"]

M = TypeVar("M", bound=models.Model)


class OwnedQuerySet(models.QuerySet[M]):
    """Rows that belong to a person (`owner`)."""

    def visible_to(self, caller: Caller) -> Self:
        """Return what the caller may see."""
        return self if may(caller, "see", self.model) else self.filter(self.shown_to(caller))

    def shown_to(self, caller: Caller) -> Q:
        """Return the condition for what a member sees. Who is in no team gets the condition of an owner alone."""
        mine = Q(owner=caller.user)
        return mine | Q(team__in=sorted(caller.teams)) if caller.teams else mine

    def one_for(self, caller: Caller, pk: Any) -> M | None:
        """Return the row if the caller may see it. The owner's own row costs no question about teams."""
        row = self.filter(pk=pk).first()
        return row if row is not None and may(caller, "see", row) else None


def shared_with() -> models.ForeignKey[Any, Any]:
    """Return the column of the team whose members see the row; null: nobody but its owner and staff."""
    return models.ForeignKey(
        "auth.Group", models.SET_NULL, null=True, blank=True, db_index=False, related_name="+", verbose_name=_("shared with")
    )


def team_index(name: str) -> models.Index:
    """Return the index that finds the newest rows of a team; rows that nobody shares are not in it."""
    return models.Index(fields=["team", "-id"], name=name, condition=Q(team__isnull=False))
