"""Orders the same video again: after a failure, or once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from access.budget_warnings import warn_of_refusal
from access.callers import Caller
from database import clock
from generation.actions.rights import require_rights
from generation.errors import Conflict, PortalError
from generation.lifecycle import Status
from generation.models import GenerationTask, Prompt
from generation.ordering.create import Placed, costs_of, create, hold_repeated, made_before
from generation.ordering.order import Order, digest_of
from generation.ordering.page_keys import made_at, stored_key
from generation.ordering.purchase import OverBudget
from generation.queries.refused_field import REFUSALS
from generation.queries.tasks import ATTENTION_FOR

__all__ = ["RETRIED_MOST", "costs_again", "failed_of", "retry_failed", "retry_from_page", "retry_task", "retry_these"]

RETRIED_MOST = 50
"""How many tasks one press orders again."""


def retry_task(task: GenerationTask, *, by: Caller, idempotency_key: str = "") -> Placed:
    """Order the same video as a new task: after one that ended without a video, or once more for one that has it (Run again).

    A repeat under the same key returns the first new task. What someone else orders again is their own task: the first owner's callback
    address gets no request about it (docs/adr/0038).
    """
    order = _order_again(task, by, idempotency_key)
    if not task.is_terminal and made_before(order) is None:
        raise _still_going_on()
    return create(order)


def _order_again(task: GenerationTask, by: Caller, idempotency_key: str = "") -> Order:
    """Return the order that repeats this task. Raises `NotAllowed`."""
    require_rights(task, by)
    return Order(
        owner=by.user,
        team=task.team if task.team_id in by.teams else None,
        paying_team=task.paying_team if task.paying_team_id in by.teams else None,
        token=by.token,
        model=task.model,
        prompt=task.prompt.text,
        params=task.params,
        inputs=task.images(),
        source=Prompt.Source.API if by.token else Prompt.Source.TYPED,
        content_id=task.content_id,
        callback_url=task.callback_url if task.owner_id == by.user.pk else "",
        callback_shape=task.callback_shape if task.owner_id == by.user.pk else "",
        metadata=task.metadata,
        collection_id=task.collection_id,
        idempotency_key=idempotency_key,
        intent=digest_of("retry", task.pk),
        retry_of=task,
    )


def _still_going_on() -> Conflict:
    return Conflict(_("This task is still going on."), code="still_going_on")


def costs_again(tasks: Sequence[GenerationTask], *, by: Caller) -> list[int | PortalError | None]:
    """Return for each task what it may cost at most to order it again, or why it cannot be, as `costs_of` does. Stores nothing."""
    refused: dict[UUID, PortalError] = {}
    orders: dict[UUID, Order] = {}
    for task in tasks:
        try:
            if not task.is_terminal:
                raise _still_going_on()
            orders[task.pk] = _order_again(task, by)
        except PortalError as refusal:
            refused[task.pk] = refusal
    found = refused | dict(zip(orders, costs_of(list(orders.values())), strict=True))
    return [found[task.pk] for task in tasks]


def retry_from_page(task: GenerationTask, *, by: Caller, page: UUID) -> Placed:
    """Retry for a button of the page with this key. What this person retried since the page was rendered is not retried again; a batch
    chooses the ids of its retries before it makes them.
    """
    try:
        with transaction.atomic():
            hold_repeated([task.pk])
            is_later = Q(id__gt=page) | Q(batch_id__isnull=False, created_at__gt=made_at(page))
            since = GenerationTask.objects.filter(is_later, owner=by.user, retry_of=task).order_by("-id").first()
            if since is not None:
                return Placed(since, is_new=False)
            return retry_task(task, by=by, idempotency_key=stored_key(page, "retry", task.pk))
    except OverBudget as refusal:  # once all of this is rolled back: a warning would be too
        warn_of_refusal(refusal.budget)
        raise


def failed_of(caller: Caller) -> QuerySet[GenerationTask]:
    """Return the caller's own failures that need attention and may succeed as they are, the newest first: nobody ordered them again or
    dismissed them, and the vendor did not refuse the request itself. Rows of batches are retried on the page of their batch.
    """
    failed = GenerationTask.objects.filter(owner=caller.user, status=Status.FAILED, finished_at__gte=clock.now() - ATTENTION_FOR)
    return failed.filter(retries=None, dismissed_at=None, batch_id=None).exclude(error_code__in=REFUSALS).order_by("-pk")


def retry_failed(by: Caller, *, page: UUID) -> Iterator[Placed]:
    """Order `failed_of` again, at most `RETRIED_MOST`, one after another: those that failed before the page with this key was rendered,
    because its reader saw neither the others nor their price. Raises what an order raises; those before it stay ordered.
    """
    yield from retry_these(list(failed_of(by).filter(finished_at__lt=made_at(page))[:RETRIED_MOST]), by=by, page=page)


def retry_these(tasks: Iterable[GenerationTask], *, by: Caller, page: UUID) -> Iterator[Placed]:
    """Order these tasks again, one after another, for one button of the page with this key. Raises what an order raises; those before it
    stay ordered.
    """
    for task in tasks:
        yield retry_from_page(task, by=by, page=page)
