"""What an administrator decides about a chat endpoint: that prompts may be sent to it, or no longer."""

from __future__ import annotations

from django.db import transaction

from access.callers import Caller
from database import clock
from events import audit
from prompts.models import ChatEndpoint

__all__ = ["agree", "withdraw"]


@transaction.atomic
def agree(endpoint: ChatEndpoint, *, by: Caller) -> bool:
    """Let prompts be sent to it from now on. Return False if they may be already."""
    changed = ChatEndpoint.objects.filter(pk=endpoint.pk, agreed_at=None).update(agreed_at=clock.now(), agreed_by=by.user)
    if changed:
        audit.record("chat_endpoint.agreed", endpoint, by=by, after={"base_url": endpoint.base_url, "model": endpoint.model})
    return bool(changed)


@transaction.atomic
def withdraw(endpoint: ChatEndpoint, *, by: Caller) -> bool:
    """Send no more prompts to it. Return False if none were."""
    changed = ChatEndpoint.objects.filter(pk=endpoint.pk, agreed_at__isnull=False).update(agreed_at=None, agreed_by=None)
    if changed:
        audit.record("chat_endpoint.withdrawn", endpoint, by=by)
    return bool(changed)
