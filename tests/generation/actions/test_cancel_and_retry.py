"""Cancel and retry."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.db import connection
from django.utils import timezone

from access.callers import Caller
from generation.actions.cancel import cancel_task, cancel_waiting
from generation.actions.retry import retry_task
from generation.errors import Conflict
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.polling.outcome import observe
from providers.core.types import Snapshot, State
from providers.models import ProviderAccount
from tests.scripted_server import ScriptedServer, answer
from tests.task_rows import create_task, make_task

KLING = "kling/kling-v2-5-turbo"
ZHIPU = "zhipu/cogvideox-3"
WAN = "dashscope/wanx2.1-t2v-turbo"


def fresh(task):
    return GenerationTask.objects.get(pk=task.pk)


@pytest.fixture
def account_of_nobody(make_account):
    return make_account("dashscope", "beijing", "http://127.0.0.1:9")


@pytest.mark.postgresql
def test_cancel_stops_a_waiting_task_at_once_and_sends_nothing(user, driver):
    task = create_task(owner=user, model=KLING, prompt="a boat", params={})

    cancel_task(fresh(task), by=Caller(user=user))
    driver.run_jobs()

    assert fresh(task).status == Status.CANCELLED
    assert driver.simulator.ledger()["count"] == 0


def test_cancel_of_a_waiting_task_leaves_the_running_one(user, driver):
    running = driver.until(create_task(owner=user, model=KLING, prompt="one", params={}), Status.RUNNING)
    waiting = create_task(owner=user, model=KLING, prompt="two", params={})

    cancel_task(fresh(waiting), by=Caller(user=user))

    assert fresh(running).status == Status.RUNNING


def test_cancel_of_a_running_task_says_so_where_the_vendor_cannot_stop(user, driver):
    task = driver.until(create_task(owner=user, model=KLING, prompt="a boat", params={}), Status.RUNNING)

    with pytest.raises(Conflict, match="cannot stop a render") as refusal:
        cancel_task(task, by=Caller(user=user))

    assert refusal.value.code == "cannot_cancel"
    assert driver.finish(task, ingest=False).status == Status.INGESTING


def test_cancel_reaches_the_vendor_where_it_can(user, driver):
    driver.simulator.settings(queue_s=60)
    task = driver.until(create_task(owner=user, model=WAN, prompt="a boat", params={}), Status.RUNNING)

    cancel_task(task, by=Caller(user=user))

    assert driver.finish(task).status == Status.CANCELLED


@pytest.mark.postgresql
def test_a_poll_sent_before_the_cancel_ends_the_task_as_cancelled_too(user, account_of_nobody):
    polled = make_task(user, status=Status.RUNNING, account=account_of_nobody)
    fresh(polled).request_cancel(timezone.now())

    observe(polled, Snapshot(state=State.CANCELLED, vendor_state="CANCELED"))

    assert (fresh(polled).status, fresh(polled).error_code) == (Status.CANCELLED, "")


@contextmanager
def vendor_that_is_polled_first(task, state, reply):
    """Before it answers a cancel, a poll's answer is applied."""

    def act(socket, stop):
        observe(fresh(task), Snapshot(state=state, vendor_state="X"))
        connection.close()
        reply(socket, stop)

    with ScriptedServer(act) as vendor:
        ProviderAccount.objects.update(base_url=vendor.url)
        yield


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_poll_may_be_faster_than_the_answer_to_a_cancel(user, account_of_nobody):
    task = make_task(user, status=Status.RUNNING, account=account_of_nobody)

    with vendor_that_is_polled_first(task, State.CANCELLED, answer(200, b'{"request_id": "1"}')):
        cancel_task(fresh(task), by=Caller(user=user))

    assert fresh(task).status == Status.CANCELLED


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_late_cancel_is_refused_also_when_a_poll_was_faster(user, account_of_nobody):
    task = make_task(user, status=Status.RUNNING, account=account_of_nobody)
    refusal = b'{"request_id": "1", "code": "UnsupportedOperation", "message": "no"}'

    with vendor_that_is_polled_first(task, State.FAILED, answer(409, refusal)), pytest.raises(Conflict, match="too late"):
        cancel_task(fresh(task), by=Caller(user=user))

    assert fresh(task).status == Status.FAILED


def test_cancel_takes_itself_back_when_the_vendor_has_begun(user, driver):
    task = driver.until(create_task(owner=user, model=WAN, prompt="a boat", params={}), Status.RUNNING)
    driver.simulator.advance(2)

    with pytest.raises(Conflict, match="too late"):
        cancel_task(task, by=Caller(user=user))

    assert fresh(task).cancel_requested_at is None
    assert driver.finish(task, ingest=False).status == Status.INGESTING


def test_cancel_of_an_ended_task_is_refused(user, driver):
    task = driver.finish(create_task(owner=user, model=KLING, prompt="a boat #fault:refuse", params={}))

    with pytest.raises(Conflict, match="already ended"):
        cancel_task(task, by=Caller(user=user))


def test_retry_makes_a_new_task_with_the_same_request(user, driver):
    failed = driver.finish(create_task(owner=user, model=KLING, prompt="a boat #fault:refuse", params={"mode": "pro"}))

    again = retry_task(failed, by=Caller(user=user)).task

    assert (again.retry_of, again.model, again.params, again.prompt.text) == (failed, failed.model, failed.params, failed.prompt.text)
    assert again.prompt_id == failed.prompt_id
    assert fresh(failed).status == Status.FAILED


def test_retry_by_another_user_has_another_prompt(user, staff, driver):
    failed = driver.finish(create_task(owner=user, model=KLING, prompt="a boat #fault:refuse", params={}))

    again = retry_task(failed, by=Caller(user=staff)).task

    assert (again.prompt.text, again.prompt.owner, failed.prompt.owner) == (failed.prompt.text, staff, user)


def test_retry_of_a_live_task_is_refused(user, sandbox_accounts):
    task = create_task(owner=user, model=KLING, prompt="a boat", params={})

    with pytest.raises(Conflict, match="still going on"):
        retry_task(task, by=Caller(user=user))


@pytest.mark.postgresql
def test_retry_under_the_same_key_gives_the_same_task(user, driver):
    failed = driver.finish(create_task(owner=user, model=KLING, prompt="a boat #fault:refuse", params={}))

    first = retry_task(failed, by=Caller(user=user), idempotency_key="again")

    assert (retry_task(failed, by=Caller(user=user), idempotency_key="again"), first.is_new) == ((first.task, False), True)
    assert retry_task(failed, by=Caller(user=user), idempotency_key="once more").task != first.task


@pytest.mark.postgresql
def test_a_key_finds_its_retry_though_the_first_task_goes_on_after_all(user, sandbox_accounts):
    failed = make_task(user, status=Status.FAILED, account=sandbox_accounts[0], submission_id="v-1")
    first = retry_task(failed, by=Caller(user=user), idempotency_key="again").task
    failed.move(Status.RUNNING)

    assert retry_task(failed, by=Caller(user=user), idempotency_key="again") == (first, False)
    with pytest.raises(Conflict, match="still going on"):
        retry_task(failed, by=Caller(user=user), idempotency_key="another")


@pytest.mark.postgresql
def test_everything_that_waits_is_cancelled_however_much_it_is(user, other_user):
    mine, anothers = [make_task(user) for _ in range(61)], make_task(other_user)

    assert cancel_waiting(user) == 61

    assert {fresh(task).status for task in mine} == {Status.CANCELLED}
    assert fresh(anothers).status == Status.QUEUED


@pytest.mark.postgresql
def test_a_task_that_starts_before_it_is_stopped_is_skipped(user, account_of_nobody):
    """Its row moves on between the look at all of them and its own turn."""
    first, last = make_task(user), make_task(user)

    with before_the_first_event(lambda: GenerationTask.objects.get(pk=last.pk).move(Status.SUBMITTING, account=account_of_nobody)):
        assert cancel_waiting(user) == 1

    assert (fresh(first).status, fresh(last).status) == (Status.CANCELLED, Status.SUBMITTING)


@contextmanager
def before_the_first_event(act):
    """Call `act` once, right before the first event of a cancelled task is written."""
    left = [act]

    def look(execute, sql, params, many, context):
        if left and sql.startswith("INSERT INTO") and "taskevent" in sql:
            left.pop()()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield
