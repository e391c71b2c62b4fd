"""The shortest life in which money must stay reserved. The state machine's random lives reach it too rarely to be relied on."""

from __future__ import annotations

import pytest

from access.ledger_models import Reservation
from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.generation.test_ledger_machine import Money


@pytest.mark.django_db
def test_what_may_have_been_bought_stays_reserved_when_its_task_is_cancelled() -> None:
    life = Money()
    try:
        life.order_one()
        life.send(pick=0, sandbox=1, then="find_it_absent")
        life.cancel_by_the_owner(pick=0)

        life.everything_adds_up()
        row = Reservation.objects.get()
        assert (GenerationTask.objects.get().status, row.closed_at, row.waits) == (Status.CANCELLED, None, True)
    finally:
        life.teardown()
