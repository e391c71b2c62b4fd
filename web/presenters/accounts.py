"""Vendor accounts as an administrator sees them: one card each, whose first line says whether videos start there, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from generation.queries.accounts_overview import AccountsOverview
from generation.scheduling.concurrency import Usage
from providers.accounts.balance_text import balance_words
from providers.accounts.circuit_breaker import BreakerState
from providers.accounts.clients import locked_because
from providers.accounts.given import reading, where_it_is_set
from providers.accounts.health_test import Finding
from providers.core.types import Balance
from providers.labels import sentences
from providers.messages import translated
from providers.models import ProviderAccount
from web.formatting import ago, duration, moment
from web.presenters.facts import Fact
from web.presenters.words import account_label, mark_of

__all__ = ["account_card", "account_cards", "overview_notes", "overview_summary"]

STARTS = "ok"
"""The tone of an account on which a video may start now."""
IN_ORDER = ("bad", "warn", STARTS, "off")


@dataclass(frozen=True, slots=True)
class State:
    """Whether videos start there, and if not, why. `why` is the words of the vendor or of a stored message."""

    tone: str
    icon: str
    word: str
    words: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of a limit is used."""

    label: str
    used: int
    most: int
    note: str = ""

    @property
    def shown(self) -> int:
        """Return the length of the bar."""
        return min(self.used, self.most)

    @property
    def full(self) -> bool:
        return self.used >= self.most


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What stops every account at once."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountCard:
    """Everything of providers/provideraccount/_card.html. `finding` is what a test has just found."""

    account: ProviderAccount
    label: str
    mark: str
    surface: str
    state: State
    meters: list[Meter]
    facts: list[Fact]
    finding: Finding | None


def account_cards(accounts: Sequence[ProviderAccount], overview: AccountsOverview, now: datetime) -> list[AccountCard]:
    """Return a card for each account, first those that need attention."""
    cards = [account_card(account, overview, now) for account in accounts]
    return sorted(cards, key=lambda card: IN_ORDER.index(card.state.tone))


def account_card(account: ProviderAccount, overview: AccountsOverview, now: datetime, finding: Finding | None = None) -> AccountCard:
    """Return the account's card."""
    usage = overview.usage.get(account.pk, Usage())
    surface = account.known_surface
    return AccountCard(
        account=account,
        label=account_label(account),
        mark=mark_of(account.vendor),
        surface=_(surface.label) if surface else f"{account.vendor} {account.surface}",
        state=_state(account, usage, now),
        meters=_meters(account, usage),
        facts=_facts(account, overview, now),
        finding=finding,
    )


def overview_notes(overview: AccountsOverview, accounts: Sequence[ProviderAccount]) -> list[Notice]:
    """Return notices of what stops every account at once."""
    notes = []
    if overview.stop:
        why = overview.stop.reason or (_("Set by PORTAL_STOP_PAID_SUBMITS.") if overview.stop.by_environment else "")
        notes.append(Notice(tone="bad", title=_("Paid submits are stopped. New videos do not start."), text=why))
    if not overview.workers:
        start = _("Start one with “manage.py worker”. Waiting tasks continue automatically.")
        notes.append(Notice(tone="bad", title=_("No worker is running. New videos do not start."), text=start))
    left_out = _("An account from the environment is not used.")
    notes += [Notice(tone="warn", title=left_out, text=translated(problem)) for problem in reading().problems]
    if not any(account.enabled for account in accounts):
        notes.append(Notice(tone="warn", title=_("No account is enabled."), text=_("Add one, or enable one of these.")))
    return notes


def overview_summary(cards: Sequence[AccountCard], overview: AccountsOverview) -> str:
    """Return "3 of 5 accounts are ready. 12 videos wait." in the reader's language."""
    count = sum(card.state.tone == STARTS for card in cards)
    starting = ngettext("%(count)d of %(all)d account is ready.", "%(count)d of %(all)d accounts are ready.", len(cards))
    total = sum(overview.waiting.values())
    waiting = ngettext("%(n)d video waits.", "%(n)d videos wait.", total) % {"n": total} if total else _("No video waits.")
    return sentences([starting % {"count": count, "all": len(cards)}, waiting])


def _state(account: ProviderAccount, usage: Usage, now: datetime) -> State:
    if account.known_surface is None:
        return State(
            "bad", "circle-x", _("Unknown vendor"), _("This portal no longer supports its vendor or surface. Delete or disable it.")
        )
    if not account.enabled:
        return State("off", "circle-slash", _("Switched off"), _("No new videos are sent. Running renders are still tracked."))
    if why := locked_because(account):
        words = _("Its credentials are missing.") if account.source else _("The credentials cannot be decrypted. Enter them again.")
        return State("bad", "lock", _("Locked"), words, translated(why))
    return _cooling(account, now) or _used_up(account, usage) or _at_work(usage)


def _cooling(account: ProviderAccount, now: datetime) -> State | None:
    breaker = account.breaker(now)
    if breaker.state is BreakerState.OPEN and breaker.until:
        facts = {"time": moment(breaker.until, "H:i:s"), "left": duration((breaker.until - now).total_seconds())}
        words = _("Paused until %(time)s (%(left)s left), then checked with a free request.") % facts
        return State("bad", "hourglass", _("Paused"), words, breaker.reason)
    if breaker.state is BreakerState.HALF_OPEN:
        words = _("The cooldown is over. Checking with a free request whether it answers.")
        return State("warn", "refresh-cw", _("Checking"), words, breaker.reason)
    return None


def _used_up(account: ProviderAccount, usage: Usage) -> State | None:
    if account.balance is not None and account.balance <= 0:
        return State("bad", "circle-alert", _("No credit"), _("The balance is used up. Top it up with the vendor."))
    if usage.slots >= account.max_in_flight:
        words = ngettext(
            "Its slot is taken. The next video starts when it is free.",
            "All %(n)d slots are taken. The next video starts when one is free.",
            account.max_in_flight,
        )
        return State("warn", "clock", _("Full"), words % {"n": account.max_in_flight})
    if usage.last_minute >= account.submits_per_minute:
        return State("warn", "clock", _("Waiting"), _("This minute's submits are used up. It continues automatically."))
    return None


def _at_work(usage: Usage) -> State:
    if usage.at_vendor:
        words = ngettext("%(n)d video is rendering; more can start.", "%(n)d videos are rendering; more can start.", usage.at_vendor)
        return State(STARTS, "circle-check", _("Ready"), words % {"n": usage.at_vendor})
    return State(STARTS, "circle-check", _("Ready"), _("Nothing is rendering; a video can start."))


def _meters(account: ProviderAccount, usage: Usage) -> list[Meter]:
    unknown = usage.unknown + usage.overdue
    note = ngettext("%(n)d with unknown outcome", "%(n)d with unknown outcome", unknown) % {"n": unknown} if unknown else ""
    meters = [Meter(_("Slots"), usage.slots, account.max_in_flight, note)]
    if account.submits_per_second is not None:
        meters.append(Meter(_("This second"), usage.permits, account.submits_per_second))
    return [*meters, Meter(_("This minute"), usage.last_minute, account.submits_per_minute)]


def _facts(account: ProviderAccount, overview: AccountsOverview, now: datetime) -> list[Fact]:
    last_error, is_failing, balance = _("none"), False, _("not reported")
    if account.last_error_at is not None:
        last_error = _("%(ago)s: %(words)s") % {"ago": ago(account.last_error_at), "words": account.last_error[:160]}
        is_failing = account.last_ok_at is None or account.last_error_at > account.last_ok_at
    if account.balance is not None:
        left = balance_words(Balance(amount=account.balance, unit=account.balance_unit))
        balance = _("%(balance)s, reported %(ago)s") % {"balance": left, "ago": ago(account.balance_at)}
    facts = [
        Fact(label=_("Last good answer"), value=ago(account.last_ok_at) or _("none yet")),
        Fact(label=_("Last error"), value=last_error, tone="bad" if is_failing else ""),
        Fact(label=_("Balance"), value=balance),
        Fact(label=_("Priority, weight"), value=f"{account.priority}, {account.weight}"),
    ]
    if account.source:
        facts.append(Fact(label=_("Set by"), value=where_it_is_set(account)))
    if waiting := overview.waiting[account.vendor]:
        facts.append(Fact(label=_("Waiting for this vendor"), value=str(waiting)))
    if breaker_since := account.breaker(now).since:
        facts.append(Fact(label=_("Paused since"), value=ago(breaker_since)))
    return facts
