"""The table of moves, the rows that the database refuses, and the backoff."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from generation.errors import LostRace
from generation.lifecycle import (
    AT_VENDOR,
    LIVE,
    RESTING,
    TERMINAL,
    TRANSITIONS,
    IllegalTransition,
    Status,
    backoff,
    require_move,
    wants_attention,
)
from generation.models import GenerationTask, TaskEvent
from providers.core.messages import Message
from tests.cases import in_one_test
from tests.task_rows import make_task

pytestmark = pytest.mark.postgresql


@pytest.fixture
def task(user):
    return make_task(user)


TABLE = {
    "queued": {"submitting", "needs_review", "failed", "cancelled"},
    "submitting": {"running", "queued", "needs_review", "failed"},
    "needs_review": {"running", "ingesting", "queued", "failed", "cancelled"},
    "running": {"ingesting", "needs_review", "failed", "cancelled"},
    "ingesting": {"succeeded", "needs_review", "failed"},
    "succeeded": set(),
    "failed": {"running", "ingesting"},
    "cancelled": set(),
}


@in_one_test("seen", Status)
@in_one_test("to", Status)
def test_only_the_moves_of_the_table_are_allowed(seen, to):
    if to.value in TABLE[seen.value]:
        require_move(seen, to)
    else:
        with pytest.raises(IllegalTransition):
            require_move(seen, to)


def test_each_state_is_live_or_terminal_and_resting_or_attended_to():
    assert {"succeeded", "failed", "cancelled"} == TERMINAL
    assert {"queued", "submitting", "running", "ingesting", "needs_review"} == LIVE
    assert {status for status in Status if not wants_attention(status)} == {"succeeded", "failed", "cancelled", "needs_review"} == RESTING
    assert {"submitting", "running"} == AT_VENDOR


def test_leaving_the_end_takes_the_end_back_and_voids_what_was_asked_before(task):
    task.move(Status.FAILED)
    before = GenerationTask.objects.get(pk=task.pk)

    task.move(Status.RUNNING, submission_id="v1")

    row = GenerationTask.objects.get(pk=task.pk)
    assert (row.finished_at, row.fence) == (None, before.fence + 1)
    with pytest.raises(LostRace):
        before.move(Status.RUNNING, submission_id="v1")


def test_a_submit_with_unknown_outcome_goes_back_to_the_queue_only_through_submitting_or_a_person():
    into_queue = {status for status, moves in TRANSITIONS.items() if Status.QUEUED in moves}

    assert into_queue == {Status.SUBMITTING, Status.NEEDS_REVIEW}


def test_a_move_writes_row_and_event_together(task):
    task.move(Status.FAILED, note="because", error_code="x")

    row = GenerationTask.objects.get(pk=task.pk)
    assert (row.status, row.error_code, row.due_at) == ("failed", "x", None)
    assert row.finished_at is not None
    assert TaskEvent.objects.get(task=task, to_status="failed").note == Message.of("because")


def test_an_illegal_move_changes_nothing(task):
    with pytest.raises(IllegalTransition):
        task.move(Status.SUCCEEDED)

    assert list(task.events.values_list("to_status", flat=True)) == ["queued"]
    assert GenerationTask.objects.get(pk=task.pk).status == "queued"


@pytest.mark.parametrize(
    "nonsense",
    [
        {"status": "dreaming"},
        {"status": "failed", "finished_at": None, "due_at": None},
        {"status": "queued", "due_at": None},
        {"status": "needs_review"},
        {"status": "running"},
        {"finished_at": "2026-01-01T00:00:00Z"},
    ],
    ids=["unknown", "ended without an end", "forgotten", "in review and due", "running without vendor id", "ended and queued"],
)
def test_the_database_refuses_rows_that_make_no_sense(nonsense, task):
    with pytest.raises(IntegrityError), transaction.atomic():
        GenerationTask.objects.filter(pk=task.pk).update(**nonsense)


@in_one_test(("failures", "ceiling_s"), [(1, 2), (2, 4), (5, 32), (6, 60), (7, 60), (1000, 60)])
def test_backoff_doubles_up_to_its_ceiling_and_spreads_over_the_upper_half(failures, ceiling_s):
    pauses = [backoff(failures, most=timedelta(seconds=60)).total_seconds() for _ in range(50)]

    assert ceiling_s / 2 <= min(pauses) < max(pauses) <= ceiling_s
