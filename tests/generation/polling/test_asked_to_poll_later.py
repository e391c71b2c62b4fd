"""A vendor that asks to be polled later than we would is polled later; one that asks to be polled sooner is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.polling.schedule import put_off
from providers.models import ProviderAccount
from tests.task_rows import create_task, make_task

MODEL = "openai-videos/gateway-model"


@pytest.fixture
def asked_again_in(user, driver):
    """Seconds until a rendering task is asked about again, where the vendor asks for so many."""

    def poll(asked_s, *, sandbox=False):
        driver.simulator.settings(render_s=3600, poll_after_s=asked_s)
        ProviderAccount.objects.update(sandbox=sandbox)
        task = driver.until(create_task(owner=user, model=MODEL, prompt="a boat", params={}), Status.RUNNING)
        began = timezone.now()
        driver.step()
        return (GenerationTask.objects.get(pk=task.pk).due_at - began).total_seconds()

    return poll


@pytest.mark.parametrize(("asked_s", "low_s", "high_s"), [(60, 60, 90), (1, 4.5, 30), (36_000, 300, 360)])
def test_longer_of_the_vendors_delay_and_our_interval_counts_within_reason(asked_again_in, asked_s, low_s, high_s):
    assert low_s <= asked_again_in(asked_s) <= high_s


def test_simulator_is_asked_as_often_as_its_renders_need(asked_again_in):
    assert asked_again_in(60, sandbox=True) < 30


def test_setting_of_the_server_overrides_the_vendors_delay(asked_again_in, settings):
    settings.POLL_EVERY_S = 3

    assert asked_again_in(60) < 30


def test_row_that_is_due_already_or_has_moved_on_is_not_put_off(user, sandbox_accounts):
    now, account = timezone.now(), sandbox_accounts[0]
    soon = {"submission_id": "v1", "due_at": now + timedelta(seconds=5)}
    called = make_task(user, status="running", account=account, submission_id="v0", due_at=now)
    waiting = make_task(user, status="running", account=account, **soon)
    rendered = make_task(user, status="ingesting", account=account, **soon | {"submission_id": "v2"})

    put_off([(task.pk, timedelta(seconds=60)) for task in (called, waiting, rendered)], now=now)

    due = {task.pk: (GenerationTask.objects.get(pk=task.pk).due_at - now).total_seconds() for task in (called, waiting, rendered)}
    assert (due[called.pk], due[rendered.pk]) == (0, 5)
    assert 60 <= due[waiting.pk] <= 66
