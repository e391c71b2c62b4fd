"""What the trial orders: accounts of every vendor and surface at a kind's listener, and tasks for them."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle

from django.contrib.auth.models import User
from django.utils import timezone

from generation.models import GenerationTask
from generation.ordering.create import create
from generation.ordering.order import Order
from providers.accounts.clients import set_credentials
from providers.models import ProviderAccount
from tests.hostile.surfaces import MODELS, SURFACES

__all__ = ["open_accounts", "order"]

_models = {vendor: cycle(models) for vendor, models in MODELS.items()}


def open_accounts(vendor: str, kind: str, base_url: str) -> None:
    """Send this vendor's tasks to this kind's listener from now on, and nowhere else. The accounts are in cooldown until the
    wave's first step, so that no task starts before it.
    """
    ProviderAccount.objects.filter(vendor=vendor).update(enabled=False)
    for number, (surface, path, credentials) in enumerate(SURFACES[vendor]):
        account = ProviderAccount(
            vendor=vendor,
            surface=surface,
            label=f"{vendor} {kind} {number}",
            base_url=f"{base_url}/{path}",
            sandbox=True,
            max_in_flight=10_000,
            submits_per_minute=100_000,
            polls_per_second=1000,
            connect_timeout_s=1,
            read_timeout_s=1,
            cooldown_until=timezone.now() + timedelta(hours=1),
        )
        set_credentials(account, credentials)
        account.save()


def order(owner: User, vendor: str, kind: str, number: int) -> GenerationTask:
    """Create a task of the vendor's next model. Its prompt gives the server kind and number."""
    return create(Order(owner=owner, model=next(_models[vendor]), prompt=f"hostile {kind} {number:06d} a kite over the sea")).task
