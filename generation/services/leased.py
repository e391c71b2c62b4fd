"""Takes up a claim: the row, if it is still ours."""

from __future__ import annotations

from uuid import UUID

from generation.lifecycle import Status
from generation.models import GenerationTask

__all__ = ["take_up"]


def take_up(task_id: UUID | str, fence: int, status: Status) -> GenerationTask | None:
    """The task in this status under this fence; None when it moved on, which is normal: messages may come twice or late."""
    rows = GenerationTask.objects.select_related("account", "prompt", "owner")
    return rows.filter(pk=task_id, fence=fence, status=status).first()
