"""Saving an account writes what the form changed, and nothing that the portal recorded since the form was read."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from providers.accounts.sandbox import ensure_sandbox_accounts
from providers.models import ProviderAccount

TYPED = {
    "label": "upstairs",
    "base_url": "http://127.0.0.1:9",
    "enabled": "on",
    "models_allowed": ["kling-v2-5-turbo"],
    "priority": 3,
    "weight": 2,
    "max_in_flight": 4,
    "submits_per_second": "",
    "submits_per_minute": 50,
    "polls_per_second": 10,
    "connect_timeout_s": 6,
    "read_timeout_s": 31,
    "credential_api_key": "sk-another-1234",
}


@pytest.fixture
def account(make_account) -> ProviderAccount:
    return make_account("kling", "official-key", "http://127.0.0.1:9")


def work_goes_on(account: ProviderAccount) -> None:
    """Write what workers write: a lease, a poll's lease, a known render, a cooldown."""
    account.lock_for_leasing()
    ProviderAccount.objects.filter(pk=account.pk).update(poll_lease_until=timezone.now())
    account.note_known()
    account.cool_down_for(600, "too many requests")


def noted(account: ProviderAccount) -> tuple:
    names = ("poll_lease_until", "known_at", "last_ok_at", "cooldown_until", "cooldown_reason", "cooling_since")
    return ProviderAccount.objects.filter(pk=account.pk).values_list(*names).get()


def test_what_workers_wrote_between_load_and_save_stays(account, staff):
    page = admin.site.get_model_admin(ProviderAccount)
    request = RequestFactory().post("/")
    request.user = staff
    form = page.get_form(request, account, change=True)(TYPED, instance=account)
    assert form.is_valid(), form.errors

    work_goes_on(account)
    before = noted(account)
    page.save_model(request, form.save(commit=False), form, True)

    row = ProviderAccount.objects.get(pk=account.pk)
    assert noted(account) == before
    assert (row.label, row.models_allowed, row.priority, row.max_in_flight) == ("upstairs", ["kling-v2-5-turbo"], 3, 4)
    assert row.tails["api_key"] == "…1234"
    assert None not in (row.changed_at, row.edited_at)


def test_pointing_sandbox_accounts_at_a_simulator_writes_nothing_else(db):
    ensure_sandbox_accounts("http://127.0.0.1:9")

    with CaptureQueriesContext(
        connection,
    ) as queries:
        ensure_sandbox_accounts("http://127.0.0.1:8")

    updates = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert len(updates) == 1
    assert not [sql for sql in updates if any(name in sql for name in ("cooldown", "known_at", "lease"))]
    assert {account.base_url.rpartition(":")[2][:1] for account in ProviderAccount.objects.all()} == {"8"}
