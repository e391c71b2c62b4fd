"""What a receiver gets, what its answer means, and that one receiver does not hold up another."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from access.callers import Caller
from delivery.links import video_url
from events.models import AuditEvent, Event
from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.scripted_server import ScriptedServer, answer, drip, hang, reset, storm
from tests.task_rows import make_task
from tests.web.page_rows import make_video
from tests.webhooks.conftest import HASTY
from tests.webhooks.receiver import Says
from tests.webhooks.rows import ended
from web.health_checks import CheckFailed, check_webhooks
from web.leaving import leave
from webhooks import actions, lanes, outcome
from webhooks.deliver import deliver
from webhooks.fan_out import fan_out
from webhooks.models import Delivery, Endpoint, Notice
from webhooks.sender import Answer

pytestmark = pytest.mark.postgresql


def again() -> None:
    """Let the time come for everything that waits."""
    Delivery.objects.filter(state="pending").update(due_at=timezone.now())
    Endpoint.objects.update(resting_until=None, lease_until=None)


def test_a_finished_video_arrives_with_a_signature_that_verifies(user, make_endpoint, receiver, run, settings):
    settings.PUBLIC_URL = "https://portal.example"
    endpoint = make_endpoint(user)
    task = make_task(user, status=Status.INGESTING, submission_id="v-1", content_id="杯子", metadata={"a": [1, "ü"]})
    video = make_video(user, task=task)
    task.move(Status.SUCCEEDED)

    run()

    (arrival,) = receiver.arrivals
    body = arrival.verified(endpoint.secret)
    assert (body["type"], arrival.headers["content-type"]) == ("task.succeeded", "application/json")
    assert body["data"].pop("videos") == [
        {"id": str(video.pk), "url": video_url(video, "https://portal.example"), "duration_s": 5.0},
    ]
    assert body["data"] == {
        "id": str(task.pk),
        "status": "succeeded",
        "model": task.model,
        "content_id": "杯子",
        "external_id": "",
        "metadata": {"a": [1, "ü"]},
        "error_code": None,
        "api": f"https://portal.example/api/v1/tasks/{task.pk}",
    }
    assert arrival.id == f"evt_{Event.objects.get().pk.hex}"
    row, health = Delivery.objects.get(), Endpoint.objects.get()
    assert (row.state, row.attempts, row.due_at, row.tries[0]["status"]) == ("done", 1, None, 200)
    assert health.last_ok_at is not None
    assert (health.failures, health.lease_until <= timezone.now()) == (0, True)


def test_a_repeat_has_the_same_id_and_bytes_and_a_time_of_its_own(user, make_endpoint, receiver, run):
    receiver.answers = lambda _path, count: Says(status=500 if count == 0 else 204)
    endpoint = make_endpoint(user)
    task = ended(user)
    run()
    GenerationTask.objects.filter(pk=task.pk).update(content_id="changed since")
    again()
    run()

    first, second = receiver.arrivals
    assert (first.id, first.body) == (second.id, second.body)
    assert second.verified(endpoint.secret)
    row = Delivery.objects.get()
    assert [(one["status"], one["code"]) for one in row.tries] == [(500, "status"), (204, "")]
    assert row.state == "done"


@pytest.mark.parametrize(
    ("says", "code", "state", "rests_at_least_s"),
    [
        (Says(status=302, headers={"Location": "/elsewhere"}), "redirected", "pending", 5),
        (Says(status=404, body=b"no such hook" + b"\0" + b"x" * 9_000), "status", "pending", 5),
        (Says(status=429, headers={"Retry-After": "90"}), "status", "pending", 90),
        (Says(status=503), "status", "pending", 30),
        (Says(status=301), "redirected", "pending", 5),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Says) else "",
)
def test_everything_but_success_is_a_failure_and_lets_the_endpoint_rest(
    says, code, state, rests_at_least_s, user, make_endpoint, receiver, run
):
    receiver.answers = lambda _path, _count: says
    make_endpoint(user)
    ended(user)
    began = timezone.now()
    run()

    row, endpoint = Delivery.objects.get(), Endpoint.objects.get()
    assert (row.tries[0]["code"], row.state, row.attempts, len(receiver.arrivals)) == (code, state, 1, 1)
    assert (endpoint.failures, endpoint.enabled) == (1, True)
    assert timedelta(seconds=rests_at_least_s) <= endpoint.resting_until - began < timedelta(seconds=rests_at_least_s + 5)
    assert len(row.reply) <= 4_096
    assert "\0" not in row.reply


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (reset, "connection_broke"),
        (hang, "no_answer_in_time"),
        (drip, "no_answer_in_time"),
        (storm(b"HTTP/1.1 100 Continue\r\n\r\n"), "no_answer_in_time"),
        (answer(200, b"x", length=50), "connection_broke"),
    ],
    ids=["reset", "hang", "drip", "storm", "cut"],
)
def test_a_receiver_that_misbehaves_ends_within_the_time(action, code, user, make_endpoint, run):
    with ScriptedServer(action) as server:
        make_endpoint(user, url=f"{server.url}/hook")
        ended(user)
        run()

    row = Delivery.objects.get()
    assert row.tries[0]["code"] in {code, "connection_broke"}
    assert row.tries[0]["ms"] < 1_500
    assert row.state == "pending"


def test_an_endless_answer_is_cut_and_counts(user, make_endpoint, run):
    with ScriptedServer(answer(200, b"y" * 100_000)) as server:
        make_endpoint(user, url=f"{server.url}/hook")
        ended(user)
        run()

    assert (Delivery.objects.get().state, len(Delivery.objects.get().reply)) == ("done", 4_096)


def test_gone_disables_at_once_and_tells_the_owner_and_the_other_endpoints(user, make_endpoint, receiver, run):
    receiver.answers = lambda path, _count: Says(status=410 if path == "/gone" else 200)
    gone = make_endpoint(user, path="/gone", label="shop")
    make_endpoint(user, path="/other", types=["endpoint.disabled"])
    for _ in range(3):
        ended(user)
    run()
    run()  # on a slow machine the first may end before it takes what it wrote itself

    gone.refresh_from_db()
    assert (gone.enabled, gone.disabled_code) == (False, "gone")
    assert set(Delivery.objects.filter(endpoint=gone).values_list("state", flat=True)) <= {"failed", "dropped"}
    told = [json.loads(one.body) for one in receiver.arrivals if one.path == "/other"]
    assert [(one["type"], one["data"]["id"], one["data"]["reason"]) for one in told] == [("endpoint.disabled", str(gone.pk), "gone")]
    assert "“shop” was disabled" in str(Notice.objects.get(owner=user).message)
    assert AuditEvent.objects.filter(action="endpoint.disabled", target_id=gone.pk).count() == 1


def test_a_gone_callback_address_ends_its_own_deliveries_and_no_others(user, receiver, run):
    receiver.answers = lambda path, _count: Says(status=410 if path == "/a" else 200)
    for path in ("/a", "/b"):
        ended(user, callback_url=receiver.url + path)
    run()

    assert dict(Delivery.objects.values_list("url", "state")) == {f"{receiver.url}/a": "failed", f"{receiver.url}/b": "done"}
    assert (Endpoint.objects.get().enabled, Endpoint.objects.get().failures) == (True, 0)


def test_ten_thousand_waiting_events_do_not_use_up_their_tries(user, make_endpoint, receiver, run):
    receiver.answers = lambda _path, _count: Says(status=500)
    make_endpoint(user)
    for _ in range(6):
        ended(user)
    run()
    again()
    run()

    first_turn = lanes.MOST_AT_ONCE
    assert sum(Delivery.objects.values_list("attempts", flat=True)) == first_turn + 1 == len(receiver.arrivals)


def test_an_endpoint_that_hangs_does_not_hold_up_another(user, other_user, make_endpoint, receiver, run):
    with ScriptedServer(*[hang] * 4) as server:
        make_endpoint(user, url=f"{server.url}/hook")
        make_endpoint(other_user)
        for _ in range(8):
            ended(user)
            ended(other_user)
        began = timezone.now()
        run()

    others = Delivery.objects.filter(endpoint__owner=other_user)
    assert {row.state for row in others} == {"done"}
    assert max(row.finished_at for row in others) - began < timedelta(seconds=2)


def test_a_request_that_outlasts_the_job_counts_as_a_try(user, make_endpoint):
    with ScriptedServer(hang) as server:
        make_endpoint(user, url=f"{server.url}/hook")
        ended(user)
        deliver(patience=replace(HASTY, stay_s=0.1, last_answers_s=0.1, request_s=3.0))

        row, endpoint = Delivery.objects.get(), Endpoint.objects.get()
        assert (row.attempts, row.tries[0]["code"], endpoint.failures) == (1, "no_answer_in_time", 1)
        assert endpoint.lease_until <= timezone.now()


def test_what_another_process_recorded_is_not_overwritten(user, make_endpoint, receiver, run):
    make_endpoint(user)
    ended(user)
    stale = timezone.now()
    run()
    (row,) = Delivery.objects.all()
    row.attempts = 0  # as it was when a process that was paused had read it

    assert outcome.record([row], Answer(code="status", status=500), stale) == 0
    assert Delivery.objects.get().state == "done"


def test_a_lane_that_another_process_has_is_neither_given_back_nor_judged(user, make_endpoint):
    make_endpoint(user)
    ended(user)
    fan_out()
    now = timezone.now()
    (lane,) = lanes.claim(8, now=now)
    assert lanes.claim(8, now=now) == []
    later = now + lanes.LEASE + timedelta(seconds=1)
    (theirs,) = lanes.claim(8, now=later)

    outcome.settle(lane, [Answer(code="status", status=500)], now)

    endpoint = Endpoint.objects.get()
    assert (endpoint.lease_until, endpoint.failures) == (theirs.until, 0)


def test_the_answer_of_an_old_address_does_not_judge_the_new_one(user, make_endpoint):
    endpoint, now = make_endpoint(user), timezone.now()
    Endpoint.objects.update(failures=9, failing_since=now - timedelta(days=6), last_failed_at=now)
    ended(user)
    fan_out()
    (lane,) = lanes.claim(8, now=timezone.now())
    actions.change(endpoint, by=Caller(user=user), url="https://shop.example/new")

    outcome.settle(lane, [Answer(code="gone", status=410)], timezone.now())

    found = Endpoint.objects.get()
    assert (found.enabled, found.failures, found.failing_since) == (True, 0, None)


def test_five_days_of_failure_disable_and_an_event_a_month_does_not(user, make_endpoint):
    now = timezone.now()
    seldom, dead = (make_endpoint(user, path=f"/{number}") for number in range(2))
    for endpoint, last in ((seldom, timedelta(days=30)), (dead, timedelta(hours=20))):
        facts = {"failures": 9, "failing_since": now - timedelta(days=31 if endpoint == seldom else 5), "last_failed_at": now - last}
        Endpoint.objects.filter(pk=endpoint.pk).update(lease_until=now, **facts)
        endpoint.refresh_from_db()
        outcome.settle(lanes.Lane(endpoint=endpoint, deliveries=[], until=now), [Answer(code="status", status=500)], now)

    seldom.refresh_from_db()
    dead.refresh_from_db()
    assert (seldom.enabled, seldom.failing_since, dead.enabled, dead.disabled_code) == (True, now, False, "dead")


def test_a_replay_sends_the_same_again(user, make_endpoint, receiver, run):
    endpoint = make_endpoint(user)
    ended(user)
    run()
    actions.replay(Delivery.objects.get(), by=Caller(user=user))
    run()

    first, second = receiver.arrivals
    assert (first.id, first.body) == (second.id, second.body)
    assert second.verified(endpoint.secret)
    assert AuditEvent.objects.filter(action="delivery.replayed").count() == 1


def test_a_ping_arrives(user, make_endpoint, receiver, run):
    endpoint = make_endpoint(user)
    delivery = actions.ping(endpoint, by=Caller(user=user))
    run()

    assert receiver.arrivals[0].verified(endpoint.secret)["type"] == "ping"
    delivery.refresh_from_db()
    assert delivery.state == "done"


def test_pending_deliveries_of_a_disabled_endpoint_are_dropped(user, make_endpoint):
    endpoint, now = make_endpoint(user), timezone.now()
    actions.ping(endpoint, by=Caller(user=user))
    with transaction.atomic():
        actions.disable_all(user, by=None)

    assert (Delivery.objects.get().state, Endpoint.objects.get().disabled_code) == ("dropped", "owner_left")
    assert lanes.claim(8, now=now) == []


def test_a_person_who_leaves_is_told_nothing_any_more(user, staff, make_endpoint):
    make_endpoint(user)

    leave(user, None, by=Caller(user=staff))

    assert Endpoint.objects.get().disabled_code == "owner_left"


def test_doctor_names_what_keeps_webhooks_from_leaving(user, make_endpoint, settings):
    settings.PUBLIC_URL = "https://portal.example"
    endpoint = make_endpoint(user, label="shop")
    assert check_webhooks() == "1 endpoints, 0 of them failing"

    actions.ping(endpoint, by=Caller(user=user))
    Delivery.objects.update(due_at=timezone.now() - timedelta(minutes=3))
    with pytest.raises(CheckFailed, match="deliver"):
        check_webhooks()
    Delivery.objects.all().delete()
    settings.PUBLIC_URL = ""
    with pytest.raises(CheckFailed, match="PORTAL_PUBLIC_URL"):
        check_webhooks()
    Endpoint.objects.update(sealed="damaged")
    with pytest.raises(CheckFailed, match="shop"):
        check_webhooks()


def test_new_endpoints_at_once_leave_threads_for_others_and_failing_ones_come_last(user, make_endpoint):
    for number in range(6):
        endpoint = make_endpoint(user, path=f"/{number}")
        for _ in range(6):
            Endpoint.objects.filter(pk=endpoint.pk).update(resting_until=None)
            actions.ping(endpoint, by=Caller(user=user))
        if number < 2:
            Endpoint.objects.filter(pk=endpoint.pk).update(failures=3, failing_since=timezone.now(), last_failed_at=timezone.now())

    taken = lanes.claim(16, now=timezone.now())

    assert [(lane.endpoint.failures, len(lane.deliveries)) for lane in taken] == [(0, 4), (0, 4), (0, 1), (0, 1), (3, 1), (3, 1)]
    assert sum(len(lane.deliveries) for lane in taken) <= 16
