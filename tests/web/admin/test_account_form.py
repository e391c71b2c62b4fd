"""What a new account starts with, and which addresses are taken."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django.db import connection

from database import clock
from providers.accounts.sealing import unseal
from providers.models import ProviderAccount
from providers.vendors import PROVIDERS
from tests.web.admin.account_fields import LIMITS, USE

ADD = "/admin/providers/provideraccount/add/"
LOCAL = {"label": "the card downstairs", "base_url": "http://192.168.1.20:6006", **USE, **LIMITS}
KEYED = {**LOCAL, "base_url": "https://api-singapore.klingai.com", "credential_api_key": "sk-canary-1234567890"}

STARTS = {
    ("kling", "official-key"): (5, 60, 20),
    ("dashscope", "beijing"): (2, 120, 20),
    ("zhipu", "cn"): (1, 60, 20),
    ("volcvisual", "official"): (1, 60, 20),
    ("volcvisual", "gateway"): (2, 60, 20),
    ("cogvideox", "local"): (2, 60, 1),
    ("jimeng", "web"): (1, 60, 2),
    ("ark", "volcengine"): (3, 180, 20),
    ("minimax", "china"): (5, 20, 20),
}
SURFACES = [(vendor, slug) for vendor, provider in PROVIDERS.items() for slug in provider.surfaces]


def address(vendor, surface):
    return f"{ADD}?vendor={vendor}&surface={surface}"


def starts_with(form):
    return tuple(int(form[name].value()) for name in ("max_in_flight", "submits_per_minute", "polls_per_second"))


@pytest.mark.parametrize(("surface", "expected"), STARTS.items(), ids=[f"{vendor}-{slug}" for vendor, slug in STARTS])
def test_new_account_starts_with_the_limits_of_its_surface(staff_client, db, surface, expected):
    assert starts_with(staff_client.get(address(*surface)).context["adminform"].form) == expected


@pytest.mark.parametrize(("vendor", "slug"), SURFACES)
def test_every_surface_has_an_address_and_limits_that_the_form_takes(staff_client, db, vendor, slug):
    form = staff_client.get(address(vendor, slug)).context["adminform"].form
    keys = {name: "canary-0123456789" for name in form.fields if name.startswith("credential_")}
    if not any(spec.is_at(slug) for spec in PROVIDERS[vendor].models.values()):
        keys["model_names"] = f"{next(iter(PROVIDERS[vendor].models))} = its-name"
    url = form["base_url"].value() or "https://gateway.example.com"

    staff_client.post(address(vendor, slug), {**LOCAL, "base_url": url, "max_in_flight": starts_with(form)[0], **keys})

    account = ProviderAccount.objects.get()
    assert (account.vendor, account.surface, account.base_url) == (vendor, slug, url)


def test_sandbox_accounts_start_with_the_limits_of_their_surfaces(sandbox_accounts):
    found = {(one.vendor, one.surface): (one.max_in_flight, one.submits_per_minute, one.polls_per_second) for one in sandbox_accounts}

    assert {surface: found[surface] for surface in STARTS if surface in found} == {
        surface: limits for surface, limits in STARTS.items() if surface != ("volcvisual", "gateway")
    }


def test_surface_without_a_secret_may_be_asked_over_plain_http(staff_client, db):
    staff_client.post(address("cogvideox", "local"), LOCAL)

    assert ProviderAccount.objects.get().base_url == "http://192.168.1.20:6006"


@pytest.mark.parametrize(
    ("url", "sandbox"),
    [
        ("http://api-singapore.klingai.com", False),
        ("http://api-singapore.klingai.com", True),
        ("http://192.168.1.20:9100", True),
    ],
)
def test_secret_is_not_sent_in_clear_and_the_form_says_why(staff_client, db, url, sandbox):
    reply = staff_client.post(address("kling", "official-key"), {**KEYED, "base_url": url, **({"sandbox": "on"} if sandbox else {})})

    [words] = reply.context["adminform"].form.errors["base_url"]
    assert words.startswith("Use https. Plain http would expose the key")
    assert not ProviderAccount.objects.exists()


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xA9FEA9FE",
        "[fd00:ec2::254]",
        "[::ffff:a9fe:a9fe]",
        "168.63.129.16",
        "192.0.0.192",
    ],
)
def test_metadata_address_is_not_saved_and_the_form_says_why(staff_client, db, host):
    reply = staff_client.post(address("cogvideox", "local"), {**LOCAL, "base_url": f"http://{host}/latest"})

    assert "base_url" in reply.context["adminform"].form.errors
    assert not ProviderAccount.objects.exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_service_on_this_machine_may_be_asked_over_plain_http(staff_client, db, host):
    staff_client.post(address("kling", "official-key"), {**KEYED, "base_url": f"http://{host}:9100/hosts/kling", "sandbox": "on"})

    assert ProviderAccount.objects.get().sandbox


def test_address_of_another_kind_is_refused_also_without_a_secret(staff_client, db):
    reply = staff_client.post(address("cogvideox", "local"), {**LOCAL, "base_url": "ftp://192.168.1.20"})

    assert list(reply.context["adminform"].form.errors) == ["base_url"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"base_url": "https://api.klingai.com:99999"}, "base_url"),
        ({"base_url": "https://api.klingai.com:0"}, "base_url"),
        ({"read_timeout_s": 0}, "read_timeout_s"),
        ({"read_timeout_s": 241}, "read_timeout_s"),
        ({"connect_timeout_s": 0}, "connect_timeout_s"),
        ({"credential_api_key": "ｓk-full-width"}, "credential_api_key"),
        ({"credential_api_key": "sk-two\nlines"}, "credential_api_key"),
    ],
)
def test_what_could_never_be_sent_is_refused_by_field(staff_client, db, typed, field):
    reply = staff_client.post(address("kling", "official-key"), {**KEYED, **typed})

    assert list(reply.context["adminform"].form.errors) == [field]
    assert not ProviderAccount.objects.exists()


def test_value_that_is_not_secret_is_kept_at_another_address_and_removed_by_a_dash(staff_client, db):
    wan = {**KEYED, "base_url": "https://dashscope.aliyuncs.com/api/v1"}
    staff_client.post(address("dashscope", "beijing"), {**wan, "credential_workspace": "ws-4711"})
    account = ProviderAccount.objects.get()
    page = f"/admin/providers/provideraccount/{account.pk}/change/"

    shown = staff_client.get(page).context["adminform"].form.fields["credential_workspace"].help_text
    staff_client.post(page, {**wan, "base_url": "https://ws-4711.cn-beijing.maas.aliyuncs.com/api/v1"})
    account.refresh_from_db()
    moved = unseal(account.pk, account.sealed)
    staff_client.post(page, {**wan, "base_url": account.base_url, "credential_workspace": "-"})

    account.refresh_from_db()
    assert shown == "Stored: ws-4711. Leave empty to keep it. A single - removes it."
    assert moved == {"api_key": KEYED["credential_api_key"], "workspace": "ws-4711"}
    assert unseal(account.pk, account.sealed) == {"api_key": KEYED["credential_api_key"]}


@pytest.mark.parametrize(
    ("edit", "is_dated"),
    [
        ({}, False),
        ({"label": "upstairs"}, False),
        ({"base_url": KEYED["base_url"] + "/v2"}, True),
        ({"credential_api_key": "sk-canary-2"}, True),
    ],
)
def test_a_change_of_address_or_credentials_is_dated(staff_client, db, edit, is_dated):
    staff_client.post(address("kling", "official-key"), KEYED)
    ProviderAccount.objects.update(changed_at=None)
    account = ProviderAccount.objects.get()

    staff_client.post(f"/admin/providers/provideraccount/{account.pk}/change/", {**KEYED, "credential_api_key": "", **edit})

    account.refresh_from_db()
    assert (account.changed_at is not None) is is_dated


def test_a_change_is_later_than_every_request_that_was_sent_before_it(staff_client, db):
    staff_client.post(address("kling", "official-key"), KEYED)
    account, sent_at = ProviderAccount.objects.get(), list[datetime]()

    def before_it_has_the_lock(execute, sql, params, many, context):
        if not sent_at and sql.startswith('UPDATE "providers_provideraccount"'):
            sent_at.append(clock.now())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(before_it_has_the_lock):
        staff_client.post(f"/admin/providers/provideraccount/{account.pk}/change/", {**KEYED, "credential_api_key": "sk-canary-2"})

    account.refresh_from_db()
    assert account.led_elsewhere(sent_at[0])


def test_new_credentials_empty_the_day_on_which_the_old_ones_expire(staff_client, db):
    staff_client.post(address("kling", "official-key"), {**KEYED, "credentials_expire_on": "2026-12-24"})
    account = ProviderAccount.objects.get()
    page = f"/admin/providers/provideraccount/{account.pk}/change/"

    for key, day, kept in [
        ("", "2026-12-24", date(2026, 12, 24)),
        ("sk-new", "2026-12-24", None),
        ("sk-newer", "2027-06-30", date(2027, 6, 30)),
    ]:
        staff_client.post(page, {**KEYED, "credential_api_key": key, "credentials_expire_on": day})
        account.refresh_from_db()
        assert account.credentials_expire_on == kept
    assert 'name="credentials_expire_on"' not in staff_client.get(address("cogvideox", "local")).text
