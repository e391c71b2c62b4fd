"""What happens between a lease and its paid request: nothing leaves late, and nothing leaves for where the account no longer leads."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from database import clock
from generation.lifecycle import Status
from generation.messages import waits_because
from generation.models import GenerationTask
from generation.ordering.assets import store_asset
from generation.scheduling.leases import DEATHS
from generation.submitting.build_request import generation_request
from generation.submitting.submit import HELD_UP, MOST_ATTEMPTS, NotNow, _commit_intent, _look_once_more
from providers.accounts.clients import set_credentials
from providers.core.errors import NotSent
from providers.core.messages import say
from tests.pictures import picture
from tests.task_rows import attempt_of, create_task

pytestmark = pytest.mark.postgresql

KLING = "kling/kling-v2-5-turbo"


@pytest.fixture
def leased(user, driver) -> GenerationTask:
    """Return a task as the process has it that is about to send it."""
    return GenerationTask.objects.select_related("account").get(pk=create_task(owner=user, model=KLING, prompt="a boat", params={}).pk)


def test_nothing_leaves_when_the_storage_took_so_long_that_its_sender_may_pass_for_dead(leased, settings, tmp_path):
    attempt = _commit_intent(leased, generation_request(leased))
    slow_until = timezone.now() + timedelta(seconds=1)
    attempt.started_at = slow_until - HELD_UP
    options = {"location": tmp_path, "until": slow_until}
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.SlowStorage", "OPTIONS": options}}

    with pytest.raises(NotSent):
        _look_once_more(attempt)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is one machine with one clock")
def test_paid_request_is_not_sent_after_the_machine_was_suspended(leased):
    attempt = _commit_intent(leased, generation_request(leased))
    attempt.started_at = timezone.now() - HELD_UP - timedelta(seconds=1)
    clock._Offset.value, clock._Offset.measured_at = -HELD_UP, time.monotonic()
    try:
        assert clock.now() < attempt.started_at + HELD_UP
        with pytest.raises(NotSent):
            _look_once_more(attempt)
    finally:
        clock._Offset.measured_at = float("-inf")
        clock.now()


def test_task_that_never_left_is_tried_as_often_as_it_takes(leased, settings, driver):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}
    for _ in range(MOST_ATTEMPTS):
        attempt_of(leased, leased.account, finished_at=timezone.now(), dispatch="rejected", error_code=NotSent.default_code)
    GenerationTask.objects.filter(pk=leased.pk).update(attempt_count=MOST_ATTEMPTS)

    driver.step()

    leased.refresh_from_db()
    assert (leased.status, leased.attempts.count()) == (Status.QUEUED, MOST_ATTEMPTS + 1)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is one machine with one clock")
@pytest.mark.django_db(transaction=True)
def test_paid_request_is_not_sent_when_the_database_cannot_tell_the_time(leased):
    attempt = _commit_intent(leased, generation_request(leased))
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere")
        broken = "CREATE FUNCTION elsewhere.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT (1/0)::text::timestamptz $$"
        cursor.execute(broken)
        cursor.execute("SET search_path = public, elsewhere, pg_catalog")
    try:
        with pytest.raises(NotSent):
            _look_once_more(attempt)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET search_path")
            cursor.execute("DROP SCHEMA elsewhere CASCADE")


needs_server = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that could end a connection")


@pytest.mark.parametrize("storage", ["FailingStorage", "CuttingOffStorage", pytest.param("CuttingStorage", marks=needs_server)])
@pytest.mark.django_db(transaction=True)
def test_task_waits_while_the_request_cannot_be_recorded(user, driver, settings, tmp_path, storage):
    """The storage raises its own exception, stores half, or the database ends the connection. Zhipu cannot be asked later."""
    works = settings.STORAGES
    task = create_task(owner=user, model="zhipu/cogvideox-3", prompt="a boat", params={})
    settings.STORAGES = works | {"default": {"BACKEND": f"tests.faulty_storages.{storage}", "OPTIONS": {"location": tmp_path}}}
    driver.step()
    task.refresh_from_db()
    assert (task.status, driver.simulator.ledger()["count"]) == (Status.QUEUED, 0)

    settings.STORAGES = works

    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.parametrize("failing", ["open", "read"])
def test_task_waits_while_its_image_cannot_be_read(user, driver, settings, failing):
    image = store_asset(owner=user, file=picture())
    task = create_task(owner=user, model="kling/kling-v2-1", prompt="a boat", params={}, inputs={"first_frame": [image]})
    works = settings.STORAGES
    settings.STORAGES = works | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage", "OPTIONS": {"failing": (failing,)}}}

    for _ in range(DEATHS + 2):
        driver.step()

    task.refresh_from_db()
    assert (task.status, task.starts, task.attempts.count()) == (Status.QUEUED, 0, 0)
    assert waits_because(task, None) == str(say("storage_away_send"))

    settings.STORAGES = works
    assert driver.until(task, Status.RUNNING).status == Status.RUNNING
    assert driver.simulator.ledger()["count"] == 1


def test_no_intent_is_committed_for_an_account_that_leads_elsewhere_since_the_lease(leased, driver):
    """Its look-up would ask the new place about what the old one was sent, and believe that it has nothing."""
    account = type(leased.account).objects.get(pk=leased.account_id)
    set_credentials(account, {"access_key": "ak-another-plan", "secret_key": "sk-another-plan"})
    account.changed_at = timezone.now()
    account.save()

    with pytest.raises(NotNow):
        _commit_intent(leased, generation_request(leased))

    assert not leased.attempts.exists()
    assert driver.finish(leased, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1
