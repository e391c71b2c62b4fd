"""While the database does not let a request through, every dialect says in its own shape when to try again."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from django.db import connection, transaction

from generation.models import GenerationTask, ModelAlias
from tests.api.compat.test_contract import every_dialect, is_refused

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture
def held_prompts(any_model):
    """Hold what every order writes to, in another connection, until the test is over; this one waits for no longer than it must."""
    begun, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("LOCK TABLE generation_prompt IN EXCLUSIVE MODE")
            else:
                ModelAlias.objects.update(model="")  # SQLite has one lock for everything
            begun.set()
            done.wait(30)
            transaction.set_rollback(True)
        connection.close()

    holder = Thread(target=hold)
    holder.start()
    assert begun.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'" if connection.vendor == "postgresql" else "PRAGMA busy_timeout = 200")
    yield
    done.set()
    holder.join()
    connection.close()


@every_dialect
def test_a_held_lock_is_503_with_retry_after(world, program, held_prompts):
    reply = program.post(world.create, world.body)

    assert is_refused(world, reply, 503)
    assert int(reply["Retry-After"]) > 0
    assert not GenerationTask.objects.exists()
