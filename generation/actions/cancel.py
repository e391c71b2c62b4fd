"""Cancels tasks: at once while they wait, at the vendor while they render, where it can."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from access.callers import Caller
from database import clock
from generation.actions.rights import require_rights
from generation.errors import Conflict, LostRace, NotYet
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.scheduling.leases import passing_over
from generation.scheduling.stop_switch import current_stop
from providers.accounts.clients import client_for
from providers.accounts.sealing import SealBroken
from providers.core.errors import ProviderError, Refused, Unsupported

__all__ = ["cancel_task", "cancel_these", "cancel_waiting"]


def cancel_task(task: GenerationTask, *, by: Caller) -> GenerationTask:
    """Stop this task: at once while it waits, where the vendor can while it renders. Raises `Conflict` with the reason otherwise, and
    `NotAllowed`.
    """
    require_rights(task, by)
    if task.is_terminal:
        raise Conflict(_("This task has already ended."), code="already_ended")
    if task.state is Status.QUEUED:
        return _cancel_waiting(task)
    if task.state is not Status.RUNNING:
        raise Conflict(_("It is being sent or saved right now and cannot be stopped here."), code="cannot_cancel")
    return _cancel_running(task)


def cancel_waiting(user: User) -> int:
    """Stop all of this person's tasks that wait. Return how many were stopped."""
    return cancel_these(GenerationTask.objects.filter(owner=user, status=Status.QUEUED).order_by("id"))


def cancel_these(waiting: Iterable[GenerationTask]) -> int:
    """Stop tasks that wait; skip those that start before they can be stopped. Return how many were stopped."""
    stopped = 0
    for task in waiting:
        with suppress(Conflict), passing_over(task):
            _cancel_waiting(task)
            stopped += 1
    return stopped


def _cancel_waiting(task: GenerationTask) -> GenerationTask:
    stop = current_stop()
    if stop is not None and stop.restored:  # what waits in a restored database may have been sent since the backup
        raise Conflict(
            _("The database was restored from a backup. Cancel it after an administrator has confirmed that."), code="cannot_cancel"
        )
    try:
        task.cancel_unsent()
    except LostRace:  # it was just leased: the job that takes it up sees the request, unless it is sending already
        task.refresh_from_db()
        if task.state is not Status.QUEUED:
            raise NotYet(_("It is being sent right now. Try again in a moment."), code="cannot_cancel") from None
        task.request_cancel(clock.now())
    return task


def _cancel_running(task: GenerationTask) -> GenerationTask:
    account = task.account
    assert account is not None, "a task at a vendor has its account"
    if account.known_surface is not None and not account.can_cancel:
        label = account.provider_class.label
        raise Conflict(
            _("%(vendor)s cannot stop a render once it is accepted. It will finish, and it is charged.") % {"vendor": label},
            code="cannot_cancel",
        )
    task.request_cancel(clock.now())
    try:
        client_for(account).cancel(task.submission)
    except (Refused, Unsupported) as error:
        _take_back(task)
        raise Conflict(_("It is too late to stop this render: %(words)s") % {"words": error.message}, code="cannot_cancel") from error
    except (ProviderError, SealBroken) as error:
        _take_back(task)
        raise NotYet(
            _("The vendor could not be asked to stop it (%(words)s). Try again in a moment.") % {"words": error}, code="vendor_away"
        ) from error
    with suppress(LostRace):  # a poll was faster
        task.reschedule(timedelta(0))  # the next poll decides what became of it
    return task


def _take_back(task: GenerationTask) -> None:
    """Take back a request that came too late. Do nothing if a poll has moved the task on."""
    with suppress(LostRace):
        task.request_cancel(None)
