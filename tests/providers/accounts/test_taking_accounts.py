"""Rows of the accounts of the environment: what is stored, and what happens when a variable changes or goes away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from api.v1.schemas import task_out
from database import clock
from events.models import AuditEvent
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.scheduling.account_health import probe_account
from providers.accounts.clients import client_for, locked_because
from providers.accounts.given import read_again
from providers.accounts.sandbox import ensure_sandbox_accounts
from providers.accounts.system_checks import accounts_can_be_used
from providers.accounts.taking import take_accounts
from providers.models import ProviderAccount
from providers.vendors import PROVIDERS
from tests.providers.accounts.given_environment import ARK, BEIJING, KEY, Environment
from tests.task_rows import make_task
from web.presenters.states import Around, text_of


def test_a_start_makes_one_row_without_the_secret_and_a_repeat_changes_nothing(environment, db):
    sandbox = ensure_sandbox_accounts("http://127.0.0.1:9")
    environment.set(ALIYUN_API_KEY=KEY)

    [account] = environment.start()
    ProviderAccount.objects.filter(pk=account.pk).update(label="Wan", weight=7, max_in_flight=9)
    environment.start()

    row = ProviderAccount.objects.exclude(source="").values().get()
    assert KEY not in repr(row)
    assert (row["label"], row["weight"], row["max_in_flight"], row["tails"], row["changed_at"]) == ("Wan", 7, 9, {"api_key": "…1234"}, None)
    assert client_for(account).provider.options.credentials == {"api_key": KEY}
    assert {one.vendor for one in ProviderAccount.objects.enabled()} >= {"kling"}
    off = [one for one in sandbox if one.vendor == "dashscope"]
    assert off
    assert not ProviderAccount.objects.enabled().filter(pk__in=[one.pk for one in off]).exists()
    assert AuditEvent.objects.filter(action="account.created", user_id=None).count() == 1


def start_twice_at_once(environment: Environment, statement: str) -> tuple[list[ProviderAccount], list[ProviderAccount]]:
    """Start, and right before this statement let another process start. Return what both took."""
    others: list[ProviderAccount] = []

    def elsewhere() -> list[ProviderAccount]:
        try:
            return take_accounts()
        finally:
            connection.close()

    def just_before(execute, sql, params, many, context):
        if not others and sql.startswith(("BEGIN", f'{statement} "providers_provideraccount"')):  # SQLite locks first
            with ThreadPoolExecutor(1) as pool:
                others.extend(pool.submit(elsewhere).result())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(just_before):
        return environment.start(), others


@pytest.mark.postgresql
def test_two_processes_that_start_at_once_make_one_row_and_change_it_once(environment, transactional_db):
    environment.set(ALIYUN_API_KEY=KEY)
    mine, others = start_twice_at_once(environment, "INSERT INTO")
    environment.set(ALIYUN_API_KEY="sk-the-next-key-5678")
    changed = start_twice_at_once(environment, "UPDATE")

    assert others == mine == [ProviderAccount.objects.get()] == changed[0] == changed[1]
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["account.created", "account.credentials_replaced"]


def test_another_key_is_taken_at_the_next_start_and_not_before(environment, db, monkeypatch):
    environment.set(ALIYUN_API_KEY=KEY)
    environment.start()
    monkeypatch.setenv("ALIYUN_API_KEY", "sk-the-next-key-5678")
    read_again()  # another process, which starts later than the one that made the row

    account = ProviderAccount.objects.get()
    assert "ALIYUN_API_KEY has other credentials" in str(locked_because(account))
    [account] = environment.start()

    assert not locked_because(account)
    assert account.changed_at is not None
    assert account.tails == {"api_key": "…5678"}


def test_a_change_is_later_than_every_request_that_was_sent_before_it(environment, db):
    environment.set(ALIYUN_API_KEY=KEY)
    [account] = environment.start()
    environment.set(ALIYUN_API_KEY="sk-the-next-key-5678")
    sent_at: list[datetime] = []

    def before_it_has_the_lock(execute, sql, params, many, context):
        if not sent_at and sql.startswith('UPDATE "providers_provideraccount"'):
            sent_at.append(clock.now())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(before_it_has_the_lock):
        environment.start()

    account.refresh_from_db()
    assert account.led_elsewhere(sent_at[0])


def test_an_account_takes_a_label_that_nobody_has(environment, db):
    first = ProviderAccount.objects.create(vendor="zhipu", surface="cn", label="Zhipu, China")
    environment.set(ZHIPUAI_API_KEY=KEY)

    accounts = environment.start() + environment.start()

    assert [account.label for account in accounts] == ["Zhipu, China (2)"] * 2
    assert ProviderAccount.objects.get(pk=first.pk).label == "Zhipu, China"


def test_an_account_that_leaves_the_simulator_is_billed(environment, db):
    environment.set(ARK_API_KEY=KEY, ARK_BASE_URL=f"{environment.settings.SIMULATOR_URL}/ark")
    [account] = environment.start()
    assert account.sandbox
    environment.set(ARK_API_KEY=KEY)

    environment.start()

    account.refresh_from_db()
    assert (account.base_url, account.sandbox) == (ARK, False)


def test_an_account_whose_variable_is_gone_waits_and_comes_back(environment, db):
    environment.set(ALIYUN_API_KEY=KEY)
    [account] = environment.start()
    environment.set()
    environment.start()

    account.refresh_from_db()
    assert account.enabled
    assert not account.may_start
    assert "DASHSCOPE_API_KEY / ALIYUN_API_KEY is not set any more" in str(account.cooldown_reason)
    assert [(item.id, item.is_serious()) for item in accounts_can_be_used(None, ["default"])] == [("providers.W005", False)]
    ProviderAccount.objects.filter(pk=account.pk).update(cooldown_until=account.created_at)
    probe_account(account.pk)
    account.refresh_from_db()
    assert not account.may_start

    environment.set(ALIYUN_API_KEY=KEY)
    environment.start()
    account.refresh_from_db()
    assert account.may_start
    assert ProviderAccount.objects.count() == 1


def test_a_cooldown_for_another_reason_survives_a_start(environment, db):
    environment.set(ALIYUN_API_KEY=KEY)
    [account] = environment.start()
    account.cool_down_for(600, "too many requests")

    environment.start()

    account.refresh_from_db()
    assert str(account.cooldown_reason) == "too many requests"


def test_a_running_render_waits_for_the_key_and_is_saved(environment, simulator, driver, user):
    environment.settings.SIMULATOR_URL = simulator.url
    address = f"{simulator.url}{PROVIDERS['ark'].surfaces['volcengine'].sandbox.path}"
    environment.set(ARK_API_KEY="sk-sandbox-ark", ARK_BASE_URL=address)
    ProviderAccount.objects.filter(vendor="ark").update(enabled=False)
    [account] = environment.start()
    assert account.sandbox
    ensure_sandbox_accounts(simulator.url)
    assert ProviderAccount.objects.filter(vendor="ark", surface="volcengine").exclude(pk=account.pk).count() == 1
    assert not ProviderAccount.objects.get(pk=account.pk).sealed
    task = make_task(user, model="ark/doubao-seedance-1-0-pro-250528")
    driver.until(task, Status.RUNNING)

    environment.set()
    environment.start()
    simulator.advance(60)
    driver.step()
    task = GenerationTask.objects.get(pk=task.pk)
    assert (task.status, task.account) == (Status.RUNNING, account)
    assert "ARK_API_KEY is not set any more" in task_out(task, "").waits_because
    assert "ARK_API_KEY is not set any more" in text_of(task, Around(now=timezone.now()))

    environment.set(ARK_API_KEY="sk-sandbox-ark", ARK_BASE_URL=address)
    environment.start()
    driver.step(ingest=False)
    assert not task_out(GenerationTask.objects.get(pk=task.pk), "").waits_because
    assert driver.finish(task, ingest=False).status == Status.INGESTING


def test_the_command_lists_what_it_takes(environment, db, capsys):
    environment.set(ZHIPUAI_API_KEY=KEY)
    environment.file("[a]\n")
    read_again()

    call_command("environment_accounts")

    out, err = capsys.readouterr()
    assert out == "Zhipu, China: from ZHIPUAI_API_KEY; real: what it renders is billed\n"
    assert err.startswith("Accounts file, line 1:")


def test_the_form_shows_where_it_is_set_and_keeps_it(environment, staff_client, db):
    environment.set(ALIYUN_API_KEY=KEY)
    [account] = environment.start()
    page = f"/admin/providers/provideraccount/{account.pk}/change/"
    form = staff_client.get(page).context["adminform"].form
    typed = {name: value for name, value in form.initial.items() if value not in (None, [], {}) and name in form.fields}

    shown = staff_client.get(page).content.decode()
    reply = staff_client.post(page, typed | {"weight": 9, "credential_api_key": "sk-typed-in", "base_url": "https://else.example.com"})

    assert "Comes from the environment (ALIYUN_API_KEY)" in shown
    assert KEY not in shown
    assert reply.status_code == 302
    account.refresh_from_db()
    assert (account.weight, account.base_url, account.sealed) == (9, BEIJING, "")
    assert not locked_because(account)
    assert "environment" in staff_client.get("/admin/providers/provideraccount/").content.decode()
