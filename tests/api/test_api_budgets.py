"""/api/v1/budgets: everyone reads what binds them; administrators set, change and delete."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission

from access.budgets import put_in_force
from access.limits import Limits
from access.models import Budget
from access.scopes import Scope
from access.tokens import issue
from tests.api.conftest import Api
from tests.cases import in_one_test

NEW = {"kind": "everyone", "window": "month", "limit": "500"}


@pytest.fixture
def permitted_api(other_user):
    """Programs of staff with the permission, with and without the scope for it."""
    other_user.is_staff = True
    other_user.save()
    other_user.user_permissions.add(Permission.objects.get(codename="change_budget"))
    scopes = tuple(Scope.values)
    return [Api(issue(other_user, "t", limits=Limits(scopes=some))[1]) for some in (scopes, scopes[:-1])]


def test_an_administrator_sets_changes_and_deletes_a_budget(admin_api, user):
    reply = admin_api.post("/budgets", NEW | {"kind": "user", "user": "lin", "limit": 12.5, "note": "trial"})

    made = reply.json()
    assert (reply.status_code, made["kind"], made["user"], made["limit"], made["held"], made["left"]) == (
        201,
        "user",
        "lin",
        "12.500000",
        "0.000000",
        "12.500000",
    )
    assert (made["currency"], made["note"], made["enabled"], made["team"], made["token"]) == ("CNY", "trial", True, None, None)
    assert admin_api.client.get(reply["Location"]).json() == made

    changed = admin_api.client.patch(reply["Location"], {"limit": "20", "enabled": False}, content_type="application/json").json()
    assert (changed["limit"], changed["enabled"], changed["note"]) == ("20.000000", False, "trial")
    assert admin_api.client.delete(reply["Location"]).status_code == 204
    assert admin_api.client.delete(reply["Location"]).status_code == 404
    assert not Budget.objects.exists()


def test_a_repeat_under_its_key_is_answered_with_the_first_one(admin_api, db):
    first, again = (admin_api.post("/budgets", NEW, idempotency_key="k-1") for _ in range(2))

    assert (first.status_code, again.content, again["Location"]) == (201, first.content, first["Location"])
    assert again["Idempotent-Replayed"] == "true"


def test_a_second_one_for_the_same_is_refused(admin_api, db):
    assert admin_api.post("/budgets", NEW).status_code == 201

    reply = admin_api.post("/budgets", NEW | {"limit": "1"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "budget_exists")
    assert Budget.objects.get().limit == 500_000_000


def test_a_tokens_budget_is_that_of_its_line(admin_api, user):
    token, replaced = (issue(user, "shop")[0] for _ in range(2))
    replaced.first = token
    replaced.save()

    assert admin_api.post("/budgets", NEW | {"kind": "token", "token": str(replaced.pk)}).json()["token"] == str(token.pk)


@in_one_test(
    ("changes", "field"),
    [
        ({"kind": "user"}, "user"),
        ({"kind": "user", "user": "nobody"}, "user"),
        ({"kind": "team", "team": "nobody"}, "team"),
        ({"kind": "token", "token": str(uuid4())}, "token"),
        ({"team": "film"}, "team"),
        ({"kind": "team", "team": "film", "user": "lin"}, "user"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1000000000"}, "limit"),
        ({"limit": "0.0000001"}, "limit"),
        ({"limit": "NaN"}, "limit"),
        ({"limit": None}, "limit"),
        ({"window": "year"}, "window"),
        ({"kind": "all"}, "kind"),
        ({"held": "0"}, "held"),
        ({"enabled": "no"}, "enabled"),
    ],
)
def test_what_is_no_budget_is_refused_by_field(changes, field, admin_api, user):
    Group.objects.get_or_create(name="film")

    reply = admin_api.post("/budgets", NEW | changes)

    assert (reply.status_code, list(reply.json()["error"]["fields"])) == (422, [field])
    assert not Budget.objects.exists()


def test_a_member_reads_what_binds_them_and_changes_nothing(api, user, other_user, admin_api):
    for budget in (Budget(kind="user", user=user), Budget(kind="user", user=other_user), Budget(kind="everyone", note="for me alone")):
        budget.window, budget.limit = "day", 3_000_000
        put_in_force(budget)
    everyones, theirs = Budget.objects.get(kind="everyone"), Budget.objects.get(user=other_user)

    listed = api.get("/budgets").json()["items"]

    assert [(row["kind"], row["user"], row["note"], row["left"]) for row in listed] == [
        ("everyone", None, None, "3.000000"),
        ("user", "lin", None, "3.000000"),
    ]
    assert api.get(f"/budgets/{everyones.pk}").json() == listed[0]
    assert api.get(f"/budgets/{theirs.pk}").status_code == 404
    assert api.get("/budgets?all=true").status_code == 403
    assert len(admin_api.get("/budgets?all=true").json()["items"]) == 3


def test_only_staff_with_the_permission_and_a_token_with_the_scope_set_budgets(permitted_api, db):
    with_scope, without = permitted_api

    assert without.post("/budgets", NEW).json()["error"]["code"] == "insufficient_scope"
    assert without.get("/budgets?all=true").json()["error"]["code"] == "not_allowed"
    assert with_scope.post("/budgets", NEW).status_code == 201
    assert with_scope.get("/budgets?all=true").status_code == 200


def test_staff_without_the_permission_set_none(api, user):
    user.is_staff = True
    user.save()

    reply = api.post("/budgets", NEW)

    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "not_allowed")
