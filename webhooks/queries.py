"""Endpoints and deliveries that a caller may see."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.callers import Caller
from generation.errors import NotThere
from webhooks.models import Delivery, Endpoint

__all__ = ["deliveries_of", "the_delivery", "the_endpoint"]


def the_endpoint(caller: Caller, pk: UUID) -> Endpoint:
    """Return the endpoint. Raises `NotThere`."""
    endpoint: Endpoint | None = Endpoint.objects.visible_to(caller).select_related("owner", "team").filter(pk=pk).first()
    if endpoint is None:
        raise NotThere(_("There is no such endpoint."))
    return endpoint


def the_delivery(caller: Caller, pk: UUID) -> Delivery:
    """Return the delivery with its endpoint. Raises `NotThere`."""
    seen = Endpoint.objects.visible_to(caller)
    delivery = Delivery.objects.select_related("endpoint__owner").filter(endpoint__in=seen, pk=pk).first()
    if delivery is None:
        raise NotThere(_("There is no such delivery."))
    return delivery


def deliveries_of(endpoint: Endpoint, *, state: str = "", type: str = "") -> QuerySet[Delivery]:  # noqa: A002
    """Return its deliveries, without their bodies; only those in this state and of this public type, if given."""
    rows = Delivery.objects.filter(endpoint=endpoint).defer("body", "reply")
    if state:
        rows = rows.filter(state=state)
    return rows.filter(type=type) if type else rows
