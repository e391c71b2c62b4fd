"""Accounts that point at the simulator: nothing is billed. Every surface that the simulator plays gets one."""

from __future__ import annotations

from dataclasses import asdict

from providers.accounts.clients import set_credentials
from providers.accounts.models import ProviderAccount
from providers.core.base import Provider, Sandbox, Surface
from providers.vendors import PROVIDERS

__all__ = ["ensure_sandbox_accounts"]


def ensure_sandbox_accounts(simulator_url: str) -> list[ProviderAccount]:
    """Create what is missing and point the rest at this simulator; limits that an admin changed stay."""
    stored = {(account.vendor, account.surface): account for account in ProviderAccount.objects.filter(sandbox=True, source="").reverse()}
    missing, accounts = [], []
    for provider in PROVIDERS.values():
        for surface in provider.surfaces.values():
            if surface.sandbox is not None:
                account = stored.get((provider.slug, surface.slug))
                if account is None:
                    account = _new(provider, surface, surface.sandbox)
                    missing.append(account)
                account.base_url = simulator_url.rstrip("/") + surface.sandbox.path
                set_credentials(account, surface.sandbox.credentials)
                accounts.append(account)
    ProviderAccount.objects.bulk_create(missing)
    ProviderAccount.objects.bulk_update([account for account in accounts if account not in missing], ["base_url", "sealed", "tails"])
    return accounts


def _new(provider: type[Provider], surface: Surface, sandbox: Sandbox) -> ProviderAccount:
    return ProviderAccount(
        vendor=provider.slug,
        surface=surface.slug,
        label=f"{surface.label} · sandbox",
        sandbox=True,
        priority=sandbox.priority,
        **asdict(surface.limits),
    )
