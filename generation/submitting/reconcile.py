"""Finds out what became of a submit whose answer is not stored: by our reference where the vendor can be asked, otherwise by a person.

A submit that may have been accepted is never sent again by itself (docs/adr/0003).
"""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from database import clock
from generation.lifecycle import Status, backoff
from generation.models import Attempt, Dispatch, GenerationTask
from generation.scheduling.leases import keeping, take_up
from generation.submitting.acceptance import accept, follow_stored_id
from providers.accounts.clients import free_client_for
from providers.accounts.sealing import SealBroken
from providers.core.catalog import ModelSpec
from providers.core.client import BlockingClient
from providers.core.errors import DuplicateReference, ProviderError, Uncertain, Unsupported
from providers.core.messages import Message, say
from providers.core.types import Submission
from providers.models import ProviderAccount

__all__ = ["FIRST_LOOK_UP", "earlier_to_review", "end_unsent", "look_up", "look_up_review", "may_be_paid", "reconcile", "send_to_review"]

log = logging.getLogger("generation.submit")

SENDER_LOST = "sender_lost"
"""An attempt's error that says nothing about its vendor."""
LISTING_WINDOW = timedelta(minutes=10)
AT_WORK = timedelta(seconds=24)
"""The lease of a look-up at work, which is renewed: one that is killed gives its share of the processes back soon."""
FIRST_LOOK_UP = timedelta(seconds=5)
SECOND_LOOK_UP = timedelta(seconds=15)
ABSENT_TWICE = 2
NO_ANSWER_AGAIN = timedelta(seconds=25)
MOST_NO_ANSWER = 3
"""Look-ups that end without a yes or no, over a minute: a later listing may have it."""
MOST_LOOK_UPS = 20
LONGEST_UNKNOWN = timedelta(minutes=30)
"""When the vendor could not be asked for this long, a person decides."""
MOST_UNKNOWN = 5
"""Attempts of a task whose outcome may stay unknown before a person looks."""


def reconcile(task_id: UUID | str, fence: int) -> None:
    """Find out what became of a submit without an answer: found -> adopted; surely absent -> sent again; otherwise a person decides."""
    task = take_up(task_id, fence, Status.SUBMITTING)
    attempt = task.last_attempt() if task else None
    if task is None or attempt is None or task.account is None:
        return
    if attempt.dispatch == Dispatch.ACCEPTED:  # the vendor's id is stored, and the process died before it moved the task
        accept(task, attempt, attempt.submission)
    elif follow_stored_id(task):  # that of an earlier attempt, which was found when this one was refused
        return
    elif attempt.dispatch == Dispatch.REJECTED and not may_be_paid(task):  # the same, after a refusal
        task.move(Status.QUEUED, note=attempt.error_message, account=task.account if task.is_bound else None)
    elif task.spec is None:
        send_to_review(task, Uncertain(say("cannot_ask_without_model")))
    elif task.starts > MOST_LOOK_UPS:  # each process that asks dies
        send_to_review(task, Uncertain((attempt.error_message or say("sender_lost")) + say("not_asked")))
    elif task.account.is_cooling_down(now := clock.now()):
        _look_up_later(task, attempt, Uncertain(task.account.cooldown_reason), after=(task.account.cooldown_until or now) - now)
    else:
        _look_up(task, task.account, task.spec, attempt)


def may_be_paid(task: GenerationTask) -> bool:
    """Return whether the outcome of one of its attempts is unknown."""
    return task.attempts.filter(dispatch=Dispatch.UNKNOWN).exists()


def _look_up(task: GenerationTask, account: ProviderAccount, spec: ModelSpec, attempt: Attempt) -> None:
    """Ask the vendor. A list is read back to the first attempt with unknown outcome; another account's cannot be asked about here."""
    first = task.attempts.filter(account=account).exclude(dispatch=Dispatch.REJECTED).order_by("number").first()
    lost = Uncertain((first or attempt).error_message or say("sender_lost"))
    if first is None:
        send_to_review(task, lost)
        return
    try:
        client = free_client_for(account)
    except SealBroken as broken:
        send_to_review(task, Uncertain(broken.words))
        return
    if not client.can_still_look_up(first.started_at):
        send_to_review(task, lost)
        return
    try:
        with keeping(task, AT_WORK):
            found = look_up(client, task, spec, first)
    except Unsupported:  # neither yes nor no: the list may be too long, or not have it yet
        _mark_unknown(task, lost)
        if task.starts < MOST_NO_ANSWER:
            task.reschedule(NO_ANSWER_AGAIN)
        else:
            send_to_review(task, lost)
    except ProviderError as error:
        _look_up_later(task, attempt, error, after=backoff(task.starts, most=timedelta(minutes=1)))
    else:
        _after_look_up(task, first, client, found, lost)


def look_up_review(task: GenerationTask) -> None:
    """Adopt the render of a submit in review if the vendor has it after all. Anything else changes nothing: a person decides."""
    if follow_stored_id(task):
        return
    attempt = task.last_attempt() if task.submission_id else task.attempt_with_unknown_outcome()
    if attempt is None or task.spec is None:
        return
    try:
        found = look_up(free_client_for(attempt.account), task, task.spec, attempt)
    except (ProviderError, SealBroken) as error:
        log.info("task %s stays in review: %s", task.pk, error)
        return
    if found is not None and found.id != task.submission_id:
        accept(task, attempt, found)


def look_up(client: BlockingClient, task: GenerationTask, spec: ModelSpec, attempt: Attempt) -> Submission | None:
    """Return what the vendor has under our reference. Raises `ProviderError`; `Unsupported` when it cannot know."""
    known = Attempt.objects.filter(account=attempt.account, started_at__gte=attempt.started_at - LISTING_WINDOW)
    ours = list(known.exclude(submission_id="").values_list("submission_id", flat=True))  # for vendors that can only list
    found = client.look_up(task.reference, spec=spec, since=attempt.started_at, known=ours)
    if found is None and attempt.account.led_elsewhere(attempt.started_at):
        raise Unsupported("The account's address or credentials were changed since.")
    return found


def _mark_unknown(task: GenerationTask, error: ProviderError) -> None:
    task.attempts.filter(dispatch=Dispatch.SENDING).update(
        dispatch=Dispatch.UNKNOWN, error_code=SENDER_LOST, error_message=error.in_full, finished_at=clock.now()
    )


def _look_up_later(task: GenerationTask, attempt: Attempt, error: ProviderError, *, after: timedelta) -> None:
    if task.starts >= MOST_LOOK_UPS or clock.now() - attempt.started_at > LONGEST_UNKNOWN:
        send_to_review(task, Uncertain(error.in_full + say("not_asked")))
    else:
        task.reschedule(after)


def _after_look_up(task: GenerationTask, attempt: Attempt, client: BlockingClient, found: Submission | None, lost: ProviderError) -> None:
    """Adopt what was found. Absent is not enough to send again: the sender may only be paused, and send later. Only a vendor that refuses a
    reference which it has already makes a second try safe, and only on the same account.
    """
    if found is not None:
        accept(task, attempt, found)
        return
    _mark_unknown(task, lost)
    is_known = task.attempts.filter(error_code=DuplicateReference.default_code).exists()
    if is_known or task.spec is None or not client.takes_reference_once(task.spec) or task.attempt_count > MOST_UNKNOWN:
        send_to_review(task, Uncertain(lost.words + say("known_not_shown" if is_known else "not_listed")))
    elif task.failures + 1 < ABSENT_TWICE:  # a listing may lag behind an acceptance: ask twice
        task.reschedule(SECOND_LOOK_UP, failures=task.failures + 1)
    else:
        _send_again(task, attempt)


@transaction.atomic
def _send_again(task: GenerationTask, attempt: Attempt) -> None:
    """Return it to the queue, unless its account was changed while the vendor was asked: then the next look-up says so."""
    attempt.account.lock_for_leasing()
    attempt.account.refresh_from_db(fields=["changed_at"])
    if attempt.account.led_elsewhere(attempt.started_at):
        task.reschedule(SECOND_LOOK_UP)
    else:
        task.move(Status.QUEUED, note=say("not_listed"), failures=0, is_bound=True)


def send_to_review(task: GenerationTask, error: ProviderError) -> None:
    """Let a person decide, with the account that may have accepted it. From here on the outcome of an attempt without an answer is unknown,
    also when a person sends the task again.
    """
    log.warning("task %s needs review: %s", task.pk, error)
    with transaction.atomic():
        _mark_unknown(task, error)
        unknown = task.attempt_with_unknown_outcome()
        account = unknown.account if unknown else task.account
        task.to_review(error.code, error.words, vendor_code=(error.vendor_code or "")[:80], account=account)


def end_unsent(task: GenerationTask, code: str, message: Message) -> None:
    """End a waiting task that cannot be sent any more. If the outcome of an attempt is unknown, a person decides."""
    if may_be_paid(task):
        earlier_to_review(task, message)
    else:
        task.give_up(code, message)


def earlier_to_review(task: GenerationTask, message: Message) -> None:
    """Let a person decide about an earlier request, of which this trouble says nothing."""
    send_to_review(task, Uncertain(message + say("earlier_may_be_accepted")))
