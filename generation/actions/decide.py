"""Ends a review by a person's decision: adopt the vendor's id, submit again or give up.

These functions check who may decide, so that pages, the admin and the API need no rule of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from access.budget_warnings import warn_of_refusal
from access.callers import Caller
from access.rights import may
from database import clock
from events import audit
from generation.actions.retry import retry_task
from generation.errors import Conflict, InvalidRequest, LostRace, NotAllowed
from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask, TaskEvent
from generation.models.settling import ABANDONED
from generation.models.task import NO_ERROR
from generation.ordering.create import key_reused
from generation.ordering.purchase import OverBudget, pay_again
from generation.places import serves
from providers.accounts.clients import client_for
from providers.accounts.sealing import SealBroken
from providers.core.catalog import ModelSpec
from providers.core.errors import ProviderError
from providers.core.messages import Message, say
from providers.core.types import LONGEST_ID_BYTES, Submission
from providers.models import ProviderAccount

__all__ = ["adopt", "can_adopt", "did_already", "first_come", "give_up", "refuse_taken", "require_decider", "submit_again"]


def require_decider(caller: Caller) -> None:
    """Raise `NotAllowed` unless this caller may decide. It is about money, so owning the task is not enough."""
    if not may(caller, "decide", GenerationTask):
        raise NotAllowed(_("Only an administrator who may change tasks can do this."))


@contextmanager
def first_come(done: Callable[[], object] | None = None) -> Iterator[None]:
    """Let one of two people decide. The second changes nothing and gets a `Conflict`, unless `done` finds that both sent the same press."""
    try:
        with transaction.atomic():
            yield
    except (LostRace, IntegrityError) as lost:
        if done is not None and done():
            return
        raise (_changed() if isinstance(lost, LostRace) else _taken()) from lost


def did_already(
    task: GenerationTask, left: Collection[Status], notes: Collection[Message], *, page: UUID | None = None, key: str = ""
) -> TaskEvent | None:
    """Return the event of the very decision that `notes` record, if it was made since the page was rendered or under this Idempotency-Key.

    Raises `Conflict` when the task left these states in another way, also where it is back: the reader of the page has not seen that.
    Raises `InvalidRequest` when the key belongs to another decision about this task.
    """
    event = None
    if key:
        event = task.events.filter(decision_key=key).first()
    elif page is not None:
        event = task.events.filter(from_status__in=left, id__gt=page).order_by("-id").first()
    if event is not None and event.note not in notes:
        raise key_reused() if key else _changed()
    return event


def _changed() -> Conflict:
    return Conflict(_("Someone else changed this task at the same time. Check it again."), code="already_settled")


def refuse_taken(account: ProviderAccount, vendor_id: str, but: GenerationTask) -> None:
    """Raise `Conflict` when another task follows this render, by this account or by another that leads to the same place."""
    same_place = GenerationTask.objects.filter(account__vendor=account.vendor, account__base_url=account.base_url)
    if same_place.filter(submission_id=vendor_id).exclude(pk=but.pk).exists():
        raise _taken()


def _taken() -> Conflict:
    return Conflict(_("Another task has this vendor id already."), code="already_adopted")


def can_adopt(task: GenerationTask) -> bool:
    """Return whether another id may be adopted: one that is known names a paid render and is kept, unless the vendor denies it."""
    return not task.submission_id or task.error_code == "submission_gone"


def adopt(task: GenerationTask, vendor_id: str, *, by: Caller, page: UUID | None = None, key: str = "") -> None:
    """Adopt the vendor's task that a person found. The vendor is asked first, so that a typing error adopts nothing.

    The adapter knows from the model where the vendor keeps it (by text, by image). `page` is the key of the page with the button,
    `key` the Idempotency-Key of a caller: the same decision sent twice is made once, here and below.
    """
    require_decider(by)
    name = _checked(vendor_id)
    note = say("adopted", name=by.user.get_username(), id=name)
    done = partial(did_already, task, [Status.NEEDS_REVIEW], [note], page=page, key=key)
    if done():
        return
    _require_review(task)
    if not can_adopt(task) and name != task.submission_id:
        raise Conflict(_("The vendor's id of this render is known: ask the vendor again, or give it up."), code="id_known")
    spec = _spec_of(task)
    submission = Submission(id=name, model=spec.id)
    account = _confirming(task, submission)
    attempt = task.attempts.filter(dispatch=Dispatch.UNKNOWN, account=account).last() or task.last_attempt()
    with first_come(done):
        if attempt is not None:
            facts = {"dispatch": Dispatch.ACCEPTED, "submission_id": name, "submission_kind": "", "finished_at": clock.now()}
            task.attempts.filter(pk=attempt.pk).update(**facts)
        task.accept(submission, note=note, account=account, decision_key=key)
        audit.record("review.adopted", task, by=by, after={"submission_id": name, "account": account})


def _confirming(task: GenerationTask, submission: Submission) -> ProviderAccount:
    """Return the account whose render it is. The outcome may be unknown with several accounts; the last is asked first."""
    refusals: list[ProviderError | SealBroken] = []
    unknown = task.attempts.select_related("account").filter(dispatch=Dispatch.UNKNOWN).order_by("-number")
    for account in dict.fromkeys(attempt.account for attempt in unknown) or [_account_of(task)]:
        refuse_taken(account, submission.id, task)
        try:
            client_for(account).poll(submission)
        except (ProviderError, SealBroken) as error:
            refusals.append(error)
        else:
            return account
    words = refusals[0]
    raise InvalidRequest(
        _("The vendor does not confirm this id: %(words)s") % {"words": words}, code="not_confirmed", fields={"vendor_id": str(words)}
    ) from words


def _checked(vendor_id: str) -> str:
    name = vendor_id.strip()
    if not name:
        raise InvalidRequest(_("Write the vendor's task id."), fields={"vendor_id": _("This is needed.")})
    if len(name.encode()) > LONGEST_ID_BYTES or not name.isprintable():
        most = _("At most %(most)d characters, in one line.") % {"most": LONGEST_ID_BYTES}
        raise InvalidRequest(_("This cannot be a vendor's task id."), fields={"vendor_id": most})
    return name


def submit_again(task: GenerationTask, *, by: Caller, knows_cost: bool, page: UUID | None = None, key: str = "") -> GenerationTask:
    """Send it once more, by a person who knows what the first may cost. Where the vendor accepted the first one, that one is given up and a
    new task is made, so that each render has its own row. Return the task that is sent.

    Money is set aside once more; that of the first waits for a decision. A budget without room for both is a refusal.
    """
    require_decider(by)
    note = say("sent_again", name=by.user.get_username())
    done = partial(did_already, task, [Status.NEEDS_REVIEW], [note], page=page, key=key)
    if (decision := done()) is not None:
        return _sent_by(task, decision)
    _require_review(task)
    spec = _spec_of(task)
    if not knows_cost:
        raise InvalidRequest(
            _("Confirm this first: if the vendor accepted the first request, both are charged."),
            code="cost_not_acknowledged",
            fields={"knows_cost": _("This must be confirmed.")},
        )
    try:
        with first_come(done):
            audit.record("review.submitted_again", task, by=by, before={"submission_id": task.submission_id})
            if task.submission_id:
                task.give_up(ABANDONED, task.error_message, note=note, decision_key=key)
                return retry_task(task, by=Caller(user=task.owner, token=task.token)).task  # whose budget counts this one too
            account = _account_of(task)
            facts = {"account": account, "is_bound": account.takes(spec) and serves(account, task.only), "failures": 0, **NO_ERROR}
            task.move(Status.QUEUED, note=note, decision_key=key, **facts)
            pay_again(task, spec)
            return task
    except OverBudget as refusal:  # once all of this is rolled back: a warning would be too
        warn_of_refusal(refusal.budget)
        raise
    return _sent_by(task, done())


def _sent_by(task: GenerationTask, decision: TaskEvent | None) -> GenerationTask:
    """Return the task that this decision to send again sent: a new one where it gave the first up."""
    assert decision is not None, "what was decided has its event"
    if decision.to_status != Status.FAILED:
        return task
    return task.retries.filter(id__gt=decision.pk).order_by("id").first() or task


def give_up(task: GenerationTask, *, by: Caller, page: UUID | None = None, key: str = "") -> None:
    """End a review as failed, by a person who decided that it is not worth another try."""
    require_decider(by)
    note = say("given_up", name=by.user.get_username())
    done = partial(did_already, task, [Status.NEEDS_REVIEW], [note], page=page, key=key)
    if done():
        return
    _require_review(task)
    with first_come(done):
        audit.record("review.given_up", task, by=by, before={"error_code": task.error_code})
        task.give_up(ABANDONED, task.error_message, note=note, decision_key=key)


def _require_review(task: GenerationTask) -> None:
    if task.state is not Status.NEEDS_REVIEW:
        raise Conflict(_("This task does not wait for a review."), code="not_in_review")


def _spec_of(task: GenerationTask) -> ModelSpec:
    if task.spec is None:
        raise Conflict(_("The catalog no longer has the model %(model)s.") % {"model": task.model}, code="model_gone")
    return task.spec


def _account_of(task: GenerationTask) -> ProviderAccount:
    """Return the account that may have accepted it. Raises `Conflict` when it was deleted before the database was restored."""
    unknown = task.attempt_with_unknown_outcome()
    account = unknown.account if unknown else task.account
    if account is None:
        raise Conflict(_("The account that it was sent with is gone. Give it up, then create it again."), code="account_gone")
    return account
