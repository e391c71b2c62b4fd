"""Endpoints, the deliveries of events to them, and the notices that pages show to a person.

An endpoint is a program's address, a chat, a mailbox, or the origin of callback addresses. Each is one row and one lane.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from uuid_utils.compat import uuid7

from generation.models.visibility import OwnedQuerySet
from providers.messages import MessageField


class Kind(models.TextChoices):
    """The kind of an endpoint. It decides how requests to it are made."""

    WEBHOOK = "webhook", _("Webhook")
    CALLBACK = "callback", _("Callback address of tasks")
    FEISHU = "feishu", _("Feishu or Lark")
    DINGTALK = "dingtalk", _("DingTalk")
    WECOM = "wecom", _("WeCom")
    SLACK = "slack", _("Slack")
    TELEGRAM = "telegram", _("Telegram")
    EMAIL = "email", _("E-mail")


SIGNED = frozenset({Kind.WEBHOOK, Kind.CALLBACK})
"""Kinds for programs: one request for each event, signed as Standard Webhooks says. The others are for people."""


class Off(models.TextChoices):
    """Why an endpoint is disabled."""

    GONE = "gone", _("The receiver said that it is gone (410)")
    DEAD = "dead", _("It failed for five days")
    BY_PERSON = "by_person", _("Disabled by a person")
    OWNER_LEFT = "owner_left", _("Its owner left")


class State(models.TextChoices):
    """The state of a delivery."""

    PENDING = "pending", pgettext_lazy("delivery", "Waiting")
    DONE = "done", pgettext_lazy("delivery", "Delivered")
    FAILED = "failed", pgettext_lazy("delivery", "Failed")
    DROPPED = "dropped", pgettext_lazy("delivery", "Not sent")


class Endpoint(models.Model):
    """Where events are sent, and the health of the receiver.

    `url` of a callback is an origin; of a chat it is the part of the address that people may see. `sealed` holds the secrets:
    `secret`, and `previous` until `previous_until`; of a chat `address` and `key`. `failures` counts turns in a row without a success.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="endpoints", verbose_name=_("owner"))
    team = models.ForeignKey("auth.Group", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.WEBHOOK)
    label = models.CharField(_("label"), max_length=100, blank=True)
    url = models.CharField(_("address"), max_length=2_000)
    types = models.JSONField(_("events"), default=list)
    language = models.CharField(_("language"), max_length=10, default=settings.LANGUAGE_CODE)
    enabled = models.BooleanField(_("enabled"), default=True)
    disabled_code = models.CharField(_("disabled because"), max_length=40, choices=Off.choices, blank=True)
    sealed = models.TextField(editable=False)
    previous_until = models.DateTimeField(_("old secret signs until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    last_failed_at = models.DateTimeField(_("last failed"), null=True, blank=True)
    resting_until = models.DateTimeField(_("rests until"), null=True, blank=True)
    last_ok_at = models.DateTimeField(_("last delivered"), null=True, blank=True)
    unreadable_since = models.DateTimeField(_("secret unreadable since"), null=True, blank=True)
    """When the portal noticed that it cannot decrypt the secrets. Deliveries wait until it can, or until a new secret is made."""
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    """Until when a process may send to it. In the past, it says when it was last sent to."""

    objects = OwnedQuerySet["Endpoint"].as_manager()

    class Meta:
        verbose_name = _("endpoint")
        verbose_name_plural = _("endpoints")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["lease_until"], name="endpoint_free", condition=Q(enabled=True)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="endpoint_kind_known"),
            models.CheckConstraint(
                condition=Q(enabled=True, disabled_code="") | (Q(enabled=False) & ~Q(disabled_code="")), name="endpoint_off_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(failures=0, failing_since__isnull=True) | Q(failures__gt=0, failing_since__isnull=False),
                name="endpoint_failing_since_iff_failing",
            ),
            models.UniqueConstraint(fields=["owner", "url"], condition=Q(kind="callback"), name="endpoint_callback_once"),
        ]

    def __str__(self) -> str:
        return self.label or self.url

    @property
    def page(self) -> str:
        """Return the address of its page, for notices."""
        return f"/webhooks/{self.pk}/"

    @property
    def is_for_people(self) -> bool:
        """Return whether it gets text with several events in one message, and no signature."""
        return self.kind not in SIGNED

    def rests(self, now: datetime) -> bool:
        """Return whether nothing is sent to it for now, because it failed."""
        return self.resting_until is not None and self.resting_until > now


class Delivery(models.Model):
    """One event for one endpoint. `body` is sent with the same bytes each time; `tries` has the last tries as `{at, status, ms, code}`.

    `url` is the task's own address of a callback, otherwise empty. `attempts` counts the tries.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries", verbose_name=_("endpoint"))
    event_id = models.UUIDField(_("event"))
    type = models.CharField(_("event"), max_length=40)
    url = models.CharField(_("address"), max_length=2_000, blank=True)
    body = models.TextField(_("body"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    tries = models.JSONField(_("tries"), default=list)
    reply = models.TextField(_("last answer"), blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["endpoint", "due_at"], name="webhook_due", condition=Q(state="pending")),
            models.Index(fields=["endpoint", "-id"], name="webhook_by_endpoint"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "event_id"], name="webhook_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="webhook_state_known"),
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False, finished_at__isnull=True)
                | (~Q(state="pending") & Q(due_at__isnull=True, finished_at__isnull=False)),
                name="webhook_due_iff_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class Notice(models.Model):
    """News for a person that no task shows: an endpoint was disabled, a budget is almost used up."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    message = MessageField()
    url = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["owner", "-id"], name="notice_unread", condition=Q(read_at__isnull=True))]

    def __str__(self) -> str:
        return str(self.message)
