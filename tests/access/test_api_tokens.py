"""Tokens: issued once, stored as a digest, refused when anything about them is off; their admin."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from access.models import ApiToken
from access.tokens import authenticate, issue, new_text
from access.two_keys import secret_key

LIST = "/admin/access/apitoken/"
NO_END = {"expires_at_0": "", "expires_at_1": ""}


def test_issued_token_is_known_and_not_stored(user):
    row, raw = issue(user, "shop")

    assert re.fullmatch(r"vp_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", raw)
    assert authenticate(raw) == row
    assert raw not in str(ApiToken.objects.values().get())
    assert row.digest != raw


def test_scanners_find_tokens_by_the_rules_of_the_docs():
    rules = set(re.findall(r"\\bvp\S+?\\b", (Path(__file__).parents[2] / "docs" / "tokens.md").read_text()))

    (rule,) = rules  # gitleaks' and detect-secrets' are the same
    found = [re.findall(rule, f"TOKEN={raw}\n") == [raw] for raw in (new_text()[1] for _ in range(1_000))]
    assert all(found)
    key = secret_key(ApiToken(digest="0" * 64))
    assert re.findall(rule, f'"{key}"') == [key]
    assert not re.search(rule, "vp_short_text vpsk_short")


def test_token_ends_with_its_time(user):
    raw = issue(user, "shop", expires_in=timedelta(seconds=-1))[1]

    assert authenticate(raw) is None


def test_use_is_noted_at_most_once_a_minute(user, django_assert_num_queries):
    raw = issue(user, "shop")[1]

    with django_assert_num_queries(2):
        authenticate(raw)
    with django_assert_num_queries(1):
        authenticate(raw)


@given(place=st.integers(0, 59), letter=st.characters())
def test_changed_token_is_refused(user, place, letter):
    raw = issue(user, "shop")[1]
    changed = raw[:place] + letter + raw[place + 1 :]

    assert (authenticate(changed) is None) == (changed != raw)


@pytest.mark.parametrize("change", ["{}\n", " {}", "{}x", "{}é", "", "vp__"])
def test_malformed_token_costs_no_query(user, change, django_assert_num_queries):
    raw = change.format(issue(user, "shop")[1])

    with django_assert_num_queries(0):
        assert authenticate(raw) is None


def test_text_is_shown_once(staff_client, user):
    reply = staff_client.post(f"{LIST}add/", {"owner": user.pk, "label": "shop", "scopes": "read", **NO_END})

    row = ApiToken.objects.get()
    raw = re.search(r"vp_\w{58}", reply.content.decode())[0]
    assert authenticate(raw) == row
    assert reply["Cache-Control"].startswith("no-store")
    assert secret_key(row) in reply.text
    for path in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/"):
        text = staff_client.get(path).content.decode()
        assert raw not in text
        assert row.digest not in text
        assert secret_key(row) not in text


def test_end_that_has_passed_is_refused(staff_client, user):
    end = {"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}
    reply = staff_client.post(f"{LIST}add/", {"owner": user.pk, "label": "shop", "scopes": "read", **end})

    assert list(reply.context["adminform"].form.errors) == ["expires_at"]
    assert not ApiToken.objects.exists()


def test_edit_changes_neither_owner_nor_digest(staff_client, user, staff):
    row, raw = issue(user, "shop")

    staff_client.post(f"{LIST}{row.pk}/change/", {"owner": staff.pk, "label": "till", "digest": "0" * 64, "scopes": "read", **NO_END})

    row.refresh_from_db()
    assert (row.label, row.owner) == ("till", user)
    assert authenticate(raw) == row


def test_revoked_token_is_refused_at_once(staff_client, user):
    row, raw = issue(user, "shop")

    staff_client.post(LIST, {"action": "revoke", "_selected_action": [str(row.pk)]})

    assert authenticate(raw) is None
    row.refresh_from_db()
    assert row.revoked_at <= timezone.now()


def test_revoking_again_changes_and_logs_nothing(staff_client, user):
    first, second = issue(user, "shop")[0], issue(user, "till")[0]
    staff_client.post(LIST, {"action": "revoke", "_selected_action": [str(first.pk)]})
    revoked_at = ApiToken.objects.get(pk=first.pk).revoked_at

    said = staff_client.post(LIST, {"action": "revoke", "_selected_action": [str(first.pk), str(second.pk)]}, follow=True).text

    assert "1 token revoked." in said
    assert ApiToken.objects.get(pk=first.pk).revoked_at == revoked_at
    assert LogEntry.objects.filter(object_id=str(first.pk)).count() == 1


def test_an_administrator_replaces_one_token_at_a_time_and_sees_the_new_text_once(staff_client, user):
    first, second = issue(user, "shop")[0], issue(user, "till")[0]

    both = staff_client.post(LIST, {"action": "roll", "_selected_action": [str(first.pk), str(second.pk)]}, follow=True).text
    shown = staff_client.post(LIST, {"action": "roll", "_selected_action": [str(first.pk)]})
    again = staff_client.post(LIST, {"action": "roll", "_selected_action": [str(first.pk)]}, follow=True).text

    first.refresh_from_db()
    assert "Choose one token" in both
    assert authenticate(re.search(r"vp_\w{58}", shown.text)[0]) == first.rolled_to
    assert shown["Cache-Control"].startswith("no-store")
    assert "replaced already" in again
