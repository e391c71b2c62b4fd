"""An account that fails cools down, is asked by a free call whether it answers, and comes back by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.scheduling.account_health import handle_error, probe_account
from generation.submitting.submit import submit
from generation.tick import tick
from providers.accounts.circuit_breaker import BreakerState, cooldown_s
from providers.core.errors import ContentRejected, RateLimited, Uncertain, Unreachable
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, codes_of, create_task, make_task

KLING = "kling/kling-v2-5-turbo"


@pytest.fixture
def account(make_account, simulator):
    return make_account("kling", "official-key", simulator.base("kling"), label="probed", sandbox=True)


def fresh(account) -> ProviderAccount:
    return ProviderAccount.objects.get(pk=account.pk)


def state(account) -> BreakerState:
    return fresh(account).breaker(timezone.now()).state


def cooled_down(account) -> ProviderAccount:
    """The cooldown is over now."""
    ProviderAccount.objects.filter(pk=account.pk).update(cooldown_until=timezone.now() - timedelta(milliseconds=1))
    return fresh(account)


def fail(account, user, error, times=1, ago_s=0.0):
    for _ in range(times):
        at = timezone.now() - timedelta(seconds=ago_s)
        attempt_of(make_task(user), account, started_at=at, finished_at=at, dispatch="rejected", error_code=error.code)
        handle_error(account, error)


def test_retry_after_is_kept_in_full(account):
    now = timezone.now()

    handle_error(account, RateLimited("Too many requests.", retry_after_s=900))

    row = fresh(account)
    assert timedelta(seconds=899) < row.cooldown_until - now < timedelta(seconds=902)
    assert "Too many requests" in row.breaker(now).reason
    assert row.breaker(now).since is not None


def test_a_cooldown_grows_until_a_submit_is_accepted(account):
    lengths = []
    for _ in range(3):
        now = timezone.now()
        handle_error(account, Unreachable("refused"))
        lengths.append((fresh(account).cooldown_until - now).total_seconds())
        cooled_down(account)

    for length, expected in zip(lengths, (5, 10, 20), strict=True):
        assert expected <= length < 2 * expected
    assert cooldown_s(50) == 300

    cooled_down(account).close_breaker()
    account.note_accepted()
    assert fresh(account).cooldowns == 0


@pytest.mark.postgresql
def test_five_straight_failures_open_the_breaker(account, user):
    fail(account, user, Uncertain("timeout"), times=4)
    assert state(account) is BreakerState.CLOSED

    fail(account, user, Uncertain("timeout"))
    assert state(account) is BreakerState.OPEN
    assert codes_of(fresh(account).cooldown_reason) == ["failed_in_a_row", "last_failure"]


@pytest.mark.postgresql
def test_half_of_twenty_within_a_minute_open_it(account, user):
    for _ in range(9):
        fail(account, user, Uncertain("timeout"))
        attempt_of(make_task(user), account, finished_at=timezone.now(), dispatch="accepted", submission_id="v")
    attempt_of(make_task(user), account, finished_at=timezone.now(), dispatch="accepted", submission_id="v")
    assert state(account) is BreakerState.CLOSED

    fail(account, user, Uncertain("timeout"))
    assert state(account) is BreakerState.OPEN


@pytest.mark.postgresql
def test_failures_of_a_minute_ago_do_not_count_in_the_share(account, user):
    fail(account, user, Uncertain("timeout"), times=4, ago_s=90)
    for _ in range(14):
        attempt_of(make_task(user), account, finished_at=timezone.now(), dispatch="accepted", submission_id="v")
    fail(account, user, Uncertain("timeout"), times=2)

    assert state(account) is BreakerState.CLOSED


def test_refusals_of_content_never_open_it(account, user):
    fail(account, user, ContentRejected("no"), times=30)

    assert state(account) is BreakerState.CLOSED


@pytest.mark.postgresql
def test_what_failed_before_it_closed_does_not_count_again(account, user):
    fail(account, user, Uncertain("timeout"), times=5)
    cooled_down(account).close_breaker()

    fail(account, user, Uncertain("timeout"))

    assert state(account) is BreakerState.CLOSED


def test_after_its_cooldown_an_account_is_probed_for_free_and_comes_back(driver, user, account):
    ProviderAccount.objects.exclude(pk=account.pk).update(enabled=False)
    account.cool_down_for(60, "429")
    task = create_task(owner=user, model=KLING, prompt="a boat", params={})
    assert tick() == 0
    assert driver.simulator.ledger()["count"] == 0

    cooled_down(account)
    assert state(account) is BreakerState.HALF_OPEN
    tick()
    assert driver.run_jobs() == ["probe"]

    assert state(account) is BreakerState.CLOSED
    assert driver.simulator.ledger()["count"] == 0
    assert driver.finish(task, ingest=False).status == Status.INGESTING


def test_a_probe_that_fails_prolongs_the_cooldown(make_account):
    account = make_account("kling", "official-key", "http://127.0.0.1:9")
    account.cool_down("refused")

    cooled_down(account)
    probe_account(account.pk)

    row = fresh(account)
    assert row.breaker(timezone.now()).state is BreakerState.OPEN
    assert row.cooldowns == 2
    assert row.cooldown_until - timezone.now() > timedelta(seconds=8)


@pytest.mark.postgresql
def test_one_probe_at_a_time_and_a_dead_prober_is_replaced(account):
    account.cool_down("refused")
    cooled_down(account)

    assert tick() == 1
    assert tick() == 0
    assert tick(timezone.now() + timedelta(seconds=60)) == 1


def test_a_disabled_account_is_not_probed_and_stays_off(account):
    account.cool_down("refused")
    cooled_down(account)
    ProviderAccount.objects.update(enabled=False)

    assert tick() == 0
    probe_account(account.pk)
    assert (fresh(account).enabled, state(account)) == (False, BreakerState.HALF_OPEN)


@pytest.mark.postgresql
def test_no_look_up_before_the_cooldown_is_over(driver, user, account):
    ProviderAccount.objects.exclude(pk=account.pk).update(enabled=False)
    task = create_task(owner=user, model=KLING, prompt="a boat #fault:reset-after-accept:1", params={})
    row = GenerationTask.objects.get(pk=task.pk)
    submit(row.pk, row.fence)
    account.cool_down_for(600, "429")
    asked = len(driver.simulator.requests()["polls"])

    GenerationTask.objects.update(due_at=timezone.now())
    driver.run_jobs()
    tick()
    driver.run_jobs()

    row = GenerationTask.objects.get(pk=task.pk)
    assert (row.status, len(driver.simulator.requests()["polls"])) == (Status.SUBMITTING, asked)
    assert row.due_at > timezone.now() + timedelta(seconds=590)
