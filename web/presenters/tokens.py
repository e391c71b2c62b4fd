"""A person's tokens as their page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from access.budget_changes import limits_of_lines
from access.ledger_models import Budget
from access.models import ApiToken, TokenState
from access.money import decimal
from access.scopes import Scope
from web.formatting import ago, money
from web.presenters.words import date_time

__all__ = ["TokenCard", "token_card", "token_cards"]

TONES = {TokenState.GOOD: "ok", TokenState.ROLLED: "warn", TokenState.EXPIRED: "", TokenState.REVOKED: ""}


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenCard:
    """A token without its text. `tone` colours its state: ok, warn or nothing; `works` is whether it can be used."""

    label: str
    name: str
    state: str
    tone: str
    works: bool
    can_roll: bool
    may: str
    limits: list[str]
    end: str
    used: str
    url: str


def token_cards(tokens: Sequence[ApiToken]) -> list[TokenCard]:
    """Return the cards of several tokens, with one query for all of their budgets."""
    budgets = limits_of_lines(token.line_id for token in tokens)
    return [token_card(token, budgets.get(token.line_id, {})) for token in tokens]


def token_card(token: ApiToken, budgets: Mapping[str, int]) -> TokenCard:
    """Return the card of a token with these budgets by period (`limits_of_token`)."""
    state = token.state(timezone.now())
    works = state in {TokenState.GOOD, TokenState.ROLLED}
    return TokenCard(
        label=token.label,
        name=f"vp_{token.public_id}_…",
        state=str(state.label),
        tone=TONES[state],
        works=works,
        can_roll=state is TokenState.GOOD,
        may=" · ".join(str(Scope(scope).label) for scope in token.scopes if scope in Scope.values),
        limits=_limits_of(token, budgets),
        end=_("Until %(time)s") % {"time": date_time(token.expires_at)} if token.expires_at else _("Never expires"),
        used=_used(token),
        url=reverse("token", args=[token.pk]),
    )


def _limits_of(token: ApiToken, budgets: Mapping[str, int]) -> list[str]:
    found = [str(token.get_only_display())] if token.only else []
    words = {Budget.Window.DAY: gettext_noop("%(amount)s a day"), Budget.Window.MONTH: gettext_noop("%(amount)s a month")}
    for window, limit in sorted(budgets.items()):
        found.append(_(words[Budget.Window(window)]) % {"amount": money(decimal(limit), settings.CURRENCY)})
    if token.rate_per_minute:
        found.append(_("%(n)d requests per minute") % {"n": token.rate_per_minute})
    if token.cache:
        found.append(_("stored videos will do"))
    if token.models_allowed:
        found.append(_("only %(models)s") % {"models": ", ".join(token.models_allowed)})
    if token.networks:
        found.append(_("only from %(networks)s") % {"networks": ", ".join(token.networks)})
    return found


def _used(token: ApiToken) -> str:
    if token.last_used_at is None:
        return _("Never used")
    facts = {"when": ago(token.last_used_at), "address": token.last_used_ip}
    return _("Last used %(when)s from %(address)s") % facts if token.last_used_ip else _("Last used %(when)s") % facts
