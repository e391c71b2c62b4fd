"""/preferences: what a person chose for all of their browsers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import AfterValidator, ConfigDict, Field

from access.budgets import buyers
from access.callers import Caller
from access.models import Preference
from access.preferences import remember, store, wanted, zone_names
from access.scopes import Scope
from api.auth import caller, needs
from api.v1.schemas import TEXT, ErrorOut
from delivery.file_names import checked_pattern
from generation.actions.share import require_team

__all__ = ["router"]

router = Router(tags=["preferences"])

Theme = Literal["system", "light", "dark"]
Wish = Literal["title", "sound", "browser"]
TileSize = Literal["small", "medium", "large"]


def _known_language(code: str) -> str:
    if code not in dict(settings.LANGUAGES):
        raise ValueError(_("Choose one of: %(names)s.") % {"names": ", ".join(dict(settings.LANGUAGES))})
    return code


def _known_zone(name: str) -> str:
    if name not in zone_names():
        raise ValueError(_("There is no such time zone."))
    return name


Language = Annotated[
    str, Field(json_schema_extra={"enum": list(dict(settings.LANGUAGES))}, examples=["zh-hans"]), AfterValidator(_known_language)
]
Zone = Annotated[str, Field(max_length=64, pattern=TEXT, examples=["Asia/Shanghai"]), AfterValidator(_known_zone)]
Team = Annotated[str, Field(max_length=150, pattern=TEXT)]


class PreferencesIn(Schema):
    """What changes; what is left out stays, and null is as if it had never been chosen. Teams are named, and must be yours."""

    model_config = ConfigDict(extra="forbid")

    language: Language | None = None
    theme: Theme | None = None
    time_zone: Zone | None = None
    tile_size: TileSize | None = None
    page_notices: Annotated[list[Wish], Field(max_length=3)] | None = None
    default_team: Team | None = None
    paying_team: Team | None = None
    file_names: Annotated[str, Field(max_length=100, pattern=TEXT, examples=["{date}_{title}_{model}"])] | None = None


class PreferencesOut(Schema):
    """What you chose; null: as each browser has it, and no team. `page_notices` is what a page does when a task of yours ended.

    `default_team` is what the Studio offers to share with. `paying_team` pays for what you order while you are in it; `pays` is the team
    that pays for an order of now which names none.
    """

    language: str | None
    theme: Theme | None
    time_zone: str | None
    tile_size: TileSize | None = Field(description="How large the gallery's tiles are.")
    page_notices: list[Wish]
    file_names: str | None = Field(description="How a page names what you download: a text with parts in braces. Null: the title.")
    default_team: str | None
    paying_team: str | None
    pays: str | None


@router.get("", response=PreferencesOut, summary="What you chose for all of your browsers")
def get_preferences(request: HttpRequest) -> PreferencesOut:
    return _shown(caller(request))


@router.patch("", response={200: PreferencesOut, 422: ErrorOut}, summary="Change what you chose", auth=needs(Scope.MANAGE_TOKENS))
def patch_preferences(request: HttpRequest, body: PreferencesIn) -> PreferencesOut:
    """Change your language, theme, time zone, size of tiles, notices in the page, and teams. A browser that is signed in takes them over
    when you sign in again. Your budgets count by days of your time zone. The audit log says who changed the team that pays.
    """
    asking, given = caller(request), body.model_dump(exclude_unset=True)
    choices: dict[str, Any] = {name: given[name] or "" for name in ("language", "theme", "time_zone", "tile_size") if name in given}
    if "page_notices" in given:
        choices["page_notices"] = given["page_notices"]
    if "file_names" in given:
        choices["file_names"] = checked_pattern(given["file_names"] or "")
    for name, column in (("default_team", "default_team_id"), ("paying_team", "team_id")):
        if name in given:
            choices[column] = require_team(given[name], asking, name).pk if given[name] else None
    if asking.token is None:
        remember(request, **choices)
    else:
        store(asking, **choices)
    return _shown(asking)


def _shown(asking: Caller) -> PreferencesOut:
    """Return the preferences; a team that the person has left counts no more."""
    row = Preference.objects.filter(user=asking.user).first() or Preference(user=asking.user)
    pays = buyers([asking.user.pk])[asking.user.pk].team_id
    return PreferencesOut.model_validate(
        {
            **{name: getattr(row, name) or None for name in ("language", "theme", "time_zone", "tile_size", "file_names")},
            "page_notices": wanted(row.page_notices),
            "default_team": asking.teams.get(row.default_team_id or 0),
            "paying_team": asking.teams.get(row.team_id or 0),
            "pays": asking.teams.get(pays or 0),
        }
    )
