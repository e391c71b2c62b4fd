"""Collections that are chosen before there is a video: a wish is stored with the order, and granted when the videos are."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from access.callers import Caller
from generation.errors import NotAllowed, NotThere
from generation.lifecycle import TERMINAL
from generation.models import GenerationTask
from library.collections import add
from library.models import Collection, Wish

__all__ = ["grant", "wish"]

MOST_AT_ONCE = 100


def wish(tasks: Iterable[GenerationTask], collection: Collection) -> None:
    """Store, in the transaction of the order, that the videos of these tasks go into a collection that their owner may fill. A repeat
    changes nothing.
    """
    Wish.objects.bulk_create([Wish(task=task, collection=collection) for task in tasks], ignore_conflicts=True)


def grant() -> int:
    """Put the videos of tasks that have ended into their collections. Return how many tasks that were. Twice is as once."""
    ended = Wish.objects.filter(task__status__in=TERMINAL).select_related("task__owner", "collection")
    wishes = list(ended.order_by("task")[:MOST_AT_ONCE])
    for one in wishes:
        ids = list(one.task.videos.order_by("output_index").values_list("pk", flat=True))
        with suppress(NotAllowed, NotThere):  # the collection is gone, or its team is no longer the owner's
            add(one.collection, ids, by=Caller(user=one.task.owner))
        Wish.objects.filter(pk=one.pk).delete()
    return len(wishes)
