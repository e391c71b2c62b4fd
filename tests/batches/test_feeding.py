"""Rows become tasks, each exactly once, and the batch ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from access.callers import Caller
from access.ledger_models import Reservation
from access.models import Preference
from batches import feeding, money
from batches.accepting import accept
from batches.models import Batch, State
from batches.steps import batches_soon, step
from events.models import Event
from generation.errors import LostRace
from generation.lifecycle import Status
from generation.models import GenerationTask, TaskEvent
from generation.ordering.create import create_many
from providers.models import ProviderAccount
from tests.batches.batch_rows import make_batch, states

pytestmark = pytest.mark.postgresql


def accepted(user, good: int = 3, **facts) -> Batch:
    return accept(make_batch(user, good, **facts), by=Caller(user=user))


def feed_once(batch: Batch) -> Batch:
    """Do what the clock and one job do."""
    Batch.objects.filter(pk=batch.pk).exclude(due_at=None).update(due_at=timezone.now(), lease_until=None)
    batches_soon()
    batch.refresh_from_db()
    step(batch.pk, batch.fence)
    batch.refresh_from_db()
    return batch


def end_all(status: Status = Status.SUCCEEDED) -> None:
    ended = {"status": status, "due_at": None, "finished_at": timezone.now()}
    for task in GenerationTask.objects.filter(status=Status.QUEUED):
        GenerationTask.objects.filter(pk=task.pk).update(**ended, submission_id=f"vendor-{task.pk}")


def test_rows_become_tasks_with_their_ids_and_the_money_that_was_set_aside(real, user):
    batch = feed_once(accepted(user))

    tasks = GenerationTask.objects.order_by("pk")
    assert [task.pk for task in tasks] == [row.task_id for row in batch.rows.order_by("number")]
    assert {(task.batch_id, task.priority, task.owner_id) for task in tasks} == {(batch.pk, -1, user.pk)}
    assert [task.content_id for task in tasks] == ["sku-1", "sku-2", "sku-3"]
    assert (states(batch), Reservation.objects.filter(closed_at=None).count()) == (["placed"] * 3, 3)


def test_the_clock_leases_what_is_due_and_a_doubled_message_does_nothing(real, user):
    batch = accepted(user)

    assert (batches_soon(), batches_soon(), OrmQ.objects.count()) == (1, 0, 1)
    batch.refresh_from_db()
    step(batch.pk, batch.fence - 1)
    assert GenerationTask.objects.count() == 0
    for _ in range(2):
        step(str(batch.pk), batch.fence)
    assert GenerationTask.objects.count() == 3


def test_a_batch_is_fed_a_few_hundred_ahead_of_what_can_start(real, user):
    batch = feed_once(accepted(user, feeding.AHEAD + 70))
    assert GenerationTask.objects.count() == feeding.AHEAD

    GenerationTask.objects.filter(pk__in=batch.rows.values("task_id")[:60]).update(status=Status.SUBMITTING)
    assert GenerationTask.objects.filter(status=Status.SUBMITTING).count() == 60
    feed_once(batch)
    assert (GenerationTask.objects.count(), states(batch).count("waiting")) == (feeding.AHEAD + 60, 10)


def test_a_feeder_that_is_killed_before_its_commit_has_done_nothing_and_the_next_does_all_once(real, user):
    batch = accepted(user)
    with transaction.atomic():
        feeding.feed(batch)
        transaction.set_rollback(True)
    assert (GenerationTask.objects.count(), states(batch)) == (0, ["waiting"] * 3)

    feed_once(batch)
    assert (GenerationTask.objects.count(), TaskEvent.objects.count()) == (3, 3)


def test_a_task_that_has_the_rows_id_already_is_found_and_not_made_again(real, user):
    batch = accepted(user)
    row = batch.rows.get(number=2)
    create_many([feeding._order(batch, row, {}, {})])

    feed_once(batch)
    assert (GenerationTask.objects.count(), states(batch)) == (3, ["placed"] * 3)


@pytest.mark.django_db(transaction=True)
def test_of_two_feeders_at_once_one_does_the_work(real, user):
    batch = accepted(user, 120)
    start = Barrier(2)

    def work(_number: int) -> None:
        try:
            mine = Batch.objects.select_related("owner", "team", "token").get(pk=batch.pk)
            start.wait()
            feeding.feed(mine)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    assert (GenerationTask.objects.count(), set(states(batch))) == (120, {"placed"})
    assert set(GenerationTask.objects.values_list("pk", flat=True)) == set(batch.rows.values_list("task_id", flat=True))


def test_a_feeder_whose_batch_was_leased_again_changes_nothing(real, user):
    batch = accepted(user)
    Batch.objects.update(fence=7)

    with pytest.raises(LostRace):
        feeding.feed(batch)
    assert GenerationTask.objects.count() == 0


def test_rows_that_cannot_be_ordered_are_refused_with_the_reason_and_their_money_comes_back(real, user):
    batch = accepted(user)
    wrong = batch.rows.get(number=2)
    wrong.order |= {"params": {"duration_s": 999}}
    wrong.save()
    gone = batch.rows.get(number=3)
    gone.order |= {"inputs": {"first_frame": [str(UUID(int=1))]}}
    gone.save()

    feed_once(batch)
    rows = list(batch.rows.order_by("number"))
    assert [row.state for row in rows] == ["placed", "refused", "refused"]
    assert [(row.problems[0]["field"], bool(row.problems[0]["facts"]["words"])) for row in rows[1:]] == [
        ("params.duration_s", True),
        ("inputs.first_frame", True),
    ]
    open_for = Reservation.objects.filter(closed_at=None)
    assert [row.task_id for row in open_for] == [rows[0].task_id]
    assert set(Reservation.objects.exclude(closed_at=None).values_list("settled", "basis")) == {(0, "nothing")}


def test_without_room_the_batch_waits_and_says_why(real, user, settings):
    batch = accepted(user)
    settings.MIN_FREE_BYTES = 10**18
    Preference.objects.create(user=user, language="zh-hans")

    feed_once(batch)
    assert (states(batch), str(batch.error)[:4]) == (["waiting"] * 3, "磁盘快满")

    settings.MIN_FREE_BYTES = 0
    feed_once(batch)
    assert (states(batch), bool(batch.error)) == (["placed"] * 3, False)


def test_a_batch_ends_when_all_of_its_tasks_have_and_says_so_once(real, user):
    ProviderAccount.objects.update(sandbox=True)
    batch = feed_once(accepted(user))
    assert feed_once(batch).state == State.RUNNING

    end_all()
    feed_once(batch)
    assert (batch.state, batch.due_at, bool(batch.ended_at), batches_soon()) == (State.ENDED, None, True, 0)
    event = Event.objects.get(type="batch.finished")
    assert (event.subject_id, event.owner_id, event.facts["name"]) == (batch.pk, user.pk, "boats.csv")
    assert (event.facts["succeeded"], event.facts["failed"], event.facts["left_out"]) == (3, 0, 0)


def test_a_batch_of_which_only_reviews_are_left_goes_on_and_says_so(real, user):
    batch = feed_once(accepted(user))
    GenerationTask.objects.update(status=Status.NEEDS_REVIEW, due_at=None)
    batch = feed_once(batch)
    assert (batch.state, [one.code for one in batch.error.parts]) == (State.RUNNING, ["batch_in_review"])

    GenerationTask.objects.update(status=Status.FAILED, finished_at=timezone.now(), due_at=None)
    batch = feed_once(batch)
    assert (batch.state, bool(batch.error)) == (State.ENDED, False)


def test_the_hourly_check_releases_money_of_rows_that_became_no_task(real, user, caplog):
    batch = feed_once(accepted(user, 4))
    batch.rows.filter(number=1).update(state="refused")  # it has a task: that one's money is the task's
    row = batch.rows.get(number=2)
    TaskEvent.objects.filter(task=row.task_id).delete()
    GenerationTask.objects.filter(pk=row.task_id).delete()
    batch.rows.filter(number=2).update(state="withdrawn")

    money.mend()
    assert Reservation.objects.exclude(closed_at=None).get().task_id == row.task_id
    assert "1 rows" in caplog.text
