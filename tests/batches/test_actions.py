"""Pause, resume, cancel, retry what failed, priority and the time until which the videos are needed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from access.budgets import put_in_force
from access.callers import Caller
from access.ledger_models import Budget, Reservation
from batches import actions
from batches.models import Batch, State
from events.models import AuditEvent, Event
from generation.actions.retry import retry_task
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.purchase import OverBudget
from generation.scheduling.enqueue import start_queued
from providers.models import ModelPrice
from tests.batches.batch_rows import KLING, before_the_transaction, make_batch, states
from tests.batches.test_feeding import accepted, end_all, feed_once
from tests.task_rows import codes_of, make_task

pytestmark = pytest.mark.postgresql

YUAN = 1_000_000
SEEDANCE = "ark/doubao-seedance-1-0-pro-250528"


def starts(user) -> int:
    return start_queued({"kling"}, timezone.now(), "tests")


def fail(task_id) -> None:
    GenerationTask.objects.filter(pk=task_id).update(status=Status.FAILED, due_at=None, finished_at=timezone.now())


def test_a_paused_batch_starts_nothing_until_it_is_resumed(real, user):
    by, batch = Caller(user=user), feed_once(accepted(user))
    actions.pause(batch, by=by)

    feed_once(batch)
    assert (batch.state, starts(user)) == (State.PAUSED, 0)
    assert {tuple(codes_of(task.wait_reason)) for task in GenerationTask.objects.all()} == {("batch_paused",)}
    GenerationTask.objects.update(due_at=timezone.now())  # something made them due again: the next step parks them
    feed_once(batch)
    assert starts(user) == 0
    with pytest.raises(Conflict) as twice:
        actions.pause(batch, by=by)
    assert twice.value.code == "wrong_state"

    actions.resume(batch, by=by)
    assert (feed_once(batch).state, starts(user)) == (State.RUNNING, 3)
    assert not any(task.wait_reason for task in GenerationTask.objects.all())


def test_a_pause_stops_a_feeder_that_is_at_work(real, user):
    batch = accepted(user)
    actions.pause(batch, by=Caller(user=user))

    feed_once(batch)
    assert (GenerationTask.objects.count(), states(batch)) == (0, ["waiting"] * 3)


def test_cancelling_withdraws_rows_and_cancels_tasks_that_were_not_sent_and_gives_all_their_money_back(real, user):
    put_in_force(Budget(kind="everyone", window="month", limit=10_000 * YUAN))
    batch = feed_once(accepted(user, 205))
    sent = GenerationTask.objects.order_by("pk").first()
    GenerationTask.objects.filter(pk=sent.pk).update(status=Status.SUBMITTING)

    assert actions.cancel_waiting(batch, by=Caller(user=user)) == 204
    assert (states(batch).count("withdrawn"), GenerationTask.objects.filter(status=Status.CANCELLED).count()) == (5, 199)
    assert [row.task_id for row in Reservation.objects.filter(closed_at=None)] == [sent.pk]
    assert Budget.objects.get().held == 5 * YUAN

    end_all()
    GenerationTask.objects.filter(pk=sent.pk).update(status=Status.FAILED, due_at=None, finished_at=timezone.now())
    assert feed_once(batch).state == State.ENDED


def test_retrying_buys_the_failed_rows_and_no_others_once(real, user):
    by, batch = Caller(user=user), feed_once(accepted(user, 4))
    before = {row.number: row.task_id for row in batch.rows.all()}
    fail(before[2])
    fail(before[3])
    make_task(user, retry_of=GenerationTask.objects.get(pk=before[3]))  # a person pressed Retry on the task's own page
    end_all()
    GenerationTask.objects.filter(pk=before[4]).update(status=Status.CANCELLED)
    assert feed_once(batch).state == State.ENDED

    actions.retry_failed(batch, by=by)
    batch.refresh_from_db()
    assert (batch.state, batch.ended_at, states(batch)) == (State.RUNNING, None, ["placed", "waiting", "placed", "placed"])
    with pytest.raises(Conflict) as twice:
        actions.retry_failed(batch, by=by)
    assert twice.value.code == "nothing_failed"
    feed_once(batch)

    new = GenerationTask.objects.get(pk=batch.rows.get(number=2).task_id)
    assert (new.retry_of_id, new.batch_id, new.content_id, new.status) == (before[2], batch.pk, "sku-2", Status.QUEUED)
    assert new.prompt_id == new.retry_of.prompt_id
    assert GenerationTask.objects.filter(batch_id=batch.pk).count() == 5
    assert Reservation.objects.filter(task_id=new.pk).count() == 1
    end_all()
    assert (feed_once(batch).state, Event.objects.filter(type="batch.finished").count()) == (State.ENDED, 2)


def test_a_row_that_its_owner_retries_by_hand_before_its_turn_is_not_bought_again(real, user):
    by, batch = Caller(user=user), feed_once(accepted(user, 2))
    failed = GenerationTask.objects.get(pk=batch.rows.get(number=1).task_id)
    fail(failed.pk)
    actions.pause(batch, by=by)
    actions.retry_failed(batch, by=by)
    by_hand = retry_task(GenerationTask.objects.get(pk=failed.pk), by=by).task

    actions.resume(batch, by=by)
    feed_once(batch)

    assert (batch.rows.get(number=1).task_id, states(batch)) == (by_hand.pk, ["placed"] * 2)
    assert list(GenerationTask.objects.filter(retry_of=failed)) == [by_hand]
    held, queued = Reservation.objects.filter(closed_at=None), GenerationTask.objects.filter(status=Status.QUEUED)
    assert {row.task_id for row in held} - {failed.pk} == {task.pk for task in queued}


def test_rows_are_priced_before_the_transaction_and_those_that_were_retried_meanwhile_are_left_alone(real, user):
    by, batch = Caller(user=user), feed_once(accepted(user))
    tasks = [GenerationTask.objects.get(pk=row.task_id) for row in batch.rows.order_by("number")]
    for task in tasks[:2]:
        fail(task.pk)
        task.refresh_from_db()

    def meanwhile() -> None:
        retry_task(tasks[0], by=by)
        fail(tasks[2].pk)

    with before_the_transaction(meanwhile) as later:
        actions.retry_failed(batch, by=by)
    in_transaction = later[later.index(next(sql for sql in later if "batches_batch" in sql)) :]

    assert not any("modelprice" in sql for sql in in_transaction)
    assert states(batch) == ["placed", "waiting", "placed"]
    assert Reservation.objects.count() == 3 + 2, "the retry by hand, and that of the second row"
    actions.retry_failed(batch, by=by)
    assert states(batch) == ["placed", "waiting", "waiting"]


def test_a_retry_that_no_budget_has_room_for_changes_nothing(real, user):
    batch = feed_once(accepted(user))
    fail(batch.rows.get(number=1).task_id)
    put_in_force(Budget(kind="everyone", window="month", limit=16 * YUAN))

    with pytest.raises(OverBudget):
        actions.retry_failed(batch, by=Caller(user=user))
    batch.refresh_from_db()
    assert (batch.state, states(batch), Reservation.objects.count()) == (State.RUNNING, ["placed"] * 3, 3)


def test_a_refused_row_can_be_retried_and_its_external_id_stays(real, user):
    batch = accepted(user, 1, order={"external_id": "one"})
    other = make_task(user, external_id="one")
    assert states(feed_once(batch)) == ["refused"]
    GenerationTask.objects.filter(pk=other.pk).update(external_id="")

    actions.retry_failed(batch, by=Caller(user=user))
    feed_once(batch)
    row = batch.rows.get()
    assert (row.state, row.problems, GenerationTask.objects.get(pk=row.task_id).external_id) == ("placed", [], "one")


def test_priority_goes_to_what_waits_and_to_what_comes(real, user):
    by, batch = Caller(user=user), feed_once(accepted(user))
    actions.set_priority(batch, 2, by=by)

    assert set(GenerationTask.objects.values_list("priority", flat=True)) == {2}
    with pytest.raises(InvalidRequest):
        actions.set_priority(batch, 10, by=by)


def test_the_cheaper_offline_tier_is_chosen_where_the_vendor_gives_up_before_the_videos_are_needed(real, user, make_account):
    make_account("ark", "volcengine", "http://127.0.0.1:9")
    ModelPrice.objects.create(model=SEEDANCE, unit="second", amount=2)
    ModelPrice.objects.create(model=SEEDANCE, unit="second", amount=1, when="service_tier=flex")
    by, batch = Caller(user=user), make_batch(user, 2, order={"model": SEEDANCE})
    batch.rows.filter(number=2).update(order={"model": KLING, "prompt": "a boat", "params": {"duration_s": 5}})

    def said() -> tuple[object, object, object]:
        batch.refresh_from_db()
        return (batch.rows.get(number=1).order["params"].get("service_tier"), batch.rows.get(number=2).order["params"], batch.cost)

    plain = {"duration_s": 5}
    actions.need_by(batch, timezone.now() + timedelta(days=3), by=by)
    assert said() == ("flex", plain, 10 * YUAN)
    fence = batch.fence
    actions.need_by(batch, timezone.now() + timedelta(hours=47), by=by)
    assert said() == (None, plain, 15 * YUAN)
    assert batch.fence > fence  # who is accepting it finds that it has changed

    row = batch.rows.get(number=1)
    row.order["params"]["expires_after_s"] = 36_000  # the file says so
    row.save()
    actions.need_by(batch, timezone.now() + timedelta(hours=11), by=by)
    assert said() == ("flex", plain, 10 * YUAN)

    row.order["params"]["service_tier"] = "default"
    row.save()
    actions.need_by(batch, timezone.now() + timedelta(days=3), by=by)
    assert said() == ("default", plain, 15 * YUAN)


def test_a_batch_that_changes_while_its_time_is_set_keeps_the_other_change(real, user):
    by, batch, later = Caller(user=user), make_batch(user), timezone.now() + timedelta(days=3)

    with before_the_transaction(lambda: actions.need_by(batch, later, by=by)) as statements, pytest.raises(Conflict) as refusal:
        actions.need_by(batch, None, by=by)
    batch.refresh_from_db()
    assert (refusal.value.code, batch.needed_by) == ("batch_changed", later)
    with before_the_transaction(lambda: None) as statements:
        actions.need_by(batch, None, by=by)
    assert not any("modelprice" in sql for sql in statements)


def test_others_may_do_none_of_it_and_what_was_done_is_recorded(real, user, other_user):
    batch, by = feed_once(accepted(user)), Caller(user=other_user)
    for action in (actions.pause, actions.resume, actions.cancel_waiting, actions.retry_failed):
        with pytest.raises(NotAllowed):
            action(batch, by=by)

    actions.pause(batch, by=Caller(user=user))
    actions.cancel_waiting(batch, by=Caller(user=user))
    assert set(AuditEvent.objects.values_list("action", flat=True)) >= {"batch.accepted", "batch.paused", "batch.cancelled"}
    assert Batch.objects.get().state == State.PAUSED
