"""Waiting tasks that nothing would ever start. Each gets a way out that a person sees; what may have been paid goes to a review."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q

from generation.lifecycle import Status
from generation.messages import why_unstartable
from generation.models import GenerationTask
from generation.places import PLACES, serves
from generation.scheduling.leases import passing_over
from generation.submitting.acceptance import follow_stored_id
from generation.submitting.reconcile import earlier_to_review, end_unsent, may_be_paid
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

__all__ = ["free_unstartable"]

log = logging.getLogger("generation.dispatch")

PATIENCE = timedelta(minutes=10)
"""An account may be off for a moment only, and another version of the portal may know the model."""
AT_ONCE = 100


def free_unstartable(now: datetime) -> int:
    """End, unbind or send to review what has waited in vain for `PATIENCE`; at once what its owner cancelled. Return how many."""
    waiting = GenerationTask.objects.free(now).filter(
        Q(cancel_requested_at__isnull=False) | Q(updated_at__lte=now - PATIENCE), status=Status.QUEUED
    )
    if not waiting.exists():  # usually so; the question below names every account with all its models
        return 0
    may_wait = Q(account__edited_at__gt=now - PATIENCE)
    for account in ProviderAccount.objects.enabled():
        may_wait |= Q(account=account, model__in=account.models_offered(), only__in=[only for only in PLACES if serves(account, only)])
    in_vain = ~Q(model__in=list(ALL_MODELS)) | (Q(is_bound=True) & ~may_wait)
    freed = 0
    for task in waiting.filter(Q(cancel_requested_at__isnull=False) | in_vain).select_related("account")[:AT_ONCE]:
        with passing_over(task):
            _free(task)
            freed += 1
            log.warning("task %s could never start; it is %s now", task.pk, task.status)
    return freed


def _free(task: GenerationTask) -> None:
    """Let it go on, or end. The outcome of a bound task is unknown, as a rule: sent by another account it might be paid twice."""
    if task.cancel_requested_at is not None:
        task.cancel_unsent()
    elif follow_stored_id(task):
        task.refresh_from_db()
    elif task.spec is None:
        end_unsent(task, "model_gone", why_unstartable(task, task.account))
    elif may_be_paid(task):
        earlier_to_review(task, why_unstartable(task, task.account))
    elif task.continues_a_render:
        end_unsent(task, "holder_off", why_unstartable(task, task.account))
    else:
        task.reschedule(timedelta(0), is_bound=False, account=None)
