"""Accepting a batch: all of its money or none of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from access import ledger
from access.budgets import put_in_force
from access.callers import Caller
from access.ledger_models import Budget, Reservation
from batches.accepting import accept
from batches.models import Batch, State
from events.models import AuditEvent, Event
from generation.errors import Conflict, NotAllowed
from generation.models import GenerationTask
from generation.ordering.create import create
from generation.ordering.order import Order
from generation.ordering.purchase import OverBudget, Unpriced
from providers.models import ModelPrice, ProviderAccount
from tests.batches.batch_rows import KLING, make_batch, states

pytestmark = pytest.mark.postgresql

YUAN = 1_000_000


def budget_of(limit: int, kind: str = "everyone", **target: Any) -> Budget:
    budget = Budget(kind=kind, window="month", limit=limit, **target)
    put_in_force(budget)
    return budget


def held() -> list[int]:
    return [budget.held for budget in Budget.objects.order_by("id")]


def test_accepting_sets_money_aside_for_every_row_and_buys_nothing_yet(real, user):
    budget_of(100 * YUAN)
    batch = accept(make_batch(user), by=Caller(user=user))

    rows = list(batch.rows.all())
    assert (batch.state, states(batch), batch.cost, batch.unpriced) == (State.RUNNING, ["waiting"] * 3, 15 * YUAN, 0)
    assert {row.task_id for row in rows} == set(Reservation.objects.values_list("task_id", flat=True))
    assert set(Reservation.objects.values_list("owner_id", "model", "reserved")) == {(user.pk, KLING, 5 * YUAN)}
    assert (held(), GenerationTask.objects.count()) == ([15 * YUAN], 0)
    assert AuditEvent.objects.get(action="batch.accepted").after == {"rows": 3, "left_out": 0, "cost": 15 * YUAN}
    with pytest.raises(Conflict) as again:
        accept(batch, by=Caller(user=user))
    assert again.value.code == "not_checked"


def test_rows_that_need_fixing_stop_it_unless_only_the_good_ones_are_wanted(real, user):
    batch = make_batch(user, 2, 1)

    with pytest.raises(Conflict) as refusal:
        accept(batch, by=Caller(user=user))
    assert (refusal.value.code, states(batch), Reservation.objects.count()) == ("rows_need_fixing", ["ready", "ready", "bad"], 0)

    accept(batch, by=Caller(user=user), good_only=True)
    assert states(batch) == ["waiting", "waiting", "left_out"]
    with pytest.raises(Conflict) as empty:
        accept(make_batch(user, 0, 1), by=Caller(user=user), good_only=True)
    assert empty.value.code == "no_good_rows"


@pytest.mark.parametrize(("limit", "prices", "error"), [(14 * YUAN, True, OverBudget), (100 * YUAN, False, Unpriced)])
def test_what_does_not_fit_or_has_no_price_is_refused_as_an_order_is_and_changes_nothing(real, user, limit, prices, error):
    budget = budget_of(limit)
    if not prices:
        ModelPrice.objects.update(currency="USD")
    batch = make_batch(user)

    with pytest.raises(error) as refusal:
        accept(batch, by=Caller(user=user))
    Budget.objects.update(limit=1)
    with pytest.raises(error) as alone:
        create(Order(owner=user, model=KLING, prompt="a boat", params={"duration_s": 5}))

    assert refusal.value.message.replace("14.00", "0.00") == alone.value.message.replace("14.00", "0.00")
    batch.refresh_from_db()
    assert (batch.state, states(batch), held(), Reservation.objects.count()) == (State.CHECKED, ["ready"] * 3, [0], 0)
    assert [event.subject_id for event in Event.objects.filter(type="budget.warning")] == ([budget.pk] if prices else [])


def test_nothing_is_set_aside_where_only_a_sandbox_can_render_it(real, user):
    ProviderAccount.objects.update(sandbox=True)
    budget_of(0)

    assert accept(make_batch(user), by=Caller(user=user)).state == State.RUNNING
    assert Reservation.objects.count() == 0


def test_only_its_owner_accepts_it(real, user, other_user):
    with pytest.raises(NotAllowed):
        accept(make_batch(user), by=Caller(user=other_user))


def test_the_statements_of_an_acceptance_are_not_one_for_each_row(real, user, settings, django_assert_max_num_queries):
    budget_of(100_000 * YUAN)
    batch, settings.PRICES_KEPT_S = make_batch(user, 400), 60.0

    with django_assert_max_num_queries(60):  # on SQLite mostly the parts of one insert
        accept(batch, by=Caller(user=user))

    assert held() == [2_000 * YUAN]


@pytest.mark.django_db(transaction=True)
def test_batches_and_orders_at_once_never_pass_a_budget(real, user):
    budget_of(40 * YUAN)
    batches, start = [make_batch(user) for _ in range(4)], Barrier(8)

    def work(number: int) -> bool:
        try:
            start.wait()
            if number < 4:
                accept(Batch.objects.get(pk=batches[number].pk), by=Caller(user=user))
            else:
                create(Order(owner=user, model=KLING, prompt="a boat", params={"duration_s": 5}))
        except OverBudget:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(work, range(8)))

    bought = 15 * done[:4].count(True) + 5 * done[4:].count(True)
    assert (held(), bought <= 40, list(ledger.check())) == ([bought * YUAN], True, [])
    assert Reservation.objects.count() * 5 == bought
