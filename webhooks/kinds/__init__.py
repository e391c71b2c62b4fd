"""Kinds of endpoint: programs get signed JSON, people get a text in a chat or by e-mail."""

from __future__ import annotations

from django.conf import settings

from webhooks.kinds.chats import CHATS
from webhooks.models import Kind

__all__ = ["offered_kinds"]


def offered_kinds() -> list[str]:
    """Return the kinds that this installation can send to: chats and e-mail only where they are set up."""
    kinds = [Kind.WEBHOOK, Kind.CALLBACK]
    if settings.CHAT_NOTICES:
        kinds += CHATS
    if settings.MAIL_NOTICES:
        kinds.append(Kind.EMAIL)
    return [str(kind) for kind in kinds]
