"""A plan whose hours or day are used up: its account is in cooldown until more is allowed, and what waits goes on waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import FailoverRule, GenerationTask
from generation.ordering.failover import fail_over
from generation.scheduling.account_health import handle_error
from generation.submitting.submit import MOST_ATTEMPTS
from generation.tick import tick
from providers.core.errors import OutOfCredit, PlanUsedUp, RateLimited
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, codes_of, create_task, make_task

ZHIPU, MINIMAX, JIMENG = "zhipu/cogvideox-3", "minimax/MiniMax-H3", "jimeng/jimeng-video-2.0"
WAN = "dashscope/wanx2.1-t2v-turbo"


def account_of(model) -> ProviderAccount:
    return ProviderAccount.objects.filter(vendor=model.partition("/")[0]).get()


def cooldown_left(model) -> timedelta:
    until = account_of(model).cooldown_until
    return until - timezone.now() if until else timedelta(0)


def asked_for(user, model, prompt="a boat") -> GenerationTask:
    return GenerationTask.objects.get(pk=create_task(owner=user, model=model, prompt=prompt, params={}).pk)


def fresh(task) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


def cooled_down(model) -> None:
    """The cooldown is over now; the clock has the account probed, and its tasks are due."""
    now = timezone.now()
    ProviderAccount.objects.filter(vendor=model.partition("/")[0]).update(cooldown_until=now - timedelta(milliseconds=1))
    GenerationTask.objects.filter(status=Status.QUEUED).update(due_at=now)


@pytest.mark.parametrize(
    ("model", "least", "most"),
    [
        (ZHIPU, timedelta(minutes=59), timedelta(minutes=61)),
        (MINIMAX, timedelta(minutes=4), timedelta(minutes=5)),
        (JIMENG, timedelta(minutes=4), timedelta(minutes=5)),
    ],
)
def test_tasks_wait_until_the_plan_opens_again_and_none_is_lost(user, driver, model, least, most):
    ProviderAccount.objects.update(max_in_flight=1)
    driver.simulator.faults(model.partition("/")[0], "plan-used-up")
    first, second = asked_for(user, model), asked_for(user, model)

    driver.step()
    driver.step()

    assert least < cooldown_left(model) < most
    assert [(fresh(task).status, fresh(task).account) for task in (first, second)] == [(Status.QUEUED, None)] * 2
    assert [attempt.error_code for task in (first, second) for attempt in task.attempts.all()] == ["plan_used_up"]
    assert codes_of(fresh(first).wait_reason) == ["account_plan_used_up"]
    cooled_down(model)
    tick()
    assert driver.run_jobs() == ["probe"]
    assert [driver.finish(task, ingest=False).status for task in (first, second)] == [Status.INGESTING] * 2
    assert driver.simulator.ledger()["count"] == 2


def test_cooldowns_without_a_known_end_grow_from_minutes_to_an_hour(sandbox_accounts):
    lengths = []
    for _ in range(6):
        handle_error(account_of(ZHIPU), PlanUsedUp("Used up."))
        lengths.append(round(cooldown_left(ZHIPU).total_seconds() / 60))
        cooled_down(ZHIPU)
    account_of(ZHIPU).close_breaker()
    account_of(ZHIPU).note_accepted()
    handle_error(account_of(ZHIPU), PlanUsedUp("Used up."))

    assert lengths == [5, 10, 20, 40, 60, 60]
    assert round(cooldown_left(ZHIPU).total_seconds() / 60) == 5


@pytest.mark.parametrize(
    ("opens_in", "cooldown"),
    [
        (timedelta(minutes=90), timedelta(minutes=90)),
        (timedelta(days=6), timedelta(days=1)),
        (timedelta(hours=-8), timedelta(minutes=5)),
    ],
    ids=["as named", "a day at most", "past"],
)
def test_time_that_the_vendor_names_is_believed_for_a_day(sandbox_accounts, opens_in, cooldown):
    handle_error(account_of(ZHIPU), PlanUsedUp("Used up.", opens_at=timezone.now() + opens_in))

    assert cooldown - timedelta(seconds=5) < cooldown_left(ZHIPU) <= cooldown


def test_another_account_takes_the_task_until_then(user, driver, make_account, simulator):
    spare = make_account("zhipu", "cn", f"{simulator.url}/hosts/zhipu/api/paas/v4", label="spare", sandbox=True, priority=99)
    spare.cool_down_for(3600, "so that the other goes first")
    task = asked_for(user, ZHIPU, "a boat #fault:plan-used-up:1")
    driver.step()
    ProviderAccount.objects.filter(pk=spare.pk).update(cooldown_until=None)

    done = driver.finish(task, ingest=False)

    assert (done.status, done.account) == (Status.INGESTING, spare)


def test_model_that_stands_in_takes_the_task_by_a_rule_alone(user, driver):
    driver.simulator.faults("zhipu", "plan-used-up")
    task = asked_for(user, ZHIPU)
    driver.step()
    GenerationTask.objects.update(params={})  # of options, the two models have none in common
    assert fail_over() == 0

    FailoverRule.objects.create(from_model=ZHIPU, to_model=WAN)

    assert fail_over() == 1
    assert (driver.finish(task, ingest=False).status, fresh(task).asked_model) == (Status.INGESTING, ZHIPU)


@pytest.mark.parametrize(("error", "ended"), [(PlanUsedUp("Used up."), False), (RateLimited("Too many."), True)])
def test_task_never_gives_up_because_a_plan_is_used_up_for_long(user, driver, error, ended):
    task = make_task(user, model=ZHIPU, prompt="a boat #fault:plan-used-up:1", attempt_count=MOST_ATTEMPTS)
    for _ in range(MOST_ATTEMPTS):
        attempt_of(task, account_of(ZHIPU), finished_at=timezone.now(), dispatch="rejected", error_code=error.code)
    driver.simulator.faults("zhipu", "rate-limit" if ended else "plan-used-up")

    driver.step()

    assert (fresh(task).status, fresh(task).error_code) == ((Status.FAILED, "gave_up") if ended else (Status.QUEUED, ""))


def test_account_without_credit_still_fails_its_task(user, driver):
    task = asked_for(user, ZHIPU, "a boat #fault:quota")

    done = driver.finish(task)

    assert (done.status, done.error_code) == (Status.FAILED, OutOfCredit.default_code)
