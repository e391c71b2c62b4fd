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

from generation import queue
from generation.models import GenerationTask, Prompt
from generation.queue import held_key, instance_id, is_crowded, workers_of
from generation.services import polling
from generation.services.dispatch import POLL_LEASE, tick
from providers.models import ProviderAccount

RETRY_S = settings.Q_CLUSTER["ALT_CLUSTERS"][queue.POLL]["retry"]


def put(key: str, times: int, *, locked_for_s: float = 0.0) -> None:
    lock = timezone.now() + timedelta(seconds=locked_for_s)
    OrmQ.objects.bulk_create(OrmQ(key=key, payload="", lock=lock) for _ in range(times))


@pytest.fixture
def running(sandbox_accounts, simulator, user):
    """A task whose render the vendor does not know: it is asked about again and again."""
    account, now = sandbox_accounts[0], timezone.now()
    prompt = Prompt.objects.create(owner=user, text="a boat")
    return GenerationTask.objects.create(
        owner=user, prompt=prompt, model="kling/kling-v1", status="running", account=account, submission_id="unknown",
        submission_kind="text2video", due_at=now, created_at=now, updated_at=now, deadline_at=now + timedelta(days=1),
    )  # fmt: skip


@pytest.mark.parametrize(("waiting", "held", "crowded"), [(0, 3, False), (1, 3, True), (3, 0, False), (0, 4, True)])
def test_is_crowded(db, waiting, held, crowded):
    put(queue.POLL, waiting)
    put(held_key(queue.POLL, instance_id()), held, locked_for_s=RETRY_S - 20)
    put(held_key(queue.POLL, instance_id()), 9, locked_for_s=RETRY_S - 70)
    put(held_key(queue.POLL, "there:1"), 9, locked_for_s=RETRY_S)
    put(queue.SUBMIT, 9)

    assert workers_of(queue.POLL) == 3
    assert is_crowded(queue.POLL) is crowded


def test_a_turn_is_short_while_others_wait_and_the_account_queues_up_again(running, monkeypatch):
    monkeypatch.setattr(polling, "TURN_S", 0.2)
    monkeypatch.setattr(polling, "LOOK_ROUND_S", 0.0)
    put(queue.POLL, 4)
    began = time.monotonic()

    polling.poll_account(running.account_id, linger_s=5)

    assert time.monotonic() - began < 2
    assert OrmQ.objects.filter(key=queue.POLL).count() == 5
    assert tick() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="two connections at once")
def test_a_turn_goes_on_until_the_next_one_has_begun(running, monkeypatch):
    monkeypatch.setattr(polling, "STAY_S", 0.2)
    monkeypatch.setattr(polling, "HAND_OVER_S", 30.0)
    monkeypatch.setattr(polling, "LAST_ANSWERS_S", 0.1)
    began = time.monotonic()
    successor = threading.Timer(1.5, take_the_lease, [running.account_id])
    successor.start()

    polling.poll_account(running.account_id, linger_s=30)

    successor.join()
    assert 1.5 <= time.monotonic() - began < 10
    assert OrmQ.objects.filter(key=queue.POLL).count() == 1
    assert tick() == 0


def take_the_lease(account_id) -> None:
    ProviderAccount.objects.filter(pk=account_id).update(poll_lease_until=timezone.now() + POLL_LEASE)
    connection.close()


@pytest.mark.parametrize(("waiting", "troubles"), [(0, [0, 1]), (4, [1, 1])])
def test_one_that_hangs_holds_up_no_other_and_is_asked_less_often_while_others_wait(running, simulator, monkeypatch, waiting, troubles):
    for name, seconds in {"STAY_S": 1.0, "TURN_S": 1.0, "HAND_OVER_S": 0.0, "LAST_ANSWERS_S": 0.2}.items():
        monkeypatch.setattr(polling, name, seconds)
    GenerationTask.objects.filter(pk=running.pk).update(submission_id="unknown too")
    running.pk, running.submission_id = uuid7(), "unknown"
    running.save(force_insert=True)
    simulator.faults("kling", "poll-hang", 1)
    put(queue.POLL, waiting)
    began = time.monotonic()

    polling.poll_account(running.account_id, linger_s=5)

    assert time.monotonic() - began < 5
    assert sorted(GenerationTask.objects.values_list("failures", flat=True)) == troubles


def test_an_idle_account_frees_its_worker_and_its_lease(running):
    polling.poll_account(running.account_id, linger_s=0)

    running.account.refresh_from_db()
    assert running.account.poll_lease_until is None
    assert not OrmQ.objects.exists()
