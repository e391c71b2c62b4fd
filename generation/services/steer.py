"""What people do to a task: cancel, retry, and settle one that needs review. Only services write; this is theirs for people."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from access.models import ApiToken
from generation.errors import Conflict, InvalidRequest, LostRace
from generation.lifecycle import Status
from generation.models import Asset, Attempt, Dispatch, GenerationTask, Prompt
from generation.models.task import NO_ERROR
from generation.services.create import create_task, replay, request_digest
from generation.services.dispatch import start_soon
from providers.accounts import client_for
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError, Refused, Unsupported
from providers.core.types import Submission
from providers.models import ProviderAccount
from providers.sealing import SealBroken

__all__ = ["adopt", "cancel", "give_up", "inputs_of", "retry", "submit_again"]


def cancel(task: GenerationTask) -> GenerationTask:
    """Stop exactly this task. Waiting: at once. Rendering: where the vendor can. Raises `Conflict` with the reason otherwise."""
    if task.is_terminal:
        raise Conflict(_("This task has already ended."), code="already_ended")
    if task.state is Status.QUEUED:
        return _cancel_waiting(task)
    if task.state is not Status.RUNNING:
        raise Conflict(_("It is being sent or saved right now and cannot be stopped here."), code="cannot_cancel")
    return _cancel_running(task)


def _cancel_waiting(task: GenerationTask) -> GenerationTask:
    try:
        task.move(Status.CANCELLED, note="Before it started", cancel_requested_at=timezone.now())
    except LostRace:
        _cancel_claimed(task)
    return task


def _cancel_claimed(task: GenerationTask) -> None:
    """It was claimed this very moment: the job that takes it up sees the request, unless it is sending already."""
    task.refresh_from_db()
    if task.state is not Status.QUEUED:
        raise Conflict(_("It is being sent right now. Try again in a moment."), code="cannot_cancel")
    task.request_cancel(timezone.now())


def _cancel_running(task: GenerationTask) -> GenerationTask:
    provider = _account_of(task).provider_class
    if not provider.can_cancel:
        raise Conflict(
            _("%(vendor)s cannot stop a render once it is accepted. It will finish, and it is charged.") % {"vendor": provider.label},
            code="cannot_cancel",
        )
    task.request_cancel(timezone.now())
    try:
        client_for(_account_of(task)).cancel(task.submission)
    except (Refused, Unsupported) as error:
        task.request_cancel(None)
        raise Conflict(_("It is too late to stop this render: %(words)s") % {"words": error.message}, code="cannot_cancel") from error
    except (ProviderError, SealBroken) as error:
        task.request_cancel(None)
        raise Conflict(
            _("The vendor could not be asked to stop it (%(words)s). Try again in a moment.") % {"words": error}, code="vendor_away"
        ) from error
    task.reschedule(timedelta(0))  # the next poll decides what became of it
    return task


def _account_of(task: GenerationTask) -> ProviderAccount:
    assert task.account is not None, "a task at a vendor has its account"
    return task.account


def retry(task: GenerationTask, *, by: User, token: ApiToken | None = None, idempotency_key: str = "") -> GenerationTask:
    """The same request as a new task, for one that ended without a video, or once more for one that has it (Run again).

    A repeat under the same key gives the first new task again.
    """
    digest = request_digest("retry", str(task.pk)) if idempotency_key else ""
    known = replay(by, idempotency_key, digest)
    if known is not None:
        return known
    if not task.is_terminal:
        raise Conflict(_("This task is still going on."), code="still_going_on")
    source = Prompt.Source.API if token else Prompt.Source.TYPED
    return create_task(
        owner=by,
        token=token,
        model=task.model,
        prompt=task.prompt.text,
        params=task.params,
        inputs=inputs_of(task),
        source=source,
        metadata=task.metadata,
        idempotency_key=idempotency_key,
        digest=digest,
        retry_of=task,
    )


def inputs_of(task: GenerationTask) -> dict[str, list[Asset]]:
    """The task's images by slot."""
    found: dict[str, list[Asset]] = {}
    for place in task.inputs.select_related("asset"):
        found.setdefault(place.slot, []).append(place.asset)
    return found


def adopt(task: GenerationTask, vendor_id: str, *, kind: str = "") -> None:
    """A person found the vendor's task: it was accepted. The vendor is asked first, so that a typing error adopts nothing."""
    _require_review(task)
    spec, account = _spec_of(task), _account_of(task)
    if GenerationTask.objects.filter(account=account, submission_id=vendor_id).exclude(pk=task.pk).exists():
        raise Conflict(_("Another task has this vendor id already."), code="already_adopted")
    submission = Submission(id=vendor_id, model=spec.id, kind=kind)
    try:
        client_for(account).poll(submission)
    except (ProviderError, SealBroken) as error:
        raise InvalidRequest(
            _("The vendor does not confirm this id: %(words)s") % {"words": error}, code="not_confirmed", fields={"vendor_id": str(error)}
        ) from error
    attempt = Attempt.objects.filter(task=task, number=task.attempt_count)
    with transaction.atomic():
        attempt.update(dispatch=Dispatch.ACCEPTED, submission_id=vendor_id, submission_kind=kind, finished_at=timezone.now())
        task.accept(submission, note=f"Adopted the vendor's task {vendor_id}")


def submit_again(task: GenerationTask) -> None:
    """A person decided to send it once more, knowing that the first may have been charged."""
    _require_review(task)
    spec = _spec_of(task)
    task.move(Status.QUEUED, note="Sent again by hand", failures=0, is_bound=_account_of(task).enabled, **NO_ERROR)
    start_soon(spec)


def _spec_of(task: GenerationTask) -> ModelSpec:
    if task.spec is None:
        raise Conflict(_("The catalog no longer has the model %(model)s.") % {"model": task.model}, code="model_gone")
    return task.spec


def give_up(task: GenerationTask) -> None:
    """A person decided that it is not worth another try."""
    _require_review(task)
    task.give_up("abandoned", task.error_message, note="Given up after review")


def _require_review(task: GenerationTask) -> None:
    if task.state is not Status.NEEDS_REVIEW:
        raise Conflict(_("This task does not wait for a review."), code="not_in_review")
