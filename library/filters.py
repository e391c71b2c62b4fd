"""The filter of the wall, and how an address has it: for pages, the API and changes of everything that matches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.dateparse import parse_date

from access.callers import Caller
from access.rights import may
from generation.models import Video
from generation.models.video import ReviewState
from generation.quality import WARNINGS
from library.alike import Like, asked_of, pictures_of
from library.finding import LAST, Question
from library.models import Collection, Entry
from library.terms import HIDDEN, LENGTHS, NO_REVIEW, SHAPES, SHOWN, SIZES, Asked, asked_in, word
from providers.vendors import ALL_MODELS, PROVIDERS

__all__ = [
    "ANY_WARNING",
    "LIKENESS",
    "LONGEST_SEARCH",
    "SORTS",
    "WallFilter",
    "filter_of",
    "like_of",
    "lost_in",
    "place_at",
    "query_of",
    "question_of",
    "teams_on_wall",
]

LONGEST_SEARCH = 200
ANY_WARNING = "any"
REVIEWS = [*ReviewState.values, NO_REVIEW]
SORTS: Mapping[str, str] = {"rating": "rating", "length": "duration_s", "cost": "task__cost_settled"}
"""By what the wall may be sorted, the largest first; `library/wall.py` says among how many."""
LIKENESS = "likeness"
"""The sort of what is like a video, the most alike first."""
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
PROMPT = re.compile(r"[0-9a-f]{20}")


@dataclass(frozen=True, kw_only=True)
class WallFilter:
    """What of the wall is wanted; empty fields leave everything. `since` and `until` are days of the reader, both included. `rating` is the
    least. `warning` is the code of a quality warning, or `ANY_WARNING`. `hidden`: also what hidden collections keep off the wall. `like` is
    the id of the video that the others look like.
    """

    q: str = ""
    mine: bool = False
    person: str = ""
    team: str = ""
    model: str = ""
    vendor: str = ""
    shape: str = ""
    length: str = ""
    size: str = ""
    tag: str = ""
    collection: str = ""
    content_id: str = ""
    batch: str = ""
    starred: bool | None = None
    rating: int = 0
    review: str = ""
    warning: str = ""
    since: date | None = None
    until: date | None = None
    hidden: bool = False
    task: str = ""
    like: str = ""
    prompt: str = ""
    """A `library.terms.prompt_key`: the videos of one prompt, which the wall shows as one tile."""
    sort: str = ""
    """One of `SORTS`, or `LIKENESS` with `like`; empty: the newest first."""

    @property
    def is_set(self) -> bool:
        """Return whether it leaves anything out."""
        return self != WallFilter(sort=self.sort)


IN_ADDRESS = {"content_id": "content", "since": "from", "until": "to"}
"""The names of fields that an address calls otherwise. `mine` and `person` are its `who`."""


def filter_of(query: Mapping[str, str], caller: Caller) -> WallFilter:
    """Read the filter from an address; ignore unknown values, and teams of others."""
    texts = {field.name: query.get(IN_ADDRESS.get(field.name, field.name), "").replace("\x00", "") for field in fields(WallFilter)}
    known: dict[str, Any] = {
        name: texts[name] if texts[name] in values else ""
        for name, values in {
            "model": ALL_MODELS,
            "vendor": PROVIDERS,
            "shape": SHAPES,
            "length": LENGTHS,
            "size": SIZES,
            "review": REVIEWS,
            "sort": [*SORTS, LIKENESS] if _uuid(texts["like"]) else SORTS,
            "warning": [*WARNINGS, ANY_WARNING],
            "team": map(str, teams_on_wall(caller)) if texts["team"] else (),
        }.items()
    }
    who = query.get("who", "")
    return WallFilter(
        **known,
        q=texts["q"].strip()[:LONGEST_SEARCH],
        mine=who == "mine",
        person=who if NUMBER.fullmatch(who) else "",
        tag=" ".join(unicodedata.normalize("NFKC", texts["tag"][:LONGEST_SEARCH]).lower().split()),
        collection=_collection(texts["collection"], caller),
        content_id=texts["content_id"][:LONGEST_SEARCH],
        batch=_uuid(texts["batch"]),
        task=_uuid(texts["task"]),
        like=_uuid(texts["like"]),
        prompt=texts["prompt"] if PROMPT.fullmatch(texts["prompt"]) else "",
        starred={"1": True, "0": False}.get(texts["starred"]),
        rating=int(texts["rating"]) if texts["rating"] in {"1", "2", "3", "4", "5"} else 0,
        since=_day(texts["since"]),
        until=_day(texts["until"]),
        hidden=texts["hidden"] == "1",
    )


def query_of(wanted: WallFilter) -> dict[str, str]:
    """Return the filter as an address has it."""
    found = {}
    for name, value in vars(wanted).items():
        if value not in {"", None, 0} or (name == "starred" and value is False):
            text = str(int(value)) if isinstance(value, bool) else value.isoformat() if isinstance(value, date) else str(value)
            found[IN_ADDRESS.get(name, name)] = text
    who = "mine" if found.pop("mine", "") else found.pop("person", "")
    return found | ({"who": who} if who else {})


def lost_in(query: Mapping[str, str], caller: Caller) -> list[str]:
    """Return the parts of an address that no filter has, or that name what is gone or not the caller's, and a search without words. A page
    leaves them out; a change of everything that is found must not, because it would change more than was meant.
    """
    wanted = filter_of(query, caller)
    known = {name for name in query_of(wanted) if name != "q" or asked_in(wanted.q)}
    return sorted({name for name, value in query.items() if value} - known)


def question_of(wanted: WallFilter, caller: Caller) -> Question:
    """Return what to ask the index, so that it finds what the caller sees. A collection shows its hidden videos too."""
    groups = [[SHOWN, HIDDEN] if wanted.hidden or wanted.collection else [SHOWN]]
    if not may(caller, "see", Video):
        groups.append([word("o", caller.user.pk), *(word("t", pk) for pk in caller.teams)])
    values: dict[str, object] = {
        "o": caller.user.pk if wanted.mine else wanted.person,
        "t": wanted.team,
        "m": wanted.model,
        "v": wanted.vendor,
        "shape": wanted.shape,
        "length": wanted.length,
        "size": wanted.size,
        "tag": wanted.tag,
        "in": UUID(wanted.collection) if wanted.collection else "",
        "content": wanted.content_id,
        "batch": UUID(wanted.batch) if wanted.batch else "",
        "task": UUID(wanted.task) if wanted.task else "",
        "prompt": wanted.prompt,
        "star": "" if wanted.starred is None else int(wanted.starred),
        "rated": wanted.rating or "",
        "review": wanted.review,
        "warned": wanted.warning,
    }
    groups += [[word(kind, value)] for kind, value in values.items() if value != ""]
    if like := like_of(wanted, caller):
        groups.append(list(asked_of(like.pictures)))
    asked = [(one,) for one in asked_in(wanted.q)]
    return Question(
        groups=(*(tuple(Asked(one) for one in group) for group in groups), *asked),
        low=place_at(_begin_of(wanted.since)) if wanted.since else 0,
        high=place_at(_begin_of(wanted.until + timedelta(days=1))) if wanted.until else LAST,
        like=like,
    )


def like_of(wanted: WallFilter, caller: Caller) -> Like | None:
    """Return the video that others are to be like; without pictures if it has none to compare, or if the caller does not see it."""
    if not wanted.like:
        return None
    quality = Video.objects.visible_to(caller).filter(pk=wanted.like).values_list("quality", flat=True).first()
    return Like(video=UUID(wanted.like), pictures=pictures_of(quality))


def teams_on_wall(caller: Caller) -> Mapping[int, str]:
    """Return the names by id of the teams among whose videos the caller may choose."""
    if may(caller, "see", Video):
        return dict(Group.objects.order_by("name").values_list("pk", "name"))
    return caller.teams


def place_at(moment: datetime) -> int:
    """Return the place of the first video that was made at this moment or later."""
    first = Entry.objects.filter(made_at__gte=moment).order_by("made_at", "seq").values_list("seq", flat=True).first()
    return LAST if first is None else first


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())


def _collection(text: str, caller: Caller) -> str:
    """Return the id of a collection that the caller may see; who may not see it does not learn what is in it."""
    pk = _uuid(text)
    return pk if pk and Collection.objects.one_for(caller, UUID(pk)) else ""


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 1970 <= day.year < 9999 else None
