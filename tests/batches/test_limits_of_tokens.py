"""A token that is limited orders nothing by batches that are ordered without its limits."""

from __future__ import annotations

import pytest

from access.callers import Caller
from access.ledger_models import Reservation
from access.limits import Limits
from access.tokens import issue
from batches import recurring
from batches.accepting import accept
from batches.actions import retry_failed
from batches.models import State
from generation.errors import NotAllowed
from tests.access.test_ledger import make_budget
from tests.batches.batch_rows import KLING, make_batch, make_recurring

pytestmark = pytest.mark.postgresql


def test_a_limited_token_uses_only_what_has_its_limits(user, real):
    with_models = issue(user, "models", limits=Limits(models_allowed=(KLING,)))[0]
    with_budget = issue(user, "budget")[0]
    make_budget(1_000_000_000, "token", token_line=with_budget.line_id)
    batch, refused, every_day = make_batch(user), make_batch(user, state=State.RUNNING, due_at="2026-11-01T00:00Z"), make_recurring(user)
    for token in (with_models, with_budget):
        by = Caller(user=user, token=token)
        for order in (
            lambda by=by: accept(batch, by=by),
            lambda by=by: retry_failed(refused, by=by),
            lambda by=by: recurring.run_now(every_day, by=by),
            lambda by=by: recurring.change(every_day, by=by, url="https://shop.example/others.csv"),
        ):
            with pytest.raises(NotAllowed) as refusal:
                order()
            assert refusal.value.code == "other_token"
        accept(make_batch(user, token=token), by=by)

    accept(batch, by=Caller(user=user, token=issue(user, "free")[0]))
    assert Reservation.objects.count() == 9
