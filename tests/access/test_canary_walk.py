"""A vendor that quotes our key in every field, header and redirect: where a person, a program or a log could read it, it is nowhere."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_network

import pytest
from django.apps import apps
from django.contrib import admin
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django.utils.log import AdminEmailHandler
from django.views.debug import get_exception_reporter_class
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from access.tokens import issue
from generation.models import GenerationTask
from generation.tick import tick
from providers.accounts.callback_urls import callback_url
from providers.accounts.clients import free_client_for
from providers.accounts.health_test import probe, refresh_balances
from providers.core.errors import ProviderError
from providers.models import ProviderAccount
from providers.vendors import PROVIDERS
from tests.access.hostile_vendor import KEY, MODES, SPELLINGS, HostileVendor, body_of, leaks
from tests.portal_driver import Driver
from tests.task_rows import create_task
from web.management.commands.generate import Command as Generate

PUBLIC = "https://portal.example"
REGIONS = {"singapore", "us", "hongkong", "intl", "byteplus", "global", "openai"}
"""Surfaces that differ from another of their vendor only in the address."""
SURFACES = [
    (vendor.slug, surface.slug)
    for vendor in PROVIDERS.values()
    for surface in vendor.surfaces.values()
    if surface.slug not in REGIONS and any(field.secret for field in surface.credentials)
]
SPELLED = list(SPELLINGS)
REFUSING = [mode for mode in MODES if mode != "delivers"]
MODES_EACH = 2
"""Each surface has one mode that delivers and one that refuses; all surfaces together use every mode and every spelling."""
PUBLIC_FIELDS = {"sign": "none"}


class Listening(Driver):
    """Keeps what the queue's messages say before they are done."""

    def __init__(self) -> None:
        super().__init__(None)
        self.messages: list[str] = []

    def run_jobs(self, *, ingest: bool = True) -> list[str]:
        self.messages += [str(SignedPackage.loads(message.payload)) for message in OrmQ.objects.all()]
        return super().run_jobs(ingest=ingest)


def credentials_of(vendor: str, surface: str) -> dict[str, str]:
    """Return credentials with the canary in every secret field."""
    fields = {field.name: field for field in PROVIDERS[vendor].surfaces[surface].credentials}
    plain = {name: PUBLIC_FIELDS.get(name, "") for name, field in fields.items() if not field.secret}
    plain |= {name: "AK-public-part" for name in ("access_key",) if name in fields}
    return plain | {name: f"sessionid={KEY}" if name == "cookie" else KEY for name, field in fields.items() if field.secret}


def live_through(surfaces, server: HostileVendor, make_account, owner, driver: Listening) -> list[ProviderAccount]:
    """Test the connection and send a task of each surface in some modes, then follow all for two more rounds."""
    accounts = []
    for number, (vendor, surface) in enumerate(surfaces):
        for turn in range(MODES_EACH):
            mode = (REFUSING[number % 6], "delivers")[turn]
            spelling = SPELLED[(5 * number + 3 * turn) % len(SPELLED)]
            label, url = f"{vendor} {surface} {mode}", f"{server.url}/{mode}/{spelling}"
            account = make_account(vendor, surface, url, label=label, credentials=credentials_of(vendor, surface))
            probe(account, in_other_regions=True)
            spec = next(one for one in PROVIDERS[vendor].models.values() if _is_easy(one, account))
            create_task(owner=owner, model=spec.name, prompt="a boat", params=spec.needed_params)
            tick()
            driver.run_jobs()
            ProviderAccount.objects.filter(pk=account.pk).update(enabled=False, cooldown_until=None)
            accounts.append(account)
    ProviderAccount.objects.update(enabled=True)
    for _ in range(2):
        driver.step()
    refresh_balances(timezone.now())
    return accounts


def _is_easy(spec, account) -> bool:
    return account.takes(spec) and not spec.needed_slots and not spec.one_of_slots and spec.retired is None


def places(server, accounts, staff_client, raw_token, driver, caplog) -> dict[str, str]:
    """Return everything that can be read, by where it is."""
    some = accounts[::5]
    one_of_each = {str(task.account_id): task for task in GenerationTask.objects.exclude(account=None)}
    tasks = [one_of_each[str(account.pk)] for account in some if str(account.pk) in one_of_each]
    found = {
        "commands": "\n".join(_commands(driver)),
        "rows": "\n".join(str(list(model.objects.values())) for model in apps.get_models()),
        "pages": "\n".join(_pages(staff_client, tasks)),
        "admin": "\n".join(_admin_pages(staff_client, some, tasks)),
        "cards": "\n".join(_test_card(staff_client, account) for account in accounts[::MODES_EACH]),
        "api": "\n".join(_api(raw_token, tasks)),
        "callbacks": "\n".join(_callbacks(accounts)),
        "reports of errors": "\n".join(_reports(staff_client, some)),
        "queue": "\n".join(driver.messages),
    }
    return found | {
        "log": "\n".join(logging.Formatter().format(record) for record in caplog.records),
        "records": "\n".join(f"{record.msg} {record.args}" for record in caplog.records),
        "e-mail": "\n".join(text for message in mail.outbox for text in (message.subject, message.body, *map(str, message.alternatives))),
    }


def _commands(driver: Listening) -> Iterator[str]:
    model = GenerationTask.objects.filter(account__vendor="minimax").first().model
    for words in (["dumpdata"], ["doctor", "--patience", "0"], ["generate", "a boat", "--model", model, "--wait"]):
        out = io.StringIO()
        command = Generate() if words[0] == "generate" else words[0]
        if isinstance(command, Generate):
            command.pause = lambda _seconds: driver.step()
        try:
            call_command(command, *words[1:], stdout=out, stderr=out)
        except (SystemExit, CommandError) as end:  # they end so where something is wrong, as here
            out.write(str(end))
        assert out.getvalue()
        yield out.getvalue()


def _pages(staff_client: Client, tasks) -> Iterator[str]:
    pages = ["/activity/", "/activity/?tab=attention", "/studio/", "/gallery/", "/tick", "/studio/today/"]
    for page in pages + [address for task in tasks for address in (f"/tasks/{task.pk}/", f"/tasks/{task.pk}/card?as=row")]:
        yield staff_client.get(page).content.decode()


def _admin_pages(staff_client: Client, accounts, tasks) -> Iterator[str]:
    yield staff_client.get("/admin/").content.decode()
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield staff_client.get(reverse(f"{name}_changelist")).content.decode()
        rows = {ProviderAccount: accounts, GenerationTask: tasks}.get(model) or model.objects.all()[:3]
        for row in rows:
            yield staff_client.get(reverse(f"{name}_change", args=[row.pk])).content.decode()


def _test_card(staff_client: Client, account: ProviderAccount) -> str:
    return staff_client.post(f"/admin/providers/provideraccount/{account.pk}/test/", headers={"X-Requested-With": "fetch"}).content.decode()


def _api(raw_token: str, tasks) -> Iterator[str]:
    for page in ["/api/v1/tasks?limit=100", *(f"/api/v1/tasks/{task.pk}" for task in tasks)]:
        yield Client().get(page, headers={"authorization": f"Bearer {raw_token}"}).content.decode()


def _callbacks(accounts) -> Iterator[str]:
    """Yield what a vendor is answered when it calls with our key in each field. The log is checked separately."""
    for number, account in enumerate(accounts):
        if address := callback_url(account):
            body = body_of("accepts", SPELLINGS[SPELLED[number % len(SPELLED)]](KEY), PUBLIC)
            yield Client().post(address.removeprefix(PUBLIC), body, content_type="application/json").content.decode()


def _reports(staff_client: Client, accounts) -> Iterator[str]:
    """Yield a DEBUG page and a mail to the administrators (with values) about an error during a call, while an account's form is saved."""
    form = {"label": "an account", **{f"credential_{name}": KEY for name in ("api_key", "cookie", "secret_key")}, "prompt": "a boat"}
    request = RequestFactory().post("/admin/providers/provideraccount/add/", form, headers={"authorization": f"Bearer {KEY}"})
    handler = AdminEmailHandler(include_html=True)
    for account in accounts:
        try:
            free_client_for(account).check_account()
        except ProviderError:
            reporter = get_exception_reporter_class(request)(request, *sys.exc_info())
            yield reporter.get_traceback_html()
            yield reporter.get_traceback_text()
            record = logging.LogRecord("walk", logging.ERROR, __file__, 0, "a call failed", (), sys.exc_info())
            record.request = request
            handler.emit(record)


@pytest.fixture
def walk(staff_client, staff, make_account, caplog, settings) -> Callable[..., HostileVendor]:
    """`walk(surfaces)`: let the vendor quote our key at these surfaces, and read everything."""
    settings.PUBLIC_URL, settings.ADMINS = PUBLIC, [("ops", "ops@portal.example")]
    settings.OUTBOUND_ALLOW_CIDRS = [ip_network("127.0.0.0/8")]
    caplog.set_level(logging.DEBUG)
    raw_token = issue(staff, "walk")[1]

    def go(surfaces) -> HostileVendor:
        with HostileVendor() as server:
            driver = Listening()
            accounts = live_through(surfaces, server, make_account, staff, driver)
            seen = places(server, accounts, staff_client, raw_token, driver, caplog)
            signatures = {token.rpartition(".")[2].removeprefix("Signature=") for token in server.received if len(token) > len(KEY)}

        found = {place: how for place, text in seen.items() if (how := leaks(text, {KEY, *sorted(signatures)[:6]}))}
        assert found == {}
        assert KEY in server.received
        assert all(seen.values())
        return server

    return go


@pytest.mark.slow
def test_a_quoted_key_is_nowhere_whatever_the_surface_the_answer_and_the_spelling(walk):
    server = walk(SURFACES)

    assert {mode for mode, _ in server.asked} >= {*MODES, "file", "moved-file"}
    assert {spelling for _, spelling in server.asked} == set(SPELLINGS)
