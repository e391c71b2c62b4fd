"""System checks: what is off with the accounts, and how to cure it. Ids are stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import DatabaseError

from providers.vendors import PROVIDERS


@register(Tags.database)
def accounts_can_be_used(app_configs: object, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Every account's vendor and surface are known and its credentials open. Runs with `check --database default`."""
    from providers.models import ProviderAccount

    if not databases:
        return []
    try:
        return [found for account in ProviderAccount.objects.all() for found in _check(account)]
    except DatabaseError:
        return []  # not migrated yet


def _check(account: Any) -> list[CheckMessage]:
    from providers.sealing import SealBroken, unseal

    provider = PROVIDERS.get(account.vendor)
    if provider is None or account.surface not in provider.surfaces:
        return [Error(f"Account “{account}” is of an unknown vendor or surface.", hint="Delete it or disable it.", id="providers.E002")]
    if not account.sealed:
        return [Caution(f"Account “{account}” has no credentials.", hint="Type them in, in the admin.", id="providers.W001")]
    try:
        unseal(account.pk, account.sealed)
    except SealBroken as broken:
        return [Error(f"Account “{account}”: {broken}", id="providers.E001")]
    return []
