"""Saves a video that somebody was shown into their own library: a new task of theirs that has ended, and a video that shares the files.

Nothing is bought (docs/adr/0056, 0062). The images of the order belong to others and are not copied.
"""

from __future__ import annotations

from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from database import clock
from generation.errors import NotThere
from generation.models import GenerationTask, Prompt, TaskEvent, Video
from generation.ordering.room import quotas_of, require_free_disk
from generation.ordering.stored import copy_for, facts_of_copy
from providers.core.messages import say

__all__ = ["save_copy"]


def save_copy(video: Video, *, owner: User) -> Video:
    """Return this person's copy of the video; the video itself if they own it. A repeat returns the copy of before.

    Raises `QuotaReached`, `StorageLow`, and `NotThere` if it was deleted meanwhile.
    """
    if video.owner_id == owner.pk:
        return video
    quotas_of([owner.pk])[owner.pk].require_room()
    require_free_disk()
    with transaction.atomic():
        source = Video.objects.select_for_update(of=("self",)).kept().filter(pk=video.pk).select_related("task__prompt").first()
        if source is None:
            raise NotThere(_("There is no such video."))
        had = Video.objects.kept().filter(copy_of=source.copy_of_id or source.pk, owner=owner).first()
        return had or _copy(source, owner)


def _copy(source: Video, owner: User) -> Video:
    now, order = clock.now(), source.task
    prompt = Prompt.objects.create(owner=owner, text=order.prompt.text, negative_text=order.prompt.negative_text)
    ended = facts_of_copy(order) | {"finished_at": now, "cost_estimated": Decimal(0), "created_at": now, "updated_at": now}
    task = GenerationTask.objects.create(**ended, owner=owner, prompt=prompt, model=order.model, params=order.params, only=order.only)
    TaskEvent.objects.create(task=task, at=now, to_status=task.status, note=say("saved_from_link"))
    copy = copy_for(task, source)
    copy.output_index = 0
    copy.save(force_insert=True)
    return copy
