"""Vendor accounts at a glance, for the strip above Activity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.ordering.estimate import Usual, median_seconds
from generation.queries.queue_position import AccountLoad
from providers.accounts.circuit_breaker import BreakerState
from providers.core.catalog import vendor_of
from providers.labels import listed
from providers.models import ProviderAccount
from web.formatting import duration, moment
from web.presenters.words import account_label, mark_of

__all__ = ["provider_cards"]

DOTS_MOST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderCard:
    """An account of the strip. `slots` has a CSS class for each dot."""

    name: str
    mark: str
    text: str
    slots: list[str]
    slots_text: str
    limited: bool
    off: bool


def provider_cards(loads: Sequence[AccountLoad], usual: Mapping[str, Usual], now: datetime) -> list[ProviderCard]:
    """Return a card for each account, enabled ones first."""
    ordered = sorted(loads, key=lambda load: not load.account.enabled)
    return [_card(load, _median(load.account, usual), now) for load in ordered]


def _median(account: ProviderAccount, usual: Mapping[str, Usual]) -> float | None:
    """Return the median of the usual times of the vendor's models, as far as measured."""
    known = [median_seconds(one) for name, one in usual.items() if vendor_of(name) == account.vendor]
    times = sorted(time for time in known if time is not None)
    return times[len(times) // 2] if times else None


def _card(load: AccountLoad, median_s: float | None, now: datetime) -> ProviderCard:
    account, most = load.account, load.account.max_in_flight
    cooling = account.breaker(now).state is not BreakerState.CLOSED
    return ProviderCard(
        name=account_label(account),
        mark=mark_of(account.vendor),
        text=listed([_words(load, now), _("%(time)s median") % {"time": duration(median_s)} if median_s is not None else ""]),
        slots=_dots(min(load.used, most), most, held=cooling),
        slots_text=_slots(load.used, most),
        limited=cooling,
        off=not account.enabled,
    )


def _words(load: AccountLoad, now: datetime) -> str:
    account, most = load.account, load.account.max_in_flight
    if not account.enabled:
        return _("off")
    breaker = account.breaker(now)
    if breaker.state is BreakerState.HALF_OPEN:
        return _("checking whether it answers again")
    if breaker.until is not None:
        facts = {"time": moment(breaker.until), "why": breaker.reason}
        return _("paused until %(time)s: %(why)s") % facts if breaker.reason else _("paused until %(time)s") % facts
    if load.used >= most:
        return ngettext("full, %(most)d slot", "full, %(most)d slots", most) % {"most": most}
    return _slots(load.used, most) if load.used else _("idle")


def _slots(used: int, most: int) -> str:
    return ngettext("%(used)d of %(most)d slot", "%(used)d of %(most)d slots", most) % {"used": used, "most": most}


def _dots(used: int, most: int, *, held: bool) -> list[str]:
    """Return the CSS class of each slot's dot; many slots are drawn to scale."""
    if most > DOTS_MOST:
        used, most = -(-used * DOTS_MOST // most), DOTS_MOST
    return ["on"] * used + ["hold" if held else ""] * (most - used)
