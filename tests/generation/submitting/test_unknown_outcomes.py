"""What was perhaps paid stays perhaps paid, whatever happens to the task afterwards."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from access.callers import Caller
from generation.actions import decide
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask, LiveWorker
from generation.ordering.assets import store_asset
from generation.scheduling.concurrency import processes_to_reconcile, why_no_permit
from generation.scheduling.leases import DEATHS
from generation.submitting.build_request import generation_request
from generation.submitting.reconcile import MOST_LOOK_UPS, reconcile
from generation.submitting.submit import HELD_UP, MOST_DEATHS, _after_error, _commit_intent, _look_once_more, submit
from providers.accounts.clients import client_for, set_credentials
from providers.core.client import Transcript
from providers.core.errors import DuplicateReference, NotSent
from providers.core.messages import Message
from providers.models import ProviderAccount
from tests.faulty_storages import Death
from tests.pictures import picture
from tests.scripted_server import ScriptedServer, answer
from tests.task_rows import attempt_of, codes_of, create_task, start

ZHIPU = "zhipu/cogvideox-3"
WAN = "dashscope/wanx2.1-t2v-turbo"
WAN_WITH_IMAGE = "dashscope/wanx2.1-i2v-turbo"
KLING = "kling/kling-v2-5-turbo"
NEW_KLING = "kling/kling-3.0-turbo"
ARK = "ark/doubao-seedance-1-0-pro-250528"
LOCAL = "cogvideox/cogvideox-2b"


def fresh(task) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


def sent_by_the_dead(user, model, *, has_arrived=False) -> GenerationTask:
    """Its intent is committed, the vendor has perhaps accepted it, and nobody will store an answer."""
    task = fresh(create_task(owner=user, model=model, prompt="a boat", params={}))
    task = _commit_intent(task, generation_request(task)).task
    if has_arrived:
        client_for(task.account).submit(generation_request(task))
    return fresh(task)


def test_a_vendor_that_cannot_be_asked_for_long_leaves_an_attempt_with_unknown_outcome(user, staff, driver):
    """Sent again by a person and refused as known, it must not end as failed with a paid render behind it."""
    task = sent_by_the_dead(user, KLING, has_arrived=True)
    Attempt.objects.update(started_at=timezone.now() - timedelta(hours=1))
    driver.simulator.faults("kling", "poll-5xx", 2)

    reconcile(task.pk, task.fence)
    assert fresh(task).status == Status.NEEDS_REVIEW
    assert task.last_attempt().dispatch == Dispatch.UNKNOWN

    decide.submit_again(fresh(task), by=Caller(user=staff), knows_cost=True)
    start(KLING)
    driver.run_jobs()
    assert fresh(task).status == Status.SUBMITTING

    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_credentials_that_cannot_be_opened_leave_an_attempt_with_unknown_outcome(user, driver, settings):
    task = sent_by_the_dead(user, ZHIPU)
    settings.CREDENTIAL_KEYS = ["8Zc0sMSGhv0c1RHUHZ0kCxuqzVnDG9RBnDo8YgZ0Lno="]

    reconcile(task.pk, task.fence)

    assert (fresh(task).status, task.last_attempt().dispatch) == (Status.NEEDS_REVIEW, Dispatch.UNKNOWN)


def unknown_and_sent_again(user, model, *, has_arrived=False) -> GenerationTask:
    """The outcome of its first attempt, an hour ago, is unknown; the second is about to be sent."""
    task = sent_by_the_dead(user, model, has_arrived=has_arrived)
    Attempt.objects.update(dispatch=Dispatch.UNKNOWN, started_at=timezone.now() - timedelta(hours=1), finished_at=timezone.now())
    task.move(Status.QUEUED, is_bound=True)
    return task


def test_after_a_refusal_a_list_is_read_back_to_the_first_unknown_outcome(user, driver):
    """What the vendor accepted half an hour ago may be the first attempt's."""
    driver.simulator.advance(-1800)
    task = unknown_and_sent_again(user, WAN, has_arrived=True)
    driver.simulator.advance(1800)
    driver.simulator.faults("dashscope", "bad-param")

    submit(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).attempt_count) == (Status.SUBMITTING, 2)
    assert driver.finish(task).status == Status.NEEDS_REVIEW
    assert "not_listed" not in codes_of(fresh(task).error_message)


def test_a_refusal_by_another_account_says_nothing_of_the_first(user, driver, make_account):
    task = unknown_and_sent_again(user, KLING)
    other = make_account("kling", "official-key", driver.simulator.base("kling"), label="another")
    GenerationTask.objects.update(account=other, is_bound=False)
    driver.simulator.faults("kling", "bad-param")

    submit(task.pk, task.fence)

    assert fresh(task).status == Status.NEEDS_REVIEW
    assert [attempt.dispatch for attempt in task.attempts.order_by("number")] == [Dispatch.UNKNOWN, Dispatch.REJECTED]


def leads_elsewhere(account) -> None:
    """The same row has the key of another account of the vendor now."""
    set_credentials(account, {"access_key": "ak-another-plan", "secret_key": "sk-another-plan"})
    account.changed_at = timezone.now()
    account.save()


def test_an_account_that_was_changed_since_cannot_say_that_nothing_was_accepted(user, driver):
    task = sent_by_the_dead(user, KLING, has_arrived=True)
    leads_elsewhere(task.account)

    assert driver.finish(task).status == Status.NEEDS_REVIEW
    assert driver.simulator.ledger()["count"] == 1


def test_nor_is_sent_again_what_was_found_absent_before_the_change(user, staff, driver):
    """A reference that the vendor takes once protects in one account only."""
    task = unknown_and_sent_again(user, KLING)
    leads_elsewhere(task.account)

    submit(task.pk, task.fence)
    assert (fresh(task).status, driver.simulator.ledger()["count"]) == (Status.NEEDS_REVIEW, 0)
    assert codes_of(fresh(task).error_message)[:1] == ["account_changed"]

    decide.submit_again(fresh(task), by=Caller(user=staff), knows_cost=True)
    assert driver.finish(task, ingest=False).status == Status.INGESTING


def test_nor_is_sent_again_what_was_found_absent_during_the_change(user, driver):
    task, is_changed = sent_by_the_dead(user, KLING), list[bool]()

    def before_that_is_decided(execute, sql, params, many, context):
        if not is_changed and DuplicateReference.default_code in (params or ()) and fresh(task).failures:
            is_changed.append(True)
            leads_elsewhere(ProviderAccount.objects.get(pk=task.account.pk))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(before_that_is_decided):
        assert driver.finish(task).status == Status.NEEDS_REVIEW

    assert is_changed
    assert driver.simulator.ledger()["count"] == 0


def test_a_change_between_that_decision_and_a_sure_refusal_counts_too(user, driver):
    task = unknown_and_sent_again(user, KLING)
    driver.simulator.faults("kling", "rate-limit")
    submit(task.pk, task.fence)
    refused = fresh(task)
    assert (refused.status, refused.last_attempt().dispatch) == (Status.QUEUED, Dispatch.REJECTED)
    ProviderAccount.objects.update(changed_at=refused.last_attempt().started_at)

    submit(task.pk, refused.fence)

    assert (fresh(task).status, driver.simulator.ledger()["count"]) == (Status.NEEDS_REVIEW, 0)


def test_nor_does_its_look_up_when_a_process_died_after_that_refusal(user, driver, make_account):
    task = unknown_and_sent_again(user, KLING)
    first = task.account
    other = make_account("kling", "official-key", driver.simulator.base("kling"), label="another")
    task.move(Status.SUBMITTING, account=other, is_bound=False, attempt_count=2)
    attempt_of(task, other, dispatch=Dispatch.REJECTED, error_code="rate_limited", finished_at=timezone.now())

    reconcile(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).account) == (Status.NEEDS_REVIEW, first)


def test_no_other_end_of_a_second_sending_fails_an_unknown_outcome(user, driver):
    """This service answers when the render is over."""
    ProviderAccount.objects.filter(vendor="cogvideox").update(base_url=driver.simulator.base("cogvideox-sync"))
    task = unknown_and_sent_again(user, LOCAL)
    driver.simulator.settings(render_s=0.0)
    driver.simulator.faults("cogvideox-sync", "fail-memory")

    submit(task.pk, task.fence)

    assert (fresh(task).status, task.last_attempt().error_code) == (Status.NEEDS_REVIEW, "out_of_memory")


def test_what_the_new_api_lacks_is_sent_again_under_a_reference_that_it_takes_once(user, driver):
    task = driver.finish(sent_by_the_dead(user, NEW_KLING), ingest=False)

    assert (task.status, task.attempt_count) == (Status.INGESTING, 2)
    assert driver.simulator.ledger()["count"] == 1


def test_where_no_reference_protects_an_absence_is_a_persons_matter(user, driver):
    """Its sender may only be paused."""
    task = sent_by_the_dead(user, ARK)

    assert driver.finish(task).status == Status.NEEDS_REVIEW
    assert "not_listed" in codes_of(fresh(task).error_message)
    assert driver.simulator.ledger()["count"] == 0


def held_up(task) -> None:
    """Let its sender wake up, too late to send."""
    attempt = task.last_attempt()
    error = NotSent("held up")
    _after_error(task, attempt, client_for(task.account), Transcript(), error)


def test_nothing_leaves_once_its_sender_may_pass_for_dead(user, driver):
    attempt = sent_by_the_dead(user, ZHIPU).last_attempt()
    _look_once_more(attempt)
    attempt.started_at -= HELD_UP

    with pytest.raises(NotSent):
        _look_once_more(attempt)


def test_what_was_held_up_is_sent_by_another(user, driver):
    task = sent_by_the_dead(user, ZHIPU)
    account = task.account

    held_up(task)

    account.refresh_from_db()
    assert (fresh(task).status, account.last_error, account.cooldown_until) == (Status.QUEUED, "", None)
    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_what_was_held_up_needs_no_person_any_more(user, driver):
    task = sent_by_the_dead(user, ZHIPU)
    asleep = fresh(task)
    reconcile(task.pk, task.fence)
    assert fresh(task).status == Status.NEEDS_REVIEW

    held_up(asleep)

    assert (fresh(task).status, fresh(task).error_message) == (Status.QUEUED, Message())
    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


def test_a_late_sender_does_not_undo_a_persons_decision(user, staff, driver):
    task = sent_by_the_dead(user, ZHIPU)
    asleep = fresh(task)
    reconcile(task.pk, task.fence)
    decide.give_up(fresh(task), by=Caller(user=staff))

    held_up(asleep)

    assert fresh(task).status == Status.FAILED


def test_a_death_after_a_stored_refusal_asks_no_person(user, driver):
    task = sent_by_the_dead(user, ZHIPU)
    Attempt.objects.update(dispatch=Dispatch.REJECTED, error_code="unreachable", finished_at=timezone.now())

    reconcile(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).account) == (Status.QUEUED, None)


def test_an_id_that_another_task_follows_goes_to_a_person(user, driver):
    first = driver.until(create_task(owner=user, model=WAN, prompt="a boat", params={}), Status.RUNNING)
    second = fresh(create_task(owner=user, model=WAN, prompt="a boat", params={}))
    listed = json.dumps({"request_id": "1", "output": {"task_id": first.submission_id, "task_status": "PENDING"}}).encode()

    with ScriptedServer(answer(200, listed, headers="Content-Type: application/json\r\n")) as vendor:
        ProviderAccount.objects.filter(pk=first.account_id).update(base_url=vendor.url)
        submit(second.pk, second.fence)

    assert len(vendor.requests) == 1
    assert (fresh(second).status, fresh(second).account_id, fresh(second).submission_id) == (Status.NEEDS_REVIEW, first.account_id, "")


@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_of_bytes_that_no_database_takes_as_text_is_kept_as_an_unknown_outcome(user, driver, status):
    task = fresh(create_task(owner=user, model=ZHIPU, prompt="a boat", params={}))

    with ScriptedServer(answer(status, b"\x00\x16\x03 no text", headers="Content-Type: text/html\r\n")) as vendor:
        ProviderAccount.objects.filter(pk=task.account_id).update(base_url=vendor.url)
        submit(task.pk, task.fence)

    assert (fresh(task).status, task.last_attempt().dispatch) == (Status.NEEDS_REVIEW, Dispatch.UNKNOWN)
    assert "no text" in task.last_attempt().reply["body"]


@pytest.mark.parametrize("changes", [{"starts": MOST_LOOK_UPS + 1}, {"model": "dashscope/gone"}])
def test_a_look_up_that_never_ends_goes_to_a_person(changes, user, driver):
    task = sent_by_the_dead(user, WAN)
    GenerationTask.objects.update(**changes)

    reconcile(task.pk, task.fence)

    assert fresh(task).status == Status.NEEDS_REVIEW
    assert driver.simulator.requests()["polls"] == []


def test_a_task_that_ends_its_process_before_it_is_sent_is_started_three_times_at_most(user, driver, settings):
    image = store_asset(owner=user, file=picture())
    task = fresh(create_task(owner=user, model=WAN_WITH_IMAGE, prompt="a boat", params={}, inputs={"first_frame": [image]}))
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.KillingStorage"}}

    waits = []
    for starts in range(1, DEATHS + 1):
        GenerationTask.objects.update(starts=starts)  # as its leases count
        with pytest.raises(Death):
            submit(task.pk, task.fence)
        waits.append((fresh(task).due_at - timezone.now()).total_seconds())
    GenerationTask.objects.update(starts=DEATHS + 1)
    submit(task.pk, task.fence)

    assert len(waits) == 3
    assert waits == sorted(waits)
    assert waits[-1] > 100
    assert (fresh(task).status, fresh(task).error_code) == (Status.FAILED, "ends_submit")
    assert driver.simulator.ledger()["count"] == 0


def test_a_task_that_crashes_and_may_be_paid_goes_to_a_person(user, driver):
    task = unknown_and_sent_again(user, WAN)
    GenerationTask.objects.update(starts=4, failures=MOST_DEATHS)

    submit(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).attempt_count) == (Status.NEEDS_REVIEW, 1)
    assert "earlier_may_be_accepted" in codes_of(fresh(task).error_message)


def test_a_suspect_that_can_be_sent_after_all_is_sent(user, driver):
    task = fresh(create_task(owner=user, model=WAN, prompt="a boat", params={}))
    GenerationTask.objects.update(starts=5)

    submit(task.pk, task.fence)

    assert fresh(task).status == Status.RUNNING


def test_look_ups_get_a_process_after_a_while_however_many_submits_are_being_sent(user, driver):
    now = timezone.now()
    LiveWorker.objects.create(instance="me", submit_workers=2, seen_at=now)
    task = sent_by_the_dead(user, WAN)
    Attempt.objects.update(sender_gone_at=now + timedelta(minutes=2))
    GenerationTask.objects.filter(pk=task.pk).update(due_at=now)

    assert processes_to_reconcile(now + timedelta(seconds=1)) == 0
    assert processes_to_reconcile(now + timedelta(seconds=16)) == 1


def test_a_submit_of_this_minute_counts_until_a_minute_after_its_end(user, driver):
    """The vendor may have seen it arrive at any moment until then."""
    now = timezone.now()
    task = sent_by_the_dead(user, WAN)
    Attempt.objects.update(started_at=now - timedelta(seconds=80), finished_at=now - timedelta(seconds=50))
    task.account.submits_per_minute = 1

    assert why_no_permit(task.account, now) is not None
    assert why_no_permit(task.account, now + timedelta(seconds=11)) is None
