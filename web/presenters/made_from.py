"""How a prompt was made, as lines of a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from access.callers import Caller
from generation.errors import NotThere
from prompts.platforms import PLATFORMS
from prompts.templates import own
from web.presenters.facts import Fact
from web.recipe_form import reading_language

__all__ = ["made_from_rows"]


def made_from_rows(made_from: Mapping[str, Any], caller: Caller) -> list[Fact]:
    """Return a line for each part of `Prompt.made_from`. A template or style that the reader may not see has its id only."""
    rows = []
    if template := made_from.get("template"):
        rows += _template_rows(template, caller)
    elif values := made_from.get("variables"):
        rows.append(Fact(label=_("Values"), value=_listed(values)))
    if style := made_from.get("style"):
        rows.append(Fact(label=_("Style"), value=_style_name(style, caller)))
    if platform := made_from.get("platform"):
        known = PLATFORMS.get(platform)
        rows.append(Fact(label=_("Platform"), value=known.name[reading_language()] if known else platform))
    if made_from.get("quality"):
        rows.append(Fact(label=_("Quality words"), value=_("yes")))
    by = {"enhanced": _("Enriched by"), "translated": _("Translated by"), "described": _("Described by")}
    rows += [Fact(label=label, value=made_from[name].get("model", "")) for name, label in by.items() if name in made_from]
    if original := made_from.get("original"):
        rows.append(Fact(label=_("Your own words"), value=original))
    return rows


def _template_rows(template: Mapping[str, Any], caller: Caller) -> list[Fact]:
    template_id, version = template["id"], template["version"]
    try:
        found = own.find(caller, template_id, template.get("language", reading_language()), version=version)
    except NotThere:
        rows = [Fact(label=_("Template"), value=template_id)]
    else:
        named = _("%(name)s, version %(version)d") % {"name": found.name, "version": version}
        href = reverse("template", args=[template_id], query={"version": version})
        rows = [Fact(label=_("Template"), value=named, href=href)]
    return [*rows, Fact(label=_("Values"), value=_listed(template["values"]))] if template["values"] else rows


def _listed(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in values.items())


def _style_name(style_id: str, caller: Caller) -> str:
    try:
        name = own.find_style(caller, style_id).name
    except NotThere:
        return style_id
    return name.get(reading_language()) or next(iter(name.values()))
