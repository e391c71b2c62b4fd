"""Collections as cards of a tree, and what a video's page shows of its notes and collections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from generation.models import Video
from library.models import Collection
from library.notes import BEST
from web.presenters.videos import Poster, poster_of
from web.presenters.words import name_of

__all__ = ["Card", "Notes", "cards_of", "fillable", "notes_of"]

MOST_CHOICES = 100


@dataclass(kw_only=True, slots=True)
class Card:
    """A collection in the list. `inside` are those in it that the reader sees; `whose` is empty for one's own that nobody shares."""

    name: str
    href: str
    size: int
    whose: str
    is_hidden: bool
    poster: Poster | None
    tint: str
    inside: list[Card] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Notes:
    """Everything of videos/_notes.html. `collections` has name and address of those that the video is in, and where it is taken out of
    them; `choices` those that the reader may put it into, by id. Addresses are empty where the reader may not change it.
    """

    video_id: UUID
    tags: list[str]
    tags_url: str
    rating: int | None
    ratings: range
    rating_url: str
    collections: list[dict[str, str]]
    choices: dict[str, str]
    collect_url: str


def cards_of(rows: Sequence[Any], caller: Caller) -> list[Card]:
    """Return the cards of collections that `shown` found, those inside others within them."""
    faces = Video.objects.in_bulk({row.face for row in rows if row.face})
    cards = {row.pk: _card(row, faces.get(row.face), caller) for row in rows}
    roots: list[Card] = []
    for row in rows:
        (cards[row.parent_id].inside if row.parent_id in cards else roots).append(cards[row.pk])
    return roots


def _card(row: Any, face: Video | None, caller: Caller) -> Card:
    parts = [name_of(row.owner)] if row.owner_id != caller.user.pk else []
    parts += [_("team %(team)s") % {"team": row.team.name}] if row.team else []
    return Card(
        name=row.name,
        href=reverse("collection", args=[row.pk]),
        size=row.size,
        whose=" · ".join(parts),
        is_hidden=row.is_hidden,
        poster=poster_of(face) if face else None,
        tint=face.colour if face else "",
    )


def fillable(caller: Caller) -> dict[str, str]:
    """Return the names by id of collections of one's own and of one's teams, which may be filled."""
    rows = Collection.objects.all()
    found = rows.filter(rows.shown_to(caller)).order_by("name", "pk").values_list("pk", "name")[:MOST_CHOICES]
    return {str(pk): name for pk, name in found}


def notes_of(video: Video, caller: Caller) -> Notes:
    """Return tags, rating and collections of a video, and where the reader changes them."""
    may_act = may(caller, "act", video)
    inside = Collection.objects.filter(items__video=video).visible_to(caller).order_by("name", "pk")
    choices = fillable(caller)
    shown = [
        {
            "name": row.name,
            "href": reverse("collection", args=[row.pk]),
            "out_url": reverse("collection-take-out", args=[row.pk]) if may(caller, "fill", row) else "",
        }
        for row in inside
    ]
    known = {str(row.pk) for row in inside}
    return Notes(
        video_id=video.pk,
        tags=[tag.name for tag in video.tags.all()],
        tags_url=reverse("video-tags", args=[video.pk]) if may_act else "",
        rating=video.rating,
        ratings=range(1, BEST + 1),
        rating_url=reverse("video-rating", args=[video.pk]) if may_act else "",
        collections=shown,
        choices={pk: name for pk, name in choices.items() if pk not in known},
        collect_url=reverse("video-collect", args=[video.pk]),
    )
