"""Budgets and rates in the admin: typed in as money, never with what they count."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from access.exchange import rate_of
from access.models import Budget, Rate
from access.tokens import issue
from events.models import AuditEvent
from providers.models import ModelPrice
from tests.cases import in_one_test

LIST, RATES = "/admin/access/budget/", "/admin/access/rate/"
NEW = {"kind": "everyone", "window": "month", "limit": "500.5", "enabled": "on", "note": ""}
YUAN = 1_000_000


def errors(client, path, fields):
    reply = client.post(path, fields)
    return sorted(reply.context["adminform"].form.errors) if reply.status_code == 200 else []


def test_a_budget_is_made_changed_and_deleted_and_all_of_it_is_recorded(staff_client, user):
    staff_client.post(f"{LIST}add/", NEW | {"kind": "user", "user": user.pk})
    budget = Budget.objects.get()
    path = f"{LIST}{budget.pk}/change/"
    Budget.objects.update(held=3 * YUAN)
    page = staff_client.get(path).text
    Budget.objects.update(held=9 * YUAN)  # an order, while the page is open

    staff_client.post(path, {"limit": "600", "enabled": "on", "note": "spring", "held": "0", "kind": "everyone"})

    stored = Budget.objects.get()
    assert 'value="500.5"' in page
    assert "¥3.00" in page
    assert (stored.limit, stored.note, stored.kind, stored.user) == (600 * YUAN, "spring", "user", user)
    assert stored.held == 0  # worked out from the reservations, of which there are none
    staff_client.post(path.replace("change", "delete"), {"post": "yes"})
    assert not Budget.objects.exists()
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == [
        "budget.created",
        "budget.changed",
        "budget.deleted",
    ]


@in_one_test(
    ("changes", "wrong"),
    [
        ({"limit": "-1"}, ["limit"]),
        ({"limit": ""}, ["limit"]),
        ({"limit": "1e12"}, ["limit"]),
        ({"kind": "user"}, ["user"]),
        ({"kind": "team"}, ["team"]),
        ({"kind": "token"}, ["token_line"]),
        ({"kind": "x"}, ["kind"]),
        ({"window": ""}, ["window"]),
        ({"token_line": "x", "kind": "token"}, ["token_line"]),
    ],
)
def test_what_is_no_budget_is_refused(changes, wrong, staff_client):
    assert errors(staff_client, f"{LIST}add/", NEW | changes) == wrong
    assert not Budget.objects.exists()


def test_a_second_one_for_the_same_is_refused_in_words(staff_client, user):
    team, token = Group.objects.create(name="film"), issue(user, "shop")[0]
    for target in ({}, {"kind": "team", "team": team.pk}, {"kind": "token", "token_line": token.pk}):
        assert errors(staff_client, f"{LIST}add/", NEW | target) == []
        assert errors(staff_client, f"{LIST}add/", NEW | target) == ["__all__"]
        assert errors(staff_client, f"{LIST}add/", NEW | target | {"window": "day"}) == []

    listed = staff_client.get(LIST).text
    assert Budget.objects.count() == 6
    assert all(words in listed for words in ("Everyone together", "film", "shop", "¥500.50"))


def test_only_who_may_change_budgets_does(user):
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_budget"))
    client = Client()
    client.force_login(looker)

    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}add/", NEW).status_code == 403


def test_the_list_names_the_models_that_budgets_refuse(staff_client, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    ModelPrice.objects.create(model="kling/kling-v3", unit="second", amount=1, currency="USD")
    assert "Models that budgets refuse" not in staff_client.get(LIST).text
    staff_client.post(f"{LIST}add/", NEW)

    text = staff_client.get(LIST).text

    assert "Models that budgets refuse" in text
    assert "There are prices in USD, and no rate for it." in staff_client.get(RATES).text
    staff_client.post(f"{RATES}add/", {"vendor": "", "unit": "usd", "rate": "7.1"})
    assert "There are prices in USD" not in staff_client.get(RATES).text


def test_a_rate_is_stored_used_at_once_and_recorded(staff_client, db, django_capture_on_commit_callbacks):
    assert rate_of("USD") is None
    with django_capture_on_commit_callbacks(execute=True):
        assert errors(staff_client, f"{RATES}add/", {"vendor": "", "unit": "usd", "rate": "7.1"}) == []
    assert rate_of("USD") == Decimal("7.1")
    with django_capture_on_commit_callbacks(execute=True):
        assert errors(staff_client, f"{RATES}add/", {"vendor": "vidu", "unit": "credits", "rate": "0.03125"}) == []
    assert rate_of("credits", vendor="vidu") == Decimal("0.03125")
    assert "0.03125 CNY" in staff_client.get(RATES).text
    assert AuditEvent.objects.filter(action="rate.created").count() == 2


@in_one_test(
    ("fields", "wrong"),
    [
        ({"vendor": "", "unit": "dollar", "rate": "7"}, ["unit"]),
        ({"vendor": "", "unit": "CNY", "rate": "1"}, ["unit"]),
        ({"vendor": "nobody", "unit": "USD", "rate": "1"}, ["vendor"]),
        ({"vendor": "vidu", "unit": "", "rate": "1"}, ["unit"]),
        ({"vendor": "", "unit": "USD", "rate": "0"}, ["rate"]),
        ({"vendor": "", "unit": "USD", "rate": "-1"}, ["rate"]),
        ({"vendor": "", "unit": "USD", "rate": "x"}, ["rate"]),
    ],
)
def test_what_is_no_rate_is_refused(fields, wrong, staff_client):
    assert errors(staff_client, f"{RATES}add/", fields) == wrong
    assert not Rate.objects.exists()


def test_a_rate_is_there_once(staff_client):
    fields = {"vendor": "", "unit": "USD", "rate": "7"}
    assert errors(staff_client, f"{RATES}add/", fields) == []
    assert errors(staff_client, f"{RATES}add/", fields | {"unit": "usd"}) == ["__all__"]


@pytest.fixture(autouse=True)
def no_kept_rates():
    from access import exchange

    exchange.forget()
    yield
    exchange.forget()
