"""Finishing drafts: a picked draft becomes one more row of its batch, with the same prompt, seed and images."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from access.callers import Caller
from access.ledger_models import Reservation
from batches.actions import retry_failed
from batches.feeding import feed
from batches.finishing import finish, plan_finish
from batches.models import Batch, BatchRow, State
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.purchase import OverBudget
from providers.vendors import find_model
from tests.batches.batch_rows import KLING, make_batch, states
from tests.batches.test_accepting import YUAN, budget_of, held
from tests.batches.test_variations import WAN
from tests.task_rows import make_task

pytestmark = pytest.mark.postgresql

BETTER = find_model(KLING)


@pytest.fixture
def wan(real, make_account):
    return make_account("dashscope", "beijing", "http://127.0.0.1:9")


def draft_of(user, status=Status.SUCCEEDED, *, state=State.ENDED, **order) -> BatchRow:
    """Make a batch of one row that was rendered on Wan."""
    usual = {"model": WAN, "params": {"duration_s": 5, "resolution": "480P", "seed": 7}, "inputs": {}, "made_from": {"style": "noir"}}
    facts = {"ended_at": "2026-11-01T00:00Z"} if state == State.ENDED else {"due_at": "2026-11-01T00:00Z"}
    batch = make_batch(user, 1, state=state, order=usual | order, mapping={"Name": ""}, **facts)
    task = make_task(user, status=status, batch_id=batch.pk)
    batch.rows.update(state="placed", task_id=task.pk)
    return BatchRow.objects.select_related("batch").get(batch=batch)


def test_a_picked_draft_becomes_one_more_row_and_one_purchase(user, wan):
    budget_of(100 * YUAN)
    draft = draft_of(user)
    before = plan_finish(draft, find_model(WAN), {"resolution": "720P"})
    row, is_new = finish(before, by=Caller(user=user))

    assert (is_new, before.cost, before.left_out, before.problems) == (True, 1_200_000, [], {})
    order = draft.order | {"params": {"duration_s": 5, "resolution": "720P", "seed": 7}, "finishes": str(draft.task_id), "external_id": ""}
    assert (row.number, row.order, row.cells) == (2, order | {"metadata": {}}, {"Name": "boat 1"})
    batch = Batch.objects.get()
    assert (batch.state, batch.ended_at, states(batch)) == (State.RUNNING, None, ["placed", "waiting"])
    assert Reservation.objects.filter(task_id=row.task_id).count() == 1
    feed(batch)
    task = GenerationTask.objects.get(pk=row.task_id)
    assert (task.params["seed"], task.params["resolution"], task.prompt.text) == (7, "720P", "a boat 1")


def test_what_the_better_model_cannot_take_is_named_before(user, wan):
    found = plan_finish(draft_of(user, params={"duration_s": 5, "resolution": "480P", "seed": 7}), BETTER)
    unseeded = plan_finish(draft_of(user, model=KLING, params={}), find_model(WAN))

    assert ({one.field for one in found.left_out}, found.cost) == ({"params.resolution", "params.seed"}, 5 * YUAN)
    assert [one.field for one in unseeded.left_out] == ["params.seed"]
    assert "full" not in plan_finish(draft_of(user, full={"duration_s": 10}), BETTER).row.order
    assert plan_finish(draft_of(user, full={"duration_s": 10}), BETTER).row.order["params"] == {"duration_s": 10}


def test_the_same_finish_is_ordered_once_and_again_only_after_it_failed(user, wan):
    draft = draft_of(user)
    first, _new = finish(plan_finish(draft, BETTER), by=Caller(user=user))

    again, is_new = finish(plan_finish(draft, BETTER), by=Caller(user=user))
    other, other_is_new = finish(plan_finish(draft, BETTER, {"duration_s": 10}), by=Caller(user=user))
    assert ((again.pk, is_new), other_is_new, other.number) == ((first.pk, False), True, 3)

    feed(Batch.objects.get())
    failed = GenerationTask.objects.get(pk=first.task_id)
    GenerationTask.objects.filter(pk=failed.pk).update(
        status=Status.FAILED, due_at=None, finished_at=failed.created_at, error_code="refused"
    )
    third, is_new = finish(plan_finish(draft, BETTER), by=Caller(user=user))
    assert (is_new, third.number) == (True, 4)
    with pytest.raises(Conflict) as refusal:
        retry_failed(Batch.objects.get(), by=Caller(user=user))
    assert refusal.value.code == "nothing_failed", "the third is in the place of the first"


def test_what_cannot_be_finished_is_refused_and_changes_nothing(user, other_user, wan):
    budget_of(4 * YUAN)
    draft = draft_of(user)

    with pytest.raises(Conflict) as refusal:
        plan_finish(draft_of(user, Status.FAILED), BETTER)
    assert refusal.value.code == "not_ready"
    with pytest.raises(NotAllowed):
        finish(plan_finish(draft, BETTER), by=Caller(user=other_user))
    with pytest.raises(OverBudget):
        finish(plan_finish(draft, BETTER), by=Caller(user=user))
    with pytest.raises(InvalidRequest) as wrong:
        finish(plan_finish(draft, find_model("kling/kling-v1-6")), by=Caller(user=user))
    assert (list(wrong.value.fields), held(), Reservation.objects.count()) == (["model"], [0], 0)
    assert (draft.batch.rows.count(), Batch.objects.get(pk=draft.batch_id).state) == (1, State.ENDED)


@pytest.mark.django_db(transaction=True)
def test_many_presses_at_once_finish_a_draft_once(real, user):
    budget_of(100 * YUAN)
    draft, start = draft_of(user, model=KLING, params={"duration_s": 5}), Barrier(5)

    def press(_number: int) -> bool:
        try:
            wanted = plan_finish(draft, BETTER, {"mode": "pro"})
            start.wait()
            return finish(wanted, by=Caller(user=user))[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(press, range(5)))

    assert (done.count(True), draft.batch.rows.count(), held()) == (1, 2, [5 * YUAN])
