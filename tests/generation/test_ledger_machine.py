"""Money follows a task through any life, also when the process dies at any statement: a state machine that tries many.

What must hold is worked out here from the rows alone, without the functions that are tried. PORTAL_LEDGER_TRIALS says how many lives.
"""

from __future__ import annotations

import logging
import os
from copy import copy
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from access import budgets, ledger
from access.callers import Caller
from access.ledger_models import Basis, Budget, Rate, Reservation
from database import clock
from generation import money_check
from generation.actions.decide import give_up, submit_again
from generation.actions.settle import set_cost
from generation.errors import PortalError
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask, Video
from generation.ordering.create import create, create_many
from generation.ordering.order import Order
from generation.ordering.purchase import raise_to
from generation.polling.outcome import ended_there, rendered
from generation.submitting.acceptance import accept
from generation.submitting.payment import set_money_aside
from generation.submitting.reconcile import send_to_review
from providers.accounts.clients import set_credentials
from providers.core.errors import GenerationFailed, Uncertain
from providers.core.messages import say
from providers.core.types import Charge, Output, Snapshot, State, Submission
from providers.models import ModelPrice, ProviderAccount
from providers.vendors import ALL_MODELS
from tests.generation.money_rules import Heard, Killed, dying_at, rows_and_budgets_add_up, tasks_have_their_money

YUAN = 1_000_000
LAST = st.sampled_from([0, 0, 0, 1, 2])
"""Mostly the task that changed last, so that lives become long."""
TRIALS = int(os.environ.get("PORTAL_LEDGER_TRIALS", "15"))
MODEL, OTHER, UNPRICED = "kling/kling-v2-5-turbo", "kling/kling-v2-6", "kling/kling-v2-1"
CHARGES = [None, ("0", "CNY"), ("3.5", "CNY"), ("40", "CNY"), ("2", "USD"), ("3", "units"), ("7", "seconds"), ("9", "pieces")]


def some(*states: Status) -> Any:
    """Try the rule only while a task is in one of these states."""
    return precondition(lambda self: self.task(*states) is not None)


few = precondition(lambda _self: GenerationTask.objects.filter(status=Status.QUEUED).count() < 3)


class Money(RuleBasedStateMachine):
    """Tasks of one person, with three budgets, at a real account and a sandbox. `dies_at` is the statement of the next rule that fails."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.dies_at = 0
        self.number = 0
        self.seen: dict[Any, Reservation] = {}  # as another process read them at first
        self.heard = Heard()
        logging.getLogger("generation.money").addHandler(self.heard)
        self.user = User.objects.create_user(f"buyer-{User.objects.count()}")
        self.admin = User.objects.create_superuser(f"admin-{User.objects.count()}")
        self.real, self.toy = (self._account(label, sandbox=sandbox) for label, sandbox in (("real", False), ("toy", True)))
        for model, amount in ((MODEL, 1), (OTHER, 3)):
            ModelPrice.objects.update_or_create(model=model, defaults={"unit": "second", "amount": amount, "currency": "CNY"})
        Rate.objects.update_or_create(unit="USD", defaults={"rate": 7})
        for kind, window, target in (("everyone", "month", {}), ("everyone", "day", {}), ("user", "month", {"user": self.user})):
            budgets.put_in_force(Budget(kind=kind, window=window, limit=25 * YUAN, **target))

    def _account(self, label: str, **facts: Any) -> ProviderAccount:
        account = ProviderAccount(vendor="kling", surface="official-key", base_url="http://127.0.0.1:9", label=label, **facts)
        set_credentials(account, {"api_key": "sk-for-tests"})
        account.save()
        return account

    def teardown(self) -> None:
        logging.getLogger("generation.money").removeHandler(self.heard)
        try:
            self.end_all()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    def end_all(self) -> None:
        """Let every life end: what waits is cancelled, also after an unknown outcome, and what renders fails."""
        self.dies_at = 0
        for state, end in (
            (Status.SUBMITTING, self.find_it_absent),
            (Status.RUNNING, partial(self.fail_there, charge=None, cancelled=False)),
            (Status.INGESTING, partial(self.fail_to_save, gone=True)),
            (Status.NEEDS_REVIEW, self.give_it_up),
            (Status.QUEUED, self.cancel_by_the_owner),
        ):
            for _each in range(GenerationTask.objects.filter(status=state).count()):
                end(pick=0)
        self.everything_adds_up()

    def do(self, act: Any) -> None:
        """Do it in a transaction of its own, which a death undoes as a whole; a refusal is an answer."""
        statement, self.dies_at = self.dies_at, 0
        try:
            with transaction.atomic(), dying_at(statement):
                act()
        except (Killed, PortalError, ledger.BudgetReached, ledger.PriceUnknown):
            pass

    def buy(self, act: Any) -> None:
        """Do it, and see that no budget took more than its limit for it."""
        before = dict(Budget.objects.values_list("pk", "held"))
        self.do(act)
        for budget in Budget.objects.filter(enabled=True):
            assert budget.held <= max(budget.limit, before[budget.pk]), f"{budget} holds {budget.held} of {budget.limit}"

    def task(self, *states: Status, pick: int = 0) -> GenerationTask | None:
        found = list(
            GenerationTask.objects.filter(owner=self.user, status__in=[state.value for state in states]).order_by("-updated_at", "-id")
        )
        return found[pick % len(found)] if found else None

    @rule(statement=st.integers(1, 30))
    def die_at_a_statement_of_the_next_step(self, statement: int) -> None:
        self.dies_at = statement

    def order(self, **facts: Any) -> Order:
        self.number += 1
        return Order(**{"owner": self.user, "model": MODEL, "prompt": f"boat {self.number}", "params": {"duration_s": 5}} | facts)

    @few
    @rule()
    def order_one(self) -> None:
        self.buy(lambda: create(self.order()))

    @few
    @rule(count=st.integers(2, 4))
    def order_many(self, count: int) -> None:
        self.buy(lambda: create_many([self.order() for _ in range(count)]))

    @few
    @rule()
    def order_without_a_price(self) -> None:
        self.buy(lambda: create(self.order(model=UNPRICED)))

    @few
    @rule()
    def order_twice_with_one_key(self) -> None:
        order = self.order(idempotency_key=f"key {self.number}")
        self.buy(lambda: (create(order), create(order)))

    @some(Status.QUEUED)
    @rule(pick=LAST, sandbox=st.integers(0, 3), then=st.sampled_from(["", "accept_it", "find_it_absent", "lose_the_answer"]))
    def send(self, pick: int, sandbox: int, then: str) -> None:
        task = self.task(Status.QUEUED, pick=pick)
        account = self.toy if sandbox == 0 else self.real
        if task is None or (task.is_bound and task.account_id != account.pk):
            return

        def intent() -> None:
            number = task.attempt_count + 1
            task.move(Status.SUBMITTING, attempt_count=number, account=account)
            Attempt.objects.create(task=task, number=number, account=account, reference=task.reference, started_at=task.updated_at)
            set_money_aside(task, account, task.spec, task.spec.params.model_construct(**task.params))

        self.buy(intent)
        if then:
            getattr(self, then)(pick=0)

    @some(Status.SUBMITTING)
    @rule(pick=LAST)
    def accept_it(self, pick: int) -> None:
        task = self.task(Status.SUBMITTING, pick=pick)
        if task is not None:
            self.do(lambda: accept(task, task.last_attempt(), Submission(id=f"v-{task.pk}", model=task.model)))

    @some(Status.SUBMITTING)
    @rule(pick=LAST, for_good=st.booleans())
    def refuse_it(self, pick: int, for_good: bool) -> None:
        task = self.task(Status.SUBMITTING, pick=pick)
        if task is None or task.attempts.filter(dispatch=Dispatch.UNKNOWN).exists():
            return

        def refuse() -> None:
            task.attempts.filter(number=task.attempt_count).update(dispatch=Dispatch.REJECTED)
            if for_good:
                task.fail(GenerationFailed("no"))
            else:
                task.move(Status.QUEUED, account=None)

        self.do(refuse)

    @some(Status.SUBMITTING)
    @rule(pick=LAST)
    def lose_the_answer(self, pick: int) -> None:
        task = self.task(Status.SUBMITTING, pick=pick)
        if task is not None:
            self.do(lambda: send_to_review(task, Uncertain("lost")))

    @rule(pick=LAST)
    def answer_late(self, pick: int) -> None:
        """The vendor has it after all; also what a person gave up, or decided to send again."""
        unknown = Attempt.objects.filter(task__owner=self.user, dispatch=Dispatch.UNKNOWN).order_by("id")
        if unknown:
            attempt = unknown[pick % len(unknown)]
            task = GenerationTask.objects.get(pk=attempt.task_id)
            task.status = Status.SUBMITTING  # as the process has it that sent it
            self.do(lambda: accept(task, attempt, Submission(id=f"w-{attempt.pk}", model=MODEL)))

    @some(Status.RUNNING)
    @rule(pick=LAST, charge=st.sampled_from(CHARGES), length=st.sampled_from([None, 4.0, 6.0]))
    def render(self, pick: int, charge: tuple[str, str] | None, length: float | None) -> None:
        task = self.task(Status.RUNNING, pick=pick)
        if task is not None:
            outputs = (Output(url="https://vendor.example/v.mp4", duration_s=length),)
            self.do(lambda: rendered(task, self._snapshot(State.SUCCEEDED, charge, outputs=outputs)))

    @staticmethod
    def _snapshot(state: State, charge: tuple[str, str] | None, **facts: Any) -> Snapshot:
        money = Charge(amount=Decimal(charge[0]), unit=charge[1]) if charge else None
        return Snapshot(state=state, vendor_state=state.value, charge=money, **facts)

    @some(Status.RUNNING)
    @rule(pick=LAST, charge=st.sampled_from(CHARGES), cancelled=st.booleans())
    def fail_there(self, pick: int, charge: tuple[str, str] | None, cancelled: bool) -> None:
        task = self.task(Status.RUNNING, pick=pick)
        if task is not None:
            state = State.CANCELLED if cancelled else State.FAILED
            error = {} if cancelled else {"error": GenerationFailed("no")}
            self.do(lambda: ended_there(task, self._snapshot(state, charge, **error)))

    @some(Status.QUEUED)
    @rule(pick=LAST)
    def cancel_by_the_owner(self, pick: int) -> None:
        task = self.task(Status.QUEUED, pick=pick)
        if task is not None:
            self.do(task.cancel_unsent)

    @some(Status.INGESTING)
    @rule(pick=LAST, seconds=st.sampled_from([0.2, 5.0, 9.0]), stored=st.booleans())
    def save(self, pick: int, seconds: float, stored: bool) -> None:
        task = self.task(Status.INGESTING, pick=pick)
        if task is None:
            return
        files = dict.fromkeys(("file", "poster", "preview"), f"{task.pk}.mp4")
        size = {"width_px": 1280, "height_px": 720, "size_bytes": 1, "fps": 24.0, "codec": "h264", "colour": "#000000"}

        def publish() -> None:
            if stored and not task.videos.exists():
                Video.objects.create(task=task, owner=self.user, model=task.model, duration_s=seconds, **files, **size)
            task.move(Status.SUCCEEDED)

        self.do(publish)

    @some(Status.INGESTING)
    @rule(pick=LAST, gone=st.booleans())
    def fail_to_save(self, pick: int, gone: bool) -> None:
        task = self.task(Status.INGESTING, pick=pick)
        if task is not None:
            self.do(lambda: task.give_up("result_gone", "no") if gone else task.to_review("bad_media", "no"))

    @some(Status.RUNNING)
    @rule(pick=LAST)
    def pass_the_deadline(self, pick: int) -> None:
        task = self.task(Status.RUNNING, pick=pick)
        if task is not None:
            self.do(lambda: task.to_review("deadline", "late"))

    @some(Status.NEEDS_REVIEW)
    @rule(pick=LAST)
    def give_it_up(self, pick: int) -> None:
        task = self.task(Status.NEEDS_REVIEW, pick=pick)
        if task is not None:
            self.do(lambda: give_up(task, by=Caller(user=self.admin)))

    @some(Status.NEEDS_REVIEW)
    @rule(pick=LAST)
    def send_it_again(self, pick: int) -> None:
        task = self.task(Status.NEEDS_REVIEW, pick=pick)
        if task is not None:
            self.buy(lambda: submit_again(task, by=Caller(user=self.admin), knows_cost=True))

    @some(Status.NEEDS_REVIEW, Status.FAILED)
    @rule(pick=LAST)
    def ask_again(self, pick: int) -> None:
        """The vendor has the render of a task in review, or of one that failed."""
        task = self.task(Status.NEEDS_REVIEW, Status.FAILED, pick=pick)
        if task is not None and task.submission_id:
            self.do(lambda: task.accept(task.submission))

    @rule(pick=st.integers(0, 9), amount=st.sampled_from(["0", "2.5", "30"]))
    def say_what_it_cost(self, pick: int, amount: str) -> None:
        rows = Reservation.objects.filter(owner=self.user).order_by("id")
        if rows:
            self.do(lambda: set_cost(rows[pick % len(rows)], Decimal(amount), by=Caller(user=self.admin), reason="typed wrongly"))

    @rule(amount=st.sampled_from([1, 2, 9]), currency=st.sampled_from(["CNY", "USD"]))
    def change_the_price(self, amount: int, currency: str) -> None:
        ModelPrice.objects.filter(model=MODEL).update(amount=amount, currency=currency)

    @rule(rate=st.sampled_from([1, 7, 8]))
    def change_the_rate(self, rate: int) -> None:
        Rate.objects.filter(unit="USD").update(rate=rate)

    @rule(limit=st.sampled_from([0, 20, 60]), pick=st.integers(0, 2), enabled=st.booleans())
    def edit_a_budget(self, limit: int, pick: int, enabled: bool) -> None:
        budget = Budget.objects.order_by("id")[pick]
        budget.limit, budget.enabled = limit * YUAN, enabled
        self.do(lambda: budgets.put_in_force(budget))

    @rule()
    def let_the_periods_end(self) -> None:
        """Everything so far was forty days ago."""
        past = timedelta(days=40)
        Reservation.objects.update(at=F("at") - past)
        Budget.objects.update(starts_at=F("starts_at") - past, ends_at=F("ends_at") - past)

    @rule()
    def begin_periods(self) -> None:
        self.do(lambda: budgets.roll(clock.now()))

    @some(Status.SUBMITTING)
    @rule(pick=LAST)
    def find_it_absent(self, pick: int) -> None:
        """The vendor does not list it, and takes a reference once: it is sent again by itself, and the first outcome stays unknown."""
        task = self.task(Status.SUBMITTING, pick=pick)
        if task is not None:

            def again() -> None:
                task.attempts.filter(dispatch=Dispatch.SENDING).update(dispatch=Dispatch.UNKNOWN)
                task.move(Status.QUEUED, is_bound=True)

            self.do(again)

    @some(Status.QUEUED)
    @rule(pick=LAST, model=st.sampled_from([MODEL, OTHER, UNPRICED]))
    def let_another_model_stand_in(self, pick: int, model: str) -> None:
        task = self.task(Status.QUEUED, pick=pick)
        if task is not None and not task.is_bound and not task.attempts.exclude(dispatch=Dispatch.REJECTED).exists():
            spec = ALL_MODELS[model]

            def replace() -> None:
                task.stand_in(spec, note=say("stands_in", model=model, asked=task.model, away=task.model))
                raise_to(task, spec, spec.params.model_construct(**task.params))

            self.buy(replace)

    @rule(amount=st.sampled_from([0, 3 * YUAN]), settles=st.booleans())
    def be_late_as_another_process(self, amount: int, settles: bool) -> None:
        """What was read before somebody else changed it is not written."""
        facts = ("closed_at", "reserved", "settled")
        for row in Reservation.objects.all():
            seen = copy(self.seen[row.pk])
            if any(getattr(seen, name) != getattr(row, name) for name in facts):
                act = partial(ledger.settle, amount=amount, basis=Basis.MEASURED) if settles else ledger.keep_for_person
                with pytest.raises(ledger.AlreadyClosed), transaction.atomic():
                    act(seen)

    @rule()
    def look_for_what_is_wrong(self) -> None:
        assert money_check.check() == []

    @invariant()
    def everything_adds_up(self) -> None:
        """Each budget holds what the rows of its period take, each row adds up, and each task says what its rows say."""
        assert self.heard.words == []
        rows = list(Reservation.objects.order_by("number"))
        for row in rows:
            self.seen.setdefault(row.pk, copy(row))
        rows_and_budgets_add_up(rows)
        tasks_have_their_money(rows, self.real)


@pytest.mark.slow
@pytest.mark.django_db
def test_money_adds_up_whatever_happens() -> None:
    calm = settings(
        max_examples=TRIALS,
        stateful_step_count=30,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Money, settings=calm)
