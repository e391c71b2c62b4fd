"""A poll reads a narrow row: applying its answer must not fetch the other columns, one query at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generation.models import GenerationTask
from generation.polling.outcome import is_old_news, observe
from generation.polling.schedule import ScheduledPoll, take_due_polls
from providers.core.errors import ProviderDown
from providers.core.types import Snapshot, State
from tests.task_rows import make_task

pytestmark = pytest.mark.postgresql


@pytest.fixture
def polled(sandbox_accounts, user) -> ScheduledPoll:
    account, facts = sandbox_accounts[0], {"submission_id": "v1", "submission_kind": "text2video"}
    make_task(user, status="running", account=account, deadline_at=timezone.now() + timedelta(days=1), **facts)
    [row] = take_due_polls(account, now=timezone.now(), every=lambda model: timedelta(seconds=len(model)), limit=9)
    return row


@pytest.mark.parametrize(
    ("answer", "queries"),
    [
        (Snapshot(state=State.RUNNING, vendor_state=""), 0),
        (Snapshot(state=State.RUNNING, vendor_state="processing"), 1),
        (ProviderDown("The vendor answered HTTP 503."), 1),
    ],
)
def test_an_answer_costs_no_more_than_its_write(polled, django_assert_num_queries, answer, queries):
    assert polled.submission.id == "v1"

    with django_assert_num_queries(queries):
        assert is_old_news(polled, answer) is (queries == 0)
        observe(polled.task(), answer)


def test_a_scheduled_poll_has_the_values_of_its_row(polled):
    row = GenerationTask.objects.get(pk=polled.id)

    ours = {name: getattr(polled.task(), name) for name in ScheduledPoll._fields if name != "due_at"}

    assert ours == {name: getattr(row, name) for name in ours}
    assert polled.due_at < row.due_at
    assert polled.submission == row.submission
