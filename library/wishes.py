"""Collections that are chosen before there is a video: the order's row names one, and the videos go there when they are stored."""

from __future__ import annotations

from contextlib import suppress

from access.callers import Caller
from database import clock
from generation.errors import NotAllowed, NotThere
from generation.lifecycle import Status
from generation.models import GenerationTask
from library.collections import add
from library.models import Collection

__all__ = ["grant"]

MOST_AT_ONCE = 100


def grant() -> int:
    """Put the videos of tasks that have them into their collections. Return how many tasks that were. Twice is as once."""
    done = GenerationTask.objects.filter(status=Status.SUCCEEDED, collection_id__isnull=False, collected_at=None)
    tasks = list(done.select_related("owner").order_by("pk")[:MOST_AT_ONCE])
    known = Collection.objects.in_bulk({task.collection_id for task in tasks}) if tasks else {}
    for task in tasks:
        ids = list(task.videos.order_by("output_index").values_list("pk", flat=True))
        if collection := known.get(task.collection_id):
            with suppress(NotAllowed, NotThere):  # its team is no longer the owner's, or it was deleted at this moment
                add(collection, ids, by=Caller(user=task.owner))
        GenerationTask.objects.filter(pk=task.pk).update(collected_at=clock.now())
    return len(tasks)
