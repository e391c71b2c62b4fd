"""Notices: sentences that every page shows a person until they dismiss them."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet

from database import clock
from providers.core.messages import Message
from webhooks.models import Notice

__all__ = ["dismiss", "notify", "unread", "withdraw"]


def notify(owner_id: int, message: Message, *, url: str = "") -> None:
    """Write a notice to this person, in the caller's transaction. `url` is the page that has more."""
    assert connection.in_atomic_block, "a notice is written together with what it is about"
    Notice.objects.create(owner_id=owner_id, message=message, url=url, created_at=clock.now())


def withdraw(owner_id: int, url: str) -> None:
    """Dismiss this person's notices that lead to this page, because what they report is over."""
    Notice.objects.filter(owner_id=owner_id, url=url, read_at=None).update(read_at=clock.now())


def unread(user: User) -> QuerySet[Notice]:
    """Return the notices that this person has not dismissed, newest first."""
    return Notice.objects.filter(owner=user, read_at=None)


def dismiss(user: User, pk: UUID) -> bool:
    """Dismiss a notice of this person. Return whether it was theirs and not dismissed."""
    return bool(unread(user).filter(pk=pk).update(read_at=clock.now()))
