"""Where a task may be rendered, if not everywhere: the one rule that every choice of an account asks."""

from __future__ import annotations

from access.limits import Only
from providers.models import ProviderAccount

__all__ = ["PLACES", "serves", "stricter"]

PLACES = ("", Only.LOCAL.value, f"{Only.LOCAL.value},{Only.SANDBOX.value}", Only.SANDBOX.value)
"""The values of a task's `only`. Both at once: the task of a token that stays local was retried with one for the sandbox."""


def serves(account: ProviderAccount, only: str) -> bool:
    """Return whether a task with this `only` may be sent with the account."""
    places = only.split(",")
    return (Only.SANDBOX not in places or account.sandbox) and (Only.LOCAL not in places or account.on_our_machines)


def stricter(*several: str) -> str:
    """Return the value that keeps all of these."""
    return ",".join(sorted({place for only in several for place in only.split(",")} - {""}))
