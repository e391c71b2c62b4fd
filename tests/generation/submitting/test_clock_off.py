"""A vendor that rejects the time of our signature: the task waits, and says whose clock to look at."""

from __future__ import annotations

from generation.lifecycle import Status
from generation.models import GenerationTask
from providers.accounts.health_test import probe
from providers.models import ProviderAccount
from tests.task_rows import create_task

MODEL = "kling/kling-v2-5-turbo"


def test_task_waits_until_the_clock_is_right_and_is_paid_once(user, driver, simulator):
    ProviderAccount.objects.exclude(vendor="kling", surface="official-jwt").update(enabled=False)
    simulator.settings(token_clock_behind_s=60)
    task = create_task(owner=user, model=MODEL, prompt="a boat", params={})

    driver.step()
    waiting = GenerationTask.objects.get(pk=task.pk)
    found = probe(ProviderAccount.objects.get(vendor="kling", enabled=True))
    simulator.settings(token_clock_behind_s=0)
    ProviderAccount.objects.update(cooldown_until=None)

    assert waiting.status == Status.QUEUED
    assert "This server's clock says" in str(waiting.wait_reason)
    assert (found.ok, found.code) == (False, "clock_off")
    assert "This server's clock says" in found.message
    assert driver.finish(waiting, ingest=False).status == Status.INGESTING
    assert simulator.ledger(entries=False)["count"] == 1
