"""A row that somebody holds for longer than we wait is not an error of ours: the answer says to try again, and nothing was changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone, translation

from access.models import ApiToken
from access.tokens import authenticate, issue
from database.errors import is_held_lock
from generation.lifecycle import Status
from generation.messages import BUSY
from generation.models import FailoverRule, GenerationTask, LiveWorker
from generation.ordering.failover import fail_over
from generation.submitting.unstartable import free_unstartable
from tests.task_rows import make_task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@contextmanager
def held(task: GenerationTask) -> Iterator[None]:
    """Another process is inside a transaction that changed the row; this one waits for no longer than it must."""
    begun, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            GenerationTask.objects.filter(pk=task.pk).update(progress=1)
            begun.set()
            done.wait(30)
            transaction.set_rollback(True)
        connection.close()

    holder = Thread(target=hold)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'" if connection.vendor == "postgresql" else "PRAGMA busy_timeout = 200")
    holder.start()
    assert begun.wait(10)
    try:
        yield
    finally:
        done.set()
        holder.join()
        connection.close()


@pytest.fixture
def task(user) -> GenerationTask:
    return make_task(user)


@pytest.fixture
def person(staff) -> Client:
    client = Client()
    client.force_login(staff)
    return client


def status_of(task) -> str:
    return GenerationTask.objects.get(pk=task.pk).status


def test_a_program_gets_busy_and_retry_after(task, api):
    with held(task):
        reply = api.post(f"/tasks/{task.pk}/cancel")

    assert (reply.status_code, reply["Retry-After"], reply.json()["error"]["code"]) == (503, "5", "busy")
    assert status_of(task) == Status.QUEUED
    assert api.post(f"/tasks/{task.pk}/cancel").status_code == 200
    assert status_of(task) == Status.CANCELLED


def test_a_page_says_so_in_both_languages(task, person):
    with held(task):
        reply = person.post(f"/tasks/{task.pk}/cancel", headers={"Accept": "text/html"})

    assert (reply.status_code, reply["Retry-After"]) == (503, "5")
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert f'<p lang="{language}">{BUSY}</p>' in reply.text
    assert status_of(task) == Status.QUEUED


def test_a_script_gets_a_toast(task, person):
    with held(task):
        reply = person.post(f"/tasks/{task.pk}/cancel", headers={"HX-Request": "true"})

    assert reply.status_code == 503
    assert "may be incomplete" in reply["HX-Trigger"]


def test_the_admin_too(task, person):
    GenerationTask.objects.filter(pk=task.pk).update(status="needs_review", due_at=None)

    with held(task):
        reply = person.post(f"/admin/generation/generationtask/{task.pk}/give_up/")

    assert reply.status_code == 503
    assert status_of(task) == Status.NEEDS_REVIEW


def test_other_trouble_of_the_database_stays_what_it_is(db):
    refused = (
        "ATTACH DATABASE '/no/such/folder/x' AS x" if connection.vendor == "sqlite" else "SELECT pg_terminate_backend(pg_backend_pid())"
    )

    with pytest.raises(OperationalError) as raised, connection.cursor() as cursor:
        cursor.execute(refused)
    connection.close()

    assert not is_held_lock(raised.value)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_the_clock_skips_an_unstartable_task_that_somebody_holds(task):
    GenerationTask.objects.update(cancel_requested_at=timezone.now())

    with held(task):
        assert free_unstartable(timezone.now()) == 0

    assert free_unstartable(timezone.now()) == 1
    assert status_of(task) == Status.CANCELLED


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_the_clock_skips_a_held_task_that_another_model_would_take(task, user, make_account):
    wan = make_account("dashscope", "beijing", "http://127.0.0.1:9")
    FailoverRule.objects.create(from_model=task.model, to_model="dashscope/wanx2.1-t2v-turbo")

    with held(task):
        assert fail_over() == 0

    assert fail_over() == 1
    assert GenerationTask.objects.get(pk=task.pk).spec.provider == wan.vendor


@contextmanager
def ended_backend(table: str) -> Iterator[list[str]]:
    """End this process's backend, as an administrator would, when it first queries this table."""
    ended: list[str] = []

    def end(number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        connection.close()

    def wrapper(execute, sql, params, many, context):
        if table in sql and not ended:
            ended.append(sql)
            other = Thread(target=end, args=(connection.connection.info.backend_pid,))
            other.start()
            other.join()
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(wrapper):
            yield ended
    finally:
        connection.close()


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no server")
@pytest.mark.parametrize("table", ["generation_generationtask", "access_apitoken"])
def test_a_program_that_reads_gets_its_answer_though_its_backend_is_ended(table, task, api):
    with ended_backend(table) as ended:
        reply = api.get("/tasks")

    assert (len(ended), reply.status_code, len(reply.json()["items"])) == (1, 200, 1)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no server")
def test_a_program_that_writes_gets_retry_after_when_its_backend_is_ended(task, api):
    with ended_backend("generation_generationtask"):
        reply = api.post(f"/tasks/{task.pk}/cancel")

    assert (reply.status_code, reply["Retry-After"], reply.json()["error"]["code"]) == (503, "5", "busy")
    assert api.post(f"/tasks/{task.pk}/cancel").status_code == 200


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no server")
@pytest.mark.parametrize("table", ["generation_generationtask", "auth_user", "django_session"])
def test_a_page_is_shown_or_asks_for_patience_when_its_backend_is_ended(table, task, person):
    person.raise_request_exception = False
    with ended_backend(table) as ended:
        read = person.get("/activity/")
    with ended_backend(table):
        written = person.post(f"/tasks/{task.pk}/cancel")

    assert (len(ended), read.status_code) == (1, 200)
    assert (written.status_code, written["Retry-After"]) == (503, "5")


def test_noting_when_a_token_was_used_waits_for_nobody(user):
    """A GET waited up to 20 s for a write lock."""
    row, raw = issue(user, "notebook")
    begun, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                ApiToken.objects.filter(pk=row.pk).update(label="held")
            else:  # one writer at a time, whatever it writes
                LiveWorker.objects.create(instance="held", submit_workers=1, seen_at=timezone.now())
            begun.set()
            done.wait(30)
        connection.close()

    holder = Thread(target=hold)
    holder.start()
    assert begun.wait(10)
    try:
        assert authenticate(raw) == row
        assert ApiToken.objects.get().last_used_at is None
        assert holder.is_alive()
    finally:
        done.set()
        holder.join()

    authenticate(raw)
    first = ApiToken.objects.get().last_used_at
    authenticate(raw)
    assert first is not None
    assert ApiToken.objects.get().last_used_at == first
