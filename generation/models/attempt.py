"""Attempts and events of tasks: evidence, written once and kept."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from providers.core.catalog import vendors_id_of
from providers.core.types import LONGEST_ID_BYTES, Submission
from providers.messages import MessageField


class Dispatch(models.TextChoices):
    """What became of the paid request."""

    SENDING = "sending", _("Sending")
    """The intent is committed; until it is settled, assume that it was paid."""
    ACCEPTED = "accepted", _("Accepted")
    """The vendor answered with its id."""
    REJECTED = "rejected", _("Rejected")
    """Surely not accepted: nothing was paid."""
    UNKNOWN = "unknown", _("Unknown")
    """It may have been accepted."""


MAYBE_PAID = (Dispatch.SENDING, Dispatch.UNKNOWN, Dispatch.ACCEPTED)
"""What may have been, or was, paid."""


def submission_of(model: str, submission_id: str, kind: str) -> Submission:
    """Return the vendor's handle as adapters take it, from what rows keep of it."""
    return Submission(id=submission_id, model=vendors_id_of(model), kind=kind)


class Attempt(models.Model):
    """One submission of a task to a vendor. `reference` is ours and goes to vendors that keep one.

    Past `sender_gone_at` the sender is dead or cut off: an attempt without an end holds nothing any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey("generation.GenerationTask", models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField(_("number"))
    account = models.ForeignKey("providers.ProviderAccount", models.PROTECT, related_name="+", verbose_name=_("account"))
    reference = models.CharField(_("our reference"), max_length=60)
    dispatch = models.CharField(_("dispatch"), max_length=10, choices=Dispatch.choices, default=Dispatch.SENDING)
    submission_id = models.CharField(_("vendor's task id"), max_length=LONGEST_ID_BYTES, blank=True)
    submission_kind = models.CharField(max_length=40, blank=True)
    request = models.JSONField(_("request, redacted"), default=dict)
    reply = models.JSONField(_("last reply, redacted"), default=dict)
    error_code = models.CharField(_("error"), max_length=40, blank=True)
    error_message = MessageField(_("error message"))
    started_at = models.DateTimeField(_("started"))
    sender_gone_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["task", "number"]
        indexes = [
            models.Index(fields=["account", "started_at"], name="attempt_rate"),
            models.Index(fields=["account", "finished_at"], name="attempt_permit"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task", "number"], name="attempt_number_once"),
            models.CheckConstraint(condition=Q(dispatch__in=Dispatch.values), name="attempt_dispatch_known"),
            models.CheckConstraint(condition=~Q(dispatch=Dispatch.ACCEPTED) | ~Q(submission_id=""), name="attempt_accepted_has_vendor_id"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} #{self.number}"

    @property
    def submission(self) -> Submission:
        """Return the vendor's handle, where it is stored."""
        return submission_of(self.task.model, self.submission_id, self.submission_kind)


class TaskEvent(models.Model):
    """One move of a task, append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey("generation.GenerationTask", models.CASCADE, related_name="events")
    at = models.DateTimeField(_("at"))
    from_status = models.CharField(_("from"), max_length=12, blank=True)
    to_status = models.CharField(_("to"), max_length=12)
    note = MessageField(_("note"))
    decision_key = models.CharField(max_length=255, blank=True, editable=False)
    """The Idempotency-Key of the decision that moved it."""

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["task", "decision_key"], condition=~Q(decision_key=""), name="event_decision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"
