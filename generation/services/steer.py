"""What people do to a task: cancel, retry, and settle one that needs review. Only services write; this is theirs for people."""

from __future__ import annotations

import logging

from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.translation import gettext as _

from access.models import ApiToken
from generation.errors import Conflict, InvalidRequest, LostRace
from generation.lifecycle import Status
from generation.models import Asset, Attempt, Dispatch, GenerationTask, Prompt
from generation.services.create import create_task
from generation.services.dispatch import start_soon
from providers.accounts import client_for
from providers.core.errors import ProviderError, Refused, Unsupported
from providers.core.types import Submission
from providers.sealing import SealBroken

__all__ = ["adopt", "cancel", "cancel_at_vendor", "give_up", "inputs_of", "retry", "submit_again"]

log = logging.getLogger("generation.steer")


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
        task.move(Status.CANCELLED, note=_("Before it started"), cancel_requested_at=timezone.now())
    except LostRace:
        task.refresh_from_db()
        if task.state is Status.QUEUED:  # claimed this very moment: the job that takes it up will see the request
            GenerationTask.objects.filter(pk=task.pk, status=Status.QUEUED).update(cancel_requested_at=timezone.now())
        else:
            raise Conflict(_("It is being sent right now. Try again in a moment."), code="cannot_cancel") from None
    return task


def _cancel_running(task: GenerationTask) -> GenerationTask:
    assert task.account is not None
    if not task.account.provider_class.can_cancel:
        label = {"vendor": task.account.provider_class.label}
        raise Conflict(
            _("%(vendor)s cannot stop a render once it is accepted. It will finish, and it is charged.") % label, code="cannot_cancel"
        )
    now = timezone.now()
    GenerationTask.objects.filter(pk=task.pk, status=Status.RUNNING).update(cancel_requested_at=now, updated_at=now)
    task.cancel_requested_at = now
    try:
        cancel_at_vendor(task)
    except Refused as error:
        raise Conflict(_("It is too late to stop this render: %(words)s") % {"words": error.message}, code="cannot_cancel") from error
    except (ProviderError, SealBroken) as error:
        raise Conflict(
            _("The vendor could not be asked to stop it (%(words)s). Try again in a moment.") % {"words": error}, code="vendor_away"
        ) from error
    return task


def cancel_at_vendor(task: GenerationTask) -> None:
    """Ask the vendor to stop; its next poll decides what became of it. A 'no' takes the request back."""
    assert task.account is not None
    try:
        client_for(task.account).cancel(task.submission)
    except (Refused, Unsupported):
        GenerationTask.objects.filter(pk=task.pk, status=Status.RUNNING).update(cancel_requested_at=None, updated_at=timezone.now())
        task.cancel_requested_at = None
        raise
    GenerationTask.objects.filter(pk=task.pk, status=Status.RUNNING).update(due_at=timezone.now())


def retry(task: GenerationTask, *, by: User, token: ApiToken | None = None) -> GenerationTask:
    """The same request as a new task, for one that ended without a video, or once more for one that has it (Run again)."""
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
    assert task.account is not None
    assert task.spec is not None
    if GenerationTask.objects.filter(account=task.account, submission_id=vendor_id).exclude(pk=task.pk).exists():
        raise Conflict(_("Another task has this vendor id already."), code="already_adopted")
    submission = Submission(id=vendor_id, model=task.spec.id, kind=kind)
    try:
        client_for(task.account).poll(submission)
    except (ProviderError, SealBroken) as error:
        raise InvalidRequest(
            _("The vendor does not confirm this id: %(words)s") % {"words": error}, code="not_confirmed", fields={"vendor_id": str(error)}
        ) from error
    now = timezone.now()
    task.move(
        Status.RUNNING,
        note=_("Adopted the vendor's task %(id)s") % {"id": vendor_id},
        submission_id=vendor_id,
        submission_kind=kind,
        accepted_at=now,
        deadline_at=now + task.spec.deadline,
        failures=0,
        error_code="",
        error_message="",
    )
    Attempt.objects.filter(task=task, number=task.attempt_count).update(
        dispatch=Dispatch.ACCEPTED, submission_id=vendor_id, finished_at=now
    )


def submit_again(task: GenerationTask) -> None:
    """A person decided to send it once more, knowing that the first may have been charged."""
    _require_review(task)
    task.move(Status.QUEUED, note=_("Sent again by hand"), failures=0, error_code="", error_message="", account=None)
    assert task.spec is not None
    start_soon(task.spec)


def give_up(task: GenerationTask) -> None:
    """A person decided that it is not worth another try."""
    _require_review(task)
    task.move(Status.FAILED, note=_("Given up after review"), error_code="abandoned", error_message=task.error_message)


def _require_review(task: GenerationTask) -> None:
    if task.state is not Status.NEEDS_REVIEW:
        raise Conflict(_("This task does not wait for a review."), code="not_in_review")
