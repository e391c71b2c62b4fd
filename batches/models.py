"""Batches and their rows (docs/adr/0050). Only the functions of this room write them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from uuid_utils.compat import uuid7

from generation.models.visibility import OwnedQuerySet, shared_with, team_index
from providers.messages import MessageField

__all__ = ["Batch", "BatchRow", "RecurringBatch", "RowState", "Source", "State"]


class Source(models.TextChoices):
    """Where the rows come from."""

    FILE = "file", _("A file")
    FORM = "form", _("Variations of a prompt")
    API = "api", _("API")
    SCHEDULE = "schedule", _("A schedule")


class State(models.TextChoices):
    """What is being done with a batch."""

    CHECKING = "checking", pgettext_lazy("batch", "Checking")
    REFUSED = "refused", pgettext_lazy("batch", "File refused")
    CHECKED = "checked", pgettext_lazy("batch", "Checked")
    RUNNING = "running", pgettext_lazy("batch", "Running")
    PAUSED = "paused", pgettext_lazy("batch", "Paused")
    ENDED = "ended", pgettext_lazy("batch", "Ended")


ATTENDED = [State.CHECKING, State.RUNNING, State.PAUSED]
"""The clock comes back to these: `due_at` is set."""


class RowState(models.TextChoices):
    """What became of a row. Once it has a task, the task says the rest."""

    BAD = "bad", pgettext_lazy("row", "Needs fixing")
    READY = "ready", pgettext_lazy("row", "Ready")
    LEFT_OUT = "left_out", pgettext_lazy("row", "Left out")
    WAITING = "waiting", pgettext_lazy("row", "Waiting")
    PLACED = "placed", pgettext_lazy("row", "Ordered")
    REFUSED = "refused", pgettext_lazy("row", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("row", "Cancelled")


class Batch(models.Model):
    """Many orders that are checked, paid for and followed together.

    `mapping` says for each column of the `heading` what it is: "prompt", "model", "content_id", "external_id", "params.duration_s",
    "inputs.first_frame", "metadata.sku", "variables.title", or "" for ignored. `defaults` has what applies where a row says nothing:
    `model`, `prompt`, `params`, `template`, `style`, `platform`, `enhance`; of variations, their `prompt`, and what of the order was
    `left_out`. `cost` is the sum of what its rows may cost, in millionths of PORTAL_CURRENCY; `unpriced` counts rows without a known price.
    `file_key` and `archive_key` are keys of the media storage.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="batches", verbose_name=_("owner"))
    team = shared_with()
    token = models.ForeignKey("access.ApiToken", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("token"))
    name = models.CharField(_("name"), max_length=200)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.FILE)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.CHECKING)
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    file_key = models.CharField(max_length=200, blank=True, editable=False)
    archive_key = models.CharField(max_length=200, blank=True, editable=False)
    language = models.CharField(max_length=10, blank=True, default="", db_default="", editable=False)
    encoding = models.CharField(_("encoding"), max_length=40, blank=True)
    heading = models.JSONField(_("heading"), default=list)
    mapping = models.JSONField(_("columns"), default=dict)
    defaults = models.JSONField(_("defaults"), default=dict)
    priority = models.SmallIntegerField(_("priority"), default=-1)
    needed_by = models.DateTimeField(_("needed by"), null=True, blank=True)
    rows_read = models.PositiveIntegerField(_("rows"), default=0)
    cost = models.BigIntegerField(null=True, editable=False)
    unpriced = models.PositiveIntegerField(default=0, editable=False)
    error = MessageField(_("error"))
    idempotency_key = models.CharField(max_length=255, blank=True, default="", db_default="", editable=False)
    request_digest = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)

    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)

    created_at = models.DateTimeField(_("created"))
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = OwnedQuerySet["Batch"].as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="batch_by_owner"),
            team_index("batch_by_team"),
            models.Index(fields=["due_at"], name="batch_due", condition=Q(due_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="batch_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=ATTENDED, due_at__isnull=False) | (~Q(state__in=ATTENDED) & Q(due_at__isnull=True)),
                name="batch_due_iff_attended",
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) | (~Q(state="ended") & Q(ended_at__isnull=True)),
                name="batch_ended_at_iff_ended",
            ),
            models.UniqueConstraint(fields=["owner", "idempotency_key"], condition=~Q(idempotency_key=""), name="batch_key_once_per_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class BatchRow(models.Model):
    """A row: `cells` by heading as they were uploaded, and the `order` that they mean, as JSON: `model`, `prompt`, `params`, `inputs` (ids
    of assets by slot), `content_id`, `external_id`, `metadata`, `made_from`. A draft has `full`, the settings to finish it with; a row that
    finishes one has `finishes`, the draft's task.

    `problems` is a list of `{"code", "field", "facts"}`; rows with the same `repair` are mended in the same way. `task_id` is chosen when
    the batch is accepted, before the task exists. `cost` is in millionths of PORTAL_CURRENCY.
    """

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    state = models.CharField(_("state"), max_length=10, choices=RowState.choices)
    cells = models.JSONField(_("cells"), default=dict)
    order = models.JSONField(default=dict)
    problems = models.JSONField(_("problems"), default=list)
    repair = models.CharField(max_length=64, blank=True)
    cost = models.BigIntegerField(null=True)
    task_id = models.UUIDField(null=True, unique=True)

    class Meta:
        verbose_name = _("row of a batch")
        verbose_name_plural = _("rows of batches")
        ordering = ["number"]
        indexes = [models.Index(fields=["batch", "state", "number"], name="batch_row_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="batch_row_once"),
            models.CheckConstraint(condition=Q(state__in=RowState.values), name="batch_row_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["waiting", "placed"]) | Q(task_id__isnull=False), name="batch_row_accepted_has_task_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.number}"


class RecurringBatch(models.Model):
    """A file at an address that becomes a batch every day (docs/adr/0057). `mapping` and `defaults` are those of its batches.

    `next_at` is when the next run is planned, `at` of a day in `time_zone`. `run_id` is set while a run is on: the id that its batch has or
    will have. `due_at` is when the clock looks at it next, null while it is paused and no run is on. `most_cost` is in millionths of
    PORTAL_CURRENCY. `batch` is that of the last run, if it made one; `result` says what became of the run, and `failed` whether it failed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner"))
    team = shared_with()
    token = models.ForeignKey("access.ApiToken", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("token"))
    token_line = models.UUIDField(null=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    url = models.CharField(_("address of the file"), max_length=2_000)
    at = models.TimeField(_("time of day"))
    time_zone = models.CharField(_("time zone"), max_length=64)
    mapping = models.JSONField(_("columns"), default=dict)
    defaults = models.JSONField(_("defaults"), default=dict)
    missing_only = models.BooleanField(_("only content ids without a video"), default=True)
    good_only = models.BooleanField(_("good rows only"), default=False)
    most_cost = models.BigIntegerField(null=True, editable=False)
    paused = models.BooleanField(_("paused"), default=False)
    next_at = models.DateTimeField(_("next run"), editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    run_id = models.UUIDField(null=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    fence = models.PositiveIntegerField(default=0, editable=False)
    last_run_at = models.DateTimeField(_("last run"), null=True, editable=False)
    batch = models.ForeignKey(Batch, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("batch"))
    result = MessageField(_("result"))
    failed = models.BooleanField(_("failed"), default=False, editable=False)
    created_at = models.DateTimeField(_("created"))

    objects = OwnedQuerySet["RecurringBatch"].as_manager()

    class Meta:
        verbose_name = _("recurring batch")
        verbose_name_plural = _("recurring batches")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="recurring_by_owner"),
            models.Index(fields=["due_at"], name="recurring_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name
