"""The only step that costs money: take a permit and commit the intent, send once, commit the vendor's id before anything else.

Only what was surely refused goes back to the queue; what may have been accepted is for `reconcile` (docs/adr/0003).
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from database import clock
from generation.errors import LostRace
from generation.lifecycle import Status, backoff
from generation.messages import trouble
from generation.models import Attempt, Dispatch, GenerationTask
from generation.models.task import NO_ERROR, NO_WAIT
from generation.ordering.failover import has_stand_in
from generation.scheduling.account_health import handle_error
from generation.scheduling.concurrency import Wait, wait_for_permit
from generation.scheduling.leases import DEATHS, take_up
from generation.scheduling.stop_switch import current_stop, is_stopped_for_sure
from generation.store import StorageUnavailable
from generation.submitting.acceptance import accept, follow_stored_id
from generation.submitting.build_request import CannotBeSent, generation_request
from generation.submitting.reconcile import FIRST_LOOK_UP, earlier_to_review, end_unsent, look_up, may_be_paid, send_to_review
from generation.submitting.restored_backup import note_sending
from providers.accounts.clients import client_for
from providers.accounts.sealing import SealBroken
from providers.core.client import BlockingClient, Transcript
from providers.core.errors import (
    AuthenticationFailed,
    DuplicateReference,
    NotSent,
    OutOfCredit,
    PlanUsedUp,
    ProviderError,
    Refused,
    Uncertain,
)
from providers.core.messages import Message, say
from providers.core.types import GenerationRequest
from providers.models import ProviderAccount

__all__ = ["submit"]


log = logging.getLogger("generation.submit")


class CancelledMeanwhile(Exception):
    """The owner cancelled between the lease and the intent; nothing was sent."""


class NotNow(Exception):
    """Something between the lease and the intent forbids to send; nothing was sent. `wait` is None where waiting here is of no use."""

    def __init__(self, wait: Wait | None = None) -> None:
        super().__init__(wait.because if wait else "")
        self.wait = wait


LOOK_AGAIN = timedelta(seconds=5)
STORAGE_LOOK_AGAIN = timedelta(seconds=30)
MOST_WAIT_S = 1.5
"""How long a process may wait for a permit before it serves others."""
HELD_UP = timedelta(seconds=30)
"""After its intent a request leaves within this or not at all; with the account's own time limits on top, its sender is dead or cut off."""
MOST_ATTEMPTS = 50
FEW_STARTS = 1
"""Leases that may come to nothing, in a long queue or with a dead process; each further start is counted before anything is done."""
MOST_DEATHS = DEATHS - FEW_STARTS
FIRST_DELAY = timedelta(minutes=1)
BAD_SEAL_COOLDOWN_S = 300.0


def submit(task_id: UUID | str, fence: int) -> None:
    """Advance one queued task. Does nothing when the row has moved on."""
    task = take_up(task_id, fence, Status.QUEUED)
    if task is None or task.account is None:
        return
    if task.cancel_requested_at is not None:
        task.cancel_unsent()
    elif task.attempt_count and follow_stored_id(task):
        log.warning("task %s is not sent again: an attempt has its vendor id", task.pk)
    elif task.is_bound and _protects_no_more(task, task.account):
        earlier_to_review(task, say("account_changed", account=task.account.label))
    elif not task.account.enabled or current_stop():  # changed since the row was leased
        _put_back(task)
    elif task.starts <= FEW_STARTS or _is_counted(task):
        _prepare(task, task.account)


def _protects_no_more(task: GenerationTask, account: ProviderAccount) -> bool:
    """Return whether its outcome is unknown and its account leads elsewhere by now, where our reference is not known."""
    decided_at = _sent_again_since(task)
    return decided_at is not None and account.led_elsewhere(decided_at)


def _sent_again_since(task: GenerationTask) -> datetime | None:
    """Return when it was decided to send it again: its first return to the queue since its outcome is unknown, or since a person last
    looked. Later returns follow sure refusals and decide nothing. None where no outcome is unknown.
    """
    unknown_since = task.attempts.filter(dispatch=Dispatch.UNKNOWN).aggregate(last=Max("finished_at"))["last"]
    if unknown_since is None:
        return None
    reviewed_at = task.events.filter(to_status=Status.NEEDS_REVIEW).aggregate(last=Max("at"))["last"]
    decided = task.events.filter(to_status=Status.QUEUED, at__gte=max(unknown_since, reviewed_at or unknown_since)).order_by("id").first()
    return decided.at if decided else unknown_since


def _is_counted(task: GenerationTask) -> bool:
    """Count a suspect's start before anything is done, and leave it alone for longer each time. False: it had enough of them."""
    if task.failures >= MOST_DEATHS:
        end_unsent(task, "ends_submit", say("send_crashes", n=DEATHS))
        return False
    task.reschedule(FIRST_DELAY * 2**task.failures, failures=task.failures + 1)
    return True


def _put_back(task: GenerationTask, after: timedelta = LOOK_AGAIN, **changes: Any) -> None:
    """It waits for any account, or for its own where only that one protects from a second sale. Counts as no failure."""
    task.reschedule(after, account=task.account if task.is_bound else None, starts=0, failures=0, **changes)


def _prepare(task: GenerationTask, account: ProviderAccount) -> None:
    try:
        client = client_for(account)
        request = generation_request(task)
    except SealBroken as broken:
        _account_unusable(task, account, broken.words)
    except CannotBeSent as gone:
        end_unsent(task, gone.code, gone.because)
    except StorageUnavailable:
        _put_back(task, STORAGE_LOOK_AGAIN, wait_reason=say("storage_away_send"))
    else:
        _send(task, client, request)


def _account_unusable(task: GenerationTask, account: ProviderAccount, reason: Message) -> None:
    """Nothing can be sent with this account; the task waits for another or for its repair."""
    log.error("account %s: %s", account.pk, reason)
    account.cool_down_for(BAD_SEAL_COOLDOWN_S, reason)
    account.note_error(str(reason))
    _put_back(task, wait_reason=reason)


def _send(task: GenerationTask, client: BlockingClient, request: GenerationRequest) -> None:
    transcript = Transcript()
    try:
        attempt = _intend(task, request.body_bytes)
    except CancelledMeanwhile:
        GenerationTask.objects.get(pk=task.pk).cancel_unsent()
        return
    except NotNow as refusal:
        _put_back(task, timedelta(seconds=refusal.wait.seconds) if refusal.wait else LOOK_AGAIN)
        return
    try:
        submission = client.submit(request, transcript=transcript, before_paying=partial(_look_once_more, attempt))
    except ProviderError as error:
        _record(attempt, transcript, error)
        _after_error(task, attempt, client, error)
    else:
        accept(task, attempt, submission, transcript)
        attempt.account.note_accepted()


def _look_once_more(attempt: Attempt) -> None:
    """Record the paid request as sent, right before it leaves. Raises `NotSent` when paid submits were stopped after the intent, when it
    cannot be recorded, or when it is so late that others may take this sender for dead.
    """
    if current_stop():
        raise NotSent(say("submits_stopped"))
    note_sending(attempt)
    at = clock.measured_now()  # last: a slow storage delays the request too
    if at is None or at > attempt.started_at + HELD_UP:
        raise NotSent(say("held_up"))


def _intend(task: GenerationTask, body_bytes: int) -> Attempt:
    """Commit the intent as soon as the account has a permit, waiting for a moment. Raises `NotNow`, `CancelledMeanwhile`."""
    until = time.monotonic() + MOST_WAIT_S
    while True:
        try:
            return _commit_intent(task, body_bytes)
        except NotNow as refusal:
            if refusal.wait is None or time.monotonic() + refusal.wait.seconds > until:
                raise
            time.sleep(refusal.wait.seconds)


def _commit_intent(task: GenerationTask, body_bytes: int = 0) -> Attempt:
    """From here on, until the answer is stored, the render may have been paid. The permit is taken in the same transaction."""
    seen = dict(task.__dict__)
    try:
        with transaction.atomic():
            account = _account_that_may_send(task)
            now, limits, number = clock.now(), account.timeouts, task.attempt_count + 1
            gone_at = now + timedelta(seconds=limits.connect_s + limits.send_s(body_bytes) + limits.read_s) + HELD_UP
            task.move(Status.SUBMITTING, attempt_count=number, submitted_at=now, due_at=gone_at, failures=0, **NO_WAIT)
            if GenerationTask.objects.filter(pk=task.pk, cancel_requested_at__isnull=False).exists():
                raise CancelledMeanwhile
            attempt = Attempt.objects.create(
                task=task, number=number, account=account, reference=task.next_reference, started_at=now, sender_gone_at=gone_at
            )
            if is_stopped_for_sure():  # last, so that the switch is held for no longer than a commit takes
                raise NotNow
            return attempt
    except (NotNow, CancelledMeanwhile):
        task.__dict__.update(seen)  # the row was rolled back, and so is the object
        raise


def _account_that_may_send(task: GenerationTask) -> ProviderAccount:
    """The account as it is now, locked until the transaction ends. Raises `NotNow`, also when the client of this task still leads to where
    the account led before: a look-up would ask the new place about what was sent to the old one.
    """
    assert task.account is not None
    task.account.lock_for_leasing()
    account = ProviderAccount.objects.get(pk=task.account.pk)
    if account.changed_at != task.account.changed_at or not account.may_start or task.spec is None or not account.offers(task.spec):
        raise NotNow
    wait = wait_for_permit(account, clock.now())
    if wait is not None:
        raise NotNow(wait)
    return account


def _record(attempt: Attempt, transcript: Transcript, error: ProviderError) -> None:
    dispatch = Dispatch.UNKNOWN if isinstance(error, (Uncertain, DuplicateReference)) else Dispatch.REJECTED
    Attempt.objects.filter(pk=attempt.pk).exclude(dispatch=Dispatch.ACCEPTED).update(  # a look-up may have been faster
        dispatch=dispatch,
        request=transcript.request,
        reply=transcript.reply,
        error_code=error.code,
        error_message=error.in_full,
        finished_at=clock.now(),
    )


def _after_error(task: GenerationTask, attempt: Attempt, client: BlockingClient, error: ProviderError) -> None:
    if isinstance(error, NotSent):
        _was_not_sent(task, error)
        return
    handle_error(attempt.account, error)
    if isinstance(error, Uncertain):
        _await_look_up(task, client, error)
    elif task.attempt_count > 1 and follow_stored_id(task):
        log.info("attempt %s was refused; an earlier one has its vendor id", attempt)
    elif isinstance(error, DuplicateReference):
        _await_look_up(task, client, error)
    elif isinstance(error, Refused) and may_be_paid(task):
        _refused_after_unknown(task, attempt, client, error)
    elif error.retryable:
        _try_again(task, error)
    elif may_be_paid(task):
        earlier_to_review(task, error.words)
    elif isinstance(error, (AuthenticationFailed, OutOfCredit)):
        _account_refused(task, error)
    else:
        task.fail(error)


def _was_not_sent(task: GenerationTask, error: NotSent) -> None:
    """Others may have taken this process for dead meanwhile, and asked a person what became of the request: nothing did."""
    try:
        _try_again(task, error)
    except LostRace:
        row = GenerationTask.objects.get(pk=task.pk)
        if row.state is Status.NEEDS_REVIEW and not may_be_paid(row):
            row.move(Status.QUEUED, note=error.words, account=None, is_bound=False, **NO_ERROR)


def _account_refused(task: GenerationTask, error: ProviderError) -> None:
    """It is the account's fault, not the request's: another account may take it, or a model that stands in."""
    assert task.spec is not None
    refused = task.attempts.filter(error_code=error.code).values("account")
    others = ProviderAccount.objects.enabled().exclude(pk__in=refused).for_model(task.spec)
    if not task.is_bound and (others or has_stand_in(task)):
        _try_again(task, error)
    else:
        task.fail(error)


def _refused_after_unknown(task: GenerationTask, attempt: Attempt, client: BlockingClient, refusal: Refused) -> None:
    """Ask the vendor about our reference. A refusal says nothing about the earlier request, which may be paid: unless the vendor finds it,
    a person decides.
    """
    assert task.spec is not None
    unknown = task.attempts.filter(dispatch=Dispatch.UNKNOWN).order_by("number")
    first = unknown[0]
    if not client.can_look_up or unknown.exclude(account=attempt.account).exists():
        earlier_to_review(task, refusal.words)
        return
    try:
        found = look_up(client, task, task.spec, first)  # a list is read back to there
    except ProviderError:
        task.reschedule(FIRST_LOOK_UP)
        return
    if found is not None:
        accept(task, first, found)
    else:
        earlier_to_review(task, refusal.words)


def _await_look_up(task: GenerationTask, client: BlockingClient, error: Uncertain | DuplicateReference) -> None:
    if client.can_look_up:
        task.reschedule(FIRST_LOOK_UP, error_code=error.code, error_message=error.in_full)
    else:
        send_to_review(task, error)


def _has_had_enough(task: GenerationTask) -> bool:
    """Return whether it was tried too often. A used-up plan and a request that never left count against nobody."""
    if task.attempt_count <= MOST_ATTEMPTS:
        return False
    return task.attempts.exclude(error_code__in=[PlanUsedUp.default_code, NotSent.default_code]).count() > MOST_ATTEMPTS


def _try_again(task: GenerationTask, error: ProviderError) -> None:
    """Surely not accepted: back to the queue, for another account or for this one when it answers again."""
    if _has_had_enough(task):
        end_unsent(task, "gave_up", error.in_full)
        return
    task.move(
        Status.QUEUED,
        note=error.in_full,
        due_at=clock.now() + _delay(task),
        wait_reason=trouble(error),
        account=task.account if task.is_bound else None,
    )


def _delay(task: GenerationTask) -> timedelta:
    """Return no delay while the account cools down: the cooldown is the account's, and another one may start the task at once."""
    assert task.account is not None
    task.account.refresh_from_db(fields=["cooldown_until"])
    return timedelta(0) if task.account.is_cooling_down(clock.now()) else backoff(task.attempt_count)
