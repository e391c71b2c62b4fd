"""When no account of the asked vendor may start a task for a while yet, another model may stand in for the one that was asked: by an
admin's rule only, only for what was surely never accepted, and only where everything that was asked for fits the other model.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q

from database import clock
from generation.errors import InvalidRequest
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, FailoverRule, GenerationTask
from generation.ordering.estimate import estimate_cost, price_of
from generation.ordering.validate import check_request
from generation.scheduling.leases import passing_over
from providers.core.catalog import ModelSpec, Params
from providers.core.messages import say
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

__all__ = ["fail_over", "has_stand_in"]

log = logging.getLogger("generation.failover")

AT_ONCE = 20
"""Tasks that one round may move: what stands in has limits too, and the model asked for may be back soon."""
LONG_COOLDOWN = timedelta(seconds=30)
"""What must be left of the cooldown of every account before waiting tasks move to another model."""
MAYBE_PAID = (Dispatch.SENDING, Dispatch.UNKNOWN, Dispatch.ACCEPTED)


def fail_over() -> int:
    """Move waiting tasks of models that cannot be had now to those that stand in, or back. Returns how many."""
    rules = _rules()
    if not rules:
        return 0
    moved = 0
    for model in sorted(_waiting_models()):
        if _is_long_away(model):
            for task in _movable(model)[:AT_ONCE]:
                with passing_over(task):
                    moved += _move(task, rules)
    return moved


def _rules() -> dict[str, list[str]]:
    """What may stand in, by the model asked for, in the admin's order."""
    found: dict[str, list[str]] = {}
    for asked, other in FailoverRule.objects.filter(enabled=True).values_list("from_model", "to_model"):
        found.setdefault(asked, []).append(other)
    return found


def _waiting_models() -> set[str]:
    return set(GenerationTask.objects.filter(status=Status.QUEUED).order_by().values_list("model", flat=True).distinct())


def _can_be_had(model: str) -> bool:
    """An account may start it. One in cooldown may not, and neither may one that waits for its probe."""
    spec = ALL_MODELS.get(model)
    return spec is not None and bool(ProviderAccount.objects.usable().for_model(spec))


def _is_long_away(model: str) -> bool:
    """No account may start it, and none is about to: a short cooldown or a probe is no reason to render with another model."""
    spec = ALL_MODELS.get(model)
    soon = Q(cooldown_until=None) | Q(cooldown_until__lte=clock.now() + LONG_COOLDOWN)
    return spec is None or not ProviderAccount.objects.filter(soon, enabled=True).for_model(spec)


def _movable(model: str) -> Any:
    """Waiting tasks of which no vendor can have any."""
    maybe_paid = Attempt.objects.filter(task=OuterRef("pk"), dispatch__in=MAYBE_PAID)
    waiting = GenerationTask.objects.filter(status=Status.QUEUED, model=model, is_bound=False, cancel_requested_at=None)
    sure = waiting.free(clock.now()).exclude(Exists(maybe_paid))
    return sure.select_related("prompt", "owner").order_by("created_at")


def has_stand_in(task: GenerationTask) -> bool:
    """A model that stands in can be had now and takes the task."""
    return next(_candidates(task, _rules()), None) is not None


def _move(task: GenerationTask, rules: dict[str, list[str]]) -> bool:
    found = next(_candidates(task, rules), None)
    if found is None:
        return False
    spec, params = found
    price, asked = price_of(spec), task.asked_model or task.model
    task.stand_in(
        spec,
        note=say("stands_in", model=spec.name, asked=asked, away=task.model),
        asked_model="" if spec.name == asked else asked,
        params=params.model_dump(mode="json"),
        cost_estimated=estimate_cost(price, params),
        currency=price.currency if price else "",
    )
    log.info("task %s: %s stands in for %s", task.pk, spec.name, asked)
    return True


def _candidates(task: GenerationTask, rules: dict[str, list[str]]) -> Iterator[tuple[ModelSpec, Params]]:
    """The model asked for first, then those that may stand in for it; only what can be had and takes all that was asked."""
    asked = task.asked_model or task.model
    for name in (asked, *rules.get(asked, [])):
        if name != task.model and _can_be_had(name):
            params = fitting(task, ALL_MODELS[name])
            if params is not None:
                yield ALL_MODELS[name], params


def fitting(task: GenerationTask, to: ModelSpec) -> Params | None:
    """The task's options as the other model's; None when it would not take every one of them, the prompt or the images.

    An option that the other model does not have may be left out only where it stands at its first value: nobody set it.
    """
    if task.spec is None:
        return None
    untouched = task.spec.params.model_construct().model_dump(mode="json")
    asked = {name: value for name, value in task.params.items() if name in to.params.model_fields or value != untouched.get(name, object())}
    try:
        return check_request(model=to.name, prompt=task.prompt.text, params=asked, inputs=task.images())[1]
    except InvalidRequest:
        return None
