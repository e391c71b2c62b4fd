"""Makes and updates the rows of accounts that the environment gives (`given.py`), when a process starts."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import transaction

from database import clock
from events import audit
from providers.accounts.clients import locked_because, tails_of
from providers.accounts.given import Given, fingerprint_of, reading
from providers.accounts.models import ProviderAccount

__all__ = ["pause_those_gone", "take_accounts"]

log = logging.getLogger("providers.accounts.taking")

PAUSE_S = 300.0
"""The first cooldown of an account without credentials. The worker's free probe prolongs it until they are there."""
PRIORITY = 5
"""Ahead of accounts that were typed in, whose default is 10."""
LONGEST_LABEL = 100


def take_accounts() -> list[ProviderAccount]:
    """Make or update the row of each account that this process read; any number of processes make one. What a person set in the admin
    stays: label, models, weight, limits, whether it is enabled.
    """
    found = reading()
    for problem in found.problems:
        log.warning("%s", problem)
    return [_take(one) for one in found.accounts.values()]


def pause_those_gone() -> None:
    """Let an account whose credentials are not given any more cool down. Its tasks and renders wait; nothing is deleted."""
    for account in ProviderAccount.objects.exclude(source="").filter(cooldown_until=None):
        if why := locked_because(account):
            log.warning("account %s is paused: %s", account, why)
            account.cool_down_for(PAUSE_S, why)


@transaction.atomic
def _take(one: Given) -> ProviderAccount:
    row = ProviderAccount.objects.filter(source=one.source).first() or _new(one)
    row.lock_for_leasing()  # so that the change is later than what was sent before, and of two processes only one finds it
    row.refresh_from_db()
    said: dict[str, Any] = {
        "base_url": one.base_url,
        "fingerprint": fingerprint_of(one),
        "tails": tails_of(one.surface.credentials, one.credentials),
    }
    changed = {name: value for name, value in said.items() if getattr(row, name) != value}
    if changed:
        before = row.base_url
        if "base_url" in changed:
            changed["sandbox"] = _is_simulator(one.base_url)
        for name, value in {**changed, "changed_at": clock.now()}.items():
            setattr(row, name, value)
        row.save(update_fields=[*changed, "changed_at"])
        audit.record("account.credentials_replaced", row, by=None, before={"base_url": before}, after={"base_url": row.base_url})
        log.warning("account %s: credentials or address of %s changed", row, one.origin)
    row.end_wait_for_source()
    return row


def _new(one: Given) -> ProviderAccount:
    """Insert the row under a label that nobody has, unless another process was faster. Sandbox accounts of the vendor are disabled, so that
    simulated videos do not mix with those that are paid for.
    """
    in_sandbox = _is_simulator(one.base_url)
    row = ProviderAccount(
        source=one.source,
        vendor=one.provider.slug,
        surface=one.surface.slug,
        base_url=one.base_url,
        fingerprint=fingerprint_of(one),
        tails=tails_of(one.surface.credentials, one.credentials),
        sandbox=in_sandbox,
        priority=PRIORITY,
        **asdict(one.surface.limits),
    )
    stored, number = None, 0
    while stored is None:
        number += 1
        suffix = f" ({number})" if number > 1 else ""
        row.label = one.label[: LONGEST_LABEL - len(suffix)] + suffix
        ProviderAccount.objects.bulk_create([row], ignore_conflicts=True)
        stored = ProviderAccount.objects.filter(source=one.source).first()
    if stored.pk == row.pk:
        audit.record("account.created", stored, by=None, after={"from": one.origin, "base_url": one.base_url})
        log.warning("account %s is made of %s", stored, one.origin)
        if not in_sandbox:
            _disable_sandbox_accounts(one.provider.slug)
    return stored


def _is_simulator(base_url: str) -> bool:
    return base_url.startswith(f"{settings.SIMULATOR_URL.rstrip('/')}/")


def _disable_sandbox_accounts(vendor: str) -> None:
    for account in ProviderAccount.objects.enabled().filter(vendor=vendor, sandbox=True):
        account.switch(enabled=False, by=None)
