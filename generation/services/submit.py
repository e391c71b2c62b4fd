"""The only step that costs money: commit the intent, send once, commit the vendor's id before anything else.

A submit that may have been accepted is never sent again by itself: the vendor is asked about our reference where it can be, otherwise a
person decides (docs/adr/0003).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from generation.errors import LostRace
from generation.lifecycle import Status, backoff
from generation.models import Attempt, Dispatch, GenerationTask
from generation.services.claims import take_up
from generation.services.outgoing import InputMissing, generation_request
from generation.services.switch import current_stop, is_stopped_for_sure
from providers.accounts import client_for
from providers.core.catalog import ModelSpec
from providers.core.client import BlockingClient, Transcript, retry_delay_s
from providers.core.errors import (
    AuthenticationFailed,
    OutOfCredit,
    ProviderError,
    RateLimited,
    Refused,
    Uncertain,
    Unreachable,
    Unsupported,
)
from providers.core.types import GenerationRequest, Submission
from providers.models import ProviderAccount
from providers.sealing import SealBroken

__all__ = ["accept", "settle", "submit"]

log = logging.getLogger("generation.submit")


class CancelledMeanwhile(Exception):
    """The owner's wish to stop arrived between the claim and the intent; nothing was sent."""


class StoppedMeanwhile(Exception):
    """Paid submits were switched off between the claim and the intent; nothing was sent."""


LOST = "The process that was sending ended before the vendor's answer was stored."
NOT_LISTED = "The vendor shows no render under our reference: it was probably not accepted."
LOOK_AGAIN = timedelta(seconds=5)
LISTING_WINDOW = timedelta(minutes=10)
FIRST_LOOK_UP = timedelta(seconds=5)
SECOND_LOOK_UP = timedelta(seconds=15)
ABSENT_TWICE = 2
MOST_LOOK_UPS = 20
MOST_DOUBTS = 5
"""Attempts of a task that may end in doubt before a person looks."""
CAME_LATE = "The vendor's answer came late: it had accepted it."
LATE_TRIES = 5
SETTLE_AFTER = timedelta(seconds=30)
"""Added to the account's own time limits: past that, whoever was sending is dead or cut off."""
MOST_ATTEMPTS = 50
BAD_SEAL_COOLDOWN_S = 300.0
NO_CREDIT_COOLDOWN_S = 60.0


def submit(task_id: UUID | str, fence: int) -> None:
    """Advance one queued task. Does nothing when the row has moved on."""
    task = take_up(task_id, fence, Status.QUEUED)
    if task is None or task.account is None:
        return
    if task.cancel_requested_at is not None:
        task.move(Status.CANCELLED)
    elif not task.account.enabled or current_stop():  # decided after the claim
        _put_back(task)
    else:
        _prepare(task, task.account)


def _put_back(task: GenerationTask, **changes: str) -> None:
    """It waits for any account, or for its own where only that one protects from a second sale."""
    task.reschedule(LOOK_AGAIN, account=task.account if task.is_bound else None, **changes)


def _prepare(task: GenerationTask, account: ProviderAccount) -> None:
    try:
        client = client_for(account)
        request = generation_request(task)
    except SealBroken as broken:
        _account_unusable(task, account, str(broken))
    except InputMissing as missing:
        task.give_up("input_missing", str(missing))
    else:
        _send(task, client, request)


def _account_unusable(task: GenerationTask, account: ProviderAccount, reason: str) -> None:
    """Nothing can be sent with this account; the task waits for another or for its repair."""
    log.error("account %s: %s", account.pk, reason)
    account.cool_down(BAD_SEAL_COOLDOWN_S, reason)
    account.note_error(reason)
    _put_back(task, wait_reason=reason[:200])


def _send(task: GenerationTask, client: BlockingClient, request: GenerationRequest) -> None:
    transcript = Transcript()
    try:
        attempt = _commit_intent(task, request.body_bytes)
    except CancelledMeanwhile:
        GenerationTask.objects.get(pk=task.pk).move(Status.CANCELLED, note="Before it started")
        return
    except StoppedMeanwhile:
        _put_back(GenerationTask.objects.select_related("account").get(pk=task.pk, status=Status.QUEUED))
        return
    try:
        submission = client.submit(request, transcript=transcript)
    except ProviderError as error:
        _record(attempt, transcript, error)
        _after_error(task, attempt, client, error)
    else:
        accept(task, attempt, submission, transcript)


def _commit_intent(task: GenerationTask, body_bytes: int = 0) -> Attempt:
    """From here on, until the answer is stored, the render may have been paid."""
    assert task.account is not None
    now, limits = timezone.now(), task.account.timeouts
    lease_end = now + timedelta(seconds=limits.connect_s + limits.send_s(body_bytes) + limits.read_s) + SETTLE_AFTER
    with transaction.atomic():
        number = task.attempt_count + 1
        task.move(Status.SUBMITTING, attempt_count=number, submitted_at=now, due_at=lease_end, wait_reason="", failures=0)
        if GenerationTask.objects.filter(pk=task.pk, cancel_requested_at__isnull=False).exists():
            raise CancelledMeanwhile
        attempt = Attempt.objects.create(task=task, number=number, account=task.account, reference=task.reference, started_at=now)
        if is_stopped_for_sure():  # last, so that the switch is held for no longer than a commit takes
            raise StoppedMeanwhile
        return attempt


def accept(task: GenerationTask, attempt: Attempt, submission: Submission, transcript: Transcript | None = None) -> None:
    """Store the vendor's id, before anything else. Also when the row was parked meanwhile: the answer settles what it was parked for.

    Two writes on purpose: the attempt keeps the id even when the task's row has moved on. A death in between is mended by `settle`.
    """
    changes = {
        "dispatch": Dispatch.ACCEPTED,
        "submission_id": submission.id,
        "submission_kind": submission.kind,
        "finished_at": timezone.now(),
    }
    if transcript is not None:
        changes |= {"request": transcript.request, "reply": transcript.reply}
    Attempt.objects.filter(pk=attempt.pk).update(**changes)
    try:
        task.accept(submission)
    except LostRace:
        _accept_late(attempt, submission)
    if task.account is not None:
        task.account.note_ok()


def _accept_late(attempt: Attempt, submission: Submission) -> None:
    """The row moved on while the answer was on its way. It names a render that was paid, so the task follows it, also after a person gave
    up or asked for a second sending that has not begun. Whoever cancelled wants no video: the attempt alone keeps the id.
    """
    for _ in range(LATE_TRIES):
        row = GenerationTask.objects.get(pk=attempt.task_id)
        if row.submission_id or row.state is Status.CANCELLED:
            log.warning("task %s was settled as %s before its answer %s came", row.pk, row.status, submission.id)
            return
        try:
            _follow(row, attempt, submission)
        except LostRace:
            continue
        return
    log.error("task %s: its answer %s came late and could not be stored; ask the vendor again", attempt.task_id, submission.id)


def _follow(row: GenerationTask, attempt: Attempt, submission: Submission) -> None:
    with transaction.atomic():
        if row.state is Status.QUEUED:
            row.move(Status.SUBMITTING, note=CAME_LATE)
        row.accept(submission, note=CAME_LATE, account=attempt.account, cancel_requested_at=None)


def _record(attempt: Attempt, transcript: Transcript, error: ProviderError) -> None:
    dispatch = Dispatch.UNKNOWN if isinstance(error, Uncertain) else Dispatch.REJECTED
    Attempt.objects.filter(pk=attempt.pk).update(
        dispatch=dispatch,
        request=transcript.request,
        reply=transcript.reply,
        error_code=error.code,
        error_message=str(error),
        finished_at=timezone.now(),
    )


def _after_error(task: GenerationTask, attempt: Attempt, client: BlockingClient, error: ProviderError) -> None:
    assert task.account is not None
    task.account.note_error(str(error))
    if isinstance(error, Uncertain):
        _await_look_up(task, client, error)
    elif isinstance(error, Refused) and _was_uncertain_before(task, client):
        _refused_after_doubt(task, attempt, client, error)
    elif error.retryable:
        _try_again(task, error)
    elif isinstance(error, (AuthenticationFailed, OutOfCredit)):
        _account_refused(task, task.account, error)
    else:
        task.fail(error)


def _account_refused(task: GenerationTask, account: ProviderAccount, error: ProviderError) -> None:
    """It is the account's fault, not the request's: another account may take it."""
    assert task.spec is not None
    account.cool_down(NO_CREDIT_COOLDOWN_S, str(error))
    refused = task.attempts.filter(error_code=error.code).values("account")
    others = ProviderAccount.objects.usable(timezone.now()).exclude(pk__in=refused).for_model(task.spec)
    if others and not task.is_bound:
        _try_again(task, error)
    else:
        task.fail(error)


def _was_uncertain_before(task: GenerationTask, client: BlockingClient) -> bool:
    return client.can_look_up and task.attempts.filter(error_code="uncertain").exists()


def _refused_after_doubt(task: GenerationTask, attempt: Attempt, client: BlockingClient, refusal: Refused) -> None:
    """The refusal may be the vendor's way to say that it has this reference already: ask before believing it."""
    assert task.spec is not None
    try:
        found = client.look_up(task.reference, spec=task.spec, since=attempt.started_at, known=_known(attempt.account, attempt))
    except ProviderError:
        task.reschedule(FIRST_LOOK_UP)
        return
    if found is not None:
        accept(task, attempt, found)
    else:
        task.fail(refusal)


def _await_look_up(task: GenerationTask, client: BlockingClient, error: Uncertain) -> None:
    if client.can_look_up:
        task.reschedule(FIRST_LOOK_UP, error_code=error.code, error_message=str(error))
    else:
        _park(task, error)


def _try_again(task: GenerationTask, error: ProviderError) -> None:
    """Surely not accepted: back to the queue. A vendor that limits or cannot be reached is left alone for a while."""
    assert task.account is not None
    if task.attempt_count > MOST_ATTEMPTS:
        task.give_up("gave_up", error.message, note=str(error))
        return
    delay = timedelta(seconds=retry_delay_s(error, otherwise=backoff(task.attempt_count).total_seconds()))
    if isinstance(error, (RateLimited, Unreachable)):
        task.account.cool_down(min(delay.total_seconds(), 60.0), str(error))
    task.move(
        Status.QUEUED,
        note=str(error),
        due_at=timezone.now() + delay,
        wait_reason=error.message[:200],
        account=task.account if task.is_bound else None,
    )


def _park(task: GenerationTask, error: ProviderError) -> None:
    log.warning("task %s needs review: %s", task.pk, error)
    task.park(error)


def settle(task_id: UUID | str, fence: int) -> None:
    """One submit that may have been accepted: found -> adopted; surely absent -> sent again; otherwise a person decides."""
    task = take_up(task_id, fence, Status.SUBMITTING)
    attempt = task.last_attempt() if task else None
    if task is None or attempt is None or task.account is None or task.spec is None:
        return
    if attempt.dispatch == Dispatch.ACCEPTED:  # the vendor's id is stored, and the process died before it moved the task
        accept(task, attempt, Submission(id=attempt.submission_id, model=task.spec.id, kind=attempt.submission_kind))
    else:
        _look_up(task, task.account, task.spec, attempt)


def _look_up(task: GenerationTask, account: ProviderAccount, spec: ModelSpec, attempt: Attempt) -> None:
    lost = Uncertain(attempt.error_message or LOST)
    try:
        client = client_for(account)
        if not client.can_look_up:
            raise Unsupported(LOST)
        found = client.look_up(task.reference, spec=spec, since=attempt.started_at, known=_known(account, attempt))
    except Unsupported:
        _mark_unknown(attempt, lost)
        _park(task, lost)
    except SealBroken as broken:
        _park(task, Uncertain(str(broken)))
    except ProviderError as error:
        _look_up_later(task, error)
    else:
        _after_look_up(task, attempt, client, found, lost)


def _known(account: ProviderAccount, attempt: Attempt) -> list[str]:
    """Vendor ids of our other tasks since then, for vendors that can only list."""
    since = attempt.started_at - LISTING_WINDOW
    others = Attempt.objects.filter(account=account, started_at__gte=since).exclude(submission_id="")
    return list(others.values_list("submission_id", flat=True))


def _mark_unknown(attempt: Attempt, error: ProviderError) -> None:
    Attempt.objects.filter(pk=attempt.pk, dispatch=Dispatch.SENDING).update(
        dispatch=Dispatch.UNKNOWN, error_code=error.code, error_message=str(error), finished_at=timezone.now()
    )


def _look_up_later(task: GenerationTask, error: ProviderError) -> None:
    if task.starts >= MOST_LOOK_UPS:
        _park(task, Uncertain(f"{error} The vendor could not be asked about our reference."))
    else:
        task.reschedule(backoff(task.starts, most=timedelta(minutes=1)))


def _after_look_up(task: GenerationTask, attempt: Attempt, client: BlockingClient, found: Submission | None, lost: ProviderError) -> None:
    """Absent is not enough to send again: whoever was sending may only be paused, and send later. Only a vendor that refuses a reference
    which it has already makes a second try safe, and only on the same account.
    """
    if found is not None:
        accept(task, attempt, found)
        return
    _mark_unknown(attempt, lost)
    if not client.idempotent_submit or task.attempt_count > MOST_DOUBTS:
        _park(task, Uncertain(f"{lost.message} {NOT_LISTED}"))
    elif task.failures + 1 < ABSENT_TWICE:  # a listing may lag behind an acceptance: ask twice
        task.reschedule(SECOND_LOOK_UP, failures=task.failures + 1)
    else:
        task.move(Status.QUEUED, note=NOT_LISTED, failures=0, is_bound=True)
