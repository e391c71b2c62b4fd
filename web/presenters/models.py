"""Models as the picker shows them, and the estimate below the Studio's form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from access.exchange import rate_of
from generation.ordering.estimate import Usual
from generation.ordering.prices import PriceBook
from generation.tariff import Tariff, ceiling, estimate
from providers.core.catalog import ModelSpec
from providers.labels import listed
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS
from web.formatting import money
from web.param_text import properties_of
from web.presenters.words import mark_of, model_label, time_range, vendor_label

__all__ = ["model_card", "model_groups", "quote_of", "setting_titles"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """The chosen model on its button."""

    label: str
    mark: str
    facts: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelItem:
    """A model in the picker; `off` without an account."""

    name: str
    label: str
    text: str
    href: str
    current: bool
    off: bool
    tag: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorGroup:
    """The models of a vendor in the picker. `words` has its names in every language, to be found by."""

    vendor: str
    words: str
    items: list[ModelItem]


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """What an order costs, and how many videos in what time."""

    cost: str
    detail: str


def _sandboxes(spec: ModelSpec, accounts: Sequence[ProviderAccount]) -> list[bool]:
    """Return for each account that offers the model whether it is a sandbox."""
    return [one.sandbox for one in accounts if one.takes(spec)]


def _price_words(tariff: Tariff | None) -> str:
    """Return the lowest price, as one of several if there are more; empty without a price."""
    priced = [tier for tier in tariff.tiers if tier.unit != "token"] if tariff else []
    if tariff is None or not priced:
        return ""
    lowest = min(priced, key=lambda tier: (tier.unit, tier.amount))
    exponent = lowest.amount.normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2  # a price per second may be less than a cent
    amount = money(lowest.amount, tariff.currency, decimals)
    if len(priced) > 1:
        return (_("from %(amount)s per second") if lowest.unit == "second" else _("from %(amount)s per video")) % {"amount": amount}
    return (_("%(amount)s per second") if lowest.unit == "second" else _("%(amount)s per video")) % {"amount": amount}


def model_card(spec: ModelSpec, accounts: Sequence[ProviderAccount], usual: Usual | None, tariff: Tariff | None) -> ModelCard:
    """Return the chosen model on its button."""
    sandboxes = _sandboxes(spec, accounts)
    is_billed = not (sandboxes and all(sandboxes))
    facts = [
        vendor_label(spec.provider),
        _("retired on %(day)s") % {"day": date_format(spec.retired)} if spec.retired else "",
        _("usually %(usual)s") % {"usual": time_range(usual.low_s, usual.high_s)} if usual else "",
        _price_words(tariff) if is_billed else _("sandbox"),
        "" if sandboxes else _("no account"),
    ]
    return ModelCard(label=model_label(spec.name), mark=mark_of(spec.provider), facts=[fact for fact in facts if fact])


def model_groups(
    current: ModelSpec | None, accounts: Sequence[ProviderAccount], prices: PriceBook, page_url: str = ""
) -> list[VendorGroup]:
    """Return every model, by vendor, also those without an account, so that people see what is possible. `page_url` is the page that shows
    the form of a model, the Studio if it is empty.
    """
    page_url = page_url or reverse("studio")
    groups: dict[str, list[ModelItem]] = {}
    for spec in ALL_MODELS.values():
        groups.setdefault(spec.provider, []).append(_item(spec, accounts, prices.tariff(spec), page_url, current=spec is current))
    return [VendorGroup(vendor=vendor_label(vendor), words=_names_of(vendor), items=items) for vendor, items in groups.items()]


@cache
def _names_of(vendor: str) -> str:
    names = [vendor]
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            names.append(vendor_label(vendor))
    return " ".join(dict.fromkeys(names))


def _item(spec: ModelSpec, accounts: Sequence[ProviderAccount], tariff: Tariff | None, page_url: str, *, current: bool) -> ModelItem:
    sandboxes = _sandboxes(spec, accounts)
    is_billed = not (sandboxes and all(sandboxes))
    parts = [
        _takes(spec),
        _price_words(tariff) if is_billed else "",
        _("retired") if spec.retired else "",
        "" if sandboxes else _("no account"),
    ]
    return ModelItem(
        name=spec.name,
        label=model_label(spec.name),
        text=" · ".join(part for part in parts if part),
        href=f"{page_url}?{urlencode({'model': spec.name})}",
        current=current,
        off=not sandboxes,
        tag="" if is_billed else _("sandbox"),
    )


def _takes(spec: ModelSpec) -> str:
    """Return what the model takes: text or the needed images and settings, then optional images."""
    titles = properties_of(spec.params)
    one_of = spec.one_of_slots
    needed = [_(slot.title) for slot in spec.slots if slot.min_count] + [_(titles[name]["title"]) for name in spec.needed_params]
    if one_of:
        needed.append(" / ".join(_(slot.title) for slot in spec.slots if slot.name in one_of))
    words = [] if needed else [_("text")]
    words += [_("%(slot)s, needed") % {"slot": title} for title in needed]
    words += [_(slot.title) for slot in spec.slots if not slot.min_count and slot.name not in one_of]
    return listed(words)


def quote_of(
    spec: ModelSpec, params: dict[str, Any], count: int, accounts: Sequence[ProviderAccount], usual: Usual | None, tariff: Tariff | None
) -> Quote:
    """Return what it will cost and how long it takes, for the foot of the form."""
    options = spec.params.model_construct(**params)
    likely, most = estimate(tariff, options), ceiling(tariff, options)
    sandboxes = _sandboxes(spec, accounts)
    if sandboxes and all(sandboxes):
        cost = _("Sandbox, not billed")
    elif tariff is None or likely is None or most is None:
        cost = _("Price not published")
    else:
        cost = _("about %(amount)s") % {"amount": money(likely * count, tariff.currency)}
        rate = rate_of(tariff.currency)
        if rate is not None and tariff.currency != settings.CURRENCY:
            cost = _("%(cost)s (%(here)s)") % {"cost": cost, "here": money(likely * count * rate, settings.CURRENCY)}
        if most > likely:
            cost = _("%(cost)s, at most %(most)s") % {"cost": cost, "most": money(most * count, tariff.currency)}
    videos = ngettext("%(n)d video", "%(n)d videos", count) % {"n": count}
    time = _("usually %(usual)s") % {"usual": time_range(usual.low_s, usual.high_s)} if usual else ""
    return Quote(cost=cost, detail=listed([videos, time]))


def setting_titles() -> dict[str, str]:
    """Return the title of every image slot and setting of any model, by name: draft.js names those that the chosen model does not use."""
    titles = {name: schema["title"] for spec in ALL_MODELS.values() for name, schema in properties_of(spec.params).items()}
    titles |= {slot.name: slot.title for spec in ALL_MODELS.values() for slot in spec.slots}
    return {name: _(title) for name, title in titles.items()}
