"""Applies a poll's answer to its task. Only the vendor's answer ends it; past our deadline, or denied for long, it goes to review."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from database import clock
from generation.errors import LostRace
from generation.lifecycle import Status, backoff
from generation.models import GenerationTask
from generation.models.task import NO_ERROR, NO_WAIT
from generation.polling.schedule import ScheduledPoll
from generation.scheduling.enqueue import ingest_soon, look_again_soon
from providers.core.errors import GenerationFailed, ProviderError, SubmissionGone
from providers.core.messages import Message, say
from providers.core.polling import Answer
from providers.core.types import Output, Snapshot, State

__all__ = ["apply_end", "ended_there", "is_old_news", "observe", "outputs_expire_at", "rendered", "stored_outputs"]

log = logging.getLogger("generation.poll")

GONE_FOR_SURE = 12
"""Answers in a row that deny a submission before we believe them, over four to seven minutes of backoff: right after a submit a vendor may
not know it yet. We never believe them where key or address may be wrong, or the vendor denies everything (`ProviderAccount.may_deny`)."""
UNKNOWN_LIFE = timedelta(days=1)
"""For models that are no longer in the catalog: most vendors keep a file for a day or longer."""
MOST_USAGE, MOST_UNIT = 500, 20
SMALLEST_CHARGE = Decimal("0.000001")
"""The step to which a charge is rounded; the column has no more digits."""
MOST_POLL_BACKOFF = timedelta(minutes=1)


def observe(task: GenerationTask, answer: Answer) -> bool:
    """Apply one answer to a running task. Return whether the row was written: not when somebody else was first."""
    if is_old_news(task, answer):
        return False
    try:
        if isinstance(answer, ProviderError):
            return _trouble(task, answer)
        return _snapshot(task, answer)
    except LostRace:
        return False


def is_old_news(task: ScheduledPoll | GenerationTask, answer: Answer) -> bool:
    """Return whether it still renders and there is nothing to write, as after nearly all polls."""
    if isinstance(answer, ProviderError) or _past_deadline(task):
        return False
    ended = answer.state in {State.FAILED, State.CANCELLED} or (answer.state is State.SUCCEEDED and answer.outputs)
    return not ended and _shown(task, answer) == (task.progress, task.vendor_state, task.failures)


def _shown(task: ScheduledPoll | GenerationTask, snapshot: Snapshot) -> tuple[int | None, str, int]:
    """Return progress, vendor's state and failures for the row; bars never go backwards."""
    return max(snapshot.progress or 0, task.progress or 0) or None, snapshot.vendor_state[:60], 0


def _snapshot(task: GenerationTask, snapshot: Snapshot) -> bool:
    if apply_end(task, snapshot):
        return True
    if _past_deadline(task):
        _deadline(task)
        return True
    progress, state, failures = _shown(task, snapshot)
    mine = GenerationTask.objects.filter(pk=task.pk, status=Status.RUNNING, fence=task.fence)
    changes = {"progress": progress, "vendor_state": state, "failures": failures, "error_message": Message()}
    return bool(mine.update(**changes, updated_at=clock.now()))


def apply_end(task: GenerationTask, snapshot: Snapshot) -> bool:
    """Move the task on if the vendor has rendered it; end it if the render failed or was cancelled. Return whether it did either."""
    if snapshot.state is State.SUCCEEDED and snapshot.outputs:
        rendered(task, snapshot)
    elif snapshot.state in {State.FAILED, State.CANCELLED}:
        ended_there(task, snapshot)
    else:
        return False
    return True


def ended_there(task: GenerationTask, snapshot: Snapshot, **decision: Any) -> None:
    """End a task whose vendor says that its render failed or was cancelled. `decision` is the note and key of a person who asked."""
    facts = {**decision, **charged(snapshot)}
    if snapshot.state is not State.CANCELLED:
        task.fail(snapshot.error or GenerationFailed(say("no_reason")), **facts)
    elif GenerationTask.objects.filter(pk=task.pk, cancel_requested_at__isnull=False).exists():  # perhaps since the vendor was asked
        task.move(Status.CANCELLED, **facts)
    else:
        task.give_up("cancelled_by_vendor", say("cancelled_there"), **facts)


def charged(snapshot: Snapshot) -> dict[str, Any]:
    """Return what the vendor says of usage and charge, for the row; an empty dict where it says nothing."""
    facts: dict[str, Any] = {"usage": snapshot.units[:MOST_USAGE]} if snapshot.units else {}
    if snapshot.charge is not None:
        amount = snapshot.charge.amount.quantize(SMALLEST_CHARGE)
        facts |= {"charged_amount": amount, "charged_unit": snapshot.charge.unit[:MOST_UNIT]}
    return facts


def rendered(task: GenerationTask, snapshot: Snapshot, *, note: Message | str = "", **changes: Any) -> None:
    """Store what the vendor rendered, and have it fetched right away."""
    now = clock.now()
    outputs = stored_outputs(snapshot.outputs, now)
    with transaction.atomic():
        task.move(
            Status.INGESTING,
            note=note,
            outputs=outputs,
            outputs_expire_at=outputs_expire_at(task, outputs, now),
            actual_prompt=snapshot.actual_prompt,
            vendor_state=snapshot.vendor_state[:60],
            rendered_at=now,
            progress=None,
            failures=0,
            **NO_ERROR,
            **NO_WAIT,
            **charged(snapshot),
            **changes,
        )
        ingest_soon(task)


def stored_outputs(outputs: Iterable[Output], now: datetime) -> list[dict[str, Any]]:
    """Return outputs as the row keeps them; `expires_at` is ISO 8601 or empty."""
    return [
        {
            "url": output.url,
            "expires_at": (now + output.expires_in).isoformat() if output.expires_in else "",
            "duration_s": output.duration_s,
            "headers_needed": output.headers_needed,
            "others": [{"url": place.url, "headers_needed": place.headers_needed} for place in output.others],
        }
        for output in outputs
    ]


def outputs_expire_at(task: GenerationTask, outputs: Iterable[Mapping[str, Any]], rendered_at: datetime) -> datetime:
    """Return when the first of the stored outputs ends at the vendor. One without a stated end ends with the model's `result_life`."""
    usual = rendered_at + (task.spec.result_life if task.spec else UNKNOWN_LIFE)
    stated = [output["expires_at"] for output in outputs]
    return min((datetime.fromisoformat(text) if text else usual for text in stated), default=usual)


def _past_deadline(task: ScheduledPoll | GenerationTask) -> bool:
    return task.deadline_at is not None and clock.now() > task.deadline_at


def _deadline(task: GenerationTask) -> None:
    task.to_review("deadline", say("deadline_passed"))


def _trouble(task: GenerationTask, error: ProviderError) -> bool:
    failures = task.failures + 1
    if _past_deadline(task):
        _deadline(task)
    elif isinstance(error, SubmissionGone) and failures >= GONE_FOR_SURE and _is_believable(task):
        with transaction.atomic():  # it was accepted, so a denial does not fail it: the vendor is asked about our reference
            task.to_review("submission_gone", say("id_denied", id=task.submission_id, words=str(error)))
            look_again_soon(task)
    else:
        log.info("poll of task %s: %s", task.pk, error)
        task.reschedule(backoff(failures, most=MOST_POLL_BACKOFF), failures=failures, error_message=error.in_full)
    return True


def _is_believable(task: GenerationTask) -> bool:
    """Return whether to believe the denial: always where no poll ever found the task, which may be there under another id."""
    if not task.vendor_state:
        return True
    return task.account is not None and task.account.may_deny(task.accepted_at, clock.now())
