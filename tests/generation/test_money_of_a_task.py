"""What the end of a task does with its money: one case for each way in which it ends. Nothing of this ever stops the task."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from access import ledger
from access.budgets import Scope, put_in_force
from access.ledger import Ask
from access.models import Budget, Rate, Reservation
from generation import money_check
from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask, Video
from providers.core.errors import DuplicateReference, GenerationFailed
from tests.cases import in_one_test
from tests.task_rows import attempt_of, make_task

pytestmark = pytest.mark.postgresql

YUAN = 1_000_000
MODEL = "ark/doubao-seedance-1-0-pro-250528"
TIERS = [
    {"amount": "1", "unit": "second", "when": {}},
    {"amount": "2", "unit": "second", "when": {"resolution": "1080p"}},
    {"amount": "30", "unit": "token", "when": {}},
]


@pytest.fixture
def account(make_account):
    return make_account("ark", "volcengine", "http://127.0.0.1:9")


@pytest.fixture
def task(user, account) -> Callable[..., GenerationTask]:
    """`task("ingesting", dispatch="accepted", ...)`: a task that was sent once, with 10 set aside for it."""

    def make(
        status: str, *, dispatch: str = "accepted", priced: bool = True, rate: Decimal | None = Decimal(1), **facts: Any
    ) -> GenerationTask:
        made = make_task(user, status=status, model=MODEL, account=account, attempt_count=1, **facts)
        made.params |= {"resolution": "720p"}
        made.save(update_fields=["params"])
        if dispatch:
            attempt_of(made, account, dispatch=dispatch, submission_id=f"v-{made.pk}" if dispatch == "accepted" else "")
        reserve(made, priced=priced, rate=rate)
        return made

    return make


def reserve(task: GenerationTask, *, number: int = 1, priced: bool = True, rate: Decimal | None = Decimal(1)) -> None:
    tariff = {"currency": "CNY", "tiers": TIERS, "longest_s": 10} if priced else {}
    amount = 10 * YUAN if priced and rate is not None else None
    facts = {"tariff": tariff, "currency": "CNY" if priced else "", "rate": rate, "amount": amount, "own_amount": amount}
    asked = Ask(task_id=task.pk, number=number, scope=Scope(owner_id=task.owner_id), model=MODEL, vendor="ark", **facts)
    with transaction.atomic():
        ledger.reserve([asked], forced=True)


def stored_video(task: GenerationTask, *, seconds: float, height_px: int = 704, index: int = 0) -> Video:
    names = dict.fromkeys(("file", "poster", "preview"), f"videos/{task.pk}-{index}.mp4")
    size = {"width_px": 1248 if height_px < 1000 else 1920, "height_px": height_px, "size_bytes": 1, "fps": 24.0, "codec": "h264"}
    return Video.objects.create(
        task=task, output_index=index, owner=task.owner, model=MODEL, duration_s=seconds, colour="#000000", **names, **size
    )


def money_of(task: GenerationTask) -> tuple[int, int | None, str, bool]:
    """Return what the last reservation says: reserved, settled, the basis, whether it waits; and see that the task says the same."""
    rows = list(Reservation.objects.filter(task_id=task.pk).order_by("number"))
    stored = GenerationTask.objects.get(pk=task.pk)
    settled = [row.settled for row in rows if row.settled is not None and row.basis != "sandbox"]
    assert (stored.cost_settled, task.cost_settled) == (sum(settled) if settled else None,) * 2
    last = rows[-1]
    return last.reserved // YUAN, None if last.settled is None else last.settled, last.basis, last.waits


CHARGED = [
    ({"charged_amount": "3.5", "charged_unit": "CNY"}, 3_500_000, "charged"),
    ({"charged_amount": "0", "charged_unit": "CNY"}, 0, "charged"),
    ({"charged_amount": "2", "charged_unit": "USD"}, 14 * YUAN, "charged"),  # more than was reserved
    ({"charged_amount": "4", "charged_unit": "credits"}, 2 * YUAN, "units"),
    ({"charged_amount": "108900", "charged_unit": "tokens"}, 3_267_000, "usage"),
    ({"charged_amount": "7", "charged_unit": "seconds"}, 7 * YUAN, "usage"),
    ({"charged_amount": "3", "charged_unit": "pieces"}, 5 * YUAN, "measured"),  # nobody knows what they are worth
    ({"outputs": [{"duration_s": 6.0}]}, 6 * YUAN, "reported"),
    ({"outputs": [{"duration_s": None}]}, 5 * YUAN, "measured"),
    ({}, 5 * YUAN, "measured"),
]  # fmt: skip


@in_one_test(("facts", "settled", "basis"), CHARGED)
def test_a_video_costs_what_the_vendor_says_or_else_what_was_measured(task, facts, settled, basis):
    Rate.objects.get_or_create(unit="USD", defaults={"rate": 7})
    Rate.objects.get_or_create(vendor="ark", unit="credits", defaults={"rate": "0.5"})
    done = task("ingesting", **{name: Decimal(fact) if name == "charged_amount" else fact for name, fact in facts.items()})
    stored_video(done, seconds=5.04)

    done.move(Status.SUCCEEDED)

    assert money_of(done)[1:] == (settled, basis, False)
    assert done.cost_basis == basis


@in_one_test(("videos", "settled"), [
    ([(0.3, 704)], 1 * YUAN),  # at least a second
    ([(5.5, 704)], 6 * YUAN),
    ([(5.0, 1088)], 10 * YUAN),  # 1080p was made, whatever was asked
    ([(5.0, 704), (4.0, 704)], 9 * YUAN),
    ([], 10 * YUAN),  # nothing is known, and it was made: as much as was asked
])  # fmt: skip
def test_what_is_measured_is_what_was_made(task, videos, settled):
    done = task("ingesting")
    for index, (seconds, height_px) in enumerate(videos):
        stored_video(done, seconds=seconds, height_px=height_px, index=index)

    done.move(Status.SUCCEEDED)

    assert money_of(done)[1] == settled
    assert money_of(done)[2] == ("measured" if videos else "asked")


def test_a_price_in_another_currency_is_settled_at_the_rate_of_the_order(task):
    done = task("ingesting", rate=Decimal("7.1"), charged_amount=Decimal(2), charged_unit="CNY")
    Reservation.objects.update(currency="USD")
    Rate.objects.create(unit="USD", rate=99)  # set since
    GenerationTask.objects.filter(pk=done.pk).update(charged_unit="USD")
    done.refresh_from_db()

    done.move(Status.SUCCEEDED)

    assert money_of(done)[1:3] == (14_200_000, "charged")
    assert Reservation.objects.get().own_settled == 2 * YUAN


def test_what_has_no_price_counts_as_nothing_until_the_vendor_says_money(task):
    unpriced = task("ingesting", priced=False)
    no_rate = task("ingesting", rate=None)
    charged = task("ingesting", priced=False, charged_amount=Decimal(3), charged_unit="CNY")
    for one in (unpriced, no_rate, charged):
        stored_video(one, seconds=5)
        one.move(Status.SUCCEEDED)

    assert [money_of(one)[1] for one in (unpriced, no_rate, charged)] == [0, 0, 3 * YUAN]
    assert [row.is_priced for row in Reservation.objects.order_by("id")] == [False, False, True]


def fail(task: GenerationTask) -> None:
    task.fail(GenerationFailed("no"))


def lose(task: GenerationTask) -> None:
    task.give_up("result_gone", "no")


ENDS = [
    # what ended it, how it was before, settled, basis, waits
    (fail, "running", {}, 0, "nothing", False),
    (fail, "running", {"charged_amount": Decimal(2), "charged_unit": "CNY"}, 2 * YUAN, "charged", False),
    (fail, "running", {"charged_amount": Decimal(0), "charged_unit": "CNY"}, 0, "charged", False),
    (fail, "running", {"charged_amount": Decimal(2), "charged_unit": "pieces"}, None, "", True),
    (lambda task: task.move(Status.CANCELLED), "running", {}, 0, "nothing", False),
    (fail, "submitting", {"dispatch": "rejected"}, 0, "nothing", False),
    (lambda task: task.cancel_unsent(), "queued", {"dispatch": ""}, 0, "nothing", False),
    (lambda task: task.cancel_unsent(), "queued", {"dispatch": "rejected"}, 0, "nothing", False),
    (lambda task: task.cancel_unsent(), "queued", {"dispatch": "unknown"}, None, "", True),
    (lambda task: task.give_up("abandoned", "no"), "needs_review", {"dispatch": "unknown"}, None, "", True),
    (lambda task: task.give_up("abandoned", "no"), "needs_review", {"submission_id": "v1"}, None, "", True),
    (lambda task: task.give_up("abandoned", "no"), "needs_review", {"dispatch": ""}, None, "", True),  # sent since a backup
    (fail, "needs_review", {"submission_id": "v2"}, 0, "nothing", False),  # the vendor says so
    (
        lambda task: task.give_up("result_gone", "no"),
        "ingesting",
        {"outputs": [{"duration_s": 4}], "rendered": True},
        4 * YUAN,
        "reported",
        False,
    ),
    (lose, "ingesting", {"rendered": True}, 10 * YUAN, "asked", False),
]


@in_one_test(("end", "status", "facts", "settled", "basis", "waits"), ENDS)
def test_an_end_without_a_video_is_free_unless_it_may_have_been_charged(task, end, status, facts, settled, basis, waits):
    facts = dict(facts)
    ended = task(status, **{name: fact for name, fact in facts.items() if name != "rendered"})
    if facts.get("rendered"):
        ended.rendered_at = ended.created_at

    end(ended)

    assert money_of(ended) == (10, settled, basis, waits)


def test_a_review_keeps_its_money_and_a_render_that_comes_after_all_is_settled(task):
    reviewed = task("running", dispatch="unknown")
    reviewed.to_review("deadline", "late")
    assert money_of(reviewed) == (10, None, "", False)
    reviewed.give_up("abandoned", "no")
    assert money_of(reviewed) == (10, None, "", True)

    reviewed.move(Status.INGESTING, submission_id="v1")
    assert money_of(reviewed) == (10, None, "", False)
    stored_video(reviewed, seconds=5)
    reviewed.move(Status.SUCCEEDED)

    assert money_of(reviewed) == (10, 5 * YUAN, "measured", False)


@in_one_test(
    ("settled", "basis", "is_open"), [(0, "nothing", True), (0, "person", True), (3 * YUAN, "asked", True), (3 * YUAN, "person", False)]
)
def test_what_was_closed_is_opened_again_when_the_render_goes_on_unless_a_person_said_its_price(task, settled, basis, is_open):
    failed = task("failed")
    with transaction.atomic():
        ledger.settle(Reservation.objects.get(task_id=failed.pk), settled, basis=basis)

    failed.move(Status.RUNNING, submission_id=f"v2-{failed.pk}")

    assert (Reservation.objects.get(task_id=failed.pk).closed_at is None) is is_open


def test_only_the_last_sending_follows_the_task(task):
    sent_again = task("submitting", dispatch="unknown")
    with transaction.atomic():
        ledger.keep_for_person(Reservation.objects.get())
    reserve(sent_again, number=2)
    Reservation.objects.filter(number=2).update(sent_before=1)

    fail(sent_again)

    assert money_of(sent_again) == (10, 0, "nothing", False)  # the unknown request is that of the first reservation
    assert Reservation.objects.get(number=1).waits


@in_one_test(("second_sent", "expected"), [("", (0, "nothing", False)), ("rejected", (0, "nothing", False)), ("unknown", (None, "", True))])
def test_a_second_sending_that_was_given_up_before_it_left_is_released(task, account, second_sent, expected):
    reviewed = task("needs_review", dispatch="unknown")
    with transaction.atomic():
        ledger.keep_for_person(Reservation.objects.get(task_id=reviewed.pk))
    reserve(reviewed, number=2)
    Reservation.objects.filter(task_id=reviewed.pk, number=2).update(sent_before=1)
    if second_sent:
        attempt_of(reviewed, account, dispatch=second_sent)

    reviewed.give_up("abandoned", "no")

    first, second = Reservation.objects.filter(task_id=reviewed.pk).order_by("number")
    assert (first.waits, (second.settled, second.basis, second.waits)) == (True, expected)


@in_one_test(("first_settled", "second_sent", "expected"), [
    (None, "", [(5 * YUAN, "measured", False), (0, "nothing", False)]),
    (None, "rejected", [(5 * YUAN, "measured", False), (0, "nothing", False)]),
    (None, "unknown", [(5 * YUAN, "measured", False), (None, "", True)]),
    (4 * YUAN, "", [(4 * YUAN, "person", False), (0, "nothing", False)]),
    (0, "", [(0, "person", False), (5 * YUAN, "measured", False)]),  # it was charged after all
])  # fmt: skip
def test_a_render_of_the_first_sending_that_is_found_late_is_counted_once(task, account, first_settled, second_sent, expected):
    sent_again = task("queued", dispatch="accepted")
    first = Reservation.objects.get(task_id=sent_again.pk)
    reserve(sent_again, number=2)
    Reservation.objects.filter(task_id=sent_again.pk, number=2).update(sent_before=1)
    with transaction.atomic():
        ledger.keep_for_person(first)
        if first_settled is not None:
            ledger.settle(first, first_settled, basis="person")
    if second_sent:
        attempt_of(sent_again, account, dispatch=second_sent)
    stored_video(sent_again, seconds=5)

    sent_again.move(Status.SUBMITTING)
    sent_again.move(Status.RUNNING, submission_id=f"v-{sent_again.pk}")
    sent_again.move(Status.INGESTING)
    sent_again.move(Status.SUCCEEDED)

    rows = Reservation.objects.filter(task_id=sent_again.pk).order_by("number")
    assert [(row.settled, row.basis, row.waits) for row in rows] == expected
    assert sent_again.cost_settled == sum(settled for settled, _basis, _waits in expected if settled is not None)
    assert sent_again.cost_basis == next(basis for settled, basis, _waits in expected if settled)
    assert money_check.check() == []


def test_a_sending_that_the_vendor_refused_as_known_is_released(task, account):
    sent_again = task("submitting", dispatch="accepted")
    first = Reservation.objects.get(task_id=sent_again.pk)
    reserve(sent_again, number=2)
    Reservation.objects.filter(task_id=sent_again.pk, number=2).update(sent_before=1)
    with transaction.atomic():
        ledger.keep_for_person(first)
    attempt_of(sent_again, account, dispatch="unknown", error_code=DuplicateReference.default_code)

    stored_video(sent_again, seconds=5)

    sent_again.move(Status.RUNNING, submission_id=f"v-{sent_again.pk}")
    sent_again.move(Status.INGESTING)
    sent_again.move(Status.SUCCEEDED)

    rows = Reservation.objects.filter(task_id=sent_again.pk).order_by("number")
    assert [(row.settled, row.basis, row.waits) for row in rows] == [(5 * YUAN, "measured", False), (0, "nothing", False)]


@contextmanager
def ledger_broken():
    """Every change of a reservation fails in the database."""

    def break_it(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith('UPDATE "access_reservation"'):
            sql = 'UPDATE "no_such_table" SET "x" = 1'
            params = ()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(break_it):
        yield


@pytest.mark.django_db(transaction=True)
@in_one_test(("end", "status", "to"), [
    (lambda task: task.move(Status.SUCCEEDED), "ingesting", "succeeded"),
    (fail, "running", "failed"),
    (lambda task: task.give_up("abandoned", "no"), "needs_review", "failed"),
    (lambda task: task.move(Status.RUNNING, submission_id=f"v3-{task.pk}"), "failed", "running"),
])  # fmt: skip
def test_a_broken_ledger_stops_no_move_and_is_mended_later(task, caplog, end, status, to):
    moved = task("running" if status == "failed" else status)
    if status == "failed":
        fail(moved)

    with ledger_broken():
        end(moved)

    stored = GenerationTask.objects.get(pk=moved.pk)
    assert (stored.status, moved.status) == (to, to)
    assert list(stored.events.values_list("to_status", flat=True))[-1] == to
    assert str(moved.pk) in caplog.text
    (found,) = money_check.check(repair=True)
    assert str(moved.pk) in found
    assert money_check.check() == []
    row = Reservation.objects.get(task_id=moved.pk)
    assert row.closed_at is None if to == "running" else (row.closed_at is not None or row.waits)


@pytest.mark.django_db(transaction=True)
def test_a_move_whose_connection_is_lost_is_undone_as_a_whole(task):
    """Else its caller would take for stored what is not."""
    done = task("ingesting")

    def lose(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith(('UPDATE "access_reservation"', "ROLLBACK TO SAVEPOINT")):
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    with pytest.raises(OperationalError), connection.execute_wrapper(lose):
        done.move(Status.SUCCEEDED)

    assert GenerationTask.objects.get(pk=done.pk).status == "ingesting"


def test_an_amount_that_no_column_holds_waits_for_a_person(task):
    Rate.objects.create(unit="USD", rate="9999999999")
    done = task("ingesting", charged_amount=Decimal(9_999_999_999), charged_unit="USD")

    done.move(Status.SUCCEEDED)

    assert money_of(done) == (10, None, "", True)


def test_money_that_was_not_set_aside_is_found_and_set_aside(task, user, account):
    task("running")  # the ledger is in use
    paid = make_task(user, status="running", model=MODEL, account=account, attempt_count=1)
    attempt_of(paid, account, dispatch=Dispatch.ACCEPTED, submission_id="v9")

    assert [str(paid.pk) in words for words in money_check.check()] == [True]
    money_check.mend()

    assert (Reservation.objects.get(task_id=paid.pk).closed_at, money_check.check()) == (None, [])


def test_a_budget_holds_what_its_tasks_cost(task):
    budget = Budget(kind="everyone", window="day", limit=100 * YUAN)
    put_in_force(budget)
    done, failed, unknown = task("ingesting"), task("running"), task("needs_review", dispatch="unknown")
    stored_video(done, seconds=5)

    done.move(Status.SUCCEEDED)
    fail(failed)
    unknown.give_up("abandoned", "no")

    assert Budget.objects.get().held == (5 + 0 + 10) * YUAN
    assert money_check.check() == []
