"""Stores the vendor's id of a render that was accepted, before anything else and whatever the status of its task is by now."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction

from database import clock
from generation.errors import LostRace
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask
from providers.core.client import Transcript
from providers.core.errors import Uncertain
from providers.core.messages import say
from providers.core.types import Submission

__all__ = ["accept", "follow_stored_id"]

log = logging.getLogger("generation.submit")

LATE_TRIES = 5
STORED_WITHIN_S = 60.0
AGAIN_AFTER_S = 1.0


def accept(task: GenerationTask, attempt: Attempt, submission: Submission, transcript: Transcript | None = None) -> None:
    """Store the vendor's id, before anything else. If the row has gone to review, the answer ends that review.

    Two writes on purpose: the attempt keeps the id even when the task's row has moved on. After a death in between `reconcile` goes on.
    Nobody else knows the id, so a database that is away is waited for; not inside a transaction, which is lost with it.
    """
    changes: dict[str, Any] = {
        "dispatch": Dispatch.ACCEPTED,
        "submission_id": submission.id,
        "submission_kind": submission.kind,
        "finished_at": clock.now(),
    }
    if transcript is not None:
        changes |= {"request": transcript.request, "reply": transcript.reply}
    until = time.monotonic() + STORED_WITHIN_S
    while True:
        try:
            Attempt.objects.filter(pk=attempt.pk).update(**changes)
            break
        except (InterfaceError, OperationalError) as error:
            log.error("attempt %s: the vendor's id %s is not stored yet: %s", attempt, submission.id, error)
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            connection.close()
            time.sleep(AGAIN_AFTER_S)
    try:
        task.accept(submission)
    except LostRace:
        _accept_late(attempt, submission)
    except IntegrityError:  # one of the two tasks is wrong, and only a person can find out which
        log.error("task %s: another task follows its render %s", task.pk, submission.id)
        if task.state is Status.SUBMITTING:
            task.to_review(Uncertain.default_code, say("followed_by_another", id=submission.id))
    if task.account is not None:
        task.account.note_ok()


def follow_stored_id(task: GenerationTask) -> bool:
    """Let the task follow a vendor's id that only its attempt has, because the process died in between. Return whether there was one."""
    attempt = task.attempt_with_stored_id()
    if attempt is None:
        return False
    _accept_late(attempt, attempt.submission)
    return True


def _accept_late(attempt: Attempt, submission: Submission) -> None:
    """Let a task that moved on before the answer came follow its render, which was paid: also after a person gave up, or decided to send it
    again and that has not begun. A cancelled task stays so, and only the attempt keeps the id.
    """
    for _ in range(LATE_TRIES):
        row = GenerationTask.objects.get(pk=attempt.task_id)
        if row.submission_id or row.state is Status.CANCELLED:
            log.warning("task %s is %s already; its answer %s came late", row.pk, row.status, submission.id)
            return
        try:
            with transaction.atomic():
                if row.state is Status.QUEUED:
                    row.move(Status.SUBMITTING, note=say("answer_late"))
                row.accept(submission, note=say("answer_late"), account=attempt.account, cancel_requested_at=None)
        except LostRace:
            continue
        return
    log.error("task %s: its answer %s came late and could not be stored; ask the vendor again", attempt.task_id, submission.id)
