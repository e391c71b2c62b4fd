"""Limits of tokens: what can be stored, who may give it, and that a token gives no more than it has."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from access.callers import Caller
from access.limits import Limits, WrongLimits, allows_address, narrower
from access.models import ApiToken
from access.scopes import USUAL_SCOPES
from access.tokens import change, issue
from events.models import AuditEvent
from tests.cases import in_one_test

NARROW = {
    "scopes": ("read", "manage_tokens"),
    "models_allowed": ("kling/kling-v2-6",),
    "networks": ("10.0.0.0/8",),
    "rate_per_minute": 10,
    "only": "sandbox",
}


def limited(**fields):
    return Limits(**(NARROW | fields))


@in_one_test(
    ("field", "value"),
    [
        ("scopes", []),
        ("scopes", ["read", "everything"]),
        ("models_allowed", ["no such model"]),
        ("models_allowed", ["kling/unknown"]),
        ("networks", ["10.0.0.0/33"]),
        ("networks", ["example.org"]),
        ("networks", [f"10.0.0.{number}" for number in range(51)]),
        ("rate_per_minute", 0),
        ("rate_per_minute", 100_001),
        ("only", "moon"),
    ],
)
def test_limits_that_mean_nothing_are_refused_by_name(field, value):
    with pytest.raises(WrongLimits) as refusal:
        Limits.checked(**({"scopes": ["read"]} | {field: value}), known_models={"kling/kling-v2-6"})

    assert list(refusal.value.fields) == [field]


def test_limits_are_stored_in_one_form():
    limits = Limits.checked(
        scopes=["generate", "read", "read"], networks=[" 10.1.2.3/8", "2001:db8::1", "10.0.0.0/8"], models_allowed=["b/b", "a/a"]
    )

    assert limits.scopes == ("read", "generate")
    assert limits.networks == ("10.0.0.0/8", "2001:db8::1/128")
    assert limits.models_allowed == ("a/a", "b/b")


@in_one_test(
    ("networks", "ip", "allowed"),
    [
        ((), "", True),
        (("10.0.0.0/8",), "10.1.2.3", True),
        (("10.0.0.0/8",), "::ffff:10.1.2.3", True),
        (("10.0.0.0/8",), "11.0.0.1", False),
        (("10.0.0.0/8",), "", False),
        (("10.0.0.0/8",), "2001:db8::1", False),
        (("2001:db8::/32",), "2001:db8::1", True),
        (("10.0.0.0/8",), "fe80::1%eth0", False),
    ],
)
def test_an_address_is_in_the_list_or_not(networks, ip, allowed):
    assert allows_address(networks, ip) is allowed


@in_one_test(
    ("change", "wrong"),
    [
        ({}, []),
        ({"scopes": ("read",)}, []),
        ({"scopes": ("read", "generate")}, ["scopes"]),
        ({"models_allowed": ()}, ["models_allowed"]),
        ({"models_allowed": ("kling/kling-v2-6", "kling/kling-v3")}, ["models_allowed"]),
        ({"networks": ()}, ["networks"]),
        ({"networks": ("10.1.0.0/16",)}, []),
        ({"networks": ("10.1.0.0/16", "11.0.0.0/8")}, ["networks"]),
        ({"networks": ("2001:db8::/32",)}, ["networks"]),
        ({"rate_per_minute": 9}, []),
        ({"rate_per_minute": 11}, ["rate_per_minute"]),
        ({"rate_per_minute": None}, ["rate_per_minute"]),
        ({"only": ""}, ["only"]),
        ({"only": "local"}, ["only"]),
    ],
)
def test_what_is_wider_is_named(change, wrong):
    assert list(narrower(limited(**change), limited())) == wrong
    assert narrower(limited(**change), Limits()) == {}


def test_a_token_makes_only_narrower_ones_that_do_not_outlive_it_and_they_share_its_line(user):
    parent = issue(user, "parent", limits=limited(), expires_in=timedelta(days=30))[0]
    by = Caller(user=user, token=parent)

    for limits, days, wrong in [(Limits(), 400, {*NARROW, "expires_at"}), (limited(), 31, {"expires_at"}), (limited(only=""), 3, {"only"})]:
        with pytest.raises(WrongLimits) as refusal:
            issue(user, "child", by=by, limits=limits, expires_in=timedelta(days=days))
        assert set(refusal.value.fields) - {"scopes"} == wrong - {"scopes"}
    child = issue(user, "child", by=by, limits=limited(), expires_in=timedelta(days=29))[0]

    assert child.line_id == parent.line_id == parent.pk
    assert AuditEvent.objects.get(target_id=str(child.pk)).token_id == parent.pk


def test_people_give_what_they_have_and_no_endless_token(user, staff, settings):
    usual = Limits(scopes=USUAL_SCOPES)
    for limits, days, wrong in [(Limits(), 10, ["scopes"]), (usual, 366, ["expires_at"]), (usual, None, ["expires_at"])]:
        with pytest.raises(WrongLimits) as refusal:
            issue(user, "mine", by=Caller(user=user), limits=limits, expires_in=timedelta(days=days) if days else None)
        assert list(refusal.value.fields) == wrong
    assert issue(user, "mine", by=Caller(user=user), limits=usual, expires_in=timedelta(days=365))[0].line_id
    assert issue(staff, "mine", by=Caller(user=staff))[0].scopes == list(Limits().scopes)
    settings.TOKEN_LONGEST_DAYS = 0
    assert issue(user, "mine", by=Caller(user=user), limits=usual)[0].expires_at is None


def test_a_change_is_recorded_and_does_not_ask_again_for_what_the_token_has(user):
    token = issue(user, "old", limits=Limits())[0]  # all scopes, no end: as those made before there were limits
    change(token, by=Caller(user=user), label="new", limits=token.limits, expires_at=None)
    narrow = Limits.checked(scopes=["read"], rate_per_minute=5)
    change(token, by=Caller(user=user), label="new", limits=narrow, expires_at=None)
    with pytest.raises(WrongLimits):
        change(token, by=Caller(user=user), label="new", limits=Limits(), expires_at=None)

    stored = ApiToken.objects.get(pk=token.pk)
    first, second = AuditEvent.objects.filter(action="token.changed").order_by("pk")
    assert (stored.label, stored.limits) == ("new", narrow)
    assert (first.before, first.after) == ({"label": "old"}, {"label": "new"})
    assert second.after == {"scopes": ["read"], "rate_per_minute": 5}


def test_rows_of_the_version_before_get_all_scopes_and_no_limits(user):
    """Its processes go on inserting during an upgrade, and do not know the new columns."""
    token = issue(user, "old")[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO access_apitoken (id, owner_id, label, public_id, digest, created_at)"
            " SELECT %s, owner_id, label, 'another0', digest, created_at FROM access_apitoken",
            ["0" * 32],
        )

    old = ApiToken.objects.get(public_id="another0")
    assert old.limits == Limits()
    assert old.line_id == old.pk
    assert token.limits == Limits()


def test_the_command_sets_every_limit(user):
    words = ("--scopes", "read", "generate", "--models", "kling/kling-v2-6", "--networks", "10.0.0.0/8", "--rate", "5", "--only", "local")
    call_command("create_token", "lin", "shop", *words, stdout=io.StringIO())
    call_command("create_token", "lin", "usual", stdout=io.StringIO())
    call_command("create_token", "lin", "endless", "--no-expiry", stdout=io.StringIO())

    shop, usual, endless = (ApiToken.objects.get(label=label) for label in ("shop", "usual", "endless"))
    assert shop.limits == Limits(
        scopes=("read", "generate"), models_allowed=("kling/kling-v2-6",), networks=("10.0.0.0/8",), rate_per_minute=5, only="local"
    )
    assert usual.limits == Limits(scopes=USUAL_SCOPES)
    assert timedelta(days=89) < usual.expires_at - timezone.now() < timedelta(days=91)
    assert endless.expires_at is None


@in_one_test("words", [("--rate", "0"), ("--networks", "x"), ("--models", "x"), ("--scopes", "admin"), ("--days", "3", "--no-expiry")])
def test_the_command_refuses_what_cannot_be(user, words):
    with pytest.raises(CommandError):
        call_command("create_token", "lin", "shop", *words, stdout=io.StringIO())

    assert not ApiToken.objects.exists()


def test_the_admins_form_sets_limits_and_names_what_is_wrong(staff_client, user):
    path, form = "/admin/access/apitoken/add/", {"owner": user.pk, "label": "shop", "expires_at_0": "", "expires_at_1": ""}
    wrong = staff_client.post(path, form | {"scopes": ["read", "admin"], "networks": "10.0.0.0/8", "models_allowed": "kling/kling-v2-6"})
    assert list(wrong.context["adminform"].form.errors) == ["scopes"]
    wrong = staff_client.post(path, form | {"scopes": ["read"], "networks": "nowhere", "models_allowed": "nothing", "rate_per_minute": "0"})
    assert set(wrong.context["adminform"].form.errors) == {"networks", "models_allowed", "rate_per_minute"}

    right = {
        "scopes": ["read"],
        "networks": "10.0.0.0/8\r\n",
        "models_allowed": "kling/kling-v2-6",
        "rate_per_minute": "7",
        "only": "sandbox",
    }
    reply = staff_client.post(path, form | right)
    token = ApiToken.objects.get()
    assert re.search(r"vp_\w{58}", reply.text)
    assert token.limits == limited(scopes=("read",), rate_per_minute=7)
    page = staff_client.get(f"/admin/access/apitoken/{token.pk}/change/").text
    assert "10.0.0.0/8" in page
    staff_client.post(f"/admin/access/apitoken/{token.pk}/change/", form | right | {"rate_per_minute": "8"})
    assert AuditEvent.objects.get(action="token.changed").after == {"rate_per_minute": 8}
    for query in ("state=good", "state=unused", "state=expired", "state=rolled", "scope=read", "only__exact=sandbox"):
        listed = staff_client.get(f"/admin/access/apitoken/?{query}").text
        assert (str(token.pk) in listed) is (query in {"state=good", "scope=read", "only__exact=sandbox"})
