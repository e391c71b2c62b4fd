"""One method says who sees what. What you may not see does not exist for you."""

from __future__ import annotations

from typing import Self, TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db import models

M = TypeVar("M", bound=models.Model)


class OwnedQuerySet(models.QuerySet[M]):
    """Rows that belong to a person (`owner`)."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Staff see everything; others see their own."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_staff else self.filter(owner=user)
