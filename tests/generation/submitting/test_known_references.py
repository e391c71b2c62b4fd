"""A vendor that has our reference may have been paid; a cooldown is the account's, not the task's."""

from __future__ import annotations

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.messages import review_sentence
from generation.models import Dispatch, GenerationTask
from generation.submitting.build_request import generation_request
from generation.submitting.submit import _after_error, _commit_intent
from providers.accounts.clients import client_for
from providers.core.client import Transcript
from providers.core.errors import AuthenticationFailed, ContentRejected, DuplicateReference, OutOfCredit, RateLimited, Unreachable
from providers.models import ProviderAccount
from tests.scripted_server import ScriptedServer, answer
from tests.task_rows import codes_of, create_task

KLING = "kling/kling-v2-5-turbo"
NEW_KLING = "kling/kling-3.0-turbo"
ZHIPU = "zhipu/cogvideox-3"
KNOWN = DuplicateReference("request_id must be unique", vendor_code="1214")
LONG_WAIT = "Content-Type: application/json\r\nRetry-After: 3600\r\n"


def fresh(task) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


def sent(user, model, *, has_arrived=False) -> GenerationTask:
    """Return a task whose intent is committed; the vendor has perhaps accepted it."""
    task = fresh(create_task(owner=user, model=model, prompt="a boat", params={}))
    task = _commit_intent(task, generation_request(task)).task
    if has_arrived:
        client_for(task.account).submit(generation_request(task))
    return task


def answered(task, error) -> GenerationTask:
    """End the attempt in this way."""
    attempt = task.last_attempt()
    _after_error(task, attempt, client_for(task.account), Transcript(), error)
    return fresh(task)


def test_a_known_reference_goes_to_a_person_where_the_vendor_cannot_be_asked(user, driver):
    task = answered(sent(user, ZHIPU, has_arrived=True), KNOWN)

    assert (task.status, task.last_attempt().dispatch) == (Status.NEEDS_REVIEW, Dispatch.UNKNOWN)
    assert "request_id must be unique" in str(task.error_message)
    assert review_sentence(task.error_code)[0].startswith("The vendor already has our reference")


@pytest.mark.parametrize("model", [KLING, NEW_KLING])
def test_a_known_reference_is_looked_up_where_the_vendor_can_be_asked(model, user, driver):
    task = answered(sent(user, model, has_arrived=True), KNOWN)
    assert task.status == Status.SUBMITTING

    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_a_known_reference_that_the_vendor_does_not_show_goes_to_a_person(user, driver):
    """It is not sent again, although this vendor takes a reference only once."""
    task = driver.finish(answered(sent(user, KLING), KNOWN))

    assert (task.status, task.attempt_count, driver.simulator.ledger()["count"]) == (Status.NEEDS_REVIEW, 1, 0)
    assert "known_not_shown" in codes_of(task.error_message)


def test_a_reference_that_is_known_since_a_refusal_is_found(user, driver):
    """The first attempt ended as 429, yet the vendor has accepted it."""
    task = answered(sent(user, KLING, has_arrived=True), RateLimited("slow down"))
    assert task.status == Status.QUEUED
    account = task.attempts.get().account
    ProviderAccount.objects.update(cooldown_until=None)
    GenerationTask.objects.filter(pk=task.pk).update(account=account)
    task = fresh(task)
    task = _commit_intent(task, generation_request(task)).task

    assert driver.finish(answered(task, KNOWN), ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_no_refusal_of_a_second_sending_ends_what_the_first_may_have_paid(user, driver):
    """Also where the vendor was asked and shows nothing: a list may lag, and a refusal concerns only its own request."""
    task = sent(user, KLING)
    task.attempts.update(dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())
    task.move(Status.QUEUED, is_bound=True)
    task = _commit_intent(task, generation_request(task)).task

    assert answered(task, ContentRejected("no")).status == Status.NEEDS_REVIEW


@pytest.mark.parametrize(
    "error", [AuthenticationFailed("no"), OutOfCredit("no"), RateLimited("no"), Unreachable("no")], ids=lambda e: e.code
)
def test_after_an_unknown_outcome_no_other_account_gets_the_task(error, user, driver, make_account):
    task = sent(user, KLING)
    first = task.account
    make_account("kling", "official-key", driver.simulator.base("kling"), label="another", priority=1)
    task.attempts.update(dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())
    task.move(Status.QUEUED, is_bound=True)
    task = _commit_intent(task, generation_request(task)).task

    task = answered(task, error)

    assert (task.status, task.account) in [(Status.NEEDS_REVIEW, first), (Status.QUEUED, first)]
    driver.finish(task)
    assert {attempt.account for attempt in task.attempts.all()} == {first}


def test_a_cooldown_belongs_to_the_account_alone(user, driver, make_account):
    """Another account of the vendor is idle: the task starts there at once, and not in an hour."""
    with ScriptedServer(answer(429, b'{"error":{"code":"1302","message":"slow down"}}', headers=LONG_WAIT)) as vendor:
        limited = make_account("zhipu", "cn", vendor.url, label="limited", priority=1)
        task = create_task(owner=user, model=ZHIPU, prompt="a boat", params={})
        driver.run_jobs()
    limited.refresh_from_db()
    assert (limited.cooldown_until - timezone.now()).total_seconds() > 3000
    assert [attempt.account for attempt in task.attempts.all()] == [limited]
    assert fresh(task).due_at <= timezone.now()

    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert fresh(task).account != limited
    assert driver.simulator.ledger()["count"] == 1


def test_with_one_account_the_task_waits_for_the_end_of_its_cooldown(user, driver):
    task = answered(sent(user, ZHIPU), RateLimited("slow down", retry_after_s=3600))

    for _ in range(3):
        driver.step()

    assert (fresh(task).status, fresh(task).attempt_count) == (Status.QUEUED, 1)
    ProviderAccount.objects.update(cooldown_until=None)
    assert driver.finish(task, ingest=False).status == Status.INGESTING
