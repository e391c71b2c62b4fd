"""Rows that belong to a person, narrowed to what a caller may see (access/rights.py)."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q
from django.db.models.lookups import Exact, In
from django.utils.translation import gettext_lazy as _

from access.callers import Caller
from access.rights import may

__all__ = ["OwnedQuerySet", "named_to_pay", "shared_with", "team_index"]

M = TypeVar("M", bound=models.Model)

MOST_SIDES = 100
"""For how many teams a list has one part for each; SQLite takes at most 500 parts in a statement."""


class _NotByIndex(models.Func):
    """A column of numbers as a value that no index helps to find."""

    template = "+%(expressions)s"
    output_field = models.BigIntegerField()


class OwnedQuerySet(models.QuerySet[M]):
    """Rows that belong to a person (`owner`)."""

    of_team: ClassVar[Q] = Q()
    """The condition for the rows of a team that its members see."""

    def visible_to(self, caller: Caller) -> Self:
        """Return what the caller may see."""
        return self if may(caller, "see", self.model) else self.filter(self.shown_to(caller))

    def shown_to(self, caller: Caller) -> Q:
        """Return the condition for what a member sees. Who is in no team gets the condition of an owner alone."""
        mine = Q(owner=caller.user)
        return mine | Q(self.of_team, team__in=sorted(caller.teams)) if caller.teams else mine

    def shown_among(self, caller: Caller, *, mine: bool = False) -> Q:
        """Return the condition for what the caller sees, or owns, of rows that an index finds by another column. Without statistics SQLite
        would rather read all rows of an owner and a team.
        """
        own = Q(Exact(_NotByIndex("owner_id"), caller.user.pk))
        if mine:
            return own
        if may(caller, "see", self.model):
            return Q()
        return own | Q(self.of_team, In(_NotByIndex("team_id"), sorted(caller.teams))) if caller.teams else own

    def first_for(self, caller: Caller, count: int, *, order: str = "-pk") -> Self:
        """Return the first `count` of these rows, by their ids, that the caller may see.

        An index has the rows of one owner or one team in this order, and none has those of both. So each side gives its own first ones, and
        the first of those are the answer (docs/adr/0037).
        """
        if may(caller, "see", self.model) or not 0 < len(caller.teams) <= MOST_SIDES:
            return self.visible_to(caller).order_by(order)[:count]
        sides = [Q(owner=caller.user), *(Q(self.of_team, team=pk) for pk in caller.teams)]
        everything = self.model._default_manager.order_by().values("pk")  # noqa: SLF001 - public in Django
        # SQLite takes no LIMIT in a part of a UNION, but below one
        found = [everything.filter(pk__in=self.filter(side).order_by(order).values("pk")[:count]) for side in sides]
        return self.filter(pk__in=found[0].union(*found[1:], all=True)).order_by(order)[:count]

    def one_for(self, caller: Caller, pk: Any) -> M | None:
        """Return the row if the caller may see it. The owner's own row costs no question about teams."""
        row = self.filter(pk=pk).first()
        return row if row is not None and may(caller, "see", row) else None


def shared_with() -> models.ForeignKey[Any, Any]:
    """Return the column of the team whose members see the row; null: nobody but its owner and staff."""
    return models.ForeignKey(
        "auth.Group", models.SET_NULL, null=True, blank=True, db_index=False, related_name="+", verbose_name=_("shared with")
    )


def named_to_pay() -> models.ForeignKey[Any, Any]:
    """Return the column of the team that an order named to pay; null: as its owner's preferences say. The ledger has the one that paid."""
    return models.ForeignKey(
        "auth.Group", models.SET_NULL, null=True, blank=True, db_index=False, related_name="+", verbose_name=_("team that pays")
    )


def team_index(name: str) -> models.Index:
    """Return the index that finds the newest rows of a team; rows that nobody shares are not in it."""
    return models.Index(fields=["team", "-id"], name=name, condition=Q(team__isnull=False))
