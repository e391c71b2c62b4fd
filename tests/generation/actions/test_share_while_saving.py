"""A video is saved while its task is shared or its owner leaves: it has the right team and owner. PostgreSQL has two writers."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, connections

from access.callers import Caller
from generation.actions.share import share
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from tests.task_rows import MODEL, create_task
from web.leaving import finish, leave

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"),
]
SAVING = 'INSERT INTO "generation_video"'


@pytest.fixture
def rendered(driver, user: User) -> GenerationTask:
    return driver.finish(create_task(owner=user, model=MODEL, prompt="a boat"), ingest=False)


def saved_while(driver, task: GenerationTask, act: Callable[[], object]) -> None:
    """Save the render. Right before its row is written, `act` begins in another connection, and ends or waits for ours."""
    begun: list[Future[object]] = []

    def elsewhere() -> object:
        try:
            return act()
        finally:
            connections.close_all()

    def watch(execute, sql, params, many, context):
        if not begun and sql.startswith(SAVING):
            begun.append(pool.submit(elsewhere))
            until = time.monotonic() + 10
            while not (begun[0].done() or waits_for_a_lock()) and time.monotonic() < until:
                time.sleep(0.01)
        return execute(sql, params, many, context)

    with ThreadPoolExecutor(1) as pool, connection.execute_wrapper(watch):
        assert driver.finish(task).state is Status.SUCCEEDED
        begun[0].result(10)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_it_has_the_team_with_which_the_task_is_shared_at_that_moment(driver, user, rendered):
    films = Group.objects.create(name="films")
    user.groups.add(films)

    saved_while(driver, rendered, lambda: share(GenerationTask.objects.get(pk=rendered.pk), films, by=Caller(user=user)))

    assert Video.objects.get().team == GenerationTask.objects.get().team == films


def test_it_goes_to_the_heir_by_the_next_round(driver, user, other_user, rendered):
    saved_while(driver, rendered, lambda: leave(user, other_user, by=None))
    finish()

    assert Video.objects.get().owner == other_user
    assert GenerationTask.objects.get().owner == user
