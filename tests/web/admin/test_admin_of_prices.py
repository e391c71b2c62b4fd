"""Model prices: typed in by an administrator, used wherever a cost is shown or counted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from providers.core.conditions import conditions_for, conditions_read, conditions_written
from providers.models import ModelPrice, ProviderAccount
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.task_rows import create_task

LIST = "/admin/providers/modelprice/"
WAN, SORA, KLING = "dashscope/wanx2.1-t2v-turbo", "openai-videos/sora-2", "kling/kling-v3"
SEEDANCE = "ark/doubao-seedance-1-5-pro-251215"
FORM = {"model": WAN, "unit": "second", "amount": "0.2", "currency": "CNY"}


@pytest.fixture
def wan(make_account):
    return make_account("dashscope", "beijing", "http://127.0.0.1:9")


@pytest.fixture
def shop(staff_client, wan) -> Client:
    """Return the administrator's browser after a price was added."""
    staff_client.post(f"{LIST}add/", FORM)
    return staff_client


def errors(staff_client, **changes):
    reply = staff_client.post(f"{LIST}add/", {**FORM, **changes})
    return sorted(reply.context["adminform"].form.errors) if reply.status_code == 200 else []


def test_list_without_a_price_says_what_it_is_for(staff_client):
    assert "No custom prices yet" in staff_client.get(LIST).text


def test_price_is_stored_and_listed_beside_the_vendors(shop):
    row = ModelPrice.objects.get()

    text = shop.get(LIST).content.decode()

    assert (row.model, row.unit, row.amount, row.currency) == (WAN, "second", Decimal("0.2"), "CNY")
    assert "0.2 CNY per second" in text
    assert "0.24 CNY per second" in text


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"model": "kling/nonsense"}, "model"),
        ({"model": ""}, "model"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1000000.01"}, "amount"),
        ({"amount": "0.00001"}, "amount"),
        ({"currency": "RMB"}, "currency"),
        ({"currency": "¥"}, "currency"),
        ({"currency": "YUAN"}, "currency"),
        ({"unit": "minute"}, "unit"),
    ],
)
def test_what_is_not_a_price_is_refused(staff_client, changes, wrong):
    assert errors(staff_client, **changes) == [wrong]
    assert not ModelPrice.objects.exists()


def test_currency_is_written_in_capitals(staff_client, db):
    assert errors(staff_client, currency="usd") == []
    assert ModelPrice.objects.get().currency == "USD"


def test_model_has_one_price_for_each_case(shop):
    assert errors(shop) == ["when"]
    assert errors(shop, when="resolution=480p") == []
    assert errors(shop, when=" Resolution = 480P ,") == ["when"]
    assert ModelPrice.objects.count() == 2


@in_one_test(
    ("typed", "kept"),
    [
        ("", ""),
        ("resolution=1080P", "resolution=1080p"),
        ("service_tier＝FLEX， resolution=1080p", "resolution=1080p, service_tier=flex"),
        ("with_audio=false; duration_auto=true", "duration_auto=true, with_audio=false"),
        ("duration_s=5", "duration_s=5"),
    ],
)
def test_conditions_are_kept_in_one_form(typed, kept):
    assert conditions_written(conditions_for(ALL_MODELS[SEEDANCE], typed)) == kept
    assert conditions_written(conditions_read(kept)) == kept


def test_condition_that_no_order_fulfils_is_refused_with_what_may_be_there(staff_client, db):
    asked = [
        ("resolution", "resolution"),
        ("size=4", "resolution"),
        ("resolution=8k", "480p"),
        ("resolution=480p, resolution=720p", "once"),
    ]

    for typed, words in asked:
        reply = staff_client.post(f"{LIST}add/", {**FORM, "model": SEEDANCE, "when": typed})
        assert words in str(reply.context["adminform"].form.errors["when"]), typed
    assert not ModelPrice.objects.exists()


def test_prices_of_a_model_have_one_currency(shop):
    assert errors(shop, when="resolution=480p", currency="USD") == ["currency"]


def test_price_of_tokens_needs_one_that_an_order_can_be_estimated_with(shop):
    assert errors(shop, model=SEEDANCE, unit="token", amount="15") == ["unit"]
    assert errors(shop, model=SEEDANCE) == []
    assert errors(shop, model=SEEDANCE, unit="token", amount="15") == []
    assert errors(shop, model=SEEDANCE, unit="token", amount="16") == ["when"]


def test_change_page_lists_the_settings_that_a_price_may_depend_on(staff_client, db):
    row = ModelPrice.objects.create(model=SEEDANCE, unit="second", amount=1, currency="CNY")

    assert "service_tier=default | flex" in staff_client.get(f"{LIST}{row.pk}/change/").text


def test_models_that_have_an_account_and_no_price_are_listed(staff_client, make_account):
    account = make_account("minimax", "global", "https://api.minimax.example")
    listed = "MiniMax H3</li>"
    assert listed in staff_client.get(LIST).text

    ProviderAccount.objects.filter(pk=account.pk).update(sandbox=True)
    assert listed not in staff_client.get(LIST).text
    ProviderAccount.objects.filter(pk=account.pk).update(sandbox=False)
    for id_ in ("MiniMax-H3", "MiniMax-H3-Max"):
        ModelPrice.objects.create(model=f"minimax/{id_}", unit="second", amount=1, currency="CNY")
    assert listed not in staff_client.get(LIST).text


def test_retired_models_are_marked_among_the_choices(staff_client, db):
    text = staff_client.get(f"{LIST}add/").content.decode()

    assert '<option value="openai-videos/sora-2">Sora 2 (retired on 2026-09-24)</option>' in text


def test_price_of_a_model_that_the_catalog_lost_can_still_be_changed(staff_client, db):
    row = ModelPrice.objects.create(model="kling/gone", unit="video", amount=1, currency="CNY")

    staff_client.post(f"{LIST}{row.pk}/change/", {**FORM, "model": "kling/gone", "amount": "2"})

    row.refresh_from_db()
    assert (row.model, row.amount) == ("kling/gone", 2)


def test_studio_counts_with_it(shop):
    page = shop.get(f"/studio/?model={WAN}").content.decode()
    quote = shop.post("/studio/quote/", {"model": WAN, "prompt": "a boat", "duration_s": "5", "count": "3"}).content.decode()

    assert "¥0.20 per second" in page
    assert "¥0.24 per second" not in page
    assert "about ¥1.00" in page
    assert "about ¥3.00" in quote


@pytest.mark.parametrize(
    ("unit", "amount", "currency", "words", "total"),
    [("video", "2.5", "USD", "$2.50 per video", "about $2.50"), ("second", "0.0125", "CNY", "¥0.0125 per second", "about ¥0.06")],
)
def test_studio_says_unit_and_currency(staff_client, wan, unit, amount, currency, words, total):
    staff_client.post(f"{LIST}add/", {**FORM, "unit": unit, "amount": amount, "currency": currency})

    page = staff_client.get(f"/studio/?model={WAN}").content.decode()

    assert words in page
    assert total in page


def test_studio_has_a_price_where_the_vendor_publishes_none(staff_client, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    before = staff_client.get(f"/studio/?model={KLING}").content.decode()
    staff_client.post(f"{LIST}add/", {**FORM, "model": KLING, "unit": "video", "amount": "3"})

    assert "Price not published" in before
    assert "about ¥3.00" in staff_client.get(f"/studio/?model={KLING}").content.decode()


def test_studio_counts_with_the_price_of_the_chosen_settings(shop, make_account):
    shop.post(f"{LIST}add/", {**FORM, "when": "resolution=480P", "amount": "0.1"})
    asked = {"model": WAN, "prompt": "a boat", "duration_s": "5", "count": "1"}

    assert "from ¥0.10 per second" in shop.get(f"/studio/?model={WAN}").text
    assert "about ¥0.50" in shop.post("/studio/quote/", {**asked, "resolution": "480P"}).text
    assert "about ¥1.00" in shop.post("/studio/quote/", {**asked, "resolution": "720P"}).text


def test_studio_says_what_a_video_costs_at_most_where_the_model_chooses_its_length(staff_client, make_account):
    make_account("ark", "volcengine", "http://127.0.0.1:9")
    model = "ark/doubao-seedance-2-0-260128"
    ModelPrice.objects.create(model=model, unit="second", amount=2, currency="CNY")
    asked = {"model": model, "prompt": "a boat", "duration_s": "5", "duration_auto": "on", "count": "1"}

    assert "about ¥10.00, at most ¥30.00" in staff_client.post("/studio/quote/", asked).text


def test_task_keeps_the_price_of_its_day(shop, user):
    first = create_task(owner=user, model=WAN, prompt="a boat", params={"duration_s": 5})
    ModelPrice.objects.update(amount=9, currency="USD")
    second = create_task(owner=user, model=WAN, prompt="a boat", params={"duration_s": 5})

    first.refresh_from_db()
    assert (first.cost_estimated, first.currency) == (Decimal("1.0000"), "CNY")
    assert (second.cost_estimated, second.currency) == (Decimal(45), "USD")


def test_price_that_is_taken_away_gives_place_to_the_list_price(shop, user):
    shop.post(f"{LIST}{ModelPrice.objects.get().pk}/delete/", {"post": "yes"})

    task = create_task(owner=user, model=WAN, prompt="a boat", params={"duration_s": 5})

    assert (task.cost_estimated, task.currency) == (Decimal("1.20"), "CNY")


def test_person_without_permission_sees_no_price(clerk, db):
    assert clerk.get(LIST).status_code == 403
    assert clerk.post(f"{LIST}add/", FORM).status_code == 403
    assert not ModelPrice.objects.exists()
