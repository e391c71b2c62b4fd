"""Waiting tasks that nothing would ever start: each gets a way out, and none that may have been paid is thrown away."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from access.callers import Caller
from api.v1.schemas import task_out
from generation import store
from generation.actions import decide
from generation.lifecycle import Status
from generation.models import Asset, Dispatch, GenerationTask, TaskInput
from generation.queries.queue_position import read_pool_state
from generation.submitting.submit import submit
from generation.submitting.unstartable import PATIENCE
from generation.tick import tick
from providers.core.messages import say
from providers.models import ProviderAccount
from tests.task_rows import MODEL, attempt_of, create_task, make_task, start
from web.presenters.states import Around, text_of


@pytest.fixture
def long_ago():
    return timezone.now() - PATIENCE


@pytest.fixture
def account(make_account, simulator, long_ago):
    account = make_account("kling", "official-key", simulator.base("kling"))
    ProviderAccount.objects.update(edited_at=long_ago)
    return account


def fresh(task) -> GenerationTask:
    return GenerationTask.objects.select_related("account").get(pk=task.pk)


def switch_off(account):
    ProviderAccount.objects.filter(pk=account.pk).update(enabled=False)


def unknown(user, account, **fields) -> GenerationTask:
    task = make_task(user, account=account, is_bound=True, attempt_count=1, **fields)
    attempt_of(task, account, dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())
    return task


def test_a_model_that_left_the_catalog_fails_its_waiting_tasks_after_a_while(user, account, long_ago):
    old, young = make_task(user, model="kling/gone", updated_at=long_ago), make_task(user, model="kling/gone")

    tick()

    assert (fresh(old).status, fresh(old).error_code) == (Status.FAILED, "model_gone")
    assert fresh(old).error_message == say("model_gone", model="kling/gone")
    assert fresh(young).status == Status.QUEUED
    assert task_out(fresh(young), "").waits_because == str(say("model_gone", model="kling/gone"))


def test_what_may_be_paid_of_such_a_model_goes_to_a_person(user, account, long_ago):
    task = unknown(user, account, model="kling/gone", updated_at=long_ago)

    tick()

    assert fresh(task).status == Status.NEEDS_REVIEW


@pytest.mark.parametrize("change", [{"enabled": False}, {"models_allowed": ["kling-v1-6"]}])
def test_an_unknown_outcome_whose_account_may_not_send_any_more_goes_to_a_person(user, account, make_account, simulator, long_ago, change):
    make_account("kling", "official-key", simulator.base("kling"), label="another")
    task, young = unknown(user, account, updated_at=long_ago), unknown(user, account)
    ProviderAccount.objects.filter(pk=account.pk).update(**change)
    said = say("account_off", account="kling official-key")

    tick()

    assert fresh(young).status == Status.QUEUED
    assert task_out(fresh(young), "").waits_because == str(said)
    reviewed = fresh(task)
    assert (reviewed.status, reviewed.account, reviewed.error_code) == (Status.NEEDS_REVIEW, account, "uncertain")
    assert reviewed.error_message == said + say("earlier_may_be_accepted")
    assert simulator.ledger()["count"] == 0


def test_an_account_whose_edits_were_never_dated_delays_nothing(user, account, long_ago):
    task = unknown(user, account, updated_at=long_ago)
    ProviderAccount.objects.update(enabled=False, edited_at=None)

    tick()

    assert fresh(task).status == Status.NEEDS_REVIEW


@pytest.mark.parametrize("change", [{"enabled": False}, {"models_allowed": ["kling-v1-6"]}])
def test_it_can_be_sent_by_another_account_then(user, staff, account, make_account, simulator, long_ago, change):
    other = make_account("kling", "official-key", simulator.base("kling"), label="another")
    task = unknown(user, account, updated_at=long_ago)
    ProviderAccount.objects.filter(pk=account.pk).update(**change)
    tick()

    decide.submit_again(fresh(task), by=Caller(user=staff), knows_cost=True)
    start(task.model)

    assert (fresh(task).is_bound, fresh(task).account) == (False, other)


def test_a_bound_task_without_an_unknown_outcome_is_free_to_go_elsewhere(user, account, make_account, simulator, long_ago):
    other = make_account("kling", "official-key", simulator.base("kling"), label="another")
    task = make_task(user, account=account, is_bound=True, updated_at=long_ago)
    switch_off(account)

    tick()
    tick()

    assert (fresh(task).is_bound, fresh(task).account) == (False, other)


def test_what_its_account_may_still_send_is_left_alone(user, account, long_ago):
    ProviderAccount.objects.update(cooldown_until=timezone.now() + timedelta(hours=1))
    task = unknown(user, account, updated_at=long_ago)

    tick()

    assert (fresh(task).status, fresh(task).is_bound) == (Status.QUEUED, True)


def test_an_account_that_was_switched_off_a_moment_ago_may_come_back(user, account, long_ago):
    task = unknown(user, account, updated_at=long_ago)
    ProviderAccount.objects.filter(pk=account.pk).update(enabled=False, edited_at=timezone.now())

    tick()

    assert fresh(task).status == Status.QUEUED


def test_a_task_that_somebody_holds_is_left_alone(user, account, long_ago):
    until = timezone.now() + timedelta(minutes=1)
    task = make_task(user, model="kling/gone", updated_at=long_ago, lease_until=until, due_at=until, lease_owner="me")

    tick()

    assert fresh(task).status == Status.QUEUED


def test_a_request_to_cancel_is_kept_when_no_account_ever_starts_the_task(user, db):
    task = make_task(user, cancel_requested_at=timezone.now())

    tick()

    assert fresh(task).status == Status.CANCELLED


def without_its_image(task, asset) -> GenerationTask:
    """Leased, and about to be sent."""
    TaskInput.objects.create(task=task, slot="first_frame", asset=asset)
    until = timezone.now() + timedelta(minutes=1)
    GenerationTask.objects.filter(pk=task.pk).update(due_at=until, lease_until=until, fence=1)
    return fresh(task)


@pytest.fixture
def lost_asset(user) -> Asset:
    return Asset.objects.create(owner=user, file="assets/gone.png", sha256="0" * 64, width_px=1, height_px=1, size_bytes=1)


def test_an_image_that_is_gone_throws_away_nothing_that_may_be_paid(user, account, lost_asset):
    task, other = (
        without_its_image(unknown(user, account), lost_asset),
        without_its_image(make_task(user, account=account), lost_asset),
    )

    store.save(f"assets/{uuid4()}.png", b"another image")
    submit(task.pk, task.fence)
    submit(other.pk, other.fence)

    assert (fresh(task).status, fresh(task).account) == (Status.NEEDS_REVIEW, account)
    assert (fresh(other).status, fresh(other).error_code) == (Status.FAILED, "input_missing")


def test_a_storage_without_any_image_ends_no_task(user, account, lost_asset, settings, tmp_path):
    """A wrong bucket, or a disk that is not mounted."""
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    task = without_its_image(make_task(user, account=account), lost_asset)

    submit(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).attempt_count) == (Status.QUEUED, 0)


def test_settings_that_the_model_no_longer_takes_throw_away_nothing_that_may_be_paid(user, account):
    task, other = unknown(user, account), make_task(user, account=account)
    GenerationTask.objects.update(params={"of_last_year": True})

    for one in (task, other):
        submit(one.pk, one.fence)

    assert fresh(task).status == Status.NEEDS_REVIEW
    assert (fresh(other).status, fresh(other).error_code) == (Status.FAILED, "settings_gone")
    assert fresh(other).error_message == say("settings_gone", model=MODEL)


def test_an_image_in_a_slot_that_the_model_no_longer_has_is_not_left_out(user, account, lost_asset):
    task = make_task(user, account=account)
    TaskInput.objects.create(task=task, asset=lost_asset, slot="slot_of_last_year", position=0)

    submit(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).error_code) == (Status.FAILED, "settings_gone")


def test_a_review_names_the_account_that_may_have_accepted_it(user, account, make_account, simulator, lost_asset):
    """Not the one that was to send it next."""
    other = make_account("kling", "official-key", simulator.base("kling"), label="another")
    task = without_its_image(unknown(user, account), lost_asset)
    GenerationTask.objects.filter(pk=task.pk).update(account=other, is_bound=False)

    submit(task.pk, task.fence)

    assert (fresh(task).status, fresh(task).account) == (Status.NEEDS_REVIEW, account)


def test_a_bound_task_waits_for_its_own_account_and_says_so(user, account, make_account, simulator):
    make_account("kling", "official-key", simulator.base("kling"), label="another")
    now = timezone.now()
    ProviderAccount.objects.filter(pk=account.pk).update(cooldown_until=now - timedelta(seconds=1))
    bound, free = unknown(user, account), make_task(user, model=MODEL)

    around = Around(now=now, pool=read_pool_state())

    assert text_of(fresh(bound), around) == "checking whether Kling answers again"
    assert text_of(fresh(free), around) == "starts in a moment"


def test_final_of_a_draft_goes_only_to_the_account_that_has_the_draft(user, make_account, simulator, long_ago):
    seedance, url = "ark/doubao-seedance-2-5-260628", simulator.base("ark")
    first, holder = [make_account("ark", "volcengine", url, label=name, priority=place) for place, name in enumerate(("first", "holder"))]
    make_task(user, status="succeeded", model=seedance, account=holder, submission_id="cgt-draft-1")

    final = create_task(owner=user, model=seedance, prompt="", params={"final_of": "cgt-draft-1", "resolution": "1080p"})
    other = create_task(owner=user, model=seedance, prompt="", params={"final_of": "cgt-elsewhere", "resolution": "1080p"})
    tick()
    assert [fresh(task).account for task in (final, other)] == [holder, first]

    switch_off(holder)
    ProviderAccount.objects.update(edited_at=long_ago)
    GenerationTask.objects.filter(pk=final.pk).update(updated_at=long_ago, lease_until=None)
    tick()
    assert (fresh(final).status, fresh(final).error_code) == (Status.FAILED, "holder_off")
    assert fresh(final).error_message == say("account_off", account="holder")
