"""The only step that costs money: take a permit and commit the intent, record the request, send it once, store the vendor's id.

`submit` has these steps in their order, on which the promise depends; what it calls follows in the order of the calls. Only a task that
was surely refused goes back to the queue; one that may have been accepted is for `reconcile` (docs/adr/0003).
"""

from __future__ import annotations

import logging
import time
from copy import copy
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from access.budget_warnings import warn_of_refusal
from access.budgets import next_start
from access.ledger import AlreadyClosed, BudgetReached, PriceUnknown
from access.ledger_models import Budget
from database import clock
from generation.errors import LostRace
from generation.lifecycle import Status, backoff
from generation.messages import trouble
from generation.models import Attempt, Dispatch, GenerationTask
from generation.models.task import NO_ERROR, NO_WAIT
from generation.ordering.failover import has_stand_in
from generation.places import serves
from generation.scheduling.account_health import handle_error
from generation.scheduling.concurrency import Wait, why_no_permit
from generation.scheduling.leases import DEATHS, take_up
from generation.scheduling.stop_switch import current_stop, is_stopped_for_sure
from generation.store import StorageUnavailable
from generation.submitting.acceptance import accept, follow_stored_id
from generation.submitting.build_request import CannotBeSent, generation_request
from generation.submitting.payment import set_money_aside
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


LOOK_AGAIN = timedelta(seconds=5)


class NotNow(Exception):
    """Something between the lease and the intent forbids to send; nothing was sent. `wait` is None where waiting here is of no use: then
    the task waits for `after`, and says `because` if that is not empty. `full` is the budget that has no room.
    """

    def __init__(
        self,
        wait: Wait | None = None,
        *,
        after: timedelta = LOOK_AGAIN,
        because: Message = Message(),  # noqa: B008
        full: Budget | None = None,
    ) -> None:
        super().__init__(wait.because if wait else str(because))
        self.wait = wait
        self.after = timedelta(seconds=wait.seconds) if wait else after
        self.shown = {"wait_reason": because} if because else {}
        self.full = full


STORAGE_LOOK_AGAIN = timedelta(seconds=30)
NO_MONEY_AGAIN = timedelta(minutes=5)
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
    """Advance one queued task. Do nothing when the row has moved on."""
    task = take_up(task_id, fence, Status.QUEUED)
    if task is None or task.account is None or _end_or_put_back(task, task.account):
        return

    try:
        client, request = client_for(task.account), generation_request(task)
    except SealBroken as broken:
        log.error("account %s: %s", task.account.pk, broken.words)
        task.account.cool_down_for(BAD_SEAL_COOLDOWN_S, broken.words)
        task.account.note_error(str(broken.words))
        _put_back(task, wait_reason=broken.words)
        return
    except CannotBeSent as gone:
        end_unsent(task, gone.code, gone.because)
        return
    except StorageUnavailable:
        _put_back(task, STORAGE_LOOK_AGAIN, wait_reason=say("storage_away_send"))
        return

    attempt: Attempt | None = None
    until = time.monotonic() + MOST_WAIT_S
    while attempt is None:
        try:
            attempt = _commit_intent(task, request)
        except CancelledMeanwhile:
            GenerationTask.objects.get(pk=task.pk).cancel_unsent()
            return
        except NotNow as refusal:
            if refusal.wait is None or time.monotonic() + refusal.wait.seconds > until:
                _put_off(task, refusal)
                return
            time.sleep(refusal.wait.seconds)

    task, transcript = attempt.task, Transcript()
    try:
        submission = client.submit(request, transcript=transcript, before_paying=partial(_look_once_more, attempt))
    except ProviderError as error:
        _after_error(task, attempt, client, transcript, error)
        return
    accept(task, attempt, submission, transcript)
    attempt.account.note_accepted()


def _end_or_put_back(task: GenerationTask, account: ProviderAccount) -> bool:
    """Cancel, end, send to review or put back a task that must not be sent now. Return whether it was one."""
    if task.cancel_requested_at is not None:
        task.cancel_unsent()
    elif task.attempt_count and follow_stored_id(task):
        log.warning("task %s is not sent again: an attempt has its vendor id", task.pk)
    elif task.is_bound and _leads_elsewhere(task, account):
        earlier_to_review(task, say("account_changed", account=account.label))
    elif not account.enabled or current_stop():  # changed since the row was leased
        _put_back(task)
    elif task.starts <= FEW_STARTS:
        return False
    elif task.failures >= MOST_DEATHS:
        end_unsent(task, "ends_submit", say("send_crashes", n=DEATHS))
    else:  # it may have ended its process: counted before anything is done, and left alone for longer each time
        task.reschedule(FIRST_DELAY * 2**task.failures, failures=task.failures + 1)
        return False
    return True


def _leads_elsewhere(task: GenerationTask, account: ProviderAccount) -> bool:
    """Return whether the account was changed since it was decided to send the task again: the vendor there does not know our reference.

    That was at the task's first return to the queue since its outcome is unknown, or since a person last looked; later returns follow sure
    refusals and decide nothing.
    """
    unknown_since = task.attempts.filter(dispatch=Dispatch.UNKNOWN).aggregate(last=Max("finished_at"))["last"]
    if unknown_since is None:
        return False
    reviewed_at = task.events.filter(to_status=Status.NEEDS_REVIEW).aggregate(last=Max("at"))["last"]
    decided = task.events.filter(to_status=Status.QUEUED, at__gte=max(unknown_since, reviewed_at or unknown_since)).order_by("id").first()
    return account.led_elsewhere(decided.at if decided else unknown_since)


def _put_off(task: GenerationTask, refusal: NotNow) -> None:
    """Let the task wait for the reason of the refusal, and warn of a budget without room. Call it after the intent was rolled back."""
    if refusal.full is not None:
        warn_of_refusal(refusal.full)
    _put_back(task, refusal.after, **refusal.shown)


def _put_back(task: GenerationTask, after: timedelta = LOOK_AGAIN, **changes: Any) -> None:
    """Let it wait for any account, or for its own where only that one protects from a second sale. Counts as no failure."""
    task.reschedule(after, account=task.account if task.is_bound else None, starts=0, failures=0, **changes)


def _commit_intent(task: GenerationTask, request: GenerationRequest) -> Attempt:
    """Take a permit and store that the task is being sent: from here on, until the answer is stored, the render may have been paid.

    The attempt has the task as it is then. Raises `NotNow` and `CancelledMeanwhile`; then nothing is stored, and `task` is as the row.
    """
    assert task.account is not None
    sending = copy(task)
    with transaction.atomic():
        task.account.lock_for_leasing()
        account = ProviderAccount.objects.get(pk=task.account.pk)
        # `changed_at`: the client of this task leads to where the account led before, and a look-up would ask the new place
        if account.changed_at != task.account.changed_at or not account.may_start or not account.offers(request.spec):
            raise NotNow
        if not serves(account, task.only):  # the last gate: from here it is sent
            raise NotNow
        if wait := why_no_permit(account, clock.now()):
            raise NotNow(wait)
        now, limits, number = clock.now(), account.timeouts, task.attempt_count + 1
        gone_at = now + timedelta(seconds=limits.connect_s + limits.send_s(request.body_bytes) + limits.read_s) + HELD_UP
        sending.move(Status.SUBMITTING, attempt_count=number, submitted_at=now, due_at=gone_at, failures=0, **NO_WAIT)
        if GenerationTask.objects.filter(pk=task.pk, cancel_requested_at__isnull=False).exists():
            raise CancelledMeanwhile
        attempt = Attempt.objects.create(
            task=sending, number=number, account=account, reference=request.reference, started_at=now, sender_gone_at=gone_at
        )
        try:
            set_money_aside(sending, account, request.spec, request.params)
        except BudgetReached as reached:
            because = say(f"budget_full_{reached.budget.kind}", at=next_start(reached.budget))
            raise NotNow(after=NO_MONEY_AGAIN, because=because, full=reached.budget) from reached
        except PriceUnknown as unknown:
            raise NotNow(after=NO_MONEY_AGAIN, because=say("price_unknown", model=task.model)) from unknown
        except AlreadyClosed as other:  # somebody decides about the task's money at this moment
            raise NotNow from other
        if is_stopped_for_sure():  # last, so that the switch is held for no longer than a commit takes
            raise NotNow
        return attempt


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


def _after_error(task: GenerationTask, attempt: Attempt, client: BlockingClient, transcript: Transcript, error: ProviderError) -> None:
    """Store what became of the attempt, and then decide what becomes of its task."""
    Attempt.objects.filter(pk=attempt.pk).exclude(dispatch=Dispatch.ACCEPTED).update(  # a look-up may have been faster
        dispatch=Dispatch.UNKNOWN if isinstance(error, (Uncertain, DuplicateReference)) else Dispatch.REJECTED,
        request=transcript.request,
        reply=transcript.reply,
        error_code=error.code,
        error_message=error.in_full,
        finished_at=clock.now(),
    )
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
    """Try again. Others may have taken this process for dead and sent the task to review; as nothing left, that review ends."""
    try:
        _try_again(task, error)
    except LostRace:
        row = GenerationTask.objects.get(pk=task.pk)
        if row.state is Status.NEEDS_REVIEW and not may_be_paid(row):
            row.move(Status.QUEUED, note=error.words, account=row.account if row.is_bound else None, **NO_ERROR)


def _await_look_up(task: GenerationTask, client: BlockingClient, error: Uncertain | DuplicateReference) -> None:
    if client.can_look_up:
        task.reschedule(FIRST_LOOK_UP, error_code=error.code, error_message=error.in_full)
    else:
        send_to_review(task, error)


def _refused_after_unknown(task: GenerationTask, attempt: Attempt, client: BlockingClient, refusal: Refused) -> None:
    """Ask the vendor about our reference. A refusal says nothing about the earlier request, which may be paid: unless the vendor finds it,
    a person decides.
    """
    assert task.spec is not None
    unknown = task.attempts.filter(dispatch=Dispatch.UNKNOWN).order_by("number")
    first, found = unknown[0], None
    if client.can_look_up and not unknown.exclude(account=attempt.account).exists():
        try:
            found = look_up(client, task, task.spec, first)  # a list is read back to there
        except ProviderError:
            task.reschedule(FIRST_LOOK_UP)
            return
    if found is not None:
        accept(task, first, found)
    else:
        earlier_to_review(task, refusal.words)


def _try_again(task: GenerationTask, error: ProviderError) -> None:
    """Put what was surely not accepted back into the queue, for another account or for this one when it answers again."""
    assert task.account is not None
    counted = task.attempts.exclude(error_code__in=[PlanUsedUp.default_code, NotSent.default_code])  # these count against nobody
    if task.attempt_count > MOST_ATTEMPTS and counted.count() > MOST_ATTEMPTS:
        end_unsent(task, "gave_up", error.in_full)
        return
    task.account.refresh_from_db(fields=["cooldown_until"])
    cools_down = task.account.is_cooling_down(clock.now())  # no delay then: another account may start the task at once
    task.move(
        Status.QUEUED,
        note=error.in_full,
        due_at=clock.now() + (timedelta(0) if cools_down else backoff(task.attempt_count)),
        wait_reason=trouble(error),
        account=task.account if task.is_bound else None,
    )


def _account_refused(task: GenerationTask, error: ProviderError) -> None:
    """Let another account take it, or a stand-in model: the account is at fault, not the request."""
    assert task.spec is not None
    refused = task.attempts.filter(error_code=error.code).values("account")
    enabled = ProviderAccount.objects.enabled().exclude(pk__in=refused).for_model(task.spec)
    others = [account for account in enabled if serves(account, task.only)]
    if not task.is_bound and (others or has_stand_in(task)):
        _try_again(task, error)
    else:
        task.fail(error)
