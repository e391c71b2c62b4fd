"""The gallery's filters as links: each choice is an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from access.callers import Caller
from generation.models import Video
from generation.models.video import ReviewState
from library.filters import LIKENESS, WallFilter, query_of, teams_on_wall
from library.models import Collection
from library.wall import people_on_wall
from providers.core.catalog import vendor_of
from providers.labels import listed
from providers.vendors import ALL_MODELS
from web.presenters.words import model_label, title_of, vendor_label

__all__ = ["chosen_words", "filter_menus"]

MOST_CHOICES = 100
LONGEST_TITLE = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One value of a filter; choosing it again clears the filter."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Menu:
    """A filter with several values."""

    label: str
    set: bool
    items: list[Choice]


@dataclass(frozen=True, kw_only=True, slots=True)
class Switch:
    """A filter that is on or off."""

    label: str
    icon: str
    set: bool
    href: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterBar:
    """Everything of the gallery's filter bar. `hidden` are the fields that its search form keeps, `rest` those that the form of days
    keeps; `days` are choices of the date, and `sort` is how the wall may be sorted.
    """

    menus: list[Menu]
    switches: list[Switch]
    days: Menu
    sort: Menu
    clear_url: str
    hidden: dict[str, str]
    rest: dict[str, str]


def shape_words() -> dict[str, str]:
    return {"wide": _("Landscape"), "square": _("Square"), "tall": _("Portrait")}


def length_words() -> dict[str, str]:
    return {"short": _("Up to 5 s"), "medium": _("6 to 10 s"), "long": _("Longer than 10 s")}


def size_words() -> dict[str, str]:
    return {"480": _("480p or less"), "720": _("720p"), "1080": _("1080p"), "2160": _("1440p or more")}


def rating_words() -> dict[int, str]:
    return {5: _("Rated 5")} | {least: _("Rated %(n)d or better") % {"n": least} for least in (4, 3, 2, 1)}


def review_words() -> dict[str, str]:
    return {**{state.value: str(state.label) for state in ReviewState}, "none": _("Not reviewed")}


def warning_words() -> dict[str, str]:
    return {"any": _("Any warning"), "black": _("Black picture"), "frozen": _("Picture stands still"), "silent": _("No sound")}


def sort_words(wanted: WallFilter) -> dict[str, str]:
    found = {"": _("Newest"), "rating": _("Best rated"), "length": _("Longest"), "cost": _("Most expensive")}
    return {LIKENESS: _("Most alike")} | found if wanted.like else found


def _link(wanted: WallFilter, **changes: Any) -> str:
    return reverse("gallery", query=query_of(replace(wanted, **changes)))


def _menu(wanted: WallFilter, field: str, label: str, choices: Mapping[Any, str]) -> Menu:
    """Return a menu of values of a field; to choose the current one clears it."""
    current, empty = getattr(wanted, field), getattr(WallFilter(), field)
    items = [
        Choice(label=words, href=_link(wanted, **{field: empty if value == current else value}), current=value == current)
        for value, words in choices.items()
    ]
    return Menu(label=choices.get(current) or label, set=current != empty, items=items)


def filter_menus(wanted: WallFilter, made_with: Iterable[str], caller: Caller) -> FilterBar:
    """Return the filter bar. `made_with` are the models of which there are videos. A menu without a choice is left out."""
    made_with = {*made_with, wanted.model}
    models = {name: model_label(name) for name in ALL_MODELS if name in made_with}
    vendors = {slug: vendor_label(slug) for slug in dict.fromkeys(map(vendor_of, [*models, wanted.vendor])) if slug}
    places = Collection.objects.visible_to(caller).order_by("name", "pk")[:MOST_CHOICES]
    menus = [
        _menu(wanted, "model", _("Model"), models),
        _menu(wanted, "shape", _("Shape"), shape_words()),
        _menu(wanted, "length", _("Length"), length_words()),
        _menu(wanted, "size", _("Resolution"), size_words()),
        _menu(wanted, "collection", _("Collection"), {str(one.pk): one.name for one in places}),
        _menu(wanted, "person", _("Person"), people_on_wall(caller)),
        _menu(wanted, "team", _("Team"), {str(pk): name for pk, name in teams_on_wall(caller).items()}),
        _menu(wanted, "vendor", _("Vendor"), vendors),
        _menu(wanted, "rating", _("Rating"), rating_words()),
        _menu(wanted, "review", _("Review"), review_words()),
        _menu(wanted, "warning", capfirst(_("measured quality")), warning_words()),
    ]
    asked = query_of(wanted)
    return FilterBar(
        menus=[menu for menu in menus if menu.items],
        switches=_switches(wanted, caller),
        days=_days(wanted),
        sort=_menu(wanted, "sort", _("Newest"), sort_words(wanted)),
        clear_url=reverse("gallery"),
        hidden={name: value for name, value in asked.items() if name != "q"},
        rest={name: value for name, value in asked.items() if name not in {"from", "to", "tag"}},
    )


def _switches(wanted: WallFilter, caller: Caller) -> list[Switch]:
    """Return the switches, and what the address asks for that no menu has."""
    found = []
    if caller.sees_others:
        found.append(Switch(label=_("Mine"), icon="user", set=wanted.mine, href=_link(wanted, mine=not wanted.mine, person="")))
    other = None if wanted.starred else True
    found.append(Switch(label=_("Starred"), icon="star", set=bool(wanted.starred), href=_link(wanted, starred=other)))
    if wanted.content_id:
        label = _("Content id %(content_id)s") % {"content_id": wanted.content_id}
        found.append(Switch(label=label, icon="film", set=True, href=_link(wanted, content_id="")))
    for field, label, icon in (
        ("tag", wanted.tag, "folder"),
        ("batch", _("One batch"), "film"),
        ("task", _("One task"), "activity"),
        ("prompt", _("One prompt"), "images"),
    ):
        if getattr(wanted, field):
            found.append(Switch(label=label, icon=icon, set=True, href=_link(wanted, **{field: ""})))
    if wanted.like:
        sort = "" if wanted.sort == LIKENESS else wanted.sort
        found.append(Switch(label=_like_words(wanted, caller), icon="images", set=True, href=_link(wanted, like="", sort=sort)))
    return found


def _like_words(wanted: WallFilter, caller: Caller) -> str:
    """Name the video that others are to be like, if the caller sees it."""
    video = Video.objects.visible_to(caller).select_related("task__prompt").filter(pk=wanted.like).first()
    return _("Like “%(title)s”") % {"title": Truncator(title_of(video)[0]).chars(LONGEST_TITLE)} if video else _("Like one video")


def _days(wanted: WallFilter) -> Menu:
    """Return the menu of the date, whose label is what is chosen."""
    today = timezone.localdate()
    first = today.replace(day=1)
    before = first - timedelta(days=1)
    spans = {
        _("Today"): (today, today),
        _("Last 7 days"): (today - timedelta(days=6), today),
        _("This month"): (first, today),
        _("Last month"): (before.replace(day=1), before),
    }
    chosen = (wanted.since, wanted.until)
    items = []
    for words, span in spans.items():
        since, until = (None, None) if span == chosen else span
        items.append(Choice(label=words, href=_link(wanted, since=since, until=until), current=span == chosen))
    return Menu(label=_span(wanted) or _("Date"), set=chosen != (None, None), items=items)


def _span(wanted: WallFilter) -> str:
    """Return the chosen days, such as `3 Nov – 9 Nov`; empty without any."""
    since, until = (date_format(day, "SHORT_DATE_FORMAT") if day else "" for day in (wanted.since, wanted.until))
    if since == until:
        return since
    return f"{since} – {until}".strip()


def chosen_words(wanted: WallFilter, bar: FilterBar) -> str:
    """Return the filter in words, for when nothing matches."""
    parts = [
        _("“%(words)s”") % {"words": wanted.q} if wanted.q else "",
        *(menu.label for menu in [*bar.menus, bar.days] if menu.set),
        _("content id %(content_id)s") % {"content_id": wanted.content_id} if wanted.content_id else "",
        _("tag %(tag)s") % {"tag": wanted.tag} if wanted.tag else "",
        _("one batch") if wanted.batch else "",
        _("one task") if wanted.task else "",
        _("more like this") if wanted.like else "",
        _("one prompt") if wanted.prompt else "",
        _("starred") if wanted.starred else "",
        _("made by me") if wanted.mine else "",
    ]
    return listed(parts)
