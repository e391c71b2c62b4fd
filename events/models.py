"""What happened: `Event` and `EventDelivery` for the portal's programs (events/outbox.py), `AuditEvent` for people (events/audit.py); and
what is wrong now: `Alert`.

No foreign key leaves this room: rows of other rooms are named by their ids, so that every room may write here.
"""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7


class Event(models.Model):
    """One change of a row, written in the transaction of that change. Never updated.

    `type` is the row's kind and what became of it: `task.succeeded`. `facts` has what changed and no more: a consumer reads the row.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(max_length=60)
    subject_id = models.UUIDField()
    owner_id = models.PositiveIntegerField(null=True)
    facts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_id}"


class EventDelivery(models.Model):
    """One event that one consumer has not finished. The row is deleted when it has."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries")
    consumer = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["consumer", "due_at"], name="delivery_due")]
        constraints = [models.UniqueConstraint(fields=["event", "consumer"], name="delivery_once")]

    def __str__(self) -> str:
        return f"{self.consumer} {self.event_id}"


class Alert(models.Model):
    """Something that those who look after the portal must know, while it lasts (`web/alerts.py`). `subject` tells alerts of one code apart,
    `message` is a `Message` as JSON. `told_at` is null until it has lasted long enough to be told.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=300, blank=True)
    message = models.JSONField(default=list)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["since"]
        constraints = [models.UniqueConstraint(fields=["code", "subject"], name="alert_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"


class AuditEvent(models.Model):
    """Who did what to what, from where. Never updated; deleted after years (`PORTAL_KEEP_AUDIT_DAYS`). Holds no secret.

    `token_id` is set when the user's program did it. No user: a command on the server did.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("time"))
    user_id = models.PositiveIntegerField(null=True)
    user_name = models.CharField(_("user"), max_length=150, blank=True)
    token_id = models.UUIDField(_("API token"), null=True)
    ip = models.CharField(_("address"), max_length=45, blank=True)
    action = models.CharField(_("action"), max_length=60)
    target_type = models.CharField(max_length=40)
    target_id = models.CharField(max_length=40)
    target_label = models.CharField(_("target"), max_length=200)
    before = models.JSONField(_("before"), default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit log")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["target_id"], name="audit_by_target"),
            models.Index(fields=["user_id", "-id"], name="audit_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_label}"
