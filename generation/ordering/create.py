"""Turns orders into queued tasks: the only way for pages, API, commands and retries. Sends nothing; the clock starts what is stored.

Everything is checked first; if anything is wrong, nothing is stored. An order that is sent again with its key gets the first task.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from access import ledger
from access.budget_warnings import warn_of_refusal
from access.budgets import Scope
from access.ledger import Ask, BudgetReached, BudgetsChanged, PriceUnknown
from database import clock
from database.errors import is_taken
from events import outbox
from generation.errors import Conflict, InvalidRequest, NotAllowed, NotYet, OrdersRefused, PortalError
from generation.models import Asset, GenerationTask, Prompt, TaskEvent, TaskInput, Video
from generation.ordering.accounts import accounts_lately, is_billed
from generation.ordering.fingerprint import fingerprint
from generation.ordering.order import Order
from generation.ordering.prices import PriceBook, current
from generation.ordering.purchase import ask_of, refusal_of
from generation.ordering.room import Use, quotas_of, require_free_disk
from generation.ordering.stored import SourceChanged, copies_for, facts_of_copy, stored_like, wants_stored
from generation.ordering.validate import check_request, require_model, require_usable_names
from generation.places import serves, stricter
from generation.tariff import estimate
from providers.core.catalog import ModelSpec, Params
from providers.core.messages import Message, say
from providers.models import ProviderAccount

__all__ = ["Placed", "costs_of", "create", "create_many", "hold_repeated", "key_reused", "made_before"]

log = logging.getLogger("generation.ordering")

TRIES = 3
"""A try fails when another request has just stored one of the orders, and the next try finds that task; or when a budget has no room or
begins again, and the next try looks at it under its lock."""


class Placed(NamedTuple):
    """The task of an order; `is_new` is False if an earlier order with the same key made it."""

    task: GenerationTask
    is_new: bool


def create(order: Order) -> Placed:
    """Store the task of this order and set money aside for it, or return the task that its key made. Raises `InvalidRequest`, `Conflict`,
    `QuotaReached`, `StorageLow`, `OverBudget` or `Unpriced`; then nothing is stored.
    """
    try:
        return create_many([order])[0]
    except OrdersRefused as refused:
        raise refused.errors[0] from None


def create_many(orders: Sequence[Order]) -> list[Placed]:
    """Store all of these orders in one transaction, or none: `OrdersRefused` then says by index what is wrong.

    The number of statements does not depend on the number of orders, except for the batches of an insert. Orders with the same words share
    a prompt. May be called inside a transaction, which a lost race leaves as it was.
    """
    surely = False
    for attempt in range(TRIES):
        batch = _Batch(orders, look=attempt > 0)
        try:
            with transaction.atomic():
                batch.store(surely=surely)
        except IntegrityError as error:
            if not is_taken(error):
                raise
        except BudgetsChanged:
            surely = True
        except SourceChanged:
            continue
        except (BudgetReached, PriceUnknown) as error:
            if isinstance(error, BudgetReached):
                warn_of_refusal(error.budget)
            refusal = refusal_of(error)
            raise OrdersRefused({index: refusal for index, one in enumerate(batch.placed) if one.is_new}) from error
        else:
            return batch.placed
    raise NotYet(_("The same request is being stored right now. Ask again in a moment."), code="idempotency_in_flight")


def costs_of(orders: Sequence[Order]) -> list[int | PortalError | None]:
    """Check and price these orders as `create_many` does; store nothing. Return for each what it may cost at most, in millionths of
    PORTAL_CURRENCY: 0 where nothing is billed, None without a price; or why it cannot be ordered. Budgets are not asked.
    """
    try:
        batch = _Batch(orders, look=True)
    except OrdersRefused as refused:
        good = iter(costs_of([order for index, order in enumerate(orders) if index not in refused.errors]))
        return [refused.errors[index] if index in refused.errors else next(good) for index in range(len(orders))]
    amounts = {ask.task_id: ask.amount for ask in batch.asks}
    return [amounts.get(one.task.pk, 0) for one in batch.placed]


def hold_repeated(task_ids: Collection[UUID]) -> None:
    """Lock tasks that are repeated, in a transaction, until its end. Who looks under this lock for what repeats them sees all of it."""
    if task_ids:
        list(GenerationTask.objects.filter(pk__in=task_ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def made_before(order: Order) -> GenerationTask | None:
    """Return the task that this order's key has made, None for a new key. Raises `InvalidRequest` when it was used for another order."""
    task = next(iter(_stored([order], "idempotency_key")), None)
    return _repeated(task, order) if task else None


def key_reused() -> InvalidRequest:
    """Return the refusal of an Idempotency-Key that belongs to another request."""
    return InvalidRequest(_("This Idempotency-Key was used for a different request. Use a new key."), code="idempotency_key_reused")


def _stored(orders: Collection[Order], name: str) -> Iterable[GenerationTask]:
    """Return tasks of these owners that have an order's value in this column, which is unique per owner. Without values it asks nothing."""
    values = {getattr(order, name) for order in orders} - {""}
    if not values:
        return []  # `none()` would build the statement
    owners = {order.owner.pk for order in orders}
    mine = GenerationTask.objects.select_related("prompt").filter(owner__in=owners, **{f"{name}__in": values})
    return mine.exclude(**{name: ""})  # SQLite uses the partial index only if the query repeats its condition


def _repeated(task: GenerationTask, order: Order) -> GenerationTask:
    if task.request_digest != order.digest:
        raise key_reused()
    return task


class _Batch:
    """Orders as rows, checked but not stored. Raises `OrdersRefused`.

    Without `look`, the database's constraints find a key that its caller takes for new, and the `external_id` of a single order. Of many,
    all that is wrong is named at once.
    """

    def __init__(self, orders: Sequence[Order], *, look: bool) -> None:
        self.placed: list[Placed] = []
        made = _stored([order for order in orders if look or not order.key_is_new], "idempotency_key")
        self.by_key = {(task.owner_id, task.idempotency_key): task for task in made}
        self.owners = {order.owner.pk for order in orders}
        named = _stored(orders if look or len(orders) > 1 else [], "external_id")
        self.taken = {(task.owner_id, task.external_id) for task in named}
        self.prompts = {_words_of(task.prompt): task.prompt for task in self.by_key.values()}
        self.new_prompts: list[Prompt] = []
        self.inputs: list[TaskInput] = []
        self.repeated = {order.retry_of.pk for order in orders if order.retry_of}
        self.asks: list[Ask] = []
        self.copies: list[GenerationTask] = []
        self.now = clock.now()
        errors: dict[int, PortalError] = {}
        for index, order in enumerate(orders):
            try:
                self.placed.append(self._place(order))
            except PortalError as error:
                errors[index] = error
        if errors:
            raise OrdersRefused(errors)

    @cached_property
    def accounts(self) -> Sequence[ProviderAccount]:
        return accounts_lately()

    @cached_property
    def quotas(self) -> Mapping[int, Use]:
        return quotas_of(self.owners)

    @cached_property
    def prices(self) -> PriceBook:
        return current()

    def store(self, *, surely: bool) -> None:
        """Insert what is new. Call inside a transaction. Raises as `ledger.reserve`, or `OrdersRefused` if an image was deleted."""
        hold_repeated(self.repeated)
        self._hold_images()
        tasks = [task for task, is_new in self.placed if is_new]
        Prompt.objects.bulk_create(self.new_prompts)
        GenerationTask.objects.bulk_create(tasks)
        TaskInput.objects.bulk_create(self.inputs)
        TaskEvent.objects.bulk_create(TaskEvent(task=task, at=self.now, to_status=task.status, note=_note_of(task)) for task in tasks)
        for task in self.copies:
            Video.objects.bulk_create(copies_for(task))
            outbox.write("task.succeeded", subject=task.pk, owner_id=task.owner_id, at=self.now, facts={"from": ""})
        if self.asks:  # last: the budgets are locked until the commit, and everybody's orders wait for them
            ledger.reserve(self.asks, surely=surely)
        for task in tasks:
            log.info("task %s is ordered: %s", task.pk, task.model)

    def _hold_images(self) -> None:
        """Lock the images until the commit, so that none is deleted. Raises `OrdersRefused` if one is already gone."""
        # Django has no FOR KEY SHARE, so orders with the same image are stored one after the other
        wanted = {one.asset_id for one in self.inputs}
        images = Asset.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True) if wanted else ()
        missing = wanted - {image.pk for image in images}
        gone = [one for one in self.inputs if one.asset_id in missing]
        errors: dict[int, PortalError] = {}
        for index, (task, _is_new) in enumerate(self.placed):
            if fields := {f"inputs.{one.slot}": _("There is no such asset.") for one in gone if one.task is task}:
                errors[index] = InvalidRequest(_("Some fields cannot be used as they are."), fields=fields)
        if errors:
            raise OrdersRefused(errors)

    def _place(self, order: Order) -> Placed:
        key = (order.owner.pk, order.idempotency_key)
        if key in self.by_key:
            return Placed(_repeated(self.by_key[key], order), is_new=False)
        task = self._task(order)
        if order.idempotency_key:
            self.by_key[key] = task
        return Placed(task, is_new=True)

    def _task(self, order: Order) -> GenerationTask:
        is_copied = order.retry_of is not None and order.retry_of.callback_url == order.callback_url  # other settings may have taken it
        callback_url = "" if is_copied else order.callback_url
        require_usable_names(content_id=order.content_id, external_id=order.external_id, callback_url=callback_url)
        only = stricter(order.token.only if order.token else "", order.retry_of.only if order.retry_of else "")
        spec, params = check_request(
            model=order.model, prompt=order.prompt, params=order.params, inputs=order.inputs, accounts=self.accounts, only=only
        )
        require_model(order.token, spec)
        if order.external_id:
            if (order.owner.pk, order.external_id) in self.taken:
                raise Conflict(_("You already have a task with this external_id."), code="external_id_taken")
            self.taken.add((order.owner.pk, order.external_id))
        require_free_disk()
        self.quotas[order.owner.pk].require_room()
        tariff = self.prices.tariff(spec)
        holder = _holder_of(spec, params, only)
        options = params.model_dump(mode="json")
        printed = fingerprint(spec.name, options, order.prompt, order.inputs)
        billed = not holder.sandbox if holder else is_billed(spec, self.accounts, only)
        source = stored_like(order, printed, billed=billed) if wants_stored(order, spec) else None
        facts: dict[str, Any] = {
            "account": holder,
            "is_bound": holder is not None,
            "due_at": self.now,
            "cost_estimated": estimate(tariff, params),
            "currency": tariff.currency if tariff else "",
        }
        if source is not None:
            facts |= facts_of_copy(source) | {"finished_at": self.now, "cost_estimated": Decimal(0)}
        task = GenerationTask(
            **facts,
            **({"id": order.task_id} if order.task_id else {}),
            owner=order.owner,
            team=order.team,
            paying_team=order.paying_team,
            token=order.token,
            prompt=self._prompt(order, getattr(params, "negative_prompt", "") or ""),
            model=spec.name,
            only=only,
            params=options,
            fingerprint=printed,
            created_at=self.now,
            updated_at=self.now,
            content_id=order.content_id,
            callback_url=order.callback_url,
            callback_shape=order.callback_shape,
            external_id=order.external_id,
            metadata=dict(order.metadata),
            inputs_given={slot: [str(asset.pk) for asset in assets] for slot, assets in order.inputs.items() if assets},
            idempotency_key=order.idempotency_key,
            request_digest=order.digest if order.idempotency_key else "",
            retry_of=order.retry_of,
            batch_id=order.batch_id,
            priority=order.priority,
            collection_id=order.collection_id,
        )
        if source is not None:
            self.copies.append(task)
        elif order.task_id is None and billed:
            scope = Scope(
                owner_id=order.owner.pk,
                team_id=task.paying_team_id or self.quotas[order.owner.pk].team_id,
                token_line=order.token.line_id if order.token else None,
            )
            self.asks.append(ask_of(task, spec, params, scope))
        self.inputs += [
            TaskInput(task=task, slot=slot, position=position, asset=asset)
            for slot, assets in order.inputs.items()
            for position, asset in enumerate(assets)
        ]
        return task

    def _prompt(self, order: Order, negative_text: str) -> Prompt:
        """Return the prompt of the task that this one repeats, or of another order here, if owner and words are equal; else a new one."""
        prompt = Prompt(
            owner=order.owner, text=order.prompt, negative_text=negative_text, source=order.source, made_from=dict(order.made_from)
        )
        words = _words_of(prompt)
        if order.retry_of and _words_of(order.retry_of.prompt) == words:
            return order.retry_of.prompt
        if words not in self.prompts:
            self.prompts[words] = prompt
            self.new_prompts.append(prompt)
        return self.prompts[words]


def _holder_of(spec: ModelSpec, params: Params, only: str) -> ProviderAccount | None:
    """Return the account whose render this order continues; None where it continues none, or one that the portal does not know.

    Raises `NotAllowed` if the order may not be rendered there.
    """
    continued = getattr(params, params.continues) if params.continues else ""
    if not continued:
        return None
    accounts = ProviderAccount.objects.filter(vendor=spec.provider)
    task = GenerationTask.objects.filter(account__in=accounts, submission_id=continued).select_related("account").first()
    holder = task.account if task else None
    if holder and not serves(holder, only):
        raise NotAllowed(_("The render that this continues is at an account that this token may not use."), code="account_not_allowed")
    return holder


def _note_of(task: GenerationTask) -> Message | str:
    return say("stored_before", task=str(task.copy_of_id)) if task.copy_of_id else ""


def _words_of(prompt: Prompt) -> tuple[int, str, str, str]:
    return (prompt.owner_id, prompt.text, prompt.negative_text, json.dumps(prompt.made_from, sort_keys=True, default=str))
