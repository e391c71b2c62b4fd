"""Notices: those that every page shows, and the mailboxes and chats that get events."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User
from django.urls import reverse

from access.callers import Caller
from access.rights import may
from database import clock
from providers.messages import translated
from web.presenters.webhooks import EndpointRow, endpoint_row, types_of
from webhooks.models import SIGNED, Endpoint
from webhooks.notices import unread

__all__ = ["NoticeRow", "Way", "notices_of", "ways_of"]

MOST = 3


@dataclass(frozen=True, kw_only=True)
class NoticeRow:
    """A notice in the bar."""

    id: UUID
    text: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Way:
    """A mailbox or a chat on the Notices page. `test_url` is empty if the person may not send a test."""

    row: EndpointRow
    types: str
    test_url: str


def notices_of(user: User) -> list[NoticeRow]:
    """Return the newest notices that the person has not dismissed; the next ones follow when they have."""
    return [NoticeRow(id=one.pk, text=translated(one.message), href=one.url) for one in unread(user)[:MOST]]


def ways_of(caller: Caller) -> list[Way]:
    """Return the person's own mailboxes and chats, and those of their teams."""
    now = clock.now()
    rows = Endpoint.objects.filter(Endpoint.objects.all().shown_to(caller)).exclude(kind__in=SIGNED).select_related("team", "owner")
    return [
        Way(
            row=endpoint_row(row, now),
            types=types_of(row),
            test_url=reverse("webhook-ping", args=[row.pk]) if row.enabled and may(caller, "act", row) else "",
        )
        for row in rows
    ]
