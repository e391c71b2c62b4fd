"""Asks the vendor about a task in review, without a person: after a callback, and once an hour where the vendor accepted it."""

from __future__ import annotations

import logging
from uuid import UUID

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.polling.outcome import apply_end
from generation.submitting.reconcile import look_up_review
from providers.accounts.clients import free_client_for
from providers.accounts.sealing import SealBroken
from providers.core.errors import ProviderError, SubmissionGone

__all__ = ["look_again"]

log = logging.getLogger("generation.review")


def look_again(task_id: UUID | str) -> None:
    """End the review if the vendor says that it is rendered, failed or there under another id. Anything else changes nothing."""
    task = GenerationTask.objects.select_related("account").filter(pk=task_id, status=Status.NEEDS_REVIEW).first()
    if task is None:
        return
    if not task.submission_id or task.account is None:
        look_up_review(task)
        return
    try:
        snapshot = free_client_for(task.account).poll(task.submission)
    except SubmissionGone:
        look_up_review(task)
    except (ProviderError, SealBroken) as error:
        log.info("task %s stays in review: %s", task.pk, error)
    else:
        apply_end(task, snapshot)
