"""What the connection test finds out: each fault by its own sentence, from the simulator's own answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from generation.ingest.sweep import sweep
from providers.accounts.health_test import BALANCE_IS_OLD, Finding, probe
from providers.models import ProviderAccount

BEIJING, ABROAD = {"api_key": "sk-beijing-1234567890"}, {"api_key": "sk-intl-1234567890"}


@pytest.fixture
def found(make_account, simulator):
    """Probe a sandbox account of this surface at a path of the simulator."""

    def test(vendor: str, surface: str, path: str, **credentials: str) -> Finding:
        url = path if "://" in path else f"{simulator.url}{path}"
        return probe(make_account(vendor, surface, url, sandbox=True, credentials=credentials or None), in_other_regions=True)

    return test


def balance():
    return ProviderAccount.objects.values_list("balance", "balance_unit").get()


@pytest.mark.parametrize(
    ("vendor", "surface", "path"),
    [
        ("kling", "official-key", "/hosts/kling/v2"),
        ("dashscope", "beijing", "/hosts/dashscope"),
        ("dashscope", "beijing", "/hosts/dashscope/api/v2"),
        ("ark", "volcengine", "/hosts/ark"),
    ],
)
def test_vendor_that_has_nothing_at_this_path_is_distinguished_from_a_stranger(found, vendor, surface, path):
    finding = found(vendor, surface, path)

    assert (finding.ok, finding.code) == (False, "wrong_path")
    assert "has no API at" in finding.message
    assert path in finding.message


@pytest.mark.parametrize("path", ["", "/nowhere", "/hosts/nobody"])
def test_stranger_is_distinguished_from_the_vendor(found, path):
    finding = found("kling", "official-key", path)

    assert (finding.ok, finding.code) == (False, "wrong_endpoint")
    assert "is not an API of Kling" in finding.message


def test_misspelt_host_is_named(found):
    finding = found("dashscope", "beijing", "https://dashscop.invalid/api/v1")

    assert finding.code == "unknown_host"
    assert finding.message.startswith("The host dashscop.invalid does not exist.")
    assert "https://dashscope.aliyuncs.com/api/v1" in finding.message


def test_region_that_the_vendor_does_not_have_is_a_host_of_no_name(found):
    finding = found("ark", "volcengine", "https://ark.cn-nowhere.invalid/api/v3")

    assert finding.code == "unknown_host"
    assert "region of the base URL (usually https://ark.cn-beijing.volces.com/api/v3)" in finding.message


@pytest.mark.parametrize(
    ("vendor", "surface", "path", "other"),
    [
        ("dashscope", "beijing", "/hosts/dashscope/api/v1", "DashScope, Singapore"),
        ("ark", "volcengine", "/hosts/ark/api/v3", "BytePlus ModelArk"),
    ],
)
def test_key_of_another_region_is_distinguished_from_a_revoked_one(found, vendor, surface, path, other):
    finding = found(vendor, surface, path, **ABROAD)

    assert (finding.ok, finding.code) == (False, "other_region")
    assert f"The key belongs to another region: {other} accepts it" in finding.message
    assert ABROAD["api_key"] not in finding.message


@pytest.mark.parametrize(
    ("vendor", "surface", "path"),
    [("dashscope", "beijing", "/hosts/dashscope-intl/api/v1"), ("ark", "volcengine", "/hosts/byteplus/api/v3")],
)
def test_address_of_another_region_is_distinguished_from_a_revoked_key(found, vendor, surface, path):
    finding = found(vendor, surface, path, **BEIJING)

    assert (finding.ok, finding.code) == (False, "other_region")
    assert finding.message.startswith("The base URL belongs to another region, but the key is valid for ")


@pytest.mark.parametrize(
    ("vendor", "surface", "path"), [("dashscope", "beijing", "/hosts/dashscope/api/v1"), ("minimax", "china", "/hosts/minimax")]
)
def test_key_that_no_region_knows_is_revoked(found, vendor, surface, path):
    finding = found(vendor, surface, path, api_key="sk-bad-1234567890")

    assert (finding.ok, finding.code) == (False, "auth_failed")
    assert "rejected the key: it is wrong, revoked or not allowed here." in finding.message


def test_refused_key_is_shown_to_no_host_that_is_not_the_vendors(found, simulator):
    """Behind an address of somebody's own, other regions are not tried."""
    assert found("dashscope", "beijing", "/hosts/dashscope/api/v1/", **ABROAD).code == "auth_failed"
    assert [one for one in simulator.requests()["polls"] if "intl" in one["path"]] == []


@pytest.mark.parametrize(
    ("vendor", "surface", "path", "keys"),
    [
        ("kling", "official-key", "/hosts/kling", {"api_key": "sk-broke-1234567890"}),
        ("jimeng", "web", "/hosts/jimeng", {"cookie": "sessionid=broke-session-000000", "sign": "none"}),
    ],
)
def test_account_without_credit_is_distinguished_from_one_that_works(found, vendor, surface, path, keys):
    finding = found(vendor, surface, path, **keys)

    assert (finding.ok, finding.code) == (False, "out_of_credit")
    assert "the balance is empty" in finding.message
    assert balance()[0] == 0


def test_balance_is_shown_and_stored(found):
    finding = found("jimeng", "web", "/hosts/jimeng", cookie="sessionid=sim-session-000000000000", sign="computed")

    assert (finding.code, finding.message) == ("ok", "Jimeng web (unofficial) accepts the credentials. Left: 10,000 credits.")
    assert balance() == (Decimal(10_000), "credits")


def test_service_without_a_key_just_answers(found):
    assert found("cogvideox", "local", "/hosts/cogvideox").message == "CogVideoX responds."


@pytest.fixture
def reporting(make_account, simulator):
    return make_account("kling", "official-key", simulator.base("kling"), sandbox=True)


def asked_for_balance(simulator):
    return [one["path"] for one in simulator.requests()["polls"]].count("/hosts/kling/account/costs")


@pytest.mark.parametrize(
    ("age", "asked"), [(None, 1), (BALANCE_IS_OLD + timedelta(seconds=1), 1), (BALANCE_IS_OLD - timedelta(minutes=1), 0)]
)
def test_sweep_asks_for_balances_once_an_hour(reporting, simulator, age, asked):
    ProviderAccount.objects.update(balance_at=timezone.now() - age if age else None)

    sweep()

    assert asked_for_balance(simulator) == asked


@pytest.mark.parametrize("changes", [{"enabled": False}, {"cooldown_until": timezone.now() + timedelta(hours=1)}])
def test_sweep_leaves_accounts_alone_that_are_off_or_in_cooldown(reporting, simulator, changes):
    ProviderAccount.objects.update(**changes)

    sweep()

    assert simulator.requests()["polls"] == []


def test_sweep_goes_on_past_an_account_that_cannot_be_asked(reporting, make_account, simulator):
    make_account("kling", "official-key", "http://127.0.0.1:9", label="a dead one")
    make_account("kling", "official-key", "http://127.0.0.1:9", label="a damaged one")
    ProviderAccount.objects.filter(label="a damaged one").update(sealed="damaged")

    sweep()

    reporting.refresh_from_db()
    assert reporting.balance == 10_000
    assert ProviderAccount.objects.filter(balance=None).count() == 2
