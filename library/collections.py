"""Collections: who makes and changes them, what is in them and in which order.

The owner changes a collection; members of its team put in and take out videos that they see. Nothing here deletes a video.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Count, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from database import clock
from database.one_at_a_time import one_at_a_time
from events import audit
from generation.errors import InvalidRequest, NotAllowed, NotThere
from generation.models import Video
from generation.models.video import VideoQuerySet
from library.models import Collection, CollectionItem

__all__ = [
    "DEEPEST",
    "NAME_LONGEST",
    "Place",
    "add",
    "change",
    "create",
    "delete",
    "move",
    "remove",
    "seen_in",
    "shown",
    "the_collection",
    "to_fill",
]

NAME_LONGEST = 120
DESCRIPTION_LONGEST = 1_000
DEEPEST = 5
"""How many collections may lie inside each other, the outermost included."""
GAP = 2**20
"""Between the positions of neighbours, so that a video that is moved between them changes no other row."""
TREE = "collections"
"""Those who change what lies in what wait for each other: two moves at once could make a circle, or go too deep."""
SPREAD = """
    UPDATE library_collectionitem SET position = placed.place * %s
    FROM (SELECT id, row_number() OVER (ORDER BY position, id) AS place FROM library_collectionitem WHERE collection_id = %s) AS placed
    WHERE library_collectionitem.id = placed.id
"""


@dataclass(frozen=True)
class Place:
    """Where a video is in a collection: pages of a collection go from place to place."""

    position: int
    item: int

    def __str__(self) -> str:
        return f"{self.position}.{self.item}"


def the_collection(caller: Caller, pk: UUID) -> Collection:
    """Return a collection that the caller may see. Raises `NotThere`."""
    row = Collection.objects.select_related("team", "owner", "parent").one_for(caller, pk)
    if row is None:
        raise NotThere(_("There is no such collection."))
    return row


def to_fill(caller: Caller, pk: UUID) -> Collection:
    """Return a collection that an order's videos may go into. Raises `InvalidRequest` where the caller sees none, and `NotAllowed`."""
    try:
        row = the_collection(caller, pk)
    except NotThere as gone:
        raise _wrong("collection", gone.message) from gone
    _require(row, "fill", caller)
    return row


def shown(rows: QuerySet[Collection], caller: Caller) -> QuerySet[Collection]:
    """Add to each collection `size`, how many videos it has, and `face`, the id of the video that its cover shows to the caller: the one
    that was chosen, or else the first.
    """
    inside = CollectionItem.objects.filter(collection=OuterRef("pk")).order_by().values("collection")
    chosen = _visible(caller).filter(pk=OuterRef("cover")).values("pk")[:1]
    first = _visible(caller).filter(collected__collection=OuterRef("pk")).order_by("collected__position", "collected__id").values("pk")[:1]
    size = Coalesce(Subquery(inside.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)
    return rows.select_related("team", "owner").annotate(size=size, face=Coalesce(Subquery(chosen), Subquery(first)))


def seen_in(collection: Collection, caller: Caller, *, after: Place | None = None, before: Place | None = None) -> QuerySet[Video]:
    """Return the videos of the collection that the caller may see, in its order; each has its `position` and the id of its `item`. Those
    before a place come the other way round, the nearest first.
    """
    here = Q(collected__collection=collection)
    if before:
        in_front = Q(collected__position__lt=before.position) | Q(collected__position=before.position, collected__id__lt=before.item)
        here &= Q(collected__position__lte=before.position) & in_front
    if after:
        beyond = Q(collected__position__gt=after.position) | Q(collected__position=after.position, collected__id__gt=after.item)
        here &= Q(collected__position__gte=after.position) & beyond
    placed = _visible(caller).filter(here).annotate(position=F("collected__position"), item=F("collected__id"))
    return placed.order_by("-position", "-item") if before else placed.order_by("position", "item")


def create(
    *, by: Caller, name: str, description: str = "", parent: Collection | None = None, team: Group | None = None, is_hidden: bool = False
) -> Collection:
    """Store a new collection of the caller's. Raises `InvalidRequest` by field, and `NotAllowed` for a parent of another person."""
    row = Collection(owner=by.user, name=_name(name), description=_description(description), team=team, parent=parent, is_hidden=is_hidden)
    with one_at_a_time(TREE):
        _require_place(row, parent, by)
        row.save()
        audit.record("collection.created", row, by=by, after=_facts(row))
    return row


def change(collection: Collection, *, by: Caller, **changes: Any) -> Collection:
    """Set `name`, `description`, `parent`, `team`, `cover_id` (a video of it) or `is_hidden`; what is left out stays. None removes the
    parent, the team or the cover. Raises `InvalidRequest` by field, `NotAllowed`, and `NotThere` if it was deleted meanwhile.
    """
    _require(collection, "act", by)
    if changes.get("team") not in {None, collection.team} and not may(by, "share", collection):
        raise NotAllowed(_("Only its owner can share it with a team."))
    for field, check in (("name", _name), ("description", _description)):
        if field in changes:
            changes[field] = check(changes[field])
    if (cover := changes.get("cover_id")) and not seen_in(collection, by).filter(pk=cover).exists():
        raise _wrong("cover", _("Choose a video of this collection."))
    with one_at_a_time(TREE), one_at_a_time(str(collection.pk)):
        before = _facts(the_collection(by, collection.pk))  # `collection` was read before the lock
        if "parent" in changes:
            _require_place(collection, changes["parent"], by)
        Collection.objects.filter(pk=collection.pk).update(**changes, updated_at=clock.now())
        collection.refresh_from_db()
        after = _facts(collection)
        if after["is_hidden"] != before["is_hidden"]:
            _reindex(Video.objects.filter(collected__collection=collection))
        if after != before:
            audit.record("collection.changed", collection, by=by, before=before, after=after)
    return collection


def delete(collection: Collection, *, by: Caller) -> None:
    """Delete the collection, not its videos; collections inside it move up one level. Raises `NotAllowed`."""
    _require(collection, "act", by)
    with one_at_a_time(TREE), one_at_a_time(str(collection.pk)):
        collection.children.update(parent_id=Collection.objects.filter(pk=collection.pk).values("parent"))
        count = _reindex(Video.objects.filter(collected__collection=collection))
        if Collection.objects.filter(pk=collection.pk).delete()[0]:
            audit.record("collection.deleted", collection, by=by, before=_facts(collection) | {"videos": count})


def add(collection: Collection, ids: Sequence[UUID], *, by: Caller) -> list[UUID]:
    """Add these videos at the end, in this order; those that are in it keep their place. Return the ids that the caller does not see.

    Raises `NotAllowed`, and `NotThere` if the collection was deleted meanwhile.
    """
    _require(collection, "fill", by)
    wanted = list(dict.fromkeys(ids))
    seen = set(Video.objects.visible_to(by).filter(pk__in=wanted).values_list("pk", flat=True))
    with one_at_a_time(str(collection.pk)):
        if not Collection.objects.filter(pk=collection.pk).exists():
            raise NotThere(_("There is no such collection."))
        items = CollectionItem.objects.filter(collection=collection)
        known = set(items.filter(video__in=seen).values_list("video_id", flat=True))
        new = [pk for pk in wanted if pk in seen - known]
        last = items.aggregate(last=Max("position"))["last"] or 0
        made = [
            CollectionItem(collection=collection, video_id=pk, position=last + GAP * place, added_by=by.user)
            for place, pk in enumerate(new, start=1)
        ]
        CollectionItem.objects.bulk_create(made)
        _reindex(Video.objects.filter(pk__in=new))
    return [pk for pk in wanted if pk not in seen]


def remove(collection: Collection, ids: Iterable[UUID], *, by: Caller) -> int:
    """Remove these videos, as far as the caller sees them. Return how many were removed. Raises `NotAllowed`."""
    _require(collection, "fill", by)
    with one_at_a_time(str(collection.pk)):
        gone = list(seen_in(collection, by).filter(pk__in=list(ids)).values_list("pk", flat=True))
        CollectionItem.objects.filter(collection=collection, video__in=gone).delete()
        _reindex(Video.objects.filter(pk__in=gone))
    return len(gone)


def move(collection: Collection, ids: Sequence[UUID], *, by: Caller, before: UUID | None = None) -> None:
    """Put these videos of the collection, in this order, before another one; None: at the end.

    Raises `NotAllowed`, and `InvalidRequest` about a video that is not in it.
    """
    _require(collection, "fill", by)
    wanted = list(dict.fromkeys(ids))
    if before in wanted:
        raise _wrong("before", _("Name a video that does not move."))
    with one_at_a_time(str(collection.pk)):
        items = CollectionItem.objects.filter(collection=collection)
        moved = {item.video_id: item for item in items.filter(video__in=wanted)}
        if len(moved) < len(wanted):
            raise _wrong("videos", _("Some of these videos are not in this collection."))
        if before is not None and not items.filter(video=before).exists():
            raise _wrong("before", _("This video is not in this collection."))
        low, high = _room(items, list(moved), before)
        if high is not None and high - low <= len(wanted):
            with connection.cursor() as cursor:
                cursor.execute(SPREAD, [GAP, Collection._meta.pk.get_db_prep_value(collection.pk, connection)])  # noqa: SLF001 - public in Django
            low, high = _room(items, list(moved), before)
        step = GAP if high is None else (high - low) // (len(wanted) + 1)
        for place, pk in enumerate(wanted, start=1):
            moved[pk].position = low + step * place
        CollectionItem.objects.bulk_update(moved.values(), ["position"])


def _room(items: QuerySet[CollectionItem], moved: list[UUID], before: UUID | None) -> tuple[int, int | None]:
    """Return the positions between which there is room: of those that stay, the last one in front, and that of `before`."""
    others = items.exclude(video__in=moved)
    if before is None:
        return others.aggregate(last=Max("position"))["last"] or 0, None
    target = items.get(video=before)
    in_front = others.filter(Q(position__lt=target.position) | Q(position=target.position, id__lt=target.pk))
    last = in_front.aggregate(last=Max("position"))["last"]
    return target.position - GAP * (len(moved) + 1) if last is None else last, target.position


def _visible(caller: Caller) -> VideoQuerySet:
    """Return the kept videos that the caller may see, for questions that an index of collections answers."""
    kept = Video.objects.kept()
    return kept.filter(kept.shown_among(caller))


def _reindex(videos: VideoQuerySet) -> int:
    """Let the library index these videos again. Return how many. In one order, so that two requests never wait for each other's rows."""
    list(videos.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk"))
    return videos.change()


def _require(collection: Collection, action: str, by: Caller) -> None:
    if not may(by, action, collection):
        raise NotAllowed(_("This collection belongs to someone else. Only its owner can change it."))


def _require_place(collection: Collection, parent: Collection | None, by: Caller) -> None:
    """Check, while nobody else moves one, that it fits into the parent. Raises `InvalidRequest`, `NotAllowed`."""
    if parent is None:
        return
    _require(parent, "act", by)
    above: list[UUID] = []
    link: UUID | None = parent.pk
    while link is not None:
        if link == collection.pk:
            raise _wrong("parent", _("A collection cannot be inside itself."))
        above.append(link)
        row = Collection.objects.filter(pk=link).values_list("parent", flat=True)
        if not row:
            raise NotThere(_("There is no such collection."))
        link = row[0]
    if len(above) + _height(collection) > DEEPEST:
        raise _wrong("parent", _("Collections can be %(most)d deep.") % {"most": DEEPEST})


def _height(collection: Collection) -> int:
    """Return how many levels it has, itself included."""
    height, level = 1, [collection.pk]
    while level := list(Collection.objects.filter(parent__in=level).values_list("pk", flat=True)):
        height += 1
    return height


def _name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_LONGEST:
        raise _wrong("name", _("Give it a name of at most %(most)d characters.") % {"most": NAME_LONGEST})
    return name


def _description(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_LONGEST:
        raise _wrong("description", _("At most %(most)d characters.") % {"most": DESCRIPTION_LONGEST})
    return text


def _wrong(field: str, words: str) -> InvalidRequest:
    return InvalidRequest(words, fields={field: words})


def _facts(collection: Collection) -> dict[str, Any]:
    """Return what the audit log keeps of it."""
    return {"name": collection.name, "parent": collection.parent, "team": collection.team, "is_hidden": collection.is_hidden}
