"""The hard limits of an account: permits are taken under its lock, and held long enough for any vendor's clock."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask, LiveWorker
from generation.queries.queue_position import read_pool_state
from generation.scheduling.concurrency import WINDOW, usage_of, why_no_permit
from generation.submitting.build_request import generation_request
from generation.submitting.submit import NotNow, _commit_intent, submit
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, make_task

pytestmark = pytest.mark.postgresql


@pytest.fixture
def account(make_account, simulator):
    return make_account("kling", "official-key", simulator.base("kling"), max_in_flight=50, submits_per_second=5, submits_per_minute=1000)


def limit(account, **fields):
    ProviderAccount.objects.filter(pk=account.pk).update(**fields)
    account.refresh_from_db()


def leased(user, account) -> GenerationTask:
    """Return a task as the clock leaves it for a worker."""
    until = timezone.now() + timedelta(minutes=1)
    return make_task(user, account=account, due_at=until, lease_until=until, lease_owner="me", fence=1)


def test_a_permit_is_held_while_sending_and_a_second_longer(account, user):
    limit(account, submits_per_second=1)
    now = timezone.now()
    attempt = attempt_of(make_task(user), account, started_at=now, sender_gone_at=now + timedelta(seconds=60))

    assert why_no_permit(account, now + timedelta(seconds=30)) is not None

    ended = now + timedelta(seconds=31)
    Attempt.objects.filter(pk=attempt.pk).update(finished_at=ended)
    assert why_no_permit(account, ended + timedelta(seconds=1)) is not None
    assert why_no_permit(account, ended + WINDOW) is None


def test_a_dead_senders_permit_and_slot_come_back_by_themselves(account, user):
    limit(account, submits_per_second=1)
    now = timezone.now()
    attempt_of(make_task(user), account, started_at=now, sender_gone_at=now + timedelta(seconds=60))

    assert why_no_permit(account, now + timedelta(seconds=59)) is not None
    assert why_no_permit(account, now + timedelta(seconds=61)) is None


def test_what_may_render_unknown_to_us_keeps_its_slot_for_a_while(account, user):
    limit(account, max_in_flight=2)
    now = timezone.now()
    reviewed = make_task(user, status="needs_review", due_at=None, account=account)
    attempt_of(reviewed, account, dispatch="unknown", finished_at=now)
    overdue = make_task(user, status="needs_review", error_code="deadline", submission_id="v", account=account)
    attempt_of(
        overdue, account, dispatch="accepted", submission_id="v", started_at=now - timedelta(hours=2), finished_at=now - timedelta(hours=2)
    )

    assert usage_of([account], now)[account.pk].slots == 2
    assert why_no_permit(account, now + timedelta(seconds=5)).because == "all slots are taken"
    assert usage_of([account], now + timedelta(minutes=11))[account.pk].slots == 0


def test_a_task_without_a_permit_goes_back_without_a_failure(account, user):
    limit(account, max_in_flight=1)
    make_task(user, status="submitting", account=account)
    task = leased(user, account)

    submit(task.pk, task.fence)

    row = GenerationTask.objects.get(pk=task.pk)
    assert (row.status, row.account, row.failures, row.starts, row.attempt_count) == (Status.QUEUED, None, 0, 0, 0)
    assert row.due_at < timezone.now() + timedelta(seconds=2)


def test_a_worker_waits_for_a_permit_that_is_about_to_come_back(account, user, simulator):
    limit(account, submits_per_second=1)
    task = leased(user, account)
    ended = make_task(user, status="failed", due_at=None, finished_at=timezone.now())
    last = attempt_of(ended, account, finished_at=timezone.now())

    submit(task.pk, task.fence)

    assert GenerationTask.objects.get(pk=task.pk).status == Status.RUNNING
    assert task.attempts.get().started_at >= last.finished_at + timedelta(seconds=1)


def test_no_intent_on_an_account_that_cools_or_is_off_or_waits_for_its_probe(account, user):
    for fields in ({"enabled": False}, {"cooldown_until": timezone.now() - timedelta(seconds=1)}):
        limit(account, **{"enabled": True, "cooldown_until": None, **fields})
        task = leased(user, account)

        with pytest.raises(NotNow):
            _commit_intent(task, generation_request(task))
        assert (task.state, Attempt.objects.filter(task=task).count()) == (Status.QUEUED, 0)


def test_a_hung_account_has_at_most_half_of_the_workers_while_others_work(account, make_account, user):
    limit(account, submits_per_second=None)
    now = timezone.now()
    for number in range(4):  # four machines
        LiveWorker.objects.create(instance=f"w{number}", submit_workers=2, seen_at=now)
    gone_at = now + timedelta(minutes=1)
    for _ in range(4):
        attempt_of(
            make_task(user, status="submitting", account=account), account, started_at=now - timedelta(seconds=9), sender_gone_at=gone_at
        )

    assert why_no_permit(account, now) is None

    other = make_account("dashscope", "beijing", "http://127.0.0.1:9")
    make_task(user, account=other, lease_until=gone_at)
    assert why_no_permit(account, now).because == "its share of the workers is taken"
    assert why_no_permit(other, now) is None


def test_the_last_worker_is_left_to_others_even_when_nobody_else_works(account, user):
    limit(account, submits_per_second=None)
    now = timezone.now()
    LiveWorker.objects.create(instance="w", submit_workers=3, seen_at=now)
    for _ in range(2):
        attempt_of(make_task(user, status="submitting", account=account), account, sender_gone_at=now + timedelta(minutes=1))

    assert why_no_permit(account, now) is not None


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_never_overstep_slots_or_rate(account, user, simulator):
    limit(account, max_in_flight=7, submits_per_second=4)
    LiveWorker.objects.create(instance="w", submit_workers=100, seen_at=timezone.now())
    tasks = [leased(user, account) for _ in range(20)]

    def work(task):
        try:
            submit(task.pk, task.fence)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    arrivals = sorted(entry["accepted_at"] for entry in simulator.ledger()["entries"])
    assert 4 <= len(arrivals) <= 7
    assert max(sum(at <= other < at + 1.0 for other in arrivals) for at in arrivals) <= 4
    assert GenerationTask.objects.filter(status=Status.RUNNING).count() == len(arrivals)


def test_pages_count_the_slots_that_unknown_outcomes_hold_as_the_limit_does(account, user):
    limit(account, max_in_flight=1)
    now = timezone.now()
    reviewed = make_task(user, account=account, status=Status.NEEDS_REVIEW, due_at=None)
    attempt_of(reviewed, account, dispatch=Dispatch.UNKNOWN, finished_at=now, sender_gone_at=now)
    assert why_no_permit(account, now) is not None
    waiting = make_task(user)
    pool = read_pool_state()

    assert ([load.used for load in pool.loads], pool.openings(waiting).is_full) == ([1], True)


def test_a_vendor_is_full_when_those_that_may_start_are_and_the_others_cool_down(account, user, make_account):
    limit(account, max_in_flight=1)
    make_task(user, account=account, status=Status.SUBMITTING)
    spare = make_account("kling", "official-key", account.base_url, label="spare")
    waiting = make_task(user)

    before = read_pool_state().openings(waiting).is_full
    spare.cool_down_for(60, "too many requests")

    assert (before, read_pool_state().openings(waiting).is_full) == (False, True)
