"""Accounts of the environment: which variables and files make them, what is stored, and what happens when they go away."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

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
from providers.accounts.system_checks import accounts_can_be_used, given_accounts_can_be_used
from providers.accounts.taking import pause_those_gone, take_accounts
from providers.models import ProviderAccount
from providers.vendors import PROVIDERS
from tests.cases import in_one_test
from tests.task_rows import make_task
from web.presenters.states import Around, text_of

KEY = "sk-canary-of-the-environment-1234"
KNOWN = sorted(
    {
        name
        for provider in PROVIDERS.values()
        for surface in provider.surfaces.values()
        if surface.variables
        for names in (surface.variables.address, *surface.variables.credentials.values())
        for name in names
    }
)


class Environment:
    """The variables and the accounts file of a portal that starts again."""

    def __init__(self, patch: pytest.MonkeyPatch, settings, folder: Path) -> None:
        self.patch, self.settings, self.folder = patch, settings, folder

    def set(self, **variables: str) -> None:
        for name in KNOWN:
            self.patch.delenv(name, raising=False)
            self.patch.delenv(f"{name}_FILE", raising=False)
        for name, value in variables.items():
            self.patch.setenv(name, value)

    def file(self, text: str, name: str = "accounts.toml") -> None:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        self.settings.ACCOUNTS_FILE = str(path)

    def start(self) -> list[ProviderAccount]:
        """Do what a worker does when it starts."""
        read_again()
        accounts = take_accounts()
        pause_those_gone()
        return accounts


@pytest.fixture
def environment(monkeypatch, settings, tmp_path):
    settings.ENVIRONMENT_ACCOUNTS = True
    ours = Environment(monkeypatch, settings, tmp_path)
    ours.set()
    yield ours
    settings.ENVIRONMENT_ACCOUNTS = False
    read_again()


def made(**variables: str) -> list[tuple[str, str, str]]:
    return [(one.provider.slug, one.surface.slug, one.base_url) for one in read_again().accounts.values()]


ARK, BYTEPLUS = "https://ark.cn-beijing.volces.com/api/v3", "https://ark.ap-southeast.bytepluses.com/api/v3"
BEIJING, SINGAPORE = "https://dashscope.aliyuncs.com/api/v1", "https://dashscope-intl.aliyuncs.com/api/v1"
OWN = "https://ws-1.cn-beijing.maas.aliyuncs.com/api/v1"


@in_one_test(
    ("variables", "expected"),
    [
        ({}, []),
        ({"ALIYUN_API_KEY": ""}, []),
        ({"ALIYUN_API_KEY": KEY}, [("dashscope", "beijing", BEIJING)]),
        ({"ALIYUN_API_KEY": KEY, "DASHSCOPE_API_KEY": KEY}, [("dashscope", "beijing", BEIJING)]),
        ({"DASHSCOPE_API_KEY": KEY, "DASHSCOPE_HTTP_BASE_URL": f"{SINGAPORE}/"}, [("dashscope", "singapore", SINGAPORE)]),
        ({"DASHSCOPE_API_KEY": KEY, "DASHSCOPE_HTTP_BASE_URL": OWN}, [("dashscope", "beijing", OWN)]),
        ({"ZHIPUAI_API_KEY": KEY}, [("zhipu", "cn", "https://open.bigmodel.cn/api/paas/v4")]),
        ({"ZAI_API_KEY": KEY}, [("zhipu", "intl", "https://api.z.ai/api/paas/v4")]),
        ({"ARK_API_KEY": KEY}, [("ark", "volcengine", ARK)]),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": BYTEPLUS}, [("ark", "byteplus", BYTEPLUS)]),
        ({"ARK_API_KEY": KEY, "BYTEPLUS_API_KEY": "sk-abroad"}, [("ark", "volcengine", ARK), ("ark", "byteplus", BYTEPLUS)]),
        (
            {"ARK_API_KEY": KEY, "BYTEPLUS_API_KEY": "sk-abroad", "ARK_BASE_URL": BYTEPLUS},
            [("ark", "byteplus", BYTEPLUS), ("ark", "volcengine", ARK)],
        ),
        ({"KLING_ACCESS_KEY": "ak"}, []),
        ({"KLINGAI_ACCESS_KEY": "ak", "KLING_SECRET_KEY": KEY}, [("kling", "official-jwt", "https://api-singapore.klingai.com")]),
        ({"DMX_API_TOKEN": KEY}, [("kling", "gateway", "https://www.dmxapi.cn")]),
        ({"MINIMAX_API_KEY": KEY, "MINIMAX_API_HOST": "https://api.minimax.io/v1"}, [("minimax", "global", "https://api.minimax.io")]),
        ({"VIDU_API_KEY": KEY, "VIDU_API_HOST": "api.vidu.com"}, [("vidu", "abroad", "https://api.vidu.com")]),
        ({"OPENAI_API_KEY": KEY}, []),
        (
            {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://g.example.com/v1"},
            [("openai-videos", "compatible", "https://g.example.com/v1")],
        ),
        ({"VOLC_ACCESSKEY": "ak", "VOLC_SECRETKEY": KEY}, [("volcvisual", "official", "https://visual.volcengineapi.com")]),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "http://ark.example.com"}, []),
        ({"ARK_API_KEY": "two\nlines"}, []),
        ({"ARK_API_KEY_FILE": "/nowhere"}, []),
        ({"ARK_API_KEY_FILE": "/dev/null"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL_FILE": "/nowhere"}, []),  # the key is not sent to another address than the one that is meant
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "https://[::1"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "https://ark.example.com\n.evil.example"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "https://ark.example.com/a b"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": "https://ark.example.com/\udc80"}, []),
        ({"ARK_API_KEY": KEY, "ARK_BASE_URL": f"https://ark.example.com/{'a' * 300}"}, []),
        ({"OPENAI_BASE_URL": "https://[", "ZAI_API_KEY": KEY}, [("zhipu", "intl", "https://api.z.ai/api/paas/v4")]),
    ],
)
def test_accounts_of_variables(environment, variables, expected):
    environment.set(**variables)

    assert made() == expected


def test_a_refused_variable_is_named_and_its_value_is_not(environment):
    environment.set(
        ARK_API_KEY=f"{KEY}\u00e9",
        VIDU_API_KEY=KEY,
        VIDU_BASE_URL="http://vidu.example.com",
        ZHIPUAI_API_KEY=KEY,
        MINIMAX_API_KEY_FILE=KEY,  # in the place of a path
    )

    found = [str(problem) for problem in read_again().problems]

    assert [words.split()[0] for words in found] == ["ARK_API_KEY", "MINIMAX_API_KEY_FILE", "VIDU_BASE_URL"]
    assert not any(KEY in words for words in found)
    assert [one.provider.slug for one in read_again().accounts.values()] == ["zhipu"]
    assert [(item.id, item.is_serious()) for item in given_accounts_can_be_used(None)] == [("providers.W004", False)] * 3


TOML = """
["Kling, Beijing"]
vendor = "kling"
base_url = "https://api-beijing.klingai.com"
access_key = "env:SOME_ACCESS_KEY"
secret_key = "file:{secret}"

[ark]
vendor = "ark"
surface = "byteplus"
api_key = "sk-in-the-file"
"""


def test_accounts_of_a_file(environment, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("sk-in-a-docker-secret\n")
    environment.set(SOME_ACCESS_KEY="ak-some")
    environment.file(TOML.format(secret=secret))

    toml = read_again().accounts
    environment.file(json.dumps({"ark": {"vendor": "ark", "surface": "byteplus", "api_key": "sk-in-the-file"}}), "accounts.json")
    as_json = read_again().accounts

    environment.file(
        "\ufeff[ark]\nvendor='ark'\napi_key='x'\n[kling]\nvendor='kling'\nsurface='official-key'\napi_key='x'\nwebhook_secret=''"
    )
    from_windows = read_again().accounts

    assert [one.credentials for one in from_windows.values()] == [{"api_key": "x"}, {"api_key": "x"}]
    kling = toml["file:kling/official-jwt/Kling, Beijing"]
    assert kling.credentials == {"access_key": "ak-some", "secret_key": "sk-in-a-docker-secret"}
    assert kling.base_url == "https://api-beijing.klingai.com"
    assert as_json["file:ark/byteplus/ark"].credentials == toml["file:ark/byteplus/ark"].credentials == {"api_key": "sk-in-the-file"}


@in_one_test(
    ("name", "text", "line", "words"),
    [
        ("a.toml", f'[ark]\nvendor = "ark\napi_key = "{KEY}"\n', 2, "not valid TOML"),
        ("a.toml", f'[ark]\nvendor = "ark"\napi_key = "{KEY}"\n\n[ark]\n', 5, "not valid TOML"),
        ("a.toml", f'[good]\nvendor = "ark"\napi_key = "{KEY}"\n[bad]\nvendor = "arc"\n', 5, "“vendor” cannot be “arc”"),
        ("a.toml", '[good]\nvendor="ark"\napi_key="x"\n\n[bad]\nsurface = "cn"\n', 5, "“vendor” is missing"),
        ("a.toml", '[bad]\nvendor = "ark"\n', 1, "“api_key” is missing"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_kee = "{KEY}"\n', 3, "no “api_kee”"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = 7\n', 3, "must be a text"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = "env:NOT_THERE"\n', 3, "NOT_THERE is not set"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = "file:/nowhere/key"\n', 3, "/nowhere/key cannot be read"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_key = "env:{KEY}"\n', 3, "The variable … is not set"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_key = "file:{KEY}"\n', 3, "The file … cannot be read"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = "file:/tmp/\\u0000"\n', 3, "cannot be read"),
        ("a.toml", '[bad]\nvendor = "ark"\napi_key = "file:/dev/zero"\n', 3, "File too large"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_key = "{KEY}"\nbase_url = "https://ark.example.com/\\nX"\n', 4, "without spaces"),
        ("a.toml", f'[bad]\nvendor = "ark"\napi_key = "{KEY}"\nbase_url = "http://ark.example.com"\n', 4, "Use https"),
        ("a.toml", 'vendor = "ark"\n', 1, "Each account is a table"),
        ("a.json", '{"bad": {"vendor": "ark",\n "api_key": }}', 2, "not valid JSON"),
        ("a.json", '{\n "bad": {\n "vendor": "ark",\n "surface": "mars", "api_key": "x"}}', 4, "“surface” cannot be “mars”"),
        ("a.json", '{"a": {}, "a": {}}', 1, "named twice"),
        ("a.json", '{"a": {"vendor": "ark", "api_key": "env:\\ud800"}}', 1, "not valid JSON"),
        ("a.json", "[]", 1, "Each account is a table"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_line_and_the_others_count(environment, name, text, line, words):
    environment.set()
    environment.file(text, name)

    found = [str(problem) for problem in read_again().problems]

    assert len(found) == 1
    assert re.match(rf"Accounts file, line {line}: ", found[0]), found
    assert words in found[0]
    assert KEY not in found[0]
    assert [one.label for one in read_again().accounts.values()] == (["good"] if "good" in text else [])


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
