"""The enabled accounts, read at most once a second: whether an order can be taken, which is asked for each. Where it is sent, and whether
it may be, is decided from the rows when it starts.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from django.conf import settings

from generation.places import serves
from providers.core.catalog import ModelSpec
from providers.models import ProviderAccount

__all__ = ["accounts_lately", "is_billed"]


class _Kept:
    accounts: tuple[float, Sequence[ProviderAccount]] | None = None
    """With the time in seconds of the monotonic clock when they were read."""


def accounts_lately() -> Sequence[ProviderAccount]:
    """Return every enabled account as it was at most `settings.POOL_STATE_KEPT_S` seconds ago. Only to be read."""
    kept = _Kept.accounts
    if kept is None or time.monotonic() - kept[0] > settings.POOL_STATE_KEPT_S:
        kept = _Kept.accounts = (time.monotonic(), tuple(ProviderAccount.objects.enabled()))
    return kept[1]


def is_billed(spec: ModelSpec, accounts: Iterable[ProviderAccount], only: str) -> bool:
    """Return whether one of these accounts that is billed may render the model. Where only sandboxes can, and a real account comes later,
    the submit sets the money aside.
    """
    return any(not account.sandbox for account in accounts if account.offers(spec) and serves(account, only))
