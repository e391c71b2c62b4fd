"""Failover: while no account can start a task for some time, another model may replace the requested one. Only by an administrator's rule,
only for tasks that no vendor can have accepted, and only if everything that was ordered fits the other model.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from access.ledger import AlreadyClosed, BudgetReached, PriceUnknown
from database import clock
from generation.errors import InvalidRequest
from generation.lifecycle import Status
from generation.models import Attempt, FailoverRule, GenerationTask
from generation.models.attempt import MAYBE_PAID
from generation.ordering.prices import current
from generation.ordering.purchase import raise_to
from generation.ordering.validate import check_request
from generation.places import serves
from generation.scheduling.leases import passing_over
from generation.tariff import estimate
from providers.core.catalog import ModelSpec, Params
from providers.core.messages import say
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

__all__ = ["fail_over", "has_stand_in"]

log = logging.getLogger("generation.failover")

AT_ONCE = 20
"""Tasks of one model that one round may move: the stand-in has limits too, and the requested model may be back soon."""
LONG_COOLDOWN = timedelta(seconds=30)
"""What must be left of the cooldown of every account before waiting tasks move to another model."""


def fail_over() -> int:
    """Move waiting tasks of models that no account can start now to their stand-ins, or back. Return how many."""
    rules = _rules()
    if not rules:
        return 0
    moved = 0
    waiting = GenerationTask.objects.filter(status=Status.QUEUED).order_by("model", "only").values_list("model", "only")
    for model, only in waiting.distinct():
        if _is_long_away(model, only):
            for task in _movable(model, only)[:AT_ONCE]:
                with passing_over(task):
                    moved += _move(task, rules)
    return moved


def _rules() -> dict[str, list[str]]:
    """Return the stand-ins by requested model, in the administrator's order."""
    found: dict[str, list[str]] = {}
    for asked, other in FailoverRule.objects.filter(enabled=True).values_list("from_model", "to_model"):
        found.setdefault(asked, []).append(other)
    return found


def _is_long_away(model: str, only: str) -> bool:
    """Return whether no account that serves can start it now or soon: a short cooldown or a probe does not justify another model."""
    spec = ALL_MODELS.get(model)
    soon = Q(cooldown_until=None) | Q(cooldown_until__lte=clock.now() + LONG_COOLDOWN)
    return spec is None or not any(serves(one, only) for one in ProviderAccount.objects.filter(soon, enabled=True).for_model(spec))


def _movable(model: str, only: str) -> Any:
    """Return waiting tasks that no vendor can have accepted."""
    maybe_paid = Attempt.objects.filter(task=OuterRef("pk"), dispatch__in=MAYBE_PAID)
    waiting = GenerationTask.objects.filter(status=Status.QUEUED, model=model, only=only, is_bound=False, cancel_requested_at=None)
    sure = waiting.free(clock.now()).exclude(Exists(maybe_paid))
    return sure.select_related("prompt", "owner", "token").order_by("created_at")


def has_stand_in(task: GenerationTask) -> bool:
    """Return whether a stand-in can be started now and takes the task."""
    return next(_candidates(task, _rules()), None) is not None


def _move(task: GenerationTask, rules: dict[str, list[str]]) -> bool:
    found = next(_candidates(task, rules), None)
    if found is None:
        return False
    spec, params = found
    tariff, asked = current().tariff(spec), task.asked_model or task.model
    try:
        with transaction.atomic():
            task.stand_in(
                spec,
                note=say("stands_in", model=spec.name, asked=asked, away=task.model),
                asked_model="" if spec.name == asked else asked,
                params=params.model_dump(mode="json"),
                cost_estimated=estimate(tariff, params),
                currency=tariff.currency if tariff else "",
            )
            raise_to(task, spec, params)
    except (BudgetReached, PriceUnknown, AlreadyClosed) as refusal:
        log.info("task %s: %s cannot stand in: %s", task.pk, spec.name, refusal)
        return False
    log.info("task %s: %s stands in for %s", task.pk, spec.name, asked)
    return True


def _candidates(task: GenerationTask, rules: dict[str, list[str]]) -> Iterator[tuple[ModelSpec, Params]]:
    """Yield the requested model, then its stand-ins: those that an account can start now, that the token
    allows, and that take everything that was ordered.
    """
    asked = task.asked_model or task.model
    for name in (asked, *rules.get(asked, [])):
        spec = ALL_MODELS.get(name)
        if spec is None or name == task.model:
            continue
        if not any(serves(account, task.only) for account in ProviderAccount.objects.usable().for_model(spec)):
            continue
        if name != asked and task.token and not task.token.may_order(name):
            continue
        params = _fitting(task, spec)
        if params is not None:
            yield spec, params


def _fitting(task: GenerationTask, to: ModelSpec) -> Params | None:
    """Return the task's options as the other model's; None if that does not take all of them, the prompt or the images.

    An option that the other model does not have is left out only if it has its default value.
    """
    if task.spec is None:
        return None
    untouched = task.spec.params.model_construct().model_dump(mode="json")
    asked = {name: value for name, value in task.params.items() if name in to.params.model_fields or value != untouched.get(name, object())}
    try:
        return check_request(model=to.name, prompt=task.prompt.text, params=asked, inputs=task.images(), only=task.only)[1]
    except InvalidRequest:
        return None
