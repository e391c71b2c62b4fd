"""Many purchases at the same moment: no limit is passed, nothing is counted twice or not at all, and nobody waits in a circle."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.utils import timezone

from access import budgets, ledger
from access.budget_changes import limit_token
from access.budgets import Scope
from access.callers import Caller
from access.ledger import Ask, BudgetReached, BudgetsChanged
from access.models import Budget, Reservation
from access.tokens import issue

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

YUAN = 1_000_000
THREADS = 16


@pytest.fixture
def scopes(user: User) -> list[Scope]:
    """Four who buy, in different combinations of the same budgets."""
    team, line = Group.objects.create(name="film"), uuid4()
    for kind, target in (("everyone", {}), ("user", {"user": user}), ("team", {"team": team}), ("token", {"token_line": line})):
        budgets.put_in_force(Budget(kind=kind, window="month", limit=10**15, **target))
    budgets.put_in_force(Budget(kind="everyone", window="day", limit=10**15))
    return [
        Scope(owner_id=user.pk),
        Scope(owner_id=user.pk, team_id=team.pk),
        Scope(owner_id=user.pk, team_id=team.pk, token_line=line),
        Scope(owner_id=user.pk, token_line=line),
    ]


def ask(scope: Scope, amount: int) -> Ask:
    return Ask(task_id=uuid4(), scope=scope, model="kling/v", vendor="kling", currency="CNY", rate=Decimal(1), amount=amount)


def buy(asked: Ask) -> bool:
    """Reserve as an order does: quickly, and once more under the locks. Return whether there was room."""
    for surely in (False, True):
        try:
            with transaction.atomic():
                ledger.reserve([asked], surely=surely)
        except BudgetsChanged:
            continue
        except BudgetReached:
            return False
        return True
    raise AssertionError("decided under the locks")


def at_once(work: Callable[[int], object], count: int = THREADS) -> list[object]:
    """Do `work(0)`, `work(1)`, ... in threads that begin together, each with its own connection."""
    start = Barrier(count)

    def run(number: int) -> object:
        try:
            start.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def wrong_sums() -> list[object]:
    return list(ledger.check())


def test_fifty_at_once_never_pass_a_limit_with_room_for_ten(scopes):
    Budget.objects.filter(kind="team").update(limit=10 * YUAN + YUAN // 2)

    bought = at_once(lambda _number: buy(ask(scopes[1], YUAN)), count=50)

    assert (bought.count(True), Reservation.objects.count()) == (10, 10)
    assert set(Budget.objects.exclude(kind="token").values_list("held", flat=True)) == {10 * YUAN}
    assert wrong_sums() == []


def test_purchases_that_begin_and_end_at_once_wait_for_each_other_in_one_order_only(scopes):
    def work(number: int) -> int:
        dice, left = random.Random(number), []
        for _ in range(8):
            asked = ask(dice.choice(scopes), dice.randrange(1, 9) * YUAN)
            assert buy(asked)
            left.append(asked.task_id)
            if dice.random() < 0.8:
                close(left.pop(dice.randrange(len(left))), dice)
        return len(left)

    still_open = at_once(work)

    assert Reservation.objects.filter(closed_at=None).count() == sum(still_open)
    assert wrong_sums() == []


def close(task_id: object, dice: random.Random) -> None:
    with transaction.atomic():
        row = Reservation.objects.get(task_id=task_id, closed_at=None)
        ledger.settle(row, dice.choice([0, row.reserved // 2, row.reserved, row.reserved * 2]), basis="charged")


def test_a_period_that_ends_meanwhile_is_begun_once_and_counts_what_came_after(scopes):
    now = timezone.now()
    Budget.objects.update(starts_at=now - timedelta(days=40), ends_at=now - timedelta(seconds=1), held=77 * YUAN)

    assert all(at_once(lambda _number: buy(ask(scopes[2], YUAN))))

    assert set(Budget.objects.values_list("held", flat=True)) == {THREADS * YUAN}
    assert wrong_sums() == []


def test_a_budget_that_is_made_and_changed_meanwhile_is_exact_as_soon_as_it_is_known(scopes, user):
    budget = Budget(kind="user", window="day", limit=THREADS // 2 * YUAN, user=user)

    def work(number: int) -> bool:
        if number == 0:
            budgets.put_in_force(budget)
            return False
        return buy(ask(scopes[0], YUAN))

    bought = at_once(work).count(True)
    ledger.check(repair=True)  # a purchase of the very moment may have been missed

    assert Budget.objects.get(pk=budget.pk).held == bought * YUAN
    left = max(budget.limit - bought * YUAN, 0) // YUAN
    assert at_once(lambda _number: buy(ask(scopes[0], YUAN))).count(True) == left
    assert wrong_sums() == []


def test_limits_of_a_token_change_while_it_buys_and_nobody_waits_in_a_circle(user, staff):
    token, by = issue(user, "shop")[0], Caller(user=staff)
    for window in ("month", "day"):  # the later has the higher id
        limit_token(token, {window: 10**15}, by=by)
    scope = Scope(owner_id=user.pk, token_line=token.line_id)

    def work(number: int) -> None:
        for turn in range(8):
            limit = 10**15 - 100 * number - turn
            if number % 2:
                limit_token(token, {"day": limit, "month": limit}, by=by)
            else:
                assert buy(ask(scope, YUAN))

    at_once(work)

    assert Reservation.objects.count() == THREADS // 2 * 8
    assert wrong_sums() == []
