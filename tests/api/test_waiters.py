"""A request that waits runs twice, and its operation once. The web server's part is played here; with the real one: tests/videoportal."""

from __future__ import annotations

import time
from threading import Event
from threading import enumerate as threads

import pytest
from django.contrib.auth.models import User
from django.test import Client

from access.callers import Caller
from access.limits import Limits
from access.models import ApiToken, TokenUse
from access.tokens import issue, revoke
from api.models import SavedAnswer
from delivery.waiting import MOST_WAITERS, WAITER, Waiter, Watcher
from generation.models import GenerationTask
from tests.task_rows import MODEL, make_task

pytestmark = pytest.mark.postgresql

FOX = {"model": MODEL, "prompt": "a red fox"}


class Server:
    """Sends an order with `Prefer: wait=60` as the web server does that can put requests aside."""

    def __init__(self, user, **limits):
        self.token, raw = issue(user, "shop", limits=Limits(**limits))
        self.client = Client(headers={"authorization": f"Bearer {raw}", "prefer": "wait=60"})

    def run(self, waiter: Waiter | None = None, path="/api/v1/tasks", **headers):
        return self.client.post(path, FOX, content_type="application/json", headers=headers, **{WAITER: waiter})


def waiter_of(reply) -> Waiter:
    return reply.waiter


def test_the_second_run_orders_nothing_and_shows_the_task_as_it_is_then(user, idle_account):
    server = Server(user)
    first = waiter_of(server.run())
    GenerationTask.objects.get().cancel_unsent()

    reply = server.run(first)

    assert (reply.status_code, reply["Preference-Applied"], reply.json()["status"]) == (202, "wait=60", "cancelled")
    assert reply["Location"] == f"/api/v1/tasks/{GenerationTask.objects.get().pk}"
    assert "Idempotent-Replayed" not in reply
    assert not hasattr(reply, "waiter")


def test_retry_waits_like_an_order(user, idle_account):
    server, old = Server(user), make_task(user, status="cancelled")

    first = waiter_of(server.run(path=f"/api/v1/tasks/{old.pk}/retry"))
    reply = server.run(first, path=f"/api/v1/tasks/{old.pk}/retry")

    assert (reply.status_code, reply["Preference-Applied"], reply.json()["retry_of"]) == (202, "wait=60", str(old.pk))
    assert GenerationTask.objects.count() == 2


def test_the_answer_of_the_second_run_is_the_one_that_repeats_get(user, idle_account):
    server, key = Server(user), {"idempotency-key": "k-1"}
    first = waiter_of(server.run(**key))
    meanwhile = server.run(**key)
    GenerationTask.objects.get().cancel_unsent()

    reply, again = server.run(first, **key), server.run(**key)

    assert (meanwhile.status_code, meanwhile.json()["error"]["code"]) == (409, "idempotency_in_flight")
    assert (again.content, again["Idempotent-Replayed"]) == (reply.content, "true")
    assert again["Preference-Applied"] == "wait=60"
    assert GenerationTask.objects.count() == 1


def test_a_client_that_hangs_up_may_ask_and_wait_again(user, idle_account):
    server, key = Server(user), {"idempotency-key": "k-1"}
    waiter_of(server.run(**key)).give_up()

    second = waiter_of(server.run(**key))
    reply = server.run(second, **key)

    assert (reply.status_code, reply["Idempotent-Replayed"]) == (202, "true")
    assert GenerationTask.objects.count() == 1


def test_both_runs_are_one_request_to_the_tokens_rate(user, idle_account):
    server = Server(user, rate_per_minute=5)
    first = waiter_of(server.run())

    reply = server.run(first)

    assert (reply["RateLimit-Limit"], reply["RateLimit-Remaining"]) == ("5", "4")
    assert TokenUse.objects.get().used == 1


def test_a_token_that_ends_meanwhile_is_refused_and_its_key_is_free(user, idle_account):
    server, key = Server(user), {"idempotency-key": "k-1"}
    first = waiter_of(server.run(**key))
    revoke(server.token, by=None)

    reply = server.run(first, **key)

    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "not_authenticated")
    assert not SavedAnswer.objects.exists()
    assert GenerationTask.objects.count() == 1


def test_a_task_that_has_ended_is_not_waited_for(user, idle_account):
    server, key = Server(user), {"idempotency-key": "k-1"}
    server.run(**key)
    GenerationTask.objects.get().cancel_unsent()
    SavedAnswer.objects.all().delete()

    reply = server.run(**key)

    assert (reply.status_code, reply["Preference-Applied"], reply.json()["status"]) == (202, "wait=60", "cancelled")


# the watcher


def waits_for(task: GenerationTask, user, *, token: ApiToken | None = None, wait_s=60) -> tuple[Waiter, Event]:
    waiter = Waiter(
        task_id=task.pk,
        by=Caller(user=user, token=token),
        wait_s=wait_s,
        until=time.monotonic() + wait_s,
        answer=str,
        request_id="",
        carried={},
    )
    return waiter, Event()


def join_watchers() -> None:
    """Wait until the thread has ended, as it does when nobody waits, and with it its connection to the database."""
    for thread in threads():
        if thread.name == "waiters":
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_each_runs_again_when_its_task_or_its_time_or_its_token_has_ended(user):
    watcher = Watcher()
    token, _raw = issue(user, "shop")
    going, ending = make_task(user), make_task(user)
    cases = [waits_for(going, user), waits_for(ending, user), waits_for(going, user, wait_s=0), waits_for(going, user, token=token)]
    for waiter, runs in cases:
        waiter.run_again = runs.set
        watcher.add(waiter)
    ending.cancel_unsent()
    revoke(token, by=None)

    stays, *others = [runs for _waiter, runs in cases]

    assert [runs.wait(10) for runs in others] == [True] * 3
    assert not stays.is_set()
    given_up = Event()
    cases[0][0].give_up = given_up.set
    watcher.drop(cases[0][0])
    assert given_up.wait(10)
    assert not stays.is_set()
    join_watchers()


@pytest.mark.django_db(transaction=True)
def test_the_time_of_each_ends_also_while_the_database_gives_no_answer(user, caplog):
    watcher = Watcher()
    unanswerable, runs = waits_for(make_task(user), user, wait_s=1)
    unanswerable.task_id = "no id"
    unanswerable.run_again = runs.set
    watcher.add(unanswerable)

    assert runs.wait(10)
    assert "requests that wait" in caplog.text
    join_watchers()


def test_nobody_waits_so_often_that_others_cannot():
    watcher = Watcher()
    many, few = (Caller(user=User(pk=number)) for number in (1, 2))

    def request(by: Caller) -> Waiter:
        return Waiter(task_id=None, by=by, wait_s=60, until=float("inf"), answer=str, request_id="", carried={})

    def enter(by: Caller) -> int:
        count = 0
        while watcher.has_room(request(by)):
            watcher._waiting[request(by)] = None
            count += 1
        return count

    assert (enter(many), enter(few)) == (MOST_WAITERS // 2, MOST_WAITERS // 4)
