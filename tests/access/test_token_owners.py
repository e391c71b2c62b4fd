"""A token acts in its owner's name, so nobody but a superuser makes, sees or changes one of somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from access.models import ApiToken
from access.tokens import issue

LIST = "/admin/access/apitoken/"
ALL = tuple(f"access.{verb}_apitoken" for verb in ("view", "add", "change", "delete"))
NO_END = {"expires_at_0": "", "expires_at_1": "", "scopes": "read"}


def in_a_month():
    return NO_END | {"expires_at_0": str(timezone.now().date() + timedelta(days=30)), "expires_at_1": "00:00"}


def test_staff_who_may_add_tokens_get_their_own_whatever_they_ask_for(staff_who_may, staff):
    reply = staff_who_may("access.add_apitoken").post(f"{LIST}add/", {"owner": staff.pk, "label": "shop", **in_a_month()})

    assert reply.status_code == 200
    assert [token.owner.username for token in ApiToken.objects.all()] == ["clerk"]


def test_the_form_offers_other_owners_to_superusers_only(staff_who_may, staff_client, user):
    assert "owner" not in staff_who_may("access.add_apitoken").get(f"{LIST}add/").context["adminform"].form.fields
    assert user in staff_client.get(f"{LIST}add/").context["adminform"].form.fields["owner"].queryset


def test_a_superuser_issues_for_anybody(staff_client, user):
    staff_client.post(f"{LIST}add/", {"owner": user.pk, "label": "shop", **NO_END})

    assert ApiToken.objects.get().owner == user


@pytest.mark.parametrize("path", ["change", "history"])
def test_tokens_of_others_do_not_exist_for_staff(path, staff_who_may, staff):
    row, clerk = issue(staff, "root's")[0], staff_who_may(*ALL)

    assert "root&#x27;s" not in clerk.get(LIST).content.decode()
    assert clerk.get(f"{LIST}{row.pk}/{path}/").status_code == 302
    assert clerk.get(f"{LIST}{row.pk}/{path}/")["Location"] == "/admin/"


@pytest.mark.parametrize("action", ["revoke", "delete_selected"])
def test_actions_reach_no_token_of_others(action, staff_who_may, staff):
    row, clerk = issue(staff, "root's")[0], staff_who_may(*ALL)

    clerk.post(LIST, {"action": action, "_selected_action": [str(row.pk)], "post": "yes"})

    row.refresh_from_db()
    assert row.revoked_at is None


def test_an_expired_token_of_others_is_not_given_more_time(staff_who_may, staff):
    row, clerk = issue(staff, "root's", expires_in=timedelta(seconds=-1))[0], staff_who_may(*ALL)

    clerk.post(f"{LIST}{row.pk}/change/", {"label": "root's", **NO_END})

    row.refresh_from_db()
    assert row.expires_at < timezone.now()


def test_staff_manage_their_own_tokens(staff_who_may):
    clerk = staff_who_may(*ALL)
    row = issue(User.objects.get(username="clerk"), "mine")[0]

    clerk.post(f"{LIST}{row.pk}/change/", {"label": "still mine", **NO_END})
    assert clerk.get(f"{LIST}{row.pk}/delete/").status_code == 403
    clerk.post(LIST, {"action": "revoke", "_selected_action": [str(row.pk)]})

    row.refresh_from_db()
    assert (row.label, row.revoked_at is not None) == ("still mine", True)
