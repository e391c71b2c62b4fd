"""Live updates: what `/tick` says to an open page."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from generation.lifecycle import LIVE, Status
from generation.models import GenerationTask
from providers.models import ProviderAccount
from tests.task_rows import make_task
from tests.web.page_rows import ago, fill_slots

pytestmark = pytest.mark.django_db


def test_tick_returns_what_changed_since_the_cursor(visitor, user, other_user, accounts):
    start = visitor.get("/tick").json()["cursor"]
    mine = make_task(user, status=Status.RUNNING, progress=30)
    make_task(other_user, status=Status.RUNNING)

    news = visitor.get("/tick", {"since": start}).json()

    assert [(task["id"], task["state"], task["pct"], task["own"]) for task in news["tasks"]] == [(str(mine.pk), "running", 30, True)]
    assert news["mine"] == 1


def test_tick_costs_the_same_few_queries_whatever_waits(visitor, user, kling, settings, django_assert_num_queries):
    """The session, its user, the teams, the tasks and the notices; what they depend on is read once a second for all."""
    settings.POOL_STATE_KEPT_S = 60.0
    for status in Status:
        for _ in range(5):
            make_task(user, status=status, account=kling)
    mark = visitor.get("/tick").json()["cursor"].partition("/")[2]
    assert mark
    since = ago(minutes=1).isoformat()

    with django_assert_num_queries(5):
        assert len(visitor.get("/tick", {"since": since}).json()["tasks"]) == 5 * len(Status)
    long_ago = {"created_at": ago(minutes=5), "updated_at": ago(minutes=5)}
    GenerationTask.objects.update(**long_ago)
    GenerationTask.objects.filter(status=Status.QUEUED).update(due_at=ago(minutes=5))
    with django_assert_num_queries(5):
        assert len(visitor.get("/tick", {"since": f"{since}/{mark}"}).json()["tasks"]) == 5 * len(LIVE - {Status.QUEUED})


def test_tick_tells_places_in_line_of_own_tasks_and_of_others_that_changed(staff_visitor, staff, user, kling):
    fill_slots(kling, user)
    make_task(user, updated_at=ago(minutes=5))
    mine, theirs = make_task(staff, updated_at=ago(minutes=5)), make_task(user)

    news = staff_visitor.get("/tick", {"since": ago(minutes=1).isoformat()}).json()["tasks"]

    texts = {task["id"]: task["text"] for task in news}
    assert texts[str(mine.pk)] == "Kling is full, 1st in line"
    assert texts[str(theirs.pk)] == "Kling is full, 3rd in line"


def test_tick_leaves_out_own_waiting_tasks_while_their_places_stay(visitor, user, other_user, kling):
    fill_slots(kling, other_user)
    before = {"updated_at": ago(minutes=5), "due_at": ago(minutes=5)}
    ahead = make_task(other_user, created_at=ago(minutes=9), **before)
    waiting = [make_task(user, **before) for _ in range(3)]
    first = visitor.get("/tick", {"since": ago(minutes=1).isoformat()}).json()
    assert sorted(task["id"] for task in first["tasks"]) == sorted(str(task.pk) for task in waiting)

    assert visitor.get("/tick", {"since": first["cursor"]}).status_code == 204

    make_task(user, status=Status.RUNNING, updated_at=ago(minutes=5))
    make_task(user, status=Status.SUCCEEDED)
    second = visitor.get("/tick", {"since": first["cursor"]}).json()
    assert [task["state"] for task in second["tasks"]] == ["succeeded", "running"]
    assert second["mine"] == 4

    GenerationTask.objects.filter(pk=ahead.pk).update(status=Status.CANCELLED, due_at=None, finished_at=ago(minutes=1))
    third = visitor.get("/tick", {"since": second["cursor"]}).json()
    assert {task["id"]: task["text"] for task in third["tasks"]}[str(waiting[0].pk)] == "Kling is full, 1st in line"

    ProviderAccount.objects.filter(pk=kling.pk).update(cooldown_until=ago(minutes=-5))
    fourth = visitor.get("/tick", {"since": third["cursor"]}).json()
    assert sum("paused until" in task["text"] for task in fourth["tasks"]) == len(waiting)


def test_tick_of_a_line_that_stands_still_asks_for_no_tasks(
    visitor, staff_visitor, staff, user, other_user, kling, settings, django_assert_num_queries
):
    fill_slots(kling, other_user)
    GenerationTask.objects.update(updated_at=ago(minutes=5))
    make_task(user, updated_at=ago(minutes=5), due_at=ago(minutes=5))
    make_task(staff, updated_at=ago(minutes=5), due_at=ago(minutes=5))
    cursors = {who: who.get("/tick", {"since": ago(minutes=1).isoformat()}).json()["cursor"] for who in (visitor, staff_visitor)}
    settings.POOL_STATE_KEPT_S = 60.0
    for who, cursor in cursors.items():
        who.get("/tick", {"since": cursor})
        with django_assert_num_queries(0):
            assert who.get("/tick", {"since": cursor}).status_code == 204

    settings.POOL_STATE_KEPT_S = 0.0
    make_task(other_user, status=Status.SUCCEEDED)
    assert visitor.get("/tick", {"since": cursors[visitor]}).status_code == 204
    assert len(staff_visitor.get("/tick", {"since": cursors[staff_visitor]}).json()["tasks"]) == 1


def test_tick_of_an_idle_page_asks_nothing_and_hears_of_the_next_order(visitor, user, other_user, django_assert_num_queries, settings):
    settings.POOL_STATE_KEPT_S = 0.0
    cursor = visitor.get("/tick").json()["cursor"]
    make_task(other_user, status=Status.SUCCEEDED)
    visitor.get("/tick", {"since": cursor})
    settings.POOL_STATE_KEPT_S = 60.0
    with django_assert_num_queries(0):
        assert visitor.get("/tick", {"since": cursor}).status_code == 204

    settings.POOL_STATE_KEPT_S = 0.0
    new = make_task(user)
    assert [task["id"] for task in visitor.get("/tick", {"since": cursor}).json()["tasks"]] == [str(new.pk)]


def test_tick_of_a_session_that_has_ended_says_no_more_than_that_nothing_changed(visitor, user, settings):
    settings.POOL_STATE_KEPT_S = 0.0
    cursor = visitor.get("/tick").json()["cursor"]
    Session.objects.all().delete()
    assert visitor.get("/tick", {"since": cursor}).status_code == 204

    make_task(user)
    assert visitor.get("/tick", {"since": cursor}).status_code == 401


def test_tick_reads_the_session_again_when_its_reader_is_forgotten(visitor, settings):
    settings.TICK_READER_KEPT_S = 0.0
    cursor = visitor.get("/tick").json()["cursor"]
    Session.objects.all().delete()

    assert visitor.get("/tick", {"since": cursor}).status_code == 401


def test_tick_with_an_old_cursor_gives_a_new_one(visitor, user, kling, other_user):
    fill_slots(kling, other_user)
    make_task(user, updated_at=ago(minutes=5), due_at=ago(minutes=5))
    mark = visitor.get("/tick", {"since": ago(minutes=1).isoformat()}).json()["cursor"].partition("/")[2]

    news = visitor.get("/tick", {"since": f"{ago(minutes=1).isoformat()}/{mark}"}).json()

    assert (news["tasks"], news["cursor"].partition("/")[2]) == ([], mark)


def test_tick_is_silent_when_nothing_is_new(visitor, user):
    make_task(user, status=Status.SUCCEEDED, updated_at=ago(minutes=5))

    reply = visitor.get("/tick", {"since": ago(seconds=20).isoformat()})

    assert (reply.status_code, reply.content) == (204, b"")


def test_tick_repeats_an_end_within_the_overlap(visitor, user):
    done = make_task(user, status=Status.SUCCEEDED)

    news = visitor.get("/tick", {"since": timezone.now().isoformat()}).json()

    assert [task["id"] for task in news["tasks"]] == [str(done.pk)]


def test_tick_with_a_broken_cursor_starts_from_now(visitor, user):
    assert visitor.get("/tick?since=yesterday").json()["tasks"] == []


def test_tick_of_nobody_asks_to_sign_in(client):
    assert client.get("/tick").status_code == 401
