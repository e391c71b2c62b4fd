"""The gallery's filters as links: each choice is an address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from access.callers import Caller
from library.filters import WallFilter, query_of, teams_on_wall
from library.terms import SHAPES
from providers.labels import listed
from providers.vendors import ALL_MODELS
from web.presenters.words import model_label

__all__ = ["chosen_words", "filter_menus"]


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
    """Everything of the gallery's filter bar; `hidden` are the fields that its search form keeps."""

    menus: list[Menu]
    switches: list[Switch]
    clear_url: str
    hidden: dict[str, str]


def shape_words(shape: str) -> str:
    return {"wide": _("Landscape"), "square": _("Square"), "tall": _("Portrait")}[shape]


def _link(wanted: WallFilter, **changes: Any) -> str:
    return reverse("gallery", query=query_of(replace(wanted, **changes)))


def _menu(wanted: WallFilter, field: str, label: str, choices: dict[str, str]) -> Menu:
    current = getattr(wanted, field)
    items = [
        Choice(label=words, href=_link(wanted, **{field: "" if value == current else value}), current=value == current)
        for value, words in choices.items()
    ]
    return Menu(label=choices[current] if current else label, set=bool(current), items=items)


def filter_menus(wanted: WallFilter, made_with: Collection[str], caller: Caller) -> FilterBar:
    """Return the filter bar: menus, switches, and the address without filters. `made_with` are the models of which there are videos."""
    teams = {str(pk): name for pk, name in teams_on_wall(caller).items()}
    models = {name: model_label(name) for name in ALL_MODELS if name in made_with or name == wanted.model}
    switches = [
        Switch(label=_("Starred"), icon="star", set=bool(wanted.starred), href=_link(wanted, starred=None if wanted.starred else True))
    ]
    if wanted.content_id:
        label = _("Content id %(content_id)s") % {"content_id": wanted.content_id}
        switches.append(Switch(label=label, icon="film", set=True, href=_link(wanted, content_id="")))
    if caller.sees_others:
        switches.insert(0, Switch(label=_("Mine"), icon="user", set=wanted.mine, href=_link(wanted, mine=not wanted.mine)))
    return FilterBar(
        menus=[
            _menu(wanted, "model", _("Model"), models),
            _menu(wanted, "shape", _("Shape"), {shape: shape_words(shape) for shape in SHAPES}),
            *([_menu(wanted, "team", _("Team"), teams)] if teams else []),
        ],
        switches=switches,
        clear_url=reverse("gallery"),
        hidden={name: value for name, value in query_of(wanted).items() if name != "q"},
    )


def chosen_words(wanted: WallFilter, caller: Caller) -> str:
    """Return the filter in words, for when nothing matches."""
    parts = [
        _("“%(words)s” in the prompt") % {"words": wanted.q} if wanted.q else "",
        model_label(wanted.model) if wanted.model else "",
        shape_words(wanted.shape) if wanted.shape else "",
        teams_on_wall(caller)[int(wanted.team)] if wanted.team else "",
        _("content id %(content_id)s") % {"content_id": wanted.content_id} if wanted.content_id else "",
        _("starred") if wanted.starred else "",
        _("made by me") if wanted.mine else "",
    ]
    return listed(parts)
