"""`GenerationTask`: the durable order of one video, and the only writer of its status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from access.callers import Caller
from access.ledger_models import Basis
from access.limits import Only
from access.money import decimal
from access.rights import may
from database import clock
from events import outbox
from generation.errors import LostRace
from generation.lifecycle import RESTING, TERMINAL, Status, require_move, wants_attention
from generation.models.attempt import Attempt, Dispatch, submission_of
from generation.models.prompt import Asset
from generation.models.settling import follow_move
from generation.models.status_labels import STATUS_CHOICES
from generation.models.task_queries import TaskQuerySet
from generation.models.video import Video
from generation.models.visibility import named_to_pay, shared_with, team_index
from generation.places import PLACES
from providers.core.catalog import ModelSpec, vendor_of
from providers.core.errors import ProviderError
from providers.core.messages import Message, say
from providers.core.types import LONGEST_ID_BYTES, Submission
from providers.messages import MessageField
from providers.vendors import ALL_MODELS

T = TypeVar("T")
ENDED = sorted(status.value for status in TERMINAL)
ATTENDED = [status.value for status in Status if wants_attention(status)]
NO_ERROR: dict[str, Any] = {"error_code": "", "error_message": Message(), "vendor_code": ""}
NO_WAIT: dict[str, Any] = {"wait_reason": Message()}
FIRST_POLL = timedelta(seconds=1)
REFERENCE = "vp-"
UUID_CHARS = 36


def _by_slot(places: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for slot, item in places:
        found.setdefault(slot, []).append(item)
    return found


class GenerationTask(models.Model):
    """The row is the truth: its status, when it is next due, who holds it, and everything we know of its render.

    `fence` rises when a job leases the row, and every write checks it: a process that was paused past its lease changes nothing.
    `asked_model` is empty unless a failover rule replaced the model that was asked for.
    `is_bound`: only its account may send it. So after an attempt with unknown outcome, because only there does our reference protect, and
    for an order that continues a render, which only its account has.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tasks", verbose_name=_("owner"))
    token = models.ForeignKey("access.ApiToken", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("token"))
    team = shared_with()
    paying_team = named_to_pay()
    prompt = models.ForeignKey("generation.Prompt", models.PROTECT, related_name="tasks", verbose_name=_("prompt"))
    model = models.CharField(_("model"), max_length=120)
    asked_model = models.CharField(_("model asked for"), max_length=120, blank=True)
    params = models.JSONField(_("params"), default=dict)
    status = models.CharField(_("status"), max_length=12, choices=STATUS_CHOICES, default=Status.QUEUED)
    progress = models.PositiveSmallIntegerField(_("progress"), null=True, blank=True)
    vendor_state = models.CharField(_("vendor's word"), max_length=60, blank=True)

    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    deadline_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    lease_owner = models.CharField(_("held by"), max_length=80, blank=True)
    lease_until = models.DateTimeField(_("held until"), null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    starts = models.PositiveSmallIntegerField(_("starts of this step"), default=0)
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0)

    account = models.ForeignKey(
        "providers.ProviderAccount", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    is_bound = models.BooleanField(default=False)
    submission_id = models.CharField(_("vendor's task id"), max_length=LONGEST_ID_BYTES, blank=True)
    submission_kind = models.CharField(max_length=40, blank=True)
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0)
    outputs = models.JSONField(default=list)
    actual_prompt = models.TextField(blank=True)

    error_code = models.CharField(_("error"), max_length=40, blank=True)
    error_message = MessageField(_("error message"))
    vendor_code = models.CharField(_("vendor's code"), max_length=80, blank=True)
    wait_reason = MessageField(_("waits because"))
    cancel_requested_at = models.DateTimeField(_("cancel requested"), null=True, blank=True)
    dismissed_at = models.DateTimeField(_("dismissed"), null=True, blank=True)
    """When a person took note of its failure; it no longer asks for attention."""

    content_id = models.CharField(_("content id"), max_length=200, blank=True)
    """What the caller calls the thing that the video is for; many tasks may have the same."""
    only = models.CharField(max_length=20, blank=True, default="", db_default="")
    """Where it may be rendered, one of `PLACES`; copied from the token when it is ordered (generation/places.py)."""
    callback_url = models.CharField(_("callback address"), max_length=2_000, blank=True)
    callback_shape = models.CharField(max_length=20, blank=True, default="", db_default="", editable=False)
    """The shape of its callbacks: the name of the dialect in which the task was ordered; empty for the portal's own."""
    external_id = models.CharField(_("external id"), max_length=200, blank=True)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    inputs_given = models.JSONField(null=True, editable=False)
    """The ids in `inputs` by slot, so that an answer needs no query for them; null in rows of versions that did not write it."""
    idempotency_key = models.CharField(max_length=255, blank=True)
    request_digest = models.CharField(max_length=64, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    """What is rendered, as a digest (`ordering/fingerprint.py`); empty in rows of versions that did not write it."""
    batch_id = models.UUIDField(null=True, blank=True, editable=False)
    """The batch that it is part of (docs/adr/0050)."""
    priority = models.SmallIntegerField(_("priority"), default=0, db_default=0)
    """Which of its owner's waiting tasks starts first: the highest. Turns between owners do not depend on it."""
    collection_id = models.UUIDField(null=True, blank=True, editable=False)
    """The collection that its videos go into (`library/wishes.py`)."""
    collected_at = models.DateTimeField(null=True, editable=False)
    """When its videos were put there, or could not be. Null: not yet."""
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="retries")
    copy_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, editable=False)
    """The task whose stored videos it was given, so that nothing was bought (docs/adr/0056)."""

    cost_estimated = models.DecimalField(_("cost, estimated"), max_digits=12, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    usage = models.CharField(_("usage, as the vendor reports it"), max_length=500, blank=True, default="", db_default="")
    charged_amount = models.DecimalField(_("charged by the vendor"), max_digits=16, decimal_places=6, null=True, blank=True)
    """What the vendor says that it charged, in `charged_unit`: a currency, or the vendor's units such as credits."""
    charged_unit = models.CharField(max_length=20, blank=True, default="", db_default="")

    cost_settled = models.BigIntegerField(null=True, editable=False)
    """What it cost, in millionths of PORTAL_CURRENCY: a copy of what its reservations say, for answers without a query. Null: not known
    yet, or nothing was reserved, as in a sandbox."""
    cost_basis = models.CharField(max_length=10, choices=Basis.choices, blank=True, default="", db_default="", editable=False)

    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("changed"))
    submitted_at = models.DateTimeField(_("sent"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    rendered_at = models.DateTimeField(_("rendered"), null=True, blank=True)
    outputs_expire_at = models.DateTimeField(_("vendor's file expires"), null=True, blank=True)
    """When the first of its outputs ends at the vendor, as stated or by the model's `result_life` (`polling/outcome.py`)."""
    expiry_warned_at = models.DateTimeField(null=True, editable=False)
    """When the event `task.expiring` was written; there is one for each task (`scheduling/savers.py`)."""
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = TaskQuerySet["GenerationTask"].as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "due_at"], name="task_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["account", "due_at"], name="task_poll", condition=Q(status="running")),
            models.Index(fields=["account", "status"], name="task_slots"),
            models.Index(
                fields=["owner", "-priority", "created_at", "model", "due_at", "is_bound", "account", "only"],
                name="task_waiting",
                condition=Q(status="queued"),
            ),
            models.Index(fields=["account", "updated_at"], name="task_overdue", condition=Q(status="needs_review")),
            models.Index(fields=["outputs_expire_at"], name="task_expiring", condition=Q(status__in=["ingesting", "needs_review"])),
            models.Index(fields=["owner", "-id"], name="task_by_owner"),
            team_index("task_by_team"),
            models.Index(fields=["owner", "status"], name="task_live", condition=Q(finished_at__isnull=True)),
            models.Index(fields=["team"], name="task_live_of_team", condition=Q(team__isnull=False, finished_at__isnull=True)),
            models.Index(fields=["retry_of", "owner", "-id"], name="task_retried", condition=Q(retry_of__isnull=False)),
            models.Index(fields=["content_id", "owner"], name="task_by_content"),
            models.Index(fields=["batch_id", "status"], name="task_by_batch", condition=Q(batch_id__isnull=False)),
            models.Index(fields=["status"], name="task_to_collect", condition=Q(collection_id__isnull=False, collected_at__isnull=True)),
            models.Index(fields=["updated_at"], name="task_changed"),
            models.Index(fields=["fingerprint"], name="task_by_fingerprint", condition=Q(status="succeeded") & ~Q(fingerprint="")),
            models.Index(fields=["model", "-id"], name="task_usual_time", condition=Q(status="succeeded")),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=[s.value for s in Status]), name="task_status_known"),
            models.CheckConstraint(condition=Q(only__in=PLACES), name="task_only_known"),
            models.CheckConstraint(
                condition=Q(status__in=ENDED, finished_at__isnull=False) | (~Q(status__in=ENDED) & Q(finished_at__isnull=True)),
                name="task_finished_iff_terminal",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ATTENDED, due_at__isnull=False) | (~Q(status__in=ATTENDED) & Q(due_at__isnull=True)),
                name="task_due_iff_attended",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["running", "ingesting", "succeeded"]) | ~Q(submission_id=""), name="task_rendering_has_vendor_id"
            ),
            models.UniqueConstraint(fields=["account", "submission_id"], condition=~Q(submission_id=""), name="task_submission_once"),
            models.UniqueConstraint(fields=["owner", "external_id"], condition=~Q(external_id=""), name="task_external_id_once"),
            models.UniqueConstraint(fields=["owner", "idempotency_key"], condition=~Q(idempotency_key=""), name="task_idempotency_once"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.pk}"

    def is_shown_to(self, caller: Caller) -> bool:
        """Return whether the caller may see it, or owns one of its videos: a person who leaves gives videos away, and no task."""
        return may(caller, "see", self) or any(video.owner_id == caller.user.pk for video in self.videos.all())

    @property
    def state(self) -> Status:
        return Status(self.status)

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    @cached_property
    def spec(self) -> ModelSpec | None:
        """Return the model's spec; None for a model that the catalog no longer has."""
        return ALL_MODELS.get(self.model)

    @property
    def continues_a_render(self) -> bool:
        """Return whether only the account of an earlier render can make it."""
        return bool(self.spec and self.spec.params.continues and self.params.get(self.spec.params.continues))

    @property
    def reference(self) -> str:
        """Return our id for the vendor. It is the same for every attempt where the vendor can be asked about it: a vendor that keeps
        references unique does not sell it twice, and what it refuses as known is found and adopted.
        """
        return f"{REFERENCE}{self.pk}"

    @property
    def next_reference(self) -> str:
        """Return the reference of the next attempt. Where the vendor cannot be asked, only a person sends a task with an unknown outcome
        again, to pay once more if need be: a reference that the vendor knows would be refused.
        """
        unknown = self.attempts.filter(dispatch=Dispatch.UNKNOWN).count() if self.attempt_count else 0
        if unknown and self.account is not None and not self.account.can_look_up:
            return f"{self.reference}-{unknown + 1}"
        return self.reference

    @staticmethod
    def pk_of(reference: str) -> UUID | None:
        """Return the task that has this reference, of any attempt; None if it is not one of ours."""
        try:
            return UUID(reference.removeprefix(REFERENCE)[:UUID_CHARS]) if reference.startswith(REFERENCE) else None
        except ValueError:
            return None

    @property
    def is_sandbox(self) -> bool:
        """Return whether a simulator renders it, so that nothing is billed. Unknown, and False, until an account is chosen, unless it may
        be rendered only there.
        """
        return Only.SANDBOX in self.only.split(",") or (self.account is not None and self.account.sandbox)

    @property
    def cost(self) -> Decimal | None:
        """Return the estimated cost, in `currency`; None without a price, and in a sandbox."""
        return None if self.is_sandbox else self.cost_estimated

    @property
    def spent(self) -> Decimal | None:
        """Return what it cost, in PORTAL_CURRENCY; None while that is not known, and in a sandbox."""
        if self.copy_of_id:
            return decimal(0)
        return None if self.cost_settled is None else decimal(self.cost_settled)

    @property
    def vendor(self) -> str:
        """Return the slug of its model's vendor, also of one that the catalog no longer has."""
        return vendor_of(self.model)

    @property
    def submission(self) -> Submission:
        """Return the vendor's handle as adapters take it."""
        return submission_of(self.model, self.submission_id, self.submission_kind)

    def images(self) -> dict[str, list[Asset]]:
        """Return its images by slot, in order."""
        return _by_slot((place.slot, place.asset) for place in self.inputs.select_related("asset"))

    def kept_videos(self) -> list[Video]:
        """Return its videos that nobody deleted, without a query where `videos` are prefetched."""
        return [video for video in self.videos.all() if video.deleted_at is None]

    def binned_videos(self) -> list[Video]:
        """Return its videos that can be restored from the bin, without a query where `videos` are prefetched."""
        return [video for video in self.videos.all() if video.deleted_at and not video.purged_at]

    def image_ids(self) -> dict[str, list[UUID]]:
        """Return the ids of its images by slot; the row has them, or a version before wrote it and `inputs` are asked."""
        if self.inputs_given is not None:
            return {slot: [UUID(one) for one in ids] for slot, ids in self.inputs_given.items()}
        return _by_slot((place.slot, place.asset_id) for place in self.inputs.all())

    def move(self, to: Status, *, note: Message | str = "", decision_key: str = "", **changes: Any) -> None:
        """Move from the status and fence seen to `to`, with the events, in one transaction. The only writer of `status`.

        Raises `IllegalTransition` for a move that the life cycle does not have, `LostRace` when the row has moved on.
        """
        seen, now = self.state, clock.now()
        require_move(seen, to)
        changes |= {"status": to.value, "updated_at": now, "starts": 0, "lease_owner": "", "lease_until": None}
        changes.setdefault("due_at", now)
        if not wants_attention(to):
            changes["due_at"] = None
        changes["finished_at"] = now if to in TERMINAL else None
        if seen in RESTING:  # it goes on after all: answers to what was asked before are void
            changes["fence"] = self.fence + 1
        with transaction.atomic():
            self._write(changes, status=seen.value)
            self.events.create(at=now, from_status=seen.value, to_status=to.value, note=note, decision_key=decision_key)
            facts = {"from": seen.value} | ({"error_code": self.error_code} if self.error_code else {})
            outbox.write(f"task.{to}", subject=self.pk, owner_id=self.owner_id, at=now, facts=facts)
            follow_move(self, seen, to)

    def accept(self, submission: Submission, *, note: Message | str = "", **changes: Any) -> None:
        """Store the vendor's id and start polling."""
        now = clock.now()
        facts = {
            "submission_id": submission.id,
            "submission_kind": submission.kind,
            "accepted_at": now,
            "deadline_at": now + self.spec.deadline if self.spec else None,
            "due_at": now + FIRST_POLL,
            "failures": 0,
            **NO_ERROR,
        }
        self.move(Status.RUNNING, note=note, **(facts | changes))

    def to_review(self, code: str, message: Message | str, **changes: Any) -> None:
        """Let a person decide; `code` has its sentence in generation.messages. A task that may have been sent goes there by
        `reconcile.send_to_review`, which marks the attempts whose outcome is unknown.
        """
        self.move(Status.NEEDS_REVIEW, note=message, **({"error_code": code, "error_message": message, "vendor_code": ""} | changes))

    def fail(self, error: ProviderError, *, note: Message | str = "", decision_key: str = "", **changes: Any) -> None:
        """End it as failed, with the vendor's own words."""
        facts = {"error_code": error.code, "vendor_code": (error.vendor_code or "")[:80], "error_message": error.words}
        self.move(Status.FAILED, note=note or error.in_full, decision_key=decision_key, **facts, **changes)

    def give_up(self, code: str, message: Message | str, *, note: Message | str = "", decision_key: str = "", **changes: Any) -> None:
        """End it as failed for a reason of ours; `code` is one of generation.messages.FAILURES."""
        self.move(Status.FAILED, note=note or message, decision_key=decision_key, error_code=code, error_message=message, **changes)

    def cancel_unsent(self) -> None:
        """Cancel before anything was sent."""
        self.move(Status.CANCELLED, note=say("cancelled_before_start"), cancel_requested_at=self.cancel_requested_at or clock.now())

    def request_cancel(self, at: datetime | None) -> None:
        """Store when its owner asked to cancel it; None takes that back. Same status. Raises `LostRace`."""
        self._write({"cancel_requested_at": at, "updated_at": clock.now()}, status=self.status)

    def reschedule(self, delay: timedelta, **changes: Any) -> None:
        """Try the step again after `delay`, in the same status. Raises `LostRace`."""
        now = clock.now()
        changes |= {"due_at": now + delay, "lease_owner": "", "lease_until": None, "updated_at": now}
        self._write(changes, status=self.status)

    def stand_in(self, spec: ModelSpec, *, note: Message, **changes: Any) -> None:
        """Let another model render it. It still waits; the fence rises, so that a job that knows the old model comes too late."""
        now = clock.now()
        changes |= {"model": spec.name, "due_at": now, "updated_at": now, "account": None, "fence": self.fence + 1, **NO_WAIT}
        with transaction.atomic():
            self._write(changes, status=Status.QUEUED)
            self.events.create(at=now, from_status=self.status, to_status=self.status, note=note)
        self.__dict__.pop("spec", None)

    def keep_lease(self, until: datetime) -> None:
        """Hold the row for longer. Raises `LostRace` when it is no longer ours."""
        self._write({"due_at": until, "lease_until": until}, status=self.status)

    def _write(self, changes: dict[str, Any], *, status: str) -> None:
        """Update the row if it still has this status and fence, and the object with it. Raises `LostRace`."""
        matched = GenerationTask.objects.filter(pk=self.pk, status=status, fence=self.fence).update(**changes)
        if matched != 1:
            raise LostRace(f"task {self.pk} is no longer {status} under fence {self.fence}")
        for name, value in changes.items():
            setattr(self, name, value)

    def last_attempt(self) -> Attempt | None:
        return self.attempts.order_by("-number").first()

    def attempt_with_stored_id(self) -> Attempt | None:
        """Return the last attempt that the vendor accepted, as long as neither this task nor another follows its render."""
        if self.submission_id:
            return None
        followed = GenerationTask.objects.filter(account=OuterRef("account"), submission_id=OuterRef("submission_id"))
        accepted = self.attempts.select_related("account").filter(dispatch=Dispatch.ACCEPTED)
        return accepted.exclude(Exists(followed)).order_by("-number").first()

    def attempt_with_unknown_outcome(self) -> Attempt | None:
        """Return the last attempt that may have been accepted. A later one may have been refused for sure, also by another account."""
        return self.attempts.select_related("account").filter(dispatch=Dispatch.UNKNOWN).order_by("-number").first()
