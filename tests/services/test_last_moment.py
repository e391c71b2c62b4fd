"""What happens between a claim and its paid request: nothing leaves late, and nothing leaves for where the account no longer leads."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection  # noqa: F401 - named by a condition below
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.services.create import create_task
from generation.services.submit import HELD_UP, NotNow, _commit_intent, _look_once_more
from providers import clock
from providers.accounts import set_credentials
from providers.core.errors import NotSent

KLING = "kling/kling-v2-5-turbo"


@pytest.fixture
def claimed(user, driver) -> GenerationTask:
    """As a process holds it that is about to send it."""
    return GenerationTask.objects.select_related("account").get(pk=create_task(owner=user, model=KLING, prompt="a boat", params={}).pk)


def test_nothing_leaves_when_the_storage_took_so_long_that_its_sender_may_pass_for_dead(claimed, settings, tmp_path):
    attempt = _commit_intent(claimed)
    slow_until = timezone.now() + timedelta(seconds=1)
    attempt.started_at = slow_until - HELD_UP
    options = {"location": tmp_path, "until": slow_until}
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "odd_storages.SlowStorage", "OPTIONS": options}}

    with pytest.raises(NotSent):
        _look_once_more(attempt)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite is one machine with one clock")
def test_nothing_leaves_from_a_machine_that_was_suspended_since_it_measured_its_clock(claimed):
    attempt = _commit_intent(claimed)
    attempt.started_at = timezone.now() - HELD_UP - timedelta(seconds=1)
    clock._Offset.value, clock._Offset.measured_at = -HELD_UP, time.monotonic()
    assert clock.now() < attempt.started_at + HELD_UP

    with pytest.raises(NotSent):
        _look_once_more(attempt)


def test_nothing_leaves_when_the_storage_raises_an_exception_of_its_own(claimed, settings, driver):
    works = settings.STORAGES
    settings.STORAGES = works | {"default": {"BACKEND": "odd_storages.FailingStorage"}}
    driver.step()
    claimed.refresh_from_db()
    assert (claimed.status, driver.simulator.ledger()["count"]) == (Status.QUEUED, 0)

    settings.STORAGES = works

    assert driver.finish(claimed).status == Status.SUCCEEDED
    assert driver.simulator.ledger()["count"] == 1


def test_no_intent_is_committed_for_an_account_that_leads_elsewhere_since_the_claim(claimed, driver):
    """Its look-up would ask the new place about what the old one was sent, and believe that it has nothing."""
    account = type(claimed.account).objects.get(pk=claimed.account_id)
    set_credentials(account, {"access_key": "ak-another-plan", "secret_key": "sk-another-plan"})
    account.changed_at = timezone.now()
    account.save()

    with pytest.raises(NotNow):
        _commit_intent(claimed)

    assert not claimed.attempts.exists()
    assert driver.finish(claimed).status == Status.SUCCEEDED
    assert driver.simulator.ledger()["count"] == 1
