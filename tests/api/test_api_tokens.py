"""/api/v1/tokens: make, list, change, replace and revoke tokens; none gives more than it has, and those of others are not there."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from access.limits import Limits
from access.models import ApiToken, Budget
from access.scopes import Scope
from access.tokens import authenticate, issue
from access.two_keys import secret_key
from tests.cases import in_one_test

ALL_BUT_ADMIN = tuple(scope for scope in Scope.values if scope != "admin")


class Program:
    """Answers as (status, JSON)."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"authorization": f"Bearer {token}"})

    def ask(self, method: str, path: str = "", body: object = None):
        content = b"" if body is None else json.dumps(body).encode()
        reply = self.client.generic(method, f"/api/v1/tokens{path}", content, content_type="application/json")
        return reply.status_code, json.loads(reply.content) if reply.content else None


@pytest.fixture
def program(user):
    return Program(issue(user, "manager", limits=Limits(scopes=ALL_BUT_ADMIN), expires_in=timedelta(days=60))[1])


def test_a_token_is_made_shown_once_and_works(program, user):
    reply = program.client.post("/api/v1/tokens", {"label": " shop "}, content_type="application/json")

    made = reply.json()
    assert (reply.status_code, reply["Cache-Control"]) == (201, "private, no-store")
    assert authenticate(made["token"]).pk == ApiToken.objects.get(label="shop").pk
    assert (made["state"], made["owner"], made["scopes"]) == ("good", "lin", ["read", "generate", "manage_videos"])
    assert made["token"].startswith(made["prefix"].removesuffix("…"))
    for path in ("", f"/{made['id']}"):
        assert made["token"] not in json.dumps(program.ask("GET", path))
    assert program.client.get(reply["Location"]).json()["id"] == made["id"]
    row = ApiToken.objects.get(label="shop")
    assert (made["access_key"], made["secret_key"]) == (row.public_id, secret_key(row))
    rolled = program.ask("POST", f"/{made['id']}/roll", {})[1]
    assert rolled["secret_key"] == secret_key(ApiToken.objects.get(pk=rolled["id"])) != made["secret_key"]


def test_it_lives_no_longer_than_the_token_that_makes_it(program):
    made = program.ask("POST", body={"label": "shop"})[1]
    status, refusal = program.ask("POST", body={"label": "shop", "expires_in_days": 61})

    assert timedelta(days=59) < ApiToken.objects.get(pk=made["id"]).expires_at - timezone.now() <= timedelta(days=60)
    assert (status, list(refusal["error"]["fields"])) == (422, ["expires_in_days"])


@in_one_test(
    ("change", "field"),
    [
        ({"label": " "}, "label"),
        ({"label": "x" * 101}, "label"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["fly"]}, "scopes.0"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"models": ["kling/none"]}, "models"),
        ({"networks": ["10.0.0.0/99"]}, "networks"),
        ({"rate_per_minute": 0}, "rate_per_minute"),
        ({"only": "moon"}, "only"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_named(program, change, field):
    for method, path in (("POST", ""), ("PATCH", f"/{ApiToken.objects.get().pk}")):
        status, refusal = program.ask(method, path, {"label": "shop"} | change)
        assert status == 422
        assert all(name.startswith(field) for name in refusal["error"]["fields"])


@in_one_test("place", ["moon", "x" * 21, None, 5])
def test_a_place_that_cannot_be_is_named_by_the_field_alone(program, place):
    for method, path in (("POST", ""), ("PATCH", f"/{ApiToken.objects.get().pk}")):
        status, refusal = program.ask(method, path, {"label": "shop", "only": place})
        assert (status, list(refusal["error"]["fields"])) == (422, ["only"])


def test_a_change_keeps_what_is_left_out_and_holds_at_once(program, user):
    made = program.ask("POST", body={"label": "shop", "models": ["kling/kling-v2-6"], "rate_per_minute": 9})[1]
    shop = Program(made["token"])

    status, changed = program.ask("PATCH", f"/{made['id']}", {"rate_per_minute": 1, "label": "till"})

    assert status == 200
    assert (changed["label"], changed["rate_per_minute"], changed["models"]) == ("till", 1, ["kling/kling-v2-6"])
    assert [shop.ask("GET", "/self")[0] for _ in range(2)] == [200, 429]
    assert program.ask("PATCH", f"/{made['id']}", {"rate_per_minute": None})[1]["rate_per_minute"] is None


def test_a_token_gives_no_more_than_it_has_also_by_a_change_or_a_replacement(program, user):
    wide = issue(user, "wide")[0]
    narrow = Program(issue(user, "narrow", limits=Limits(scopes=("manage_tokens",), rate_per_minute=50))[1])

    status, refusal = narrow.ask("POST", body={"label": "more", "rate_per_minute": 51, "expires_in_days": 1})
    assert (status, set(refusal["error"]["fields"])) == (422, {"scopes", "rate_per_minute"})
    assert narrow.ask("PATCH", f"/{wide.pk}", {"only": "sandbox"})[0] == 200  # less than before
    assert narrow.ask("PATCH", f"/{wide.pk}", {"only": ""})[0] == 200
    assert narrow.ask("POST", f"/{wide.pk}/roll", {})[0] == 422
    assert narrow.ask("DELETE", f"/{wide.pk}")[0] == 204


def budgets_of(row_id):
    return {budget.window: budget.limit for budget in Budget.objects.filter(token_line=row_id, enabled=True)}


def test_budgets_come_with_the_token_and_change_with_it(program):
    status, made = program.ask("POST", body={"label": "shop", "budgets": {"day": "20", "month": 500}})
    line = ApiToken.objects.get(pk=made["id"]).line_id

    assert (status, made["budgets"]) == (201, {"day": "20.000000", "month": "500.000000"})
    assert budgets_of(line) == {"day": 20_000_000, "month": 500_000_000}
    assert program.ask("PATCH", f"/{made['id']}", {"label": "till"})[1]["budgets"] == made["budgets"]
    assert program.ask("PATCH", f"/{made['id']}", {"budgets": {"day": "1.5"}})[1]["budgets"]["day"] == "1.500000"
    assert [one["budgets"] for one in program.ask("GET")[1]["items"]] == [{"day": "1.500000", "month": "500.000000"}] * 2


def test_a_wrong_budget_makes_and_changes_nothing(program, user):
    own = ApiToken.objects.get()
    for budgets, field in (
        ({"day": -1}, "budgets.day"),
        ({"year": 1}, "budgets.year"),
        ({"day": "0.0000001"}, "budgets.day"),
        (5, "budgets"),
    ):
        for method, path in (("POST", ""), ("PATCH", f"/{own.pk}")):
            status, refusal = program.ask(method, path, {"label": "shop", "budgets": budgets})
            assert (status, list(refusal["error"]["fields"])) == (422, [field])
    assert (ApiToken.objects.get().label, Budget.objects.count()) == ("manager", 0)


def test_a_token_with_a_budget_raises_and_ends_none(program, user):
    own, other = ApiToken.objects.get(), issue(user, "other")[0]
    assert program.ask("PATCH", f"/{own.pk}", {"budgets": {"day": 5}})[0] == 200  # its own, from now on

    for method, path in (("POST", ""), ("PATCH", f"/{own.pk}"), ("PATCH", f"/{other.pk}")):
        for budget in (None, "5.000001"):
            status, refusal = program.ask(method, path, {"label": "more", "budgets": {"day": budget}})
            assert (status, list(refusal["error"]["fields"])) == (422, ["budgets.day"])
    assert (program.ask("PATCH", f"/{own.pk}", {"budgets": {"day": 4, "month": 9}})[0], budgets_of(own.pk)) == (
        200,
        {"day": 4_000_000, "month": 9_000_000},
    )
    assert not ApiToken.objects.filter(label="more").exists()


def test_a_replacement_has_its_own_text_and_happens_once(program):
    made = program.ask("POST", body={"label": "shop"})[1]

    status, new = program.ask("POST", f"/{made['id']}/roll", {"overlap_hours": 1})

    assert status == 201
    assert new["token"] != made["token"]
    assert [Program(text).ask("GET", "/self")[0] for text in (made["token"], new["token"])] == [200, 200]
    old = program.ask("GET", f"/{made['id']}")[1]
    assert (old["state"], old["rolled_to"]) == ("rolled", new["id"])
    assert program.ask("POST", f"/{made['id']}/roll", {})[1]["error"]["code"] == "already_rolled"
    assert program.ask("DELETE", f"/{new['id']}")[0] == 204
    assert program.ask("DELETE", f"/{new['id']}")[0] == 204
    assert program.ask("POST", f"/{new['id']}/roll", {})[1]["error"]["code"] == "token_ended"
    assert Program(new["token"]).ask("GET", "/self")[0] == 401


def test_self_is_told_to_any_scope(user):
    for scope in Scope.values:
        status, told = Program(issue(user, scope, limits=Limits(scopes=(scope,)))[1]).ask("GET", "/self")
        assert (status, told["label"], told["scopes"]) == (200, scope, [scope])
    page = Client()
    page.force_login(user)
    assert page.get("/api/v1/tokens/self").status_code == 404


def test_tokens_of_others_are_not_there_except_for_administrators(program, staff, user):
    theirs, own = issue(staff, "theirs")[0], ApiToken.objects.get(label="manager")
    admin = Program(issue(staff, "root", limits=Limits())[1])

    calls = [("GET", "", None), ("PATCH", "", {"label": "x"}), ("POST", "/roll", {}), ("DELETE", "", None)]
    for method, tail, body in calls:
        replies = [program.ask(method, f"/{key}{tail}", body) for key in (theirs.pk, uuid4())]
        assert len({(status, answer["error"]["code"], answer["error"]["message"]) for status, answer in replies}) == 1
    assert program.ask("GET", "?owner=admin")[0] == 404
    assert [row["label"] for row in program.ask("GET")[1]["items"]] == ["manager"]
    assert [row["label"] for row in program.ask("GET", "?owner=lin")[1]["items"]] == ["manager"]
    assert [row["label"] for row in admin.ask("GET", "?owner=lin")[1]["items"]] == ["manager"]
    assert admin.ask("DELETE", f"/{own.pk}")[0] == 204
    assert program.ask("GET")[0] == 401
