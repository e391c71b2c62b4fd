"""Poll jobs take turns when there are more accounts than workers."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ
from uuid_utils.compat import uuid7

from generation.models import GenerationTask
from generation.polling.poll import Patience, poll_account
from generation.scheduling.enqueue import POLL_LEASE
from generation.tick import tick
from jobs import queue
from jobs.queue import held_key, instance_id, is_crowded, workers_of
from providers.models import ProviderAccount
from tests.task_rows import make_task

pytestmark = pytest.mark.postgresql

RETRY_S = settings.Q_CLUSTER["ALT_CLUSTERS"][queue.POLL]["retry"]


def put(key: str, times: int, *, locked_for_s: float = 0.0) -> None:
    lock = timezone.now() + timedelta(seconds=locked_for_s)
    OrmQ.objects.bulk_create(OrmQ(key=key, payload="", lock=lock) for _ in range(times))


@pytest.fixture
def running(sandbox_accounts, simulator, user):
    """A task whose render the vendor does not know: it is asked about again and again."""
    deadline_at = timezone.now() + timedelta(days=1)
    return make_task(user, status="running", account=sandbox_accounts[0], submission_kind="text2video", deadline_at=deadline_at)


@pytest.mark.parametrize(("waiting", "held", "crowded"), [(0, 3, False), (1, 3, True), (3, 0, False), (0, 4, True)])
def test_is_crowded(db, waiting, held, crowded):
    put(queue.POLL, waiting)
    put(held_key(queue.POLL, instance_id()), held, locked_for_s=RETRY_S - 20)
    put(held_key(queue.POLL, instance_id()), 9, locked_for_s=RETRY_S - 70)
    put(held_key(queue.POLL, "there:1"), 9, locked_for_s=RETRY_S)
    put(queue.SUBMIT, 9)

    assert workers_of(queue.POLL) == 3
    assert is_crowded(queue.POLL) is crowded


def test_a_turn_is_short_while_others_wait_and_the_account_queues_up_again(running):
    put(queue.POLL, 4)
    began = time.monotonic()

    poll_account(running.account_id, patience=Patience(stay_s=60.0, turn_s=0.2, linger_s=60.0, look_round_s=0.0))

    assert time.monotonic() - began < 20
    assert OrmQ.objects.filter(key=queue.POLL).count() == 5
    assert tick() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="two connections at once")
def test_a_turn_goes_on_until_the_next_one_has_begun(running):
    began = time.monotonic()
    successor = threading.Timer(1.5, take_the_lease, [running.account_id])
    successor.start()

    poll_account(running.account_id, patience=Patience(stay_s=0.2, linger_s=30.0, hand_over_s=30.0, last_answers_s=0.1))

    successor.join()
    assert 1.5 <= time.monotonic() - began < 10
    assert OrmQ.objects.filter(key=queue.POLL).count() == 1
    assert tick() == 0


def take_the_lease(account_id) -> None:
    ProviderAccount.objects.filter(pk=account_id).update(poll_lease_until=timezone.now() + POLL_LEASE)
    connection.close()


@pytest.mark.parametrize(("waiting", "troubles"), [(0, [0, 1]), (4, [1, 1])])
def test_one_that_hangs_holds_up_no_other_and_is_asked_less_often_while_others_wait(running, simulator, waiting, troubles):
    GenerationTask.objects.filter(pk=running.pk).update(submission_id="unknown too")
    running.pk, running.submission_id = uuid7(), "unknown"
    running.save(force_insert=True)
    simulator.faults("kling", "poll-hang", 1)
    put(queue.POLL, waiting)
    began = time.monotonic()

    poll_account(running.account_id, patience=Patience(stay_s=1.0, turn_s=1.0, linger_s=60.0, hand_over_s=0.0, last_answers_s=0.2))

    assert time.monotonic() - began < 20
    assert sorted(GenerationTask.objects.values_list("failures", flat=True)) == troubles


def test_an_idle_account_frees_its_worker_and_its_lease(running):
    poll_account(running.account_id, patience=Patience(linger_s=0.0))

    running.account.refresh_from_db()
    assert running.account.poll_lease_until is None
    assert not OrmQ.objects.exists()
