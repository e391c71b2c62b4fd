"""Balances, where a vendor reports them: what is asked, what the answer means, and that the simulator agrees."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import requests

from providers.core.client import BlockingClient
from providers.core.errors import AuthenticationFailed, ProviderDown, UnexpectedReply, Unsupported
from providers.core.types import Balance
from providers.vendors import PROVIDERS
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, make_provider, make_request, outcome, reply_of

REPORT_BALANCE = {"kling", "jimeng", "vidu", "openrouter"}


def pack(status="online", left: object = 100):
    return {"resource_pack_name": "videos", "total_quantity": 1000, "remaining_quantity": left, "status": status}


def packs_body(*packs):
    return {"code": 0, "message": "SUCCEED", "data": {"code": 0, "msg": "SUCCEED", "resource_pack_subscribe_infos": list(packs)}}


def kling_says(body, status=200):
    kling = make_provider("kling")
    return outcome(kling, kling.balance(NOON), reply_of(body, status))


def client_at(simulator, **keys) -> BlockingClient:
    return BlockingClient(provider=make_provider("kling", base_url=simulator.base("kling"), **keys))


def test_kling_is_asked_for_packages_bought_in_the_last_years():
    request = next(make_provider("kling").balance(NOON))

    assert (request.method, request.path, request.billable) == ("GET", "/account/costs", False)
    assert request.query["end_time"] == 1_795_176_000_000
    assert request.query["start_time"] == request.query["end_time"] - timedelta(days=1098) // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("packs", "amount"),
    [
        ([pack()], "100"),
        ([pack(), pack(left=0.5)], "100.5"),
        ([pack(), pack("expired"), pack("runOut", 0), pack("toBeOnline")], "100"),
        ([pack("expired")], "0"),
    ],
)
def test_only_packages_in_use_count(packs, amount):
    assert kling_says(packs_body(*packs)) == Balance(amount=Decimal(amount), unit="units")


def test_account_without_a_package_pays_as_it_goes():
    assert type(kling_says(packs_body())) is Unsupported


@in_one_test(
    ("body", "status", "kind"),
    [
        (packs_body(pack(left=None)), 200, UnexpectedReply),
        (packs_body("odd"), 200, UnexpectedReply),
        ({"code": 0, "data": {}}, 200, UnexpectedReply),
        ({"code": 1002, "message": "Authorization is invalid"}, 401, AuthenticationFailed),
        ({"code": 5001, "message": "Server temporarily unavailable"}, 503, ProviderDown),
    ],
)
def test_what_is_not_a_balance_is_an_error(body, status, kind):
    assert type(kling_says(body, status)) is kind


def test_the_gateway_is_not_asked():
    gateway = make_provider("kling", "gateway")

    with pytest.raises(Unsupported):
        next(gateway.balance(NOON))


@in_one_test("slug", sorted(PROVIDERS.keys() - REPORT_BALANCE))
def test_vendors_that_do_not_report_a_balance_are_not_asked(slug):
    with pytest.raises(Unsupported):
        next(make_provider(slug).balance(NOON))


def test_simulated_package_falls_with_each_render(simulator):
    client = client_at(simulator)
    before = client.balance()
    client.submit(make_request("kling/kling-v2-5-turbo", duration_s=10, mode="pro"))

    assert before == Balance(amount=Decimal(10_000), unit="units")
    assert client.balance().amount == 10_000 - 4
    assert simulator.ledger()["count"] == 1


def test_simulated_package_of_a_broke_key_is_used_up(simulator):
    assert client_at(simulator, access_key="ak-broke-1", secret_key="sk-broke-1").balance().amount == 0


@pytest.mark.parametrize("query", ["", "?start_time=1", "?start_time=a&end_time=2", "?start_time=-1&end_time=2"])
def test_simulator_wants_both_dates(simulator, query):
    reply = requests.get(f"{simulator.base('kling')}/account/costs{query}", headers={"Authorization": "Bearer sk-any-key"}, timeout=10)

    assert (reply.status_code, reply.json()["code"]) == (400, 1201)


def test_simulator_lists_only_what_was_bought_between_the_dates(simulator):
    url = f"{simulator.base('kling')}/account/costs?start_time=1&end_time=2"

    body = requests.get(url, headers={"Authorization": "Bearer sk-any-key"}, timeout=10).json()

    assert body["data"]["resource_pack_subscribe_infos"] == []
