"""What models cost, and what an order would: it stores nothing and refuses what an order would be refused for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from access.ledger_models import Rate
from generation.models import GenerationTask, Prompt
from generation.ordering.assets import store_asset
from providers.models import ModelPrice, ProviderAccount
from tests.pictures import picture

WAN, SEEDANCE = "dashscope/wanx2.1-t2v-turbo", "ark/doubao-seedance-2-0-260128"


@pytest.fixture
def seedance(make_account):
    ModelPrice.objects.create(model=SEEDANCE, unit="second", amount=1, currency="CNY")
    ModelPrice.objects.create(model=SEEDANCE, when="resolution=1080p", unit="second", amount="2.5", currency="CNY")
    ModelPrice.objects.create(model=SEEDANCE, unit="token", amount=46, currency="CNY")
    return make_account("ark", "volcengine", "https://ark.example")


def test_prices_say_whose_they_are_and_when_they_hold(api, seedance):
    items = {item["model"]: item for item in api.get("/prices").json()["items"]}

    assert items[SEEDANCE] == {
        "model": SEEDANCE,
        "source": "own",
        "price": {
            "amount": "1.0000",
            "unit": "second",
            "currency": "CNY",
            "tiers": [
                {"amount": "46.0000", "unit": "token", "when": {}},
                {"amount": "2.5000", "unit": "second", "when": {"resolution": "1080p"}},
            ],
        },
    }
    assert (items[WAN]["source"], items[WAN]["price"]["amount"]) == ("list", "0.24")
    assert items["cogvideox/cogvideox-2b"] == {"model": "cogvideox/cogvideox-2b", "source": None, "price": None}
    assert api.get(f"/prices?model={SEEDANCE}").json()["items"] == [items[SEEDANCE]]
    assert api.get("/prices?model=acme/none").json()["items"] == []


def test_estimate_counts_the_price_of_the_settings_and_stores_nothing(api, seedance, user):
    frame = store_asset(owner=user, file=picture())
    body = {"model": SEEDANCE, "params": {"resolution": "1080p", "duration_auto": True}, "inputs": {"first_frame": [str(frame.pk)]}}

    reply = api.post("/estimate", body)

    assert reply.json() == {
        "amount": "12.5000",
        "most": "37.500000",
        "currency": "CNY",
        "converted": None,
        "price": {"amount": "2.5000", "unit": "second", "when": {"resolution": "1080p"}},
        "billed": True,
    }
    assert not GenerationTask.objects.exists()
    assert not Prompt.objects.exists()


def test_estimate_is_what_a_task_then_says(api, seedance):
    order = {"model": SEEDANCE, "params": {"duration_s": 10}}

    told = api.post("/estimate", order).json()
    task = api.post("/tasks", {**order, "prompt": "a boat"}).json()

    assert task["cost"]["estimated"] == told["amount"] == "10.0000"


def test_price_in_another_currency_is_converted_by_an_administrators_rate(api, seedance, staff_client):
    ModelPrice.objects.update(currency="USD")
    asked = {"model": SEEDANCE, "params": {"duration_auto": True}}
    assert api.post("/estimate", asked).json()["converted"] is None

    Rate.objects.create(unit="USD", rate=Decimal("7.1"))
    told = api.post("/estimate", asked).json()
    quote = staff_client.post("/studio/quote/", {"model": SEEDANCE, "prompt": "a boat", "count": "2"}).text

    assert (told["amount"], told["currency"]) == ("5.0000", "USD")
    assert told["converted"] == {"amount": "35.500000", "most": "106.500000", "currency": "CNY"}
    assert "about $10.00 (¥71.00)" in quote


def test_order_that_only_a_sandbox_would_render_is_not_billed(api, seedance):
    ProviderAccount.objects.update(sandbox=True)

    assert api.post("/estimate", {"model": SEEDANCE}).json()["billed"] is False


def test_estimate_is_null_without_a_price(api, seedance):
    ModelPrice.objects.exclude(when="resolution=1080p").delete()

    reply = api.post("/estimate", {"model": SEEDANCE}).json()

    assert (reply["amount"], reply["most"], reply["price"], reply["currency"]) == (None, None, None, "CNY")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": SEEDANCE, "params": {"resolution": "8k"}}, "params.resolution"),
        ({"model": SEEDANCE, "inputs": {"first_frame": ["018f6b1e-0000-7000-8000-000000000000"]}}, "inputs.first_frame"),
        ({"model": "acme/none"}, "model"),
        ({"model": WAN}, "model"),
    ],
)
def test_estimate_refuses_what_an_order_would_be_refused_for(api, seedance, body, field):
    reply = api.post("/estimate", body)

    assert reply.status_code == 422
    assert field in reply.json()["error"]["fields"]
