"""What people call the states of a task."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from generation.lifecycle import Status

__all__ = ["STATUS_CHOICES"]

STATUS_CHOICES = [
    (Status.QUEUED.value, _("Waiting")),
    (Status.SUBMITTING.value, _("Sending")),
    (Status.RUNNING.value, _("Rendering")),
    (Status.INGESTING.value, _("Saving video")),
    (Status.SUCCEEDED.value, pgettext_lazy("task", "Done")),
    (Status.NEEDS_REVIEW.value, _("Needs review")),
    (Status.FAILED.value, _("Failed")),
    (Status.CANCELLED.value, pgettext_lazy("task", "Cancelled")),
]
