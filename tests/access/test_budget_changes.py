"""Budgets are set, changed and ended, and warn of themselves: once at 80 and once at 100 percent of a period."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from access import budget_changes, budgets, ledger
from access.budget_warnings import warn_of_refusal, watch
from access.budgets import Scope
from access.callers import Caller
from access.ledger import Ask, BudgetReached
from access.models import Budget, Preference, Reservation
from access.tokens import issue
from events.models import AuditEvent, Event
from providers.messages import translated
from webhooks.messages import budget_words

pytestmark = pytest.mark.postgresql

YUAN = 1_000_000


@pytest.fixture
def boss(staff):
    return Caller(user=staff)


@pytest.fixture
def mine(user, boss):
    budget = Budget(kind="user", user=user, window="month", limit=10 * YUAN)
    budget_changes.make(budget, by=boss)
    return budget


@pytest.fixture
def buy(user):
    def of(amount):
        ask = Ask(task_id=uuid4(), scope=Scope(owner_id=user.pk), model="m/v", vendor="m", currency="CNY", rate=Decimal(1), amount=amount)
        with transaction.atomic():
            ledger.reserve([ask], surely=True)

    return of


def refuse(budget):
    warn_of_refusal(Budget.objects.get(pk=budget.pk))


def warnings():
    return [(event.facts["percent"], event.owner_id) for event in Event.objects.filter(type="budget.warning").order_by("id")]


def test_a_budget_warns_once_at_80_and_once_at_100_percent_of_each_period(mine, buy, user):
    buy(8 * YUAN - 1)
    watch()
    assert warnings() == []

    buy(1)
    watch()
    watch()
    assert warnings() == [(80, user.pk)]
    facts = Event.objects.get(type="budget.warning").facts
    assert (facts["held"], facts["limit"], facts["currency"], facts["refused"]) == ("8.000000", "10.000000", "CNY", False)

    buy(2 * YUAN)
    watch()
    watch()
    assert warnings() == [(80, user.pk), (100, user.pk)]

    past = timezone.now() - timedelta(days=40)
    Reservation.objects.update(at=past)
    Budget.objects.update(starts_at=past, ends_at=timezone.now() - timedelta(days=32))
    watch()
    mine.refresh_from_db()
    assert (mine.held, mine.warned, mine.ends_at > timezone.now(), warnings()[2:]) == (0, 0, True, [])


def test_a_budget_that_is_full_at_once_warns_once(mine, buy, user):
    buy(10 * YUAN)

    watch()

    assert warnings() == [(100, user.pk)]


def test_a_refusal_warns_though_the_limit_is_not_reached_and_only_once(mine, buy, user):
    buy(3 * YUAN)

    for _order in range(2):
        refuse(mine)
        watch()

    assert warnings() == [(30, user.pk)]
    assert Event.objects.get(type="budget.warning").facts["refused"] is True


def test_a_refusal_takes_no_place_of_the_warnings_at_80_and_at_100_percent(mine, buy, user):
    refuse(mine)
    for amount in (8 * YUAN, 2 * YUAN):
        buy(amount)
        watch()
    refuse(mine)

    assert warnings() == [(0, user.pk), (80, user.pk), (100, user.pk)]


def test_the_first_refusal_of_a_new_period_is_told_though_its_order_was_rolled_back(mine, buy, user):
    refuse(mine)
    past = timezone.now() - timedelta(days=40)
    Budget.objects.update(starts_at=past, ends_at=timezone.now() - timedelta(days=1))  # the clock has not begun the next one

    with pytest.raises(BudgetReached) as refusal:
        buy(11 * YUAN)
    warn_of_refusal(refusal.value.budget)

    assert warnings() == [(0, user.pk), (0, user.pk)]


def test_limits_of_nothing_and_those_that_are_not_in_force_do_not_warn(mine, boss):
    for limit, enabled in ((0, True), (1, False)):
        mine.limit, mine.enabled = limit, enabled
        budget_changes.change(mine, by=boss)
        Budget.objects.update(held=5)
        watch()

    assert warnings() == []


def test_another_limit_warns_anew_and_another_note_does_not(mine, buy, boss, user):
    buy(8 * YUAN)
    watch()
    mine.note = "spring"
    budget_changes.change(mine, by=boss)
    watch()
    assert len(warnings()) == 1

    mine.limit = 9 * YUAN
    budget_changes.change(mine, by=boss)
    watch()

    assert warnings() == [(80, user.pk), (80, user.pk)]


def test_a_tokens_budget_warns_its_owner_and_that_of_everyone_nobody_by_name(user, boss):
    token = issue(user, "shop")[0]
    budget_changes.limit_token(token, {"day": YUAN}, by=boss)
    budget_changes.make(Budget(kind="everyone", window="day", limit=YUAN), by=boss)
    Budget.objects.update(held=YUAN)

    watch()

    assert sorted(warnings(), key=str) == [(100, user.pk), (100, None)]


def test_a_warning_says_whose_budget_it_is_in_both_languages(user, boss):
    films, token = Group.objects.create(name="films"), issue(user, "shop")[0]
    user.groups.add(films)
    targets = (
        {"kind": "everyone"},
        {"kind": "team", "team": films},
        {"kind": "user", "user": user},
        {"kind": "token", "token_line": token.pk},
    )
    for target in targets:
        budget_changes.make(Budget(**target, window="day", limit=YUAN), by=boss)
    Budget.objects.update(held=YUAN)

    watch()

    events = Event.objects.filter(type="budget.warning").order_by("id")
    assert [(event.facts["kind"], event.facts["name"]) for event in events] == [
        ("everyone", ""),
        ("team", "films"),
        ("user", user.get_username()),
        ("token", "shop"),
    ]
    words = [budget_words(event.facts) for event in events]
    assert [str(one) for one in words] == [
        "The daily budget of everyone together: 100 % are used.",
        "The daily budget of your team “films”: 100 % are used.",
        "Your daily budget: 100 % are used.",
        "The daily budget of your token “shop”: 100 % are used.",
    ]
    with translation.override("zh-hans"):
        assert translated(words[2]) == "你的每日预算：已使用 100%。"


def test_a_change_never_stores_what_an_old_object_says_was_spent(mine, buy, boss):
    stale = Budget.objects.get(pk=mine.pk)
    buy(4 * YUAN)
    stale.limit, stale.held = 20 * YUAN, 0

    budget_changes.change(stale, by=boss)

    mine.refresh_from_db()
    assert (mine.limit, mine.held, stale.held) == (20 * YUAN, 4 * YUAN, 4 * YUAN)


def test_a_new_budget_counts_what_was_bought_before_it(user, buy, boss):
    buy(4 * YUAN)
    budget = Budget(kind="everyone", window="month", limit=YUAN)

    budget_changes.make(budget, by=boss)

    assert (budget.held, budget.left) == (4 * YUAN, 0)


def test_each_target_has_one_budget_for_a_period(mine, user, boss):
    with pytest.raises(IntegrityError):
        budget_changes.make(Budget(kind="user", user=user, window="month", limit=1), by=boss)
    budget_changes.make(Budget(kind="user", user=user, window="day", limit=1), by=boss)

    assert Budget.objects.count() == 2


def test_a_budget_that_somebody_deleted_meanwhile_is_neither_changed_nor_deleted_again(mine, boss):
    stale = Budget.objects.get(pk=mine.pk)
    budget_changes.remove(mine, by=boss)
    stale.limit = 20 * YUAN

    for act in (budget_changes.change, budget_changes.remove):
        with pytest.raises(budget_changes.BudgetGone):
            act(stale, by=boss)

    with transaction.atomic():
        assert budgets.rebuild(stale) is None  # the hourly check, which listed it before
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == ["budget.created", "budget.deleted"]


def test_who_did_it_is_in_the_audit_log_with_what_changed(mine, boss, user):
    budget_changes.change(mine, by=boss)
    mine.limit = 12 * YUAN
    budget_changes.change(mine, by=boss)
    budget_changes.remove(mine, by=boss)

    log = list(AuditEvent.objects.order_by("id").values_list("action", "user_name", "before", "after"))
    assert [(row[0], row[1]) for row in log] == [(f"budget.{action}", "admin") for action in ("created", "changed", "deleted")]
    assert log[0][3]["user"] == "lin"
    assert log[1][2:] == ({"limit": "10.000000"}, {"limit": "12.000000"})
    assert AuditEvent.objects.filter(target_label__startswith="lin").count() == 3


def test_a_tokens_budgets_are_set_changed_and_ended_and_hold_for_its_line(user, boss):
    token = issue(user, "shop")[0]
    replaced = issue(user, "shop")[0]
    replaced.first = token

    budget_changes.limit_token(replaced, {"day": YUAN, "month": 5 * YUAN}, by=boss)
    assert budget_changes.limits_of_token(token) == {"day": YUAN, "month": 5 * YUAN}

    budget_changes.limit_token(token, {"day": None, "month": 6 * YUAN}, by=boss)
    assert budget_changes.limits_of_token(replaced) == {"month": 6 * YUAN}

    Budget.objects.update(enabled=False)
    budget_changes.limit_token(token, {"day": None, "month": None}, by=boss)
    assert (budget_changes.limits_of_token(token), Budget.objects.count()) == ({}, 1)
    budget_changes.limit_token(token, {"month": YUAN}, by=boss)
    assert budget_changes.limits_of_token(token) == {"month": YUAN}


def test_what_binds_a_caller_is_that_of_everyone_the_team_that_pays_the_person_and_the_token(user, other_user, boss):
    first, second, strange = (Group.objects.create(name=name) for name in ("a", "b", "c"))
    user.groups.set([first, second])
    tokens = [issue(owner, "t")[0] for owner in (user, user, other_user)]
    for name, budget in {
        "everyone": Budget(kind="everyone"),
        "a": Budget(kind="team", team=first),
        "b": Budget(kind="team", team=second),
        "c": Budget(kind="team", team=strange),
        "me": Budget(kind="user", user=user),
        "you": Budget(kind="user", user=other_user),
        "off": Budget(kind="everyone", window="day", enabled=False),
        **{f"token {number}": Budget(kind="token", token_line=token.pk) for number, token in enumerate(tokens)},
    }.items():
        budget.window, budget.limit, budget.note = budget.window or "month", YUAN, name
        budget_changes.make(budget, by=boss)

    def notes(token=None):
        return {budget.note for budget in budgets.of_caller(Caller(user=user, token=token), timezone.now())}

    assert notes() == {"everyone", "a", "me", "token 0", "token 1"}
    assert notes(tokens[0]) == {"everyone", "a", "me", "token 0"}
    Preference.objects.create(user=user, team=second)
    assert notes(tokens[1]) == {"everyone", "b", "me", "token 1"}


def test_a_period_that_is_over_is_shown_as_new_before_the_clock_begins_it(mine, buy):
    buy(4 * YUAN)
    ended = timezone.now() - timedelta(days=32)
    Reservation.objects.update(at=ended - timedelta(seconds=1))
    Budget.objects.update(starts_at=ended - timedelta(days=31), ends_at=ended)
    mine.refresh_from_db()

    budgets.show_present(mine, timezone.now())

    assert (mine.held, mine.left, mine.starts_at >= ended, mine.ends_at > timezone.now()) == (0, 10 * YUAN, True, True)
    assert Budget.objects.get().held == 4 * YUAN
