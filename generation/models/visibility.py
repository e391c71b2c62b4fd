"""One method says who sees what. What you may not see does not exist for you."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows that belong to a person (`owner`)."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Staff see everything; others see their own."""
        if not user.is_authenticated:
            return self.none()
        if getattr(user, "is_staff", False):
            return self
        return self.filter(owner=user)
