"""Another model replaces the requested one: by rule, only after a sure refusal, and only where everything that was ordered fits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import FailoverRule, GenerationTask
from generation.ordering.failover import fail_over
from generation.submitting.submit import submit
from generation.tariff import estimate, tariff_of
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS
from tests.task_rows import attempt_of, create_task

pytestmark = pytest.mark.postgresql

KLING = "kling/kling-v2-5-turbo"
WAN = "dashscope/wanx2.1-t2v-turbo"


@pytest.fixture
def rule(db) -> FailoverRule:
    return FailoverRule.objects.create(from_model=KLING, to_model=WAN)


def cool(vendor):
    for account in ProviderAccount.objects.filter(vendor=vendor):
        account.cool_down_for(3600, "too many requests")


def waiting(user, **params) -> GenerationTask:
    cool("kling")
    return GenerationTask.objects.get(pk=create_task(owner=user, model=KLING, prompt="a boat", params=params).pk)


def fresh(task) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


def test_another_vendors_model_stands_in_while_all_accounts_cool(user, driver, rule):
    task = waiting(user)

    done = driver.finish(task, ingest=False)

    assert (done.status, done.model, done.asked_model, done.account.vendor) == (Status.INGESTING, WAN, KLING, "dashscope")
    assert f"{WAN} replaces {KLING}" in str(done.events.filter(from_status="queued", to_status="queued").get().note)
    spec = ALL_MODELS[WAN]
    assert done.cost_estimated == estimate(tariff_of(spec), spec.params.model_validate(done.params))


def test_nothing_moves_without_a_rule_or_with_one_that_is_off(user, driver, rule):
    FailoverRule.objects.update(enabled=False)
    task = waiting(user)

    assert fail_over() == 0
    assert fresh(task).model == KLING


def test_nothing_moves_while_one_account_may_start_it(user, driver, rule):
    task = waiting(user)
    ProviderAccount.objects.filter(vendor="kling", surface="official-key").update(cooldown_until=None)

    assert fail_over() == 0
    assert fresh(task).model == KLING


@pytest.mark.parametrize(("left_s", "moved"), [(-1, 0), (5, 0), (25, 0), (40, 1)])
def test_a_short_cooldown_is_waited_out(user, driver, rule, left_s, moved):
    """Nor does it move while the account is being asked whether it answers."""
    waiting(user)
    ends = timezone.now() + timedelta(seconds=left_s)
    ProviderAccount.objects.filter(vendor="kling").update(cooldown_until=ends)

    assert fail_over() == moved


@pytest.mark.parametrize("dispatch", ["sending", "unknown"])
def test_never_after_an_attempt_that_may_have_been_accepted(user, driver, rule, dispatch):
    task = waiting(user)
    account = ProviderAccount.objects.filter(vendor="kling").first()
    attempt_of(task, account, dispatch=dispatch, finished_at=timezone.now())

    assert fail_over() == 0


def test_a_bound_task_stays(user, driver, rule):
    task = waiting(user)
    GenerationTask.objects.filter(pk=task.pk).update(is_bound=True, account=ProviderAccount.objects.filter(vendor="kling").first())

    assert fail_over() == 0


def test_a_rule_does_not_apply_where_an_option_would_be_dropped(user, driver, rule):
    option = next(name for name in ALL_MODELS[KLING].params.model_fields if name not in ALL_MODELS[WAN].params.model_fields)
    task = waiting(user)
    first = ALL_MODELS[KLING].params().model_dump(mode="json")[option]
    GenerationTask.objects.filter(pk=task.pk).update(params=task.params | {option: 0.123 if first != 0.123 else 0.4})

    assert fail_over() == 0
    assert fresh(task).model == KLING


def test_the_requested_model_comes_back_when_the_stand_in_is_unavailable(user, driver, rule):
    task = waiting(user)
    cool("dashscope")
    ProviderAccount.objects.filter(vendor="dashscope").update(cooldown_until=None)
    assert fail_over() == 1

    cool("dashscope")
    ProviderAccount.objects.filter(vendor="kling").update(cooldown_until=None)
    assert fail_over() == 1

    assert (fresh(task).model, fresh(task).asked_model) == (KLING, "")


def test_a_message_under_the_old_model_comes_too_late(user, driver, rule):
    task = waiting(user)
    fence = task.fence
    fail_over()

    submit(task.pk, fence)

    assert (fresh(task).status, fresh(task).attempt_count) == (Status.QUEUED, 0)


def test_a_refused_key_moves_the_task_when_no_other_account_is_left(user, driver, rule):
    ProviderAccount.objects.filter(vendor="kling").exclude(surface="official-key").update(enabled=False)
    task = create_task(owner=user, model=KLING, prompt="a boat #fault:auth:1", params={})

    done = driver.finish(task, ingest=False)

    assert (done.status, done.model) == (Status.INGESTING, WAN)
    assert list(done.attempts.values_list("dispatch", flat=True)) == ["rejected", "accepted"]
