"""Deliveries and notices that are old enough to be deleted."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from database.batches import first_id
from webhooks.models import Delivery, Notice, State

__all__ = ["old_deliveries", "old_notices"]


def old_deliveries(before: datetime) -> QuerySet[Delivery]:
    """Return the deliveries of before this time that are not going to be sent any more."""
    return Delivery.objects.filter(pk__lt=first_id(before)).exclude(state=State.PENDING)


def old_notices(before: datetime) -> QuerySet[Notice]:
    """Return the notices of before this time, read or not."""
    return Notice.objects.filter(pk__lt=first_id(before))
