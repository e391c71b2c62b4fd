"""An answer to a paid submit that comes when its task has moved on: it names a render that was paid."""

from __future__ import annotations

import pytest

from access.callers import Caller
from generation.actions import decide
from generation.actions.cancel import cancel_task
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask
from generation.submitting.acceptance import accept
from generation.submitting.build_request import generation_request
from generation.submitting.submit import _commit_intent
from providers.core.messages import say
from providers.core.types import Submission
from providers.models import ProviderAccount
from tests.task_rows import create_task

pytestmark = pytest.mark.postgresql

WAN = "dashscope/wanx2.1-t2v-turbo"


def fresh(task):
    return GenerationTask.objects.get(pk=task.pk)


@pytest.fixture
def late(user, driver):
    """A sender that was paused between the vendor's answer and its storing: its task as it knows it, its attempt, the vendor's answer."""
    task = fresh(create_task(owner=user, model=WAN, prompt="a boat", params={}))
    attempt = _commit_intent(task, generation_request(task))
    task = attempt.task
    other = driver.until(create_task(owner=user, model=WAN, prompt="the paid one", params={}), Status.RUNNING)
    answer = Submission(id=other.submission_id, model=other.model.partition("/")[2])
    other.move(Status.FAILED, submission_id="")  # so that the vendor's task is free for ours
    Attempt.objects.filter(task=other).delete()
    assert fresh(task).status == Status.NEEDS_REVIEW
    return task, attempt, answer


def test_a_task_that_was_given_up_goes_on_and_becomes_a_video(late, staff, driver):
    task, attempt, answer = late
    decide.give_up(fresh(task), by=Caller(user=staff))

    accept(task, attempt, answer)

    row = fresh(task)
    assert (row.status, row.submission_id, row.error_code, row.finished_at) == (Status.RUNNING, answer.id, "", None)
    assert row.events.last().note == say("answer_late")
    assert driver.finish(row, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_a_second_sending_that_has_not_begun_is_not_needed_any_more(late, staff, driver):
    task, attempt, answer = late
    account = fresh(task).account
    ProviderAccount.objects.update(enabled=False)
    decide.submit_again(fresh(task), by=Caller(user=staff), knows_cost=True)
    assert fresh(task).status == Status.QUEUED
    GenerationTask.objects.filter(pk=task.pk).update(account=None)

    accept(task, attempt, answer)
    ProviderAccount.objects.update(enabled=True)

    row = fresh(task)
    assert (row.status, row.submission_id, row.account) == (Status.RUNNING, answer.id, account)
    assert driver.finish(row, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_a_task_that_its_owner_cancelled_stays_so_and_the_attempt_keeps_the_id(late, staff):
    task, attempt, answer = late
    ProviderAccount.objects.update(enabled=False)
    decide.submit_again(fresh(task), by=Caller(user=staff), knows_cost=True)
    cancel_task(fresh(task), by=Caller(user=task.owner))

    accept(task, attempt, answer)

    attempt.refresh_from_db()
    assert (fresh(task).status, fresh(task).submission_id) == (Status.CANCELLED, "")
    assert (attempt.dispatch, attempt.submission_id) == (Dispatch.ACCEPTED, answer.id)


def test_a_task_that_a_person_adopted_first_keeps_what_it_has(late, staff):
    task, attempt, answer = late
    decide.adopt(fresh(task), answer.id, by=Caller(user=staff))

    accept(task, attempt, answer)

    assert (fresh(task).status, fresh(task).events.filter(to_status="running").count()) == (Status.RUNNING, 1)
