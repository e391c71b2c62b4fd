"""Accounts that point at the simulator: nothing is billed. Every surface that the simulator imitates gets one."""

from __future__ import annotations

from dataclasses import asdict

from providers.accounts.clients import set_credentials
from providers.accounts.models import ProviderAccount
from providers.core.base import Provider, Sandbox, Surface
from providers.vendors import PROVIDERS

__all__ = ["ensure_sandbox_accounts"]


def ensure_sandbox_accounts(simulator_url: str) -> list[ProviderAccount]:
    """Create missing accounts and point the others at this simulator; limits that an admin changed stay."""
    return [
        _ensure(provider, surface, surface.sandbox, simulator_url.rstrip("/"))
        for provider in PROVIDERS.values()
        for surface in provider.surfaces.values()
        if surface.sandbox is not None
    ]


def _ensure(provider: type[Provider], surface: Surface, sandbox: Sandbox, simulator_url: str) -> ProviderAccount:
    stored = ProviderAccount.objects.filter(vendor=provider.slug, surface=surface.slug, sandbox=True).first()
    account = stored or ProviderAccount(
        vendor=provider.slug,
        surface=surface.slug,
        label=f"{surface.label} · sandbox",
        sandbox=True,
        priority=sandbox.priority,
        **asdict(surface.limits),
    )
    account.base_url = simulator_url + sandbox.path
    set_credentials(account, sandbox.credentials)
    account.save(update_fields=["base_url", "sealed", "tails"] if stored else None)
    return account
