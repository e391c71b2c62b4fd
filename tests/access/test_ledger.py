"""What the ledger does with one purchase, and what the database refuses of its rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access import budgets, checks, ledger
from access.budgets import Scope
from access.callers import Caller
from access.ledger import AlreadyClosed, Ask, BudgetReached, BudgetsChanged, PriceUnknown
from access.models import Budget, Preference, Reservation
from events.models import AuditEvent
from tests.cases import in_one_test

pytestmark = pytest.mark.postgresql

YUAN = 1_000_000


@pytest.fixture
def ask(user: User) -> Callable[..., Ask]:
    """`ask(5 * YUAN, token_line=...)`: a purchase of this amount, by `user`."""

    def make(
        amount: int | None, *, task_id: UUID | None = None, team: Group | None = None, token_line: UUID | None = None, **facts: Any
    ) -> Ask:
        scope = Scope(owner_id=user.pk, team_id=team.pk if team else None, token_line=token_line)
        given = {"model": "kling/v", "vendor": "kling", "currency": "CNY", "rate": Decimal(1), "own_amount": amount}
        return Ask(task_id=task_id or uuid4(), scope=scope, amount=amount, **given | facts)

    return make


@pytest.fixture
def bought(ask: Callable[..., Ask]) -> Callable[..., Reservation]:
    """`bought(5 * YUAN)`: the row of a purchase."""

    def reserve(amount: int | None, **facts: Any) -> Reservation:
        wanted = ask(amount, **facts)
        with transaction.atomic():
            ledger.reserve([wanted], forced=True)
        return Reservation.objects.get(task_id=wanted.task_id, number=wanted.number)

    return reserve


def make_budget(limit: int, kind: str = "everyone", *, window: str = "month", **target: Any) -> Budget:
    budget = Budget(kind=kind, window=window, limit=limit, **target)
    budgets.put_in_force(budget)
    return budget


def held(*rows: Budget) -> list[int]:
    found = Budget.objects.in_bulk([row.pk for row in rows])
    return [found[row.pk].held for row in rows]


def sums(row: Reservation) -> tuple[int, int | None, int | None, str]:
    stored = Reservation.objects.get(pk=row.pk)
    assert (stored.reserved, stored.settled, stored.released, stored.basis, stored.waits) == (
        row.reserved,
        row.settled,
        row.released,
        row.basis,
        row.waits,
    )
    return stored.reserved, stored.settled, stored.released, stored.basis


@pytest.fixture
def budget(db: None) -> Budget:
    return make_budget(10 * YUAN)


@transaction.atomic
def test_what_is_not_used_is_free_again(bought, budget):
    row = bought(6 * YUAN)
    assert held(budget) == [6 * YUAN]

    ledger.settle(row, 4 * YUAN, basis="measured", own=4 * YUAN)

    assert sums(row) == (6 * YUAN, 4 * YUAN, 2 * YUAN, "measured")
    assert held(budget) == [4 * YUAN]


def test_a_vendor_that_charges_more_than_was_reserved_is_believed_and_counted_above_the_limit(bought, budget):
    row = bought(6 * YUAN)

    with transaction.atomic():
        ledger.settle(row, 13 * YUAN, basis="charged")

    assert sums(row) == (13 * YUAN, 13 * YUAN, 0, "charged")
    assert held(budget) == [13 * YUAN]


def test_a_release_frees_everything(bought, budget):
    row = bought(6 * YUAN)

    with transaction.atomic():
        ledger.release(row)

    assert sums(row) == (6 * YUAN, 0, 6 * YUAN, "nothing")
    assert held(budget) == [0]


def test_a_reservation_is_closed_once(bought, budget):
    row = bought(6 * YUAN)
    other = Reservation.objects.get(pk=row.pk)
    with transaction.atomic():
        ledger.settle(row, 5 * YUAN, basis="asked")

    for again in (ledger.release, ledger.keep_for_person):
        with pytest.raises(AlreadyClosed), transaction.atomic():
            again(other)

    assert sums(row) == (6 * YUAN, 5 * YUAN, YUAN, "asked")
    assert held(budget) == [5 * YUAN]


def test_what_waits_for_a_person_stays_reserved_until_it_is_decided(bought, budget):
    row = bought(6 * YUAN)
    with transaction.atomic():
        ledger.keep_for_person(row)
    assert (row.waits, held(budget)) == (True, [6 * YUAN])

    with transaction.atomic():
        ledger.settle(row, 0, basis="person")

    assert (row.waits, held(budget)) == (False, [0])


def test_a_render_that_the_vendor_has_after_all_is_counted_again_whatever_the_limit_is(bought, budget):
    row = bought(6 * YUAN)
    with transaction.atomic():
        ledger.release(row)
    bought(9 * YUAN)

    with transaction.atomic():
        ledger.reopen(row)

    assert (sums(row), row.closed_at) == ((6 * YUAN, None, None, ""), None)
    assert held(budget) == [15 * YUAN]
    with pytest.raises(AlreadyClosed), transaction.atomic():
        ledger.reopen(row)


def test_what_a_sandbox_closed_is_reserved_again_only_within_the_limit(bought, budget):
    row = bought(6 * YUAN)
    with transaction.atomic():
        ledger.release(row, basis="sandbox")
    other = bought(5 * YUAN)

    with pytest.raises(BudgetReached), transaction.atomic():
        ledger.reserve_again(row)
    row.refresh_from_db()
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        ledger.release(other)
        asked.initial_queries = len(connection.queries_log)
        ledger.reserve_again(row)

    assert (row.closed_at, held(budget)) == (None, [6 * YUAN])
    tables = [name for query in asked for name in re.findall(r'FROM "access_(reservation|budget)"', query["sql"])]
    assert tables[0] == "reservation"  # as everybody locks them, so that no two wait for each other


def test_a_stand_in_may_cost_more_and_never_reserves_less(bought, ask, budget):
    row = bought(6 * YUAN)

    with transaction.atomic():
        ledger.raise_to(row, ask(8 * YUAN, model="ark/s", vendor="ark"))
    assert (row.reserved, row.model, held(budget)) == (8 * YUAN, "ark/s", [8 * YUAN])
    with transaction.atomic():
        ledger.raise_to(row, ask(2 * YUAN, model="vidu/q", vendor="vidu"))
    assert (row.reserved, row.model, row.own_reserved, held(budget)) == (8 * YUAN, "vidu/q", 2 * YUAN, [8 * YUAN])
    for amount, refusal in ((11 * YUAN, BudgetReached), (None, PriceUnknown)):
        with pytest.raises(refusal), transaction.atomic():
            ledger.raise_to(Reservation.objects.get(pk=row.pk), ask(amount, model="kling/v"))
    assert Reservation.objects.get(pk=row.pk).model == "vidu/q"
    assert held(budget) == [8 * YUAN]


def test_a_correction_is_recorded_and_counted(bought, budget, staff):
    row = bought(6 * YUAN)
    with pytest.raises(AlreadyClosed), transaction.atomic():
        ledger.correct(row, YUAN, by=Caller(user=staff))  # it is open: somebody settles it
    with transaction.atomic():
        ledger.settle(row, 5 * YUAN, basis="asked")

    for amount, adds_up in ((2 * YUAN, (6 * YUAN, 2 * YUAN, 4 * YUAN, "bill")), (7 * YUAN, (7 * YUAN, 7 * YUAN, 0, "bill"))):
        with transaction.atomic():
            ledger.correct(row, amount, by=Caller(user=staff), basis="bill")
        assert (sums(row), held(budget)) == (adds_up, [amount])

    event = AuditEvent.objects.filter(action="ledger.corrected").order_by("id").first()
    assert (event.user_id, event.before["settled"], event.after["settled"]) == (staff.pk, "5.000000", "2.000000")


def test_each_budget_counts_what_is_bought_in_its_scope(bought, user, other_user):
    team, other_team = Group.objects.create(name="film"), Group.objects.create(name="news")
    line = uuid4()
    mine = [make_budget(99 * YUAN), make_budget(99 * YUAN, "user", user=user), make_budget(99 * YUAN, "team", team=team)]
    mine.append(make_budget(99 * YUAN, "token", window="day", token_line=line))
    others = [
        make_budget(0, "user", user=other_user),
        make_budget(0, "team", team=other_team),
        make_budget(0, "token", token_line=uuid4()),
    ]

    row = bought(6 * YUAN, team=team, token_line=line)
    bought(YUAN)

    assert (held(*mine), held(*others)) == ([7 * YUAN, 7 * YUAN, 6 * YUAN, 6 * YUAN], [0, 0, 0])
    with transaction.atomic():
        ledger.settle(row, 2 * YUAN, basis="asked")
    assert held(*mine) == [3 * YUAN, 3 * YUAN, 2 * YUAN, 2 * YUAN]
    assert ledger.check() == []


@in_one_test("surely", [False, True])
def test_an_order_that_does_not_fit_reserves_nothing(ask, budget, surely):
    refusal = BudgetReached if surely else BudgetsChanged

    with pytest.raises(refusal), transaction.atomic():
        ledger.reserve([ask(6 * YUAN), ask(5 * YUAN)], surely=surely)

    assert (Reservation.objects.count(), held(budget)) == (0, [0])


@in_one_test("surely", [False, True])
def test_what_fits_exactly_is_taken_and_one_more_micro_is_not(ask, user, surely):
    budget = make_budget(10 * YUAN, "user", user=user)
    with transaction.atomic():
        ledger.reserve([ask(10 * YUAN)], surely=surely)

    with pytest.raises((BudgetReached, BudgetsChanged)), transaction.atomic():
        ledger.reserve([ask(1)], surely=surely)
    with transaction.atomic():
        ledger.reserve([ask(0)], surely=surely)  # what costs nothing is bought all the same

    assert held(budget) == [10 * YUAN]
    Reservation.objects.all().delete()
    Budget.objects.all().delete()


def test_a_model_without_a_price_is_ordered_only_where_no_budget_counts_it(ask, user, other_user):
    with transaction.atomic():
        ledger.reserve([ask(None)])
    make_budget(YUAN, "user", user=other_user)
    with transaction.atomic():
        ledger.reserve([ask(None)])
    budget = make_budget(YUAN, "user", user=user)

    with pytest.raises(BudgetsChanged), transaction.atomic():
        ledger.reserve([ask(None)])
    with pytest.raises(PriceUnknown), transaction.atomic():
        ledger.reserve([ask(None)], surely=True)
    with transaction.atomic():
        ledger.reserve([ask(None)], forced=True)  # the vendor has it already

    assert [row.is_priced for row in Reservation.objects.all()] == [False] * 3
    assert held(budget) == [0]


def test_a_new_period_begins_empty_and_what_is_settled_later_belongs_to_its_order(bought, ask, budget):
    row = bought(9 * YUAN)
    old_end = end_period(budget)
    row.refresh_from_db()

    with pytest.raises(BudgetsChanged), transaction.atomic():
        ledger.reserve([ask(8 * YUAN)])
    with transaction.atomic():
        ledger.reserve([ask(8 * YUAN)], surely=True)
    with transaction.atomic():
        ledger.settle(row, 2 * YUAN, basis="charged")

    stored = Budget.objects.get(pk=budget.pk)
    assert (stored.held, stored.starts_at >= old_end, stored.ends_at > timezone.now()) == (8 * YUAN, True, True)
    assert ledger.check() == []


def end_period(budget: Budget) -> Any:
    """Let the budget and what was bought in it be of a period that has ended, and return when."""
    ended = timezone.now() - timedelta(days=32)
    Reservation.objects.update(at=ended - timedelta(hours=2))
    Budget.objects.filter(pk=budget.pk).update(starts_at=ended - timedelta(days=31), ends_at=ended)
    return ended


def test_the_clock_begins_periods_too(bought, budget):
    bought(9 * YUAN)
    end_period(budget)

    assert budgets.roll(timezone.now()) == 1

    assert held(budget) == [0]
    assert budgets.roll(timezone.now()) == 0


def test_changes_of_zone_give_no_more_than_the_limit_in_a_day(user, bought):
    Preference.objects.create(user=user, time_zone="Pacific/Kiritimati")  # 14 hours ahead of UTC
    budget = make_budget(YUAN, "user", window="day", user=user)
    bought(YUAN)
    Reservation.objects.update(at=budget.ends_at - timedelta(hours=1))
    Preference.objects.filter(user=user).update(time_zone="Pacific/Pago_Pago")  # 11 hours behind: midnight comes in an hour

    budgets.roll(budget.ends_at)

    after = Budget.objects.get(pk=budget.pk)
    assert (after.ends_at - budget.ends_at, after.ends_at - after.starts_at) == (timedelta(hours=1), timedelta(hours=24))
    assert after.held == YUAN


def test_a_new_budget_counts_what_was_bought_before_it_and_an_edited_one_keeps_its_count(bought):
    bought(3 * YUAN)
    budget = make_budget(5 * YUAN)
    assert held(budget) == [3 * YUAN]

    stale = Budget.objects.get(pk=budget.pk)
    bought(YUAN)
    stale.limit, stale.held = 20 * YUAN, 77
    budgets.put_in_force(stale)

    assert (Budget.objects.get(pk=budget.pk).limit, held(budget)) == (20 * YUAN, [4 * YUAN])


def test_the_check_finds_a_wrong_sum_and_repairs_it_when_asked(bought, budget):
    bought(3 * YUAN)
    Budget.objects.filter(pk=budget.pk).update(held=YUAN)

    assert [(found.was, found.is_now) for found in ledger.check()] == [(YUAN, 3 * YUAN)]
    assert held(budget) == [YUAN]
    assert len(ledger.check(repair=True)) == 1
    assert (held(budget), ledger.check()) == ([3 * YUAN], [])


@in_one_test("wrong", [
    {"reserved": -1},
    {"settled": 5},
    {"closed_at": timezone.now()},
    {"closed_at": timezone.now(), "settled": 5, "released": 4},
    {"closed_at": timezone.now(), "settled": 11, "released": -1},
    {"closed_at": timezone.now(), "settled": -1, "released": 11},
    {"closed_at": timezone.now(), "settled": 6, "released": 4, "waits": True},
])  # fmt: skip
def test_the_database_refuses_a_reservation_that_does_not_add_up(bought, wrong):
    row = bought(10)

    with pytest.raises(IntegrityError), transaction.atomic():
        Reservation.objects.filter(pk=row.pk).update(**wrong)


def test_the_database_refuses_a_second_reservation_of_one_sending(bought):
    row = bought(10)

    with pytest.raises(IntegrityError), transaction.atomic():
        bought(10, task_id=row.task_id)


@in_one_test("wrong", [
    {"kind": "user"}, {"kind": "team"}, {"kind": "token"}, {"kind": "nobody"}, {"token_line": uuid4()}, {"window": "year"}, {"held": -1},
    {"limit": -1},
])  # fmt: skip
def test_the_database_refuses_a_budget_without_its_target(db, wrong):
    budget = Budget.objects.filter(kind="everyone").first() or make_budget(YUAN)

    with pytest.raises(IntegrityError), transaction.atomic():
        Budget.objects.filter(pk=budget.pk).update(**wrong)


def test_money_moves_only_inside_a_transaction(transactional_db, ask):
    with pytest.raises(AssertionError):
        ledger.reserve([ask(1)])


def test_another_currency_than_that_of_the_budgets_is_refused(budget, settings):
    assert checks.currency_of_budgets(None, databases=["default"]) == []
    settings.CURRENCY = "USD"

    (error,) = checks.currency_of_budgets(None, databases=["default"])

    assert (error.id, "PORTAL_CURRENCY=CNY" in error.hint) == ("access.E004", True)
