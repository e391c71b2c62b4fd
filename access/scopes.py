"""What a token may be used for. Each operation of the API asks for one scope; a person at a page has all of them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["USUAL_SCOPES", "Scope"]


class Scope(models.TextChoices):
    READ = "read", _("Read tasks, videos, models and prices")
    GENERATE = "generate", _("Order, cancel and retry tasks")
    MANAGE_VIDEOS = "manage_videos", _("Edit, delete, restore and share videos")
    MANAGE_TOKENS = "manage_tokens", _("Manage own tokens, webhooks and preferences")
    ADMIN = "admin", _("Act as an administrator, where the owner is one")


USUAL_SCOPES = (Scope.READ, Scope.GENERATE, Scope.MANAGE_VIDEOS)
"""What a new token has unless somebody chooses: a leaked one makes no others and decides nothing."""
