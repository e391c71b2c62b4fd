"""The lease of a look-up: long while it waits for a worker, short and renewed while one asks."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from generation.errors import LostRace
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask
from generation.scheduling.concurrency import usage_of
from generation.scheduling.leases import keeping
from generation.submitting.build_request import generation_request
from generation.submitting.reconcile import AT_WORK, reconcile
from generation.submitting.submit import _commit_intent
from generation.tick import RECONCILE_LEASE, tick
from tests.task_rows import create_task

pytestmark = pytest.mark.postgresql

KLING = "kling/kling-v2-5-turbo"


@pytest.fixture
def lost(user, driver) -> GenerationTask:
    """Its sender died; the clock enqueued a look-up."""
    task = GenerationTask.objects.get(pk=create_task(owner=user, model=KLING, prompt="a boat", params={}).pk)
    _commit_intent(task, generation_request(task))
    Attempt.objects.update(sender_gone_at=timezone.now())
    GenerationTask.objects.update(due_at=timezone.now())
    tick()
    return GenerationTask.objects.select_related("account").get(pk=task.pk)


def reconciling(task, at) -> int:
    return usage_of([task.account], at)[task.account.pk].reconciling


def test_a_killed_look_up_gives_its_share_back_soon(lost):
    now = timezone.now()
    assert reconciling(lost, now + RECONCILE_LEASE - timedelta(seconds=5)) == 1

    with keeping(lost, AT_WORK):  # and nothing of ours runs after a SIGKILL
        pass

    row = GenerationTask.objects.get(pk=lost.pk)
    assert reconciling(lost, now) == 1
    assert reconciling(lost, timezone.now() + AT_WORK) == 0
    assert row.due_at <= timezone.now() + AT_WORK


@pytest.mark.django_db(transaction=True)
def test_a_long_look_up_keeps_its_lease(lost):
    with keeping(lost, timedelta(seconds=0.3)):
        first = GenerationTask.objects.get(pk=lost.pk).lease_until
        give_up_at = time.monotonic() + 10
        while (later := GenerationTask.objects.get(pk=lost.pk).lease_until) == first and time.monotonic() < give_up_at:
            time.sleep(0.02)

    assert later > first


def test_a_look_up_that_another_process_has_taken_asks_no_vendor(lost):
    GenerationTask.objects.update(fence=lost.fence + 1)

    with pytest.raises(LostRace), keeping(lost, AT_WORK):
        raise AssertionError("asked")


def test_a_look_up_that_ends_holds_nothing(lost):
    reconcile(lost.pk, lost.fence)

    row = GenerationTask.objects.get(pk=lost.pk)
    assert (row.status, row.lease_until) == (Status.SUBMITTING, None)
    assert row.attempts.get().dispatch == Dispatch.UNKNOWN
