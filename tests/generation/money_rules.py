"""What must always hold of money, worked out from the rows alone, and a process that dies at a statement."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from access.ledger_models import Basis, Budget, Reservation
from generation.lifecycle import TERMINAL, UNDER_WAY, Status
from generation.models import Attempt, Dispatch, GenerationTask
from providers.models import ProviderAccount

DECIDED = {Basis.PERSON, Basis.BILL}
NOT_BOUGHT = {Basis.NOTHING, Basis.SANDBOX}


class Killed(BaseException):
    """The process dies."""


@contextmanager
def dying_at(statement: int) -> Iterator[None]:
    """Let the process die before this statement of the block, counted from 1; 0: it lives."""
    left = statement

    def count(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield


class Heard(logging.Handler):
    """Keeps what the portal logs as wrong: nothing stops a move, so that trouble with its money shows only there."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(self.format(record))


def rows_and_budgets_add_up(rows: list[Reservation]) -> None:
    """Each closed row adds up, and each budget of everyone or of the only buyer holds what the rows of its period take."""
    for row in rows:
        assert row.closed_at is None or row.reserved == row.settled + row.released
    for budget in Budget.objects.filter(enabled=True):
        assert budget.held == sum(row.reserved - (row.released or 0) for row in rows if row.at >= budget.starts_at), budget


def tasks_have_their_money(rows: list[Reservation], billed: ProviderAccount) -> None:
    """What may be charged is reserved until a person says what it cost; what was made costs something known; what ended is settled."""
    sent = list(Attempt.objects.order_by("number"))
    for task in GenerationTask.objects.select_related("account"):
        mine = [row for row in rows if row.task_id == task.pk]
        real = [attempt for attempt in sent if attempt.task_id == task.pk and attempt.account_id == billed.pk]
        kept = [row for row in mine if row.closed_at is None or row.basis in DECIDED]
        for attempt in real:
            if attempt.dispatch in {Dispatch.SENDING, Dispatch.UNKNOWN}:
                paying = [row for row in mine if row.sent_before < attempt.number][-1:]
                assert paying, "a paid request without money"
                assert paying[0].basis not in NOT_BOUGHT, "the money of an unknown outcome was released"
        if task.account_id == billed.pk and task.state in UNDER_WAY | {Status.NEEDS_REVIEW} and real:
            assert kept, "what is rendered has no money"
        if task.state in TERMINAL:
            assert not [row for row in mine if row.closed_at is None and not row.waits], "it ended, and its money is open"
        if task.state is Status.SUCCEEDED and task.account_id == billed.pk:
            assert [row for row in mine if row.closed_at is None or row.basis not in NOT_BOUGHT], "a render that cost nothing"
        closed = [row.settled for row in mine if row.closed_at is not None and row.basis != Basis.SANDBOX]
        assert task.cost_settled == (sum(closed) if closed else None)
