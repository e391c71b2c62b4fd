"""Asks the vendor again about a task in review or failed whose render was paid, and recovers what came late. Never submits anything.

The vendor is asked through the account that submitted. The task moves only if it renders or has rendered; any other answer is raised and
changes nothing (docs/adr/0007), except that a review ends when the vendor says that its render failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.utils.translation import gettext as _

from access.callers import Caller
from access.rights import may
from database import clock
from events import audit
from generation.actions.decide import did_already, first_come, refuse_taken, require_decider
from generation.errors import Conflict, InvalidRequest, NotYet, PortalError
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.polling.outcome import ended_there, rendered
from providers.accounts.clients import client_for
from providers.accounts.poller import AccountPoller
from providers.accounts.sealing import SealBroken
from providers.core.errors import ProviderError, SubmissionGone
from providers.core.messages import say
from providers.core.types import Snapshot, State, Submission
from providers.models import ProviderAccount

__all__ = ["MOST_AT_ONCE", "ask_again", "ask_again_many", "can_ask_again"]

MOST_AT_ONCE = 100
"""Tasks of one request: their vendors are asked while a person waits."""
ASKABLE = frozenset({Status.FAILED, Status.NEEDS_REVIEW})
CALLS_AT_ONCE = 10


@dataclass(frozen=True, kw_only=True)
class _Render:
    """A task in review or failed, and what the vendor knows it by."""

    task: GenerationTask
    account: ProviderAccount
    submission: Submission


def can_ask_again(task: GenerationTask, caller: Caller) -> bool:
    """Return whether it failed or is in review, the vendor's id is known, and this person may."""
    return task.state in ASKABLE and may(caller, "decide", task) and _paid(task) is not None


def ask_again(task: GenerationTask, *, by: Caller, page: UUID | None = None, key: str = "") -> None:
    """Let the task go on if the vendor has its render. Raises `Conflict` with the vendor's words otherwise."""
    require_decider(by)
    notes = [say(code, name=by.user.get_username()) for code in ("asked_again_done", "asked_again_renders", "asked_again_ended")]
    done = partial(did_already, task, ASKABLE, notes, page=page, key=key)
    if done():
        return
    render = _render_of(task)
    try:
        answer: Snapshot | ProviderError | SealBroken = client_for(render.account).poll(render.submission)
    except (ProviderError, SealBroken) as error:
        answer = error
    _recover(render, answer, by, done, key)


def ask_again_many(tasks: Iterable[GenerationTask], *, by: Caller) -> Mapping[GenerationTask, PortalError | None]:
    """Ask about up to `MOST_AT_ONCE` tasks at the same time. Return for each None if it goes on, or why it does not."""
    require_decider(by)
    asked = list(tasks)
    if len(asked) > MOST_AT_ONCE:
        raise InvalidRequest(_("At most %(n)d tasks at one time.") % {"n": MOST_AT_ONCE})
    outcome: dict[GenerationTask, PortalError | None] = {}
    by_account: dict[ProviderAccount, list[_Render]] = {}
    for task in asked:
        try:
            render = _render_of(task)
        except PortalError as error:
            outcome[task] = error
        else:
            by_account.setdefault(render.account, []).append(render)
    for account, renders in by_account.items():
        for render, answer in zip(renders, _answers(account, renders), strict=True):
            try:
                _recover(render, answer, by)
                outcome[render.task] = None
            except PortalError as error:
                outcome[render.task] = error
    return outcome


def _answers(account: ProviderAccount, renders: list[_Render]) -> list[Snapshot | ProviderError | SealBroken]:
    try:
        with AccountPoller(account, at_once=CALLS_AT_ONCE) as poller:
            return [*poller.ask([render.submission for render in renders]).result()]
    except SealBroken as broken:
        return [broken] * len(renders)


def _render_of(task: GenerationTask) -> _Render:
    if task.state not in ASKABLE:
        raise Conflict(_("Only failed tasks and tasks in review can be checked again."), code="not_failed")
    render = _paid(task)
    if render is None:
        raise Conflict(_("The vendor's id of this render is not known, so there is nothing to ask about."), code="no_vendor_id")
    if not task.submission_id:
        refuse_taken(render.account, render.submission.id, task)
    return render


def _paid(task: GenerationTask) -> _Render | None:
    """Return its render by the task's own vendor id, or by that of an attempt, which after a give-up may be the only one that has it."""
    if task.submission_id and task.account is not None:
        return _Render(task=task, account=task.account, submission=task.submission)
    known = [attempt for attempt in task.attempts.all() if attempt.submission_id]
    if not known:
        return None
    attempt = known[-1]
    return _Render(task=task, account=attempt.account, submission=attempt.submission)


def _recover(
    render: _Render, answer: Snapshot | ProviderError | SealBroken, by: Caller, done: Callable[[], object] | None = None, key: str = ""
) -> None:
    if not isinstance(answer, Snapshot):
        if isinstance(answer, SubmissionGone):
            raise _unchanged("submission_gone", str(answer)) from answer
        raise NotYet(
            _("The vendor could not be asked (%(words)s). Nothing was changed; try again later.") % {"words": answer}, code="vendor_away"
        ) from answer
    if answer.state in {State.FAILED, State.CANCELLED} and render.task.state is Status.NEEDS_REVIEW:
        with first_come(done):
            audit.record("task.asked_again", render.task, by=by, after={"state": answer.state})
            ended_there(render.task, answer, note=say("asked_again_ended", name=by.user.get_username()), decision_key=key)
        return
    if answer.state is State.FAILED:
        raise _unchanged("render_failed", str(answer.error or answer.vendor_state))
    if answer.state is State.CANCELLED:
        raise _unchanged("render_cancelled", answer.vendor_state)
    with first_come(done):
        audit.record("task.asked_again", render.task, by=by, after={"state": answer.state})
        if answer.state is State.SUCCEEDED and answer.outputs:
            _save(render, answer, by, key)
        else:
            _follow(render, by, key)


def _save(render: _Render, snapshot: Snapshot, by: Caller, key: str) -> None:
    named = render.submission
    rendered(
        render.task,
        snapshot,
        note=say("asked_again_done", name=by.user.get_username()),
        decision_key=key,
        submission_id=named.id,
        submission_kind=named.kind,
        account=render.account,
        cancel_requested_at=None,
    )


def _follow(render: _Render, by: Caller, key: str) -> None:
    render.task.accept(
        render.submission,
        note=say("asked_again_renders", name=by.user.get_username()),
        decision_key=key,
        account=render.account,
        accepted_at=render.task.accepted_at or clock.now(),
        cancel_requested_at=None,
    )


def _unchanged(code: str, words: str) -> Conflict:
    return Conflict(_("Nothing was changed. The vendor says: %(words)s") % {"words": words}, code=code)
