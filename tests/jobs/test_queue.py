"""The broker: the order of messages, and what happens to messages whose holder died."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from jobs import queue
from jobs.queue import PortalBroker, held_key, private_key
from videoportal.wiring import sweep_soon

pytestmark = pytest.mark.postgresql

ME = "here:1"


@pytest.fixture
def broker(db: None, monkeypatch: pytest.MonkeyPatch) -> PortalBroker:
    monkeypatch.setenv("PORTAL_INSTANCE", ME)
    return PortalBroker(list_key=queue.SUBMIT)


def put(key: str, payload: str, *, locked_for_s: float = -1.0) -> OrmQ:
    return OrmQ.objects.create(key=key, payload=payload, lock=timezone.now() + timedelta(seconds=locked_for_s))


def taken(broker: PortalBroker) -> list[str]:
    return [payload for _, payload in broker.dequeue() or []]


def test_messages_come_in_the_order_of_their_locks(broker):
    put(queue.SUBMIT, "second", locked_for_s=-5)
    put(queue.SUBMIT, "first", locked_for_s=-9)

    assert [taken(broker), taken(broker), taken(broker)] == [["first"], ["second"], []]


def test_a_beat_overtakes_waiting_messages(broker):
    put(queue.SUBMIT, "work", locked_for_s=-60)
    put(private_key(queue.SUBMIT, ME), "beat")

    assert taken(broker) == ["beat"]


def test_the_queue_ahead_comes_after_beats_and_before_the_rest_also_after_a_release(broker):
    put(queue.SUBMIT, "work", locked_for_s=-60)
    ahead = put(queue.ahead_in(queue.SUBMIT), "a look-up")
    put(private_key(queue.SUBMIT, ME), "beat")

    assert [taken(broker), taken(broker), taken(broker)] == [["beat"], ["a look-up"], ["work"]]

    ahead.refresh_from_db()
    assert ahead.key == held_key(queue.ahead_in(queue.SUBMIT), ME)
    put(queue.SUBMIT, "more work", locked_for_s=-60)
    assert taken(PortalBroker(list_key=queue.SUBMIT)) == ["a look-up"]  # its successor in this process begins with what was in hand


def test_a_beat_of_another_worker_is_not_taken(broker):
    put(private_key(queue.SUBMIT, "there:1"), "beat")

    assert taken(broker) == []


def test_messages_of_another_cluster_are_not_taken(broker):
    put(queue.POLL, "a poll")

    assert taken(broker) == []


def test_a_taken_message_names_its_holder_and_is_locked(broker):
    message = put(queue.SUBMIT, "work")

    broker.dequeue()

    message.refresh_from_db()
    assert message.key == held_key(queue.SUBMIT, ME)
    assert message.lock > timezone.now() + timedelta(seconds=60)


def test_a_taken_beat_still_shows_as_waiting_until_it_is_acknowledged(broker):
    queue.send_beat(queue.SUBMIT, ME)
    [(ack, _)] = broker.dequeue()

    assert queue.beat_is_waiting(queue.SUBMIT, ME)
    broker.acknowledge(ack)
    assert not queue.beat_is_waiting(queue.SUBMIT, ME)


def test_messages_of_a_dead_pusher_go_to_the_next_one(broker):
    put(queue.SUBMIT, "work")
    broker.dequeue()

    successor = PortalBroker(list_key=queue.SUBMIT)

    assert taken(successor) == ["work"]
    assert taken(successor) == []


def test_messages_of_another_workers_cluster_stay_with_it(broker):
    put(held_key(queue.SUBMIT, "there:1"), "work", locked_for_s=100)

    assert taken(broker) == []


def test_messages_of_a_dead_worker_of_this_machine_are_released(db):
    host, gone = socket.gethostname()[:40], 2**22 + 1
    put(held_key(queue.SUBMIT, f"{host}:{gone}"), "work", locked_for_s=100)
    put(held_key(queue.SUBMIT, f"{host}:{os.getpid()}"), "of a living one", locked_for_s=100)
    put(held_key(queue.SUBMIT, f"elsewhere:{gone}"), "who knows", locked_for_s=100)

    assert queue.release_of_the_dead() == 1
    assert list(OrmQ.objects.filter(key=queue.SUBMIT).values_list("payload", flat=True)) == ["work"]


def test_a_restarted_cluster_is_not_judged_by_an_old_beat(db):
    queue.send_beat(queue.POLL, ME)

    queue.drop_beats(queue.POLL, ME)

    assert not queue.beat_is_waiting(queue.POLL, ME)


def test_stale_messages_without_a_listener_are_dropped(db):
    put(private_key(queue.POLL, "gone:1"), "beat", locked_for_s=-700)
    put(held_key(queue.POLL, "gone:1"), "work", locked_for_s=-700)
    put(queue.POLL, "waiting for long", locked_for_s=-700)
    put(held_key(queue.POLL, ME), "in hand", locked_for_s=100)

    assert queue.drop_stale_messages() == 2
    assert set(OrmQ.objects.values_list("payload", flat=True)) == {"waiting for long", "in hand"}


def test_the_sweep_takes_no_process_from_submits(db):
    """It asks vendors and reads folders: that may take its time."""
    sweep_soon()

    assert OrmQ.objects.get().key == queue.INGEST
