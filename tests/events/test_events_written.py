"""What happens to tasks and accounts is in the outbox, once, and committed together with it."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from access.callers import Caller
from events.models import Event
from generation.errors import LostRace
from generation.lifecycle import Status
from generation.models import GenerationTask, TaskEvent
from providers.models import ProviderAccount
from tests.task_rows import create_task, make_task

pytestmark = pytest.mark.postgresql


@pytest.fixture
def account(make_account) -> ProviderAccount:
    return make_account("kling", "official-key", "http://127.0.0.1:9")


def written(subject: GenerationTask | ProviderAccount) -> list[str]:
    return list(Event.objects.filter(subject_id=subject.pk).order_by("id").values_list("type", flat=True))


def test_each_move_of_a_render_writes_one_event_of_its_owner(driver, user):
    task = driver.finish(create_task(owner=user, model="kling/kling-v2-5-turbo", prompt="a boat", params={}))

    assert written(task) == ["task.submitting", "task.running", "task.ingesting", "task.succeeded"]
    moves = TaskEvent.objects.filter(task=task).exclude(from_status="").order_by("id")
    events = Event.objects.filter(subject_id=task.pk).order_by("id")
    assert [(event.owner_id, event.at, event.facts["from"]) for event in events] == [(user.pk, move.at, move.from_status) for move in moves]


def test_event_of_a_failure_has_its_code(user):
    make_task(user).give_up("abandoned", "Not worth it.")

    event = Event.objects.get()
    assert (event.type, event.facts) == ("task.failed", {"from": "queued", "error_code": "abandoned"})


def test_move_that_loses_its_race_writes_no_event(user):
    task = make_task(user)
    stale = GenerationTask.objects.get(pk=task.pk)
    task.cancel_unsent()

    with pytest.raises(LostRace):
        stale.move(Status.SUBMITTING)

    assert written(task) == ["task.cancelled"]


def test_move_whose_transaction_fails_writes_no_event(user):
    task = make_task(user)

    with transaction.atomic():
        task.move(Status.SUBMITTING)
        transaction.set_rollback(True)

    assert (written(task), GenerationTask.objects.get(pk=task.pk).status) == ([], Status.QUEUED)


def test_move_costs_one_statement_for_its_event(user):
    task = make_task(user)

    with transaction.atomic(), CaptureQueriesContext(connection) as statements:
        task.move(Status.SUBMITTING)

    tables = [one["sql"].split('"')[1] for one in statements if one["sql"].split()[0] in {"INSERT", "UPDATE", "SELECT"}]
    assert tables == ["generation_generationtask", "generation_taskevent", "events_event"]


def test_account_reports_when_it_stops_and_when_it_is_back_and_not_each_cooldown_between(account):
    account.cool_down_for(60, "too many requests")
    account.cool_down_for(120, "too many requests")
    ProviderAccount.objects.update(cooldown_until="2026-01-01T00:00:00Z")
    account.cool_down("it does not answer yet")
    assert written(account) == ["account.cooldown"]

    ProviderAccount.objects.update(cooldown_until="2026-01-01T00:00:00Z")
    account.close_breaker()
    account.close_breaker()
    assert written(account) == ["account.cooldown", "account.recovered"]


@pytest.mark.parametrize("ends", ["cool_down", "cool_down_for"])
def test_cooldown_that_begins_is_reported_with_its_end(ends, account):
    account.cool_down("it fails") if ends == "cool_down" else account.cool_down_for(60, "it fails")

    account.refresh_from_db()
    assert Event.objects.get().facts == {"until": account.cooldown_until.isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def test_account_reports_that_a_person_switched_it_or_ended_its_cooldown(account, staff):
    by = Caller(user=staff)
    account.cool_down_for(60, "too many requests")

    assert [account.end_cooldown(by=by), account.end_cooldown(by=by)] == [True, False]
    assert [account.switch(enabled=False, by=by), account.switch(enabled=False, by=by)] == [True, False]
    assert account.switch(enabled=True, by=by)

    assert written(account) == ["account.cooldown", "account.recovered", "account.disabled", "account.enabled"]
