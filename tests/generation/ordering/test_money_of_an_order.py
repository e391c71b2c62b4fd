"""What an order sets aside, who is refused, and that no paid request leaves without money for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from access import ledger
from access.budgets import put_in_force
from access.callers import Caller
from access.ledger_models import Budget, Rate, Reservation
from access.models import Preference
from access.tokens import issue
from events.models import AuditEvent, Event
from generation import money_check
from generation.actions.decide import submit_again
from generation.actions.settle import amount_typed, set_cost
from generation.errors import Conflict, InvalidRequest, NotAllowed, OrdersRefused
from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask
from generation.ordering.create import create, create_many
from generation.ordering.order import Order
from generation.ordering.purchase import OverBudget, Unpriced
from generation.ordering.validate import check_request
from generation.submitting.payment import set_money_aside
from providers.models import ModelPrice, ProviderAccount
from providers.vendors import ALL_MODELS
from tests.task_rows import attempt_of, codes_of, create_task, make_task

pytestmark = pytest.mark.postgresql

YUAN = 1_000_000
KLING = "kling/kling-v2-5-turbo"


@pytest.fixture
def real(make_account) -> ProviderAccount:
    return make_account("kling", "official-key", "http://127.0.0.1:9")


@pytest.fixture
def ask(user, real) -> dict[str, Any]:
    """An order of 5 s, which costs 5."""
    ModelPrice.objects.create(model=KLING, unit="second", amount=1)
    return {"owner": user, "model": KLING, "prompt": "a boat", "params": {"duration_s": 5}}


def budget_of(limit: int, kind: str = "everyone", **target: Any) -> Budget:
    budget = Budget(kind=kind, window="month", limit=limit, **target)
    put_in_force(budget)
    return budget


def held() -> list[int]:
    return [budget.held for budget in Budget.objects.order_by("id")]


def test_an_order_sets_aside_what_it_may_cost_for_its_owner_team_and_token(ask, user):
    film, art = Group.objects.create(name="film"), Group.objects.create(name="art")
    user.groups.add(film, art)
    token, _text = issue(user, "tests")

    first = create(Order(**ask, token=token, content_id="spot 1")).task
    Preference.objects.create(user=user, team=film)
    create(Order(**ask))

    row, other = Reservation.objects.order_by("id")
    assert (row.task_id, row.reserved, row.own_reserved, row.currency, row.rate) == (first.pk, 5 * YUAN, 5 * YUAN, "CNY", 1)
    assert (row.owner_id, row.team_id, row.token_line, row.content_id, row.vendor) == (user.pk, art.pk, token.line_id, "spot 1", "kling")
    assert (other.team_id, other.token_line, row.settled) == (film.pk, None, None)


def test_a_length_that_the_model_chooses_sets_aside_its_longest(user, make_account):
    make_account("ark", "volcengine", "http://127.0.0.1:9")
    model = "ark/doubao-seedance-2-0-260128"
    ModelPrice.objects.create(model=model, unit="second", amount=1)

    create(Order(owner=user, model=model, prompt="a boat", params={"duration_auto": True}))

    assert Reservation.objects.get().reserved > 5 * YUAN


def test_a_price_in_another_currency_is_set_aside_at_its_rate(ask):
    ModelPrice.objects.update(currency="USD")
    Rate.objects.create(unit="USD", rate="7.1")

    create(Order(**ask))

    row = Reservation.objects.get()
    assert (row.reserved, row.own_reserved, row.currency, row.rate) == (35_500_000, 5 * YUAN, "USD", Decimal("7.1"))


def test_nothing_is_set_aside_where_only_a_sandbox_can_render_it(ask, real):
    ProviderAccount.objects.update(sandbox=True)
    budget_of(0)

    create(Order(**ask))

    assert Reservation.objects.count() == 0


def test_an_order_that_does_not_fit_is_refused_with_the_budget_and_its_end(ask, user):
    budget_of(100 * YUAN)
    mine = budget_of(7 * YUAN, "user", user=user)
    create(Order(**ask))

    with pytest.raises(OverBudget) as refusal:
        create(Order(**ask))

    assert (refusal.value.code, refusal.value.status) == ("budget_reached", 403)
    assert "Your monthly budget has 2.00 of 7.00 CNY left" in refusal.value.message
    assert f"It starts again at {mine.ends_at:%Y-%m-%d} 00:00 (UTC)" in refusal.value.message
    assert (GenerationTask.objects.count(), held()) == (1, [5 * YUAN, 5 * YUAN])
    with pytest.raises(OverBudget):
        create(Order(**ask))
    assert [event.subject_id for event in Event.objects.filter(type="budget.warning")] == [mine.pk]


def test_many_orders_are_taken_together_or_not_at_all(ask):
    budget_of(12 * YUAN)
    create_many([Order(**ask), Order(**ask)])

    with pytest.raises(OrdersRefused) as refusal:
        create_many([Order(**ask, idempotency_key="k"), Order(**ask)])

    assert {error.code for error in refusal.value.errors.values()} == {"budget_reached"}
    assert (set(refusal.value.errors), held()) == ({0, 1}, [10 * YUAN])


def test_a_repeated_order_sets_nothing_aside(ask):
    budget_of(7 * YUAN)
    first = create(Order(**ask, idempotency_key="k"))

    assert create(Order(**ask, idempotency_key="k")).task == first.task
    assert held() == [5 * YUAN]


@pytest.mark.parametrize(("facts", "words"), [({"currency": "USD"}, "rate"), (None, "no price")])
def test_a_budget_refuses_what_has_no_price_or_no_rate(ask, facts, words):
    ModelPrice.objects.update(**facts) if facts else ModelPrice.objects.all().delete()
    create(Order(**ask))
    assert not Reservation.objects.get().is_priced
    budget_of(100 * YUAN)

    with pytest.raises(Unpriced) as refusal:
        create(Order(**ask))

    assert (refusal.value.code, words in refusal.value.message) == ("price_unknown", True)


def test_a_rate_with_which_an_order_costs_more_than_a_column_holds_counts_as_none(ask):
    ModelPrice.objects.update(currency="USD", amount=10_000_000)
    Rate.objects.create(unit="USD", rate=9_999_999_999)

    create(Order(**ask))

    assert not Reservation.objects.get().is_priced


@pytest.mark.django_db(transaction=True)
def test_fifty_orders_at_once_pass_no_limit(ask):
    budget_of(50 * YUAN + 1)
    start = Barrier(50)

    def order(number: int) -> str:
        try:
            start.wait()
            create(Order(**ask | {"prompt": f"boat {number}"}))
        except OverBudget as refusal:
            return refusal.code
        finally:
            connection.close()
        return "stored"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(order, range(50)))

    assert (outcomes.count("stored"), outcomes.count("budget_reached")) == (10, 40)
    assert (GenerationTask.objects.count(), held(), ledger.check()) == (10, [50 * YUAN], [])


def aside(task: GenerationTask, account: ProviderAccount) -> Reservation | None:
    """Do what the intent to submit does for the task's money."""
    spec, params = check_request(model=task.model, prompt="a boat", params=task.params, inputs={})
    with transaction.atomic():
        task.attempt_count += 1
        set_money_aside(task, account, spec, params)
    return Reservation.objects.filter(task_id=task.pk).order_by("-number").first()


def test_no_request_to_a_real_account_leaves_without_money_for_it(ask, user, real, make_account):
    sandbox = make_account("kling", "official-key", "http://127.0.0.1:9", label="toy", sandbox=True)
    budget = budget_of(7 * YUAN)
    task = make_task(
        user, model=KLING, params=check_request(model=KLING, prompt="a", params=ask["params"], inputs={})[1].model_dump(mode="json")
    )

    assert aside(task, sandbox) is None
    made = aside(task, real)
    assert (made.reserved, made.closed_at, held()) == (5 * YUAN, None, [5 * YUAN])
    freed = aside(task, sandbox)
    assert (freed.basis, held()) == ("sandbox", [0])
    assert (aside(task, real).closed_at, held()) == (None, [5 * YUAN])

    with transaction.atomic():
        ledger.settle(Reservation.objects.get(), 5 * YUAN, basis="person")
    with pytest.raises(ledger.BudgetReached):
        aside(task, real)
    budget.limit = 10 * YUAN
    put_in_force(budget)
    again = aside(task, real)
    assert (again.number, again.sent_before, held()) == (2, task.attempt_count - 1, [10 * YUAN])


def test_what_is_sent_is_paid_for_itself_whatever_the_last_reservation_was_about(ask, real, make_account):
    sandbox = make_account("kling", "official-key", "http://127.0.0.1:9", label="toy", sandbox=True)
    ModelPrice.objects.create(model="kling/kling-v2-6", unit="second", amount=3)
    dearer = ALL_MODELS["kling/kling-v2-6"]
    budget = budget_of(14 * YUAN)
    task = create(Order(**ask)).task
    assert (aside(task, sandbox).basis, held()) == ("sandbox", [0])

    task.stand_in(dearer, note="stands in")  # for 15
    with pytest.raises(ledger.BudgetReached):
        aside(task, real)
    budget.limit = 15 * YUAN
    put_in_force(budget)
    made = aside(task, real)
    assert (made.model, made.reserved, made.closed_at, held()) == (dearer.name, 15 * YUAN, None, [15 * YUAN])

    with transaction.atomic():
        ledger.keep_for_person(made)  # nobody knows whether this one was charged
    budget.limit = 30 * YUAN
    put_in_force(budget)
    again = aside(task, real)
    assert (again.number, again.waits, held()) == (made.number + 1, False, [30 * YUAN])


@pytest.fixture
def paid(settings, sandbox_accounts) -> None:
    """The simulator's accounts are taken for real ones, as their vendor's would be."""
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]  # nothing but sandboxes may download from this machine
    ProviderAccount.objects.update(sandbox=False)


def test_a_task_whose_money_is_missing_waits_and_says_so(user, driver, simulator, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    task = create_task(owner=user, model=KLING, prompt="a boat")  # no account is real yet
    ProviderAccount.objects.update(sandbox=False)
    budget = budget_of(YUAN)

    driver.step()
    task.refresh_from_db()
    assert (task.status, codes_of(task.wait_reason), simulator.ledger()["count"]) == ("queued", ["price_unknown"], 0)
    ModelPrice.objects.create(model=KLING, unit="video", amount=3)
    driver.step()
    task.refresh_from_db()
    assert (task.status, codes_of(task.wait_reason), simulator.ledger()["count"]) == ("queued", ["budget_full_everyone"], 0)
    assert f"starts again at {budget.ends_at:%Y-%m-%d} 00:00 (UTC)" in str(task.wait_reason)
    GenerationTask.objects.update(due_at=timezone.now())
    driver.step()
    assert [(event.subject_id, event.facts["refused"]) for event in Event.objects.filter(type="budget.warning")] == [(budget.pk, True)]
    budget.limit = 5 * YUAN
    put_in_force(budget)
    done = driver.finish(task)

    assert (done.status, simulator.ledger()["count"]) == ("succeeded", 1)
    assert (done.cost_settled, held(), money_check.check()) == (3 * YUAN, [3 * YUAN], [])


@pytest.mark.usefixtures("paid")
def test_a_render_is_paid_from_order_to_video(user, driver):
    ModelPrice.objects.create(model=KLING, unit="second", amount=1)
    budget_of(100 * YUAN)

    done = driver.finish(create_task(owner=user, model=KLING, prompt="a boat"))
    failed = driver.finish(create_task(owner=user, model=KLING, prompt="a boat #fault:fail"))

    assert (done.status, failed.status) == ("succeeded", "failed")
    assert done.cost_basis in {"reported", "measured"}
    assert (done.cost_settled, failed.cost_settled) == (5 * YUAN, 0)
    assert (held(), money_check.check()) == ([5 * YUAN], [])


@pytest.fixture
def review(ask, user, real) -> GenerationTask:
    """A task that was sent without an answer."""
    task = create(Order(**ask)).task
    task.move(Status.SUBMITTING, attempt_count=1, account=real)
    attempt_of(task, real, dispatch=Dispatch.UNKNOWN)
    task.to_review("outcome_unknown", "no answer")
    return task


def test_a_task_that_is_sent_again_is_paid_twice_unless_somebody_finds_out(review, staff):
    budget = budget_of(8 * YUAN)
    by = Caller(user=staff)
    with pytest.raises(OverBudget):
        submit_again(GenerationTask.objects.get(pk=review.pk), by=by, knows_cost=True)
    assert (GenerationTask.objects.get().status, held()) == ("needs_review", [5 * YUAN])
    assert Event.objects.get(type="budget.warning").facts["refused"] is True
    budget.limit = 10 * YUAN
    put_in_force(budget)

    submit_again(GenerationTask.objects.get(pk=review.pk), by=by, knows_cost=True)

    rows = Reservation.objects.order_by("number")
    assert [(row.number, row.waits, row.sent_before, row.reserved) for row in rows] == [(1, True, 0, 5 * YUAN), (2, False, 1, 5 * YUAN)]
    assert held() == [10 * YUAN]


def test_what_is_sent_again_as_a_new_task_counts_for_the_same_token(ask, user, real, staff):
    token = issue(user, "shop")[0]
    task = create(Order(**ask, token=token)).task
    task.move(Status.SUBMITTING, attempt_count=1, account=real)
    attempt_of(task, real, dispatch=Dispatch.ACCEPTED, submission_id="v1")
    task.move(Status.RUNNING, submission_id="v1")
    task.to_review("deadline", "late")

    again = submit_again(GenerationTask.objects.get(pk=task.pk), by=Caller(user=staff), knows_cost=True)

    assert (again.pk != task.pk, again.token) == (True, token)
    assert Reservation.objects.get(task_id=again.pk).token_line == token.line_id


def test_a_person_says_what_was_charged_and_corrects_it(review, user, staff):
    budget_of(100 * YUAN)
    row, by = Reservation.objects.get(), Caller(user=staff)
    with pytest.raises(NotAllowed):
        set_cost(row, Decimal(1), by=Caller(user=user))
    with pytest.raises(Conflict) as refusal:
        set_cost(row, Decimal(1), by=by)  # the review decides
    assert refusal.value.code == "not_waiting"
    review.give_up("abandoned", "no")

    for _press in range(2):
        set_cost(row, Decimal("4.5"), by=by)
    assert (GenerationTask.objects.get().cost_settled, held()) == (4_500_000, [4_500_000])
    with pytest.raises(InvalidRequest) as refused:
        set_cost(row, Decimal(0), by=by, reason=" ")
    with pytest.raises(Conflict):
        set_cost(row, Decimal(0), by=by, reason="typed wrongly", seen=5 * YUAN)  # of an old page
    set_cost(row, Decimal(0), by=by, reason="typed wrongly", seen=4_500_000)

    assert list(refused.value.fields) == ["reason"]
    assert AuditEvent.objects.get(action="ledger.corrected").after == {"settled": "0.000000", "basis": "person", "reason": "typed wrongly"}
    assert (GenerationTask.objects.get().cost_settled, held()) == (0, [0])
    assert list(AuditEvent.objects.filter(action__startswith="ledger.").order_by("id").values_list("action", "user_id")) == [
        ("ledger.settled", staff.pk),
        ("ledger.corrected", staff.pk),
    ]


@pytest.mark.parametrize("typed", ["", "x", "-1", "NaN", "1e12", "1e999999999", "Infinity", "1.2.3", "1,000", "12,500"])
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(InvalidRequest):
        amount_typed(typed)


def test_amounts_are_typed_with_a_point_or_a_comma():
    assert [amount_typed(typed) for typed in ("3.5", " 3,5 ", "0", "1.000")] == [Decimal("3.5"), Decimal("3.5"), Decimal(0), Decimal(1)]
