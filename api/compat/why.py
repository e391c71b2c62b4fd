"""Explains to a client why its task has no video."""

from __future__ import annotations

from django.utils.translation import gettext as _

from generation.lifecycle import Status
from generation.messages import failure_sentence
from generation.models import GenerationTask

__all__ = ["why_no_video"]


def why_no_video(task: GenerationTask) -> str:
    """Return why a task that has ended has no video."""
    if task.state is Status.SUCCEEDED:
        return _("The video was deleted.")
    if task.state is Status.CANCELLED:
        return _("The task was cancelled.")
    return " ".join(part for part in (*failure_sentence(task.error_code), str(task.error_message)) if part)
