"""Settings, Tokens: people make, change, replace and revoke their own; a token's text is on one page, once."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from access.budget_changes import limits_of_token
from access.callers import Caller
from access.limits import Limits
from access.models import ApiToken
from access.tokens import authenticate, issue, revoke
from access.two_keys import secret_key

PAGE = "/settings/tokens/"
NEW = {"label": "shop", "scopes": ["read", "generate"], "days": "30"}


@pytest.fixture
def page(user):
    client = Client()
    client.force_login(user)
    return client


def test_a_member_makes_a_token_that_is_shown_once(page, user):
    reply = page.post(
        f"{PAGE}new", NEW | {"networks": "10.0.0.0/8", "rate_per_minute": "60", "only": "local", "models_allowed": "kling/kling-v2-6"}
    )

    raw = re.search(r"vp_\w{58}", reply.text)[0]
    token = ApiToken.objects.get()
    assert (reply.status_code, reply["Cache-Control"]) == (201, "no-store")
    assert authenticate(raw, ip="10.0.0.1") == token
    assert token.owner == user
    assert token.limits == Limits(
        scopes=("read", "generate"), models_allowed=("kling/kling-v2-6",), networks=("10.0.0.0/8",), rate_per_minute=60, only="local"
    )
    shown = page.get(PAGE).text, page.get(f"{PAGE}{token.pk}/").text
    assert all(f"vp_{token.public_id}_" in text and raw not in text and token.digest not in text for text in shown)
    assert raw not in str(page.session.items())
    assert f'value="{token.public_id}"' in reply.text
    assert secret_key(token) in reply.text
    assert all(secret_key(token) not in text for text in shown)


def test_a_form_that_cannot_be_is_shown_again_with_its_errors_in_both_languages(page):
    wrong = NEW | {"networks": "nowhere", "rate_per_minute": "x"}
    english, chinese = (page.post(f"{PAGE}new", wrong, headers={"accept-language": language}) for language in ("en", "zh-hans"))

    assert (english.status_code, chinese.status_code) == (422, 422)
    assert "is not an IP address" in page.post(f"{PAGE}new", NEW | {"networks": "nowhere"}, headers={"accept-language": "en"}).text
    assert '<details class="aside narrowing" open' in english.text
    assert "新建令牌" in chinese.text
    assert not ApiToken.objects.exists()


def test_members_are_not_offered_the_scope_of_administrators(page, staff_client):
    assert 'value="admin"' not in page.get(f"{PAGE}new").text
    assert page.post(f"{PAGE}new", NEW | {"scopes": ["admin"]}).status_code == 422
    assert 'value="admin"' in staff_client.get(f"{PAGE}new").text
    assert staff_client.post(f"{PAGE}new", NEW | {"scopes": ["admin"], "days": ""}).status_code == 201
    assert page.post(f"{PAGE}new", NEW | {"days": ""}).status_code == 422


def test_a_change_is_saved_and_wider_ones_are_refused(page, user):
    token = issue(user, "shop", limits=Limits(scopes=("read",)))[0]
    path = f"{PAGE}{token.pk}/"

    assert page.post(path, {"label": "till", "scopes": ["read", "generate"], "rate_per_minute": "5"}).status_code == 302
    assert page.post(path, {"label": "till", "scopes": ["admin"]}).status_code == 422
    token.refresh_from_db()
    assert (token.label, token.limits) == ("till", Limits(scopes=("read", "generate"), rate_per_minute=5))


def test_a_token_is_changed_though_one_of_its_models_is_gone(page, user):
    token = issue(user, "shop", limits=Limits(scopes=("read",), models_allowed=("kling/gone",)))[0]
    path = f"{PAGE}{token.pk}/"

    assert page.post(path, {"label": "till", "scopes": ["read"], "models_allowed": "kling/gone"}).status_code == 302
    assert page.post(path, {"label": "till", "scopes": ["read"], "models_allowed": "kling/never"}).status_code == 422
    token.refresh_from_db()
    assert (token.label, token.models_allowed) == ("till", ["kling/gone"])


def test_a_replacement_is_shown_once_and_the_old_one_works_for_a_while(page, user):
    token, raw = issue(user, "shop")
    path = f"{PAGE}{token.pk}/roll"

    assert page.post(path, {"hours": "99"}).status_code == 302
    fresh = re.search(r"vp_\w{58}", page.post(path, {"hours": "24"}).text)[0]

    assert authenticate(fresh) == ApiToken.objects.get(rolled_to=None)
    assert authenticate(raw) == token
    assert page.post(path, {"hours": "24"}, follow=True).text.count("replaced already") == 1
    assert ApiToken.objects.count() == 2


def test_a_revoked_token_is_refused_and_can_only_be_looked_at(page, user):
    token, raw = issue(user, "shop")

    page.post(f"{PAGE}{token.pk}/revoke")

    assert authenticate(raw) is None
    assert "<form" not in page.get(f"{PAGE}{token.pk}/").text.split('id="main"')[1].split("</main>")[0]
    assert "Revoked" in page.get(PAGE).text


def test_tokens_of_others_are_not_there_also_for_administrators(staff_client, user):
    token, raw = issue(user, "shop")

    assert token.label not in staff_client.get(PAGE).text
    for tail in ("", "roll", "revoke"):
        assert staff_client.post(f"{PAGE}{token.pk}/{tail}", NEW | {"hours": "1"}).status_code == 404
    assert authenticate(raw) == token


def test_every_state_and_language_has_its_page(page, user):
    good, over = issue(user, "good", limits=Limits(rate_per_minute=5, only="sandbox"))[0], issue(user, "over")[0]
    revoke(over, by=Caller(user=user))
    for language, words in (("en", "5 requests per minute"), ("zh-hans", "每分钟 5 个请求")):
        listed = page.get(PAGE, headers={"accept-language": language}).text
        assert words in listed
        assert str(good.pk) in listed


def test_a_token_has_budgets_that_its_owner_sets_changes_and_ends(page, user):
    text = page.post(f"{PAGE}new", NEW | {"budget_day": "2.5", "budget_month": "40"}).text
    token = ApiToken.objects.get()
    path = f"{PAGE}{token.pk}/"
    assert limits_of_token(token) == {"day": 2_500_000, "month": 40_000_000}
    assert "¥2.50 a day · ¥40.00 a month" in text
    assert 'value="2.5"' in page.get(path).text

    assert page.post(path, NEW | {"budget_day": "", "budget_month": "-1"}).status_code == 422
    assert page.post(path, NEW | {"budget_day": "", "budget_month": "50"}).status_code == 302

    assert limits_of_token(token) == {"month": 50_000_000}
    assert "¥50.00 a month" in page.get(PAGE).text


def test_a_tokens_budgets_are_in_its_form_in_the_admin(staff_client, user):
    token = issue(user, "shop")[0]
    path = f"/admin/access/apitoken/{token.pk}/change/"
    fields = {"label": "shop", "scopes": ["read"], "expires_at_0": "", "expires_at_1": ""}

    assert staff_client.post(path, fields | {"budget_month": "9"}).status_code == 302

    assert limits_of_token(token) == {"month": 9_000_000}
    assert 'value="9"' in staff_client.get(path).text
