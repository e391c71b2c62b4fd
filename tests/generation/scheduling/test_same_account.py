"""The account that submitted is always the one that is asked about its render, whatever has become of it since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from providers.accounts.clients import provider_for, set_credentials
from providers.models import ProviderAccount
from tests.task_rows import create_task

pytestmark = pytest.mark.postgresql

CHANGES = {
    "switched off": {"enabled": False},
    "cooling": {"cooldown_until": timezone.now() + timedelta(days=1), "cooldown_reason": "too fast"},
    "edited": {"label": "another name", "priority": 99, "max_in_flight": 1, "models_allowed": ["kling-v2-5-turbo"]},
}


def type_in(account: ProviderAccount, credentials: Mapping[str, str]) -> None:
    set_credentials(account, credentials)
    account.save()


@pytest.fixture
def rendering(user, driver):
    """At the vendor by one of the pool's accounts; the others could ask too."""
    return driver.until(create_task(owner=user, model="kling/kling-v2-5-turbo", prompt="a boat", params={}), Status.RUNNING)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_account_follows_what_it_submitted(rendering, driver, change):
    ProviderAccount.objects.filter(pk=rendering.account_id).update(**change)

    done = driver.finish(rendering)

    assert (done.status, done.account_id) == (Status.SUCCEEDED, rendering.account_id)
    assert driver.simulator.ledger()["count"] == 1


def test_a_key_that_was_rotated_wrongly_loses_nothing(rendering, driver):
    account = ProviderAccount.objects.get(pk=rendering.account_id)
    right = provider_for(account).options.credentials
    type_in(account, {"access_key": "bad-access", "secret_key": "bad-secret"})
    for _ in range(20):
        driver.step()
    rendering.refresh_from_db()
    assert (rendering.status, rendering.account_id) == (Status.RUNNING, account.pk)

    type_in(account, right)

    assert driver.finish(rendering, ingest=False).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1
