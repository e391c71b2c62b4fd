"""Who sees a row, and who may act on it. What you may not see does not exist for you."""

from __future__ import annotations

from typing import Self, TypeVar

from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import AnonymousUser, User
from django.db import models

__all__ = ["OwnedQuerySet", "may_act_on", "may_change_all"]

M = TypeVar("M", bound=models.Model)


class OwnedQuerySet(models.QuerySet[M]):
    """Rows that belong to a person (`owner`)."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Staff see everything; others see their own."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(owner=user)


def may_change_all(user: User | AnonymousUser, model: type[models.Model]) -> bool:
    """Return whether this person may act on everybody's rows: staff with the permission to change them, and superusers."""
    opts = model._meta  # noqa: SLF001 - public in Django, whatever its name
    return user.is_staff and user.has_perm(f"{opts.app_label}.{get_permission_codename('change', opts)}")


def may_act_on(row: models.Model, user: User | AnonymousUser) -> bool:
    """Return whether this person owns the row or may change everybody's. Being staff alone lets people look, not act."""
    return row.owner_id == user.pk or may_change_all(user, type(row))  # type: ignore[attr-defined]
