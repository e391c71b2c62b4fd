"""Single sign-on against a provider that no one here wrote: who comes in, as whom, and who does not."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.models import User
from django.test import Client

from events.models import AuditEvent
from tests.access.oidc_provider import OidcProvider

ADDRESS = {"email": "lin@team.example", "email_verified": True}


@pytest.fixture(scope="module")
def running_provider() -> Iterator[OidcProvider]:
    with OidcProvider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: OidcProvider, settings, db) -> OidcProvider:
    """Return the provider, which the portal uses: it lets in whom it knows, and nobody else."""
    app = {
        "provider_id": "team",
        "name": "Team",
        "client_id": "portal",
        "secret": "s3cret",
        "settings": {"server_url": running_provider.url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    settings.OIDC_SIGN_UP = settings.OIDC_TRUST_EMAIL = False
    settings.OIDC_DOMAINS = []
    return running_provider


def who(client: Client) -> str:
    """Return who is signed in in this browser, by the page that shows the name."""
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk).username if pk else ""


def test_a_new_person_is_made_once_if_the_installation_wants_it(provider, settings):
    settings.OIDC_SIGN_UP, client = True, Client()
    provider.knows("sub-1", preferred_username="lin", name="Lin Yue", **ADDRESS)

    way = client.get("/accounts/sso/team/login/")
    first = provider.brings_back(client, "sub-1", query="?next=/gallery/")

    assert {"code_challenge", "state", "redirect_uri"} <= set(parse_qs(urlsplit(way["Location"]).query))
    assert (first.status_code, first["Location"]) == (302, "/gallery/")
    person = User.objects.get()
    assert (person.username, person.email, person.first_name, person.is_staff, person.has_usable_password()) == (
        "lin",
        "lin@team.example",
        "Lin",
        False,
        False,
    )
    assert who(client) == "lin"
    again = Client()
    provider.knows("sub-1", preferred_username="renamed", **ADDRESS)
    provider.brings_back(again, "sub-1")
    assert who(again) == "lin"
    assert User.objects.count() == SocialAccount.objects.count() == 1
    assert SocialToken.objects.count() == 0
    assert [event.action for event in AuditEvent.objects.order_by("id")] == ["user.created", "user.signed_in", "user.signed_in"]
    assert AuditEvent.objects.order_by("id").last().after == {"method": "socialaccount"}


def test_nobody_is_made_unless_wanted_nor_beyond_the_teams_domains_nor_with_an_address_that_is_not_verified(provider, settings):
    provider.knows("sub-2", preferred_username="lin", **ADDRESS)
    assert "no account for you" in provider.brings_back(Client(), "sub-2").text

    settings.OIDC_SIGN_UP, settings.OIDC_DOMAINS = True, ["Team.example"]
    for claims in (
        {"email": "lin@elsewhere.example", "email_verified": True},
        {"email": "lin@team.example", "email_verified": False},
        {"email": "lin@team.example", "email_verified": "false"},
        {"email": "lin@team.example.elsewhere.example", "email_verified": True},
        {},
    ):
        provider.knows("sub-2", preferred_username="lin", **claims)
        browser = Client()
        assert "no account for you" in provider.brings_back(browser, "sub-2").text
        assert who(browser) == ""
    assert User.objects.count() == 0

    provider.knows("sub-2", preferred_username="lin", email="lin@team.example", email_verified="true")
    assert provider.brings_back(Client(), "sub-2").status_code == 302
    assert User.objects.get().email == "lin@team.example"


def test_an_address_is_kept_only_if_the_provider_has_verified_it(provider, settings):
    settings.OIDC_SIGN_UP = True
    provider.knows("sub-3", preferred_username="eve", email="boss@team.example", email_verified=False)

    provider.brings_back(Client(), "sub-3")

    assert User.objects.get(username="eve").email == ""


@pytest.mark.parametrize("trusted", [True, False])
def test_a_known_address_is_linked_if_the_provider_is_trusted_with_it_and_the_password_stays(provider, settings, user, trusted):
    settings.OIDC_TRUST_EMAIL = settings.OIDC_SIGN_UP = trusted
    User.objects.filter(pk=user.pk).update(email="Lin@Team.example")
    provider.knows("sub-4", preferred_username="other-name", **ADDRESS)
    browser = Client()

    reply = provider.brings_back(browser, "sub-4")

    assert who(browser) == ("lin" if trusted else "")
    assert ("no account for you" in reply.text) is not trusted
    assert User.objects.count() == 1
    user.refresh_from_db()
    assert user.check_password("a long enough password")
    linked = list(AuditEvent.objects.filter(action="user.single_sign_on_linked").values_list("target_label", flat=True))
    assert linked == (["lin"] if trusted else [])


def test_an_address_of_two_people_or_of_one_who_left_lets_nobody_in(provider, settings, user, other_user):
    settings.OIDC_TRUST_EMAIL = settings.OIDC_SIGN_UP = True
    User.objects.update(email="lin@team.example")
    provider.knows("sub-5", preferred_username="lin", **ADDRESS)
    assert "no account for you" in provider.brings_back(Client(), "sub-5").text

    other_user.delete()
    User.objects.update(is_active=False)
    assert "no account for you" in provider.brings_back(Client(), "sub-5").text
    assert User.objects.count() == 1


def test_who_has_left_stays_out_although_the_provider_still_knows_them(provider, settings):
    settings.OIDC_SIGN_UP = True
    provider.knows("sub-6", preferred_username="lin", **ADDRESS)
    provider.brings_back(Client(), "sub-6")
    User.objects.update(is_active=False)
    browser = Client()

    reply = provider.brings_back(browser, "sub-6")

    assert reply["Location"] == "/accounts/inactive/"
    assert who(browser) == ""
    assert User.objects.count() == 1


def test_no_identity_is_connected_to_who_is_signed_in(provider, user):
    """A foreign page could lead somebody through it, and then sign in as them."""
    provider.knows("sub-7", preferred_username="eve", email="eve@team.example", email_verified=True)
    browser = Client()
    browser.force_login(user)

    for process in ("connect", "redirect"):
        reply = provider.brings_back(browser, "sub-7", query=f"?process={process}")
        assert reply.status_code == 403
    assert SocialAccount.objects.count() == 0


def test_who_gives_up_at_the_provider_or_brings_a_wrong_answer_is_told(provider, settings):
    browser = Client()
    gave_up = provider.brings_back(browser, "sub-8", action="deny")
    # the provider of these tests leaves `state` out of a refusal, which no browser is let in by either
    assert gave_up.status_code in (302, 401)

    browser.get("/accounts/sso/team/login/")
    state = next(iter(browser.session["socialaccount_states"]))
    cancelled = browser.get(f"/accounts/sso/team/login/callback/?error=access_denied&state={state}", follow=True)
    assert "You did not sign in." in cancelled.text
    for query in ("", "?code=x", "?code=x&state=forged", f"?code=forged&state={state}", "?state=%00&code=%00"):
        assert browser.get(f"/accounts/sso/team/login/callback/{query}").status_code == 401
    assert browser.get("/accounts/sso/nobody/login/").status_code == 404


def test_a_provider_that_does_not_answer_or_answers_nonsense_is_a_sentence(provider, settings, simulator):
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    for url in ("http://127.0.0.1:9", f"{simulator.url}/nothing"):
        apps[0]["settings"]["server_url"] = url
        reply = Client().get("/accounts/sso/team/login/")
        assert reply.status_code == 502
        assert "gave an unexpected answer" in reply.text


def test_the_sign_in_page_has_a_link_to_the_provider_and_keeps_where_one_wanted_to_go(provider):
    page = Client().get("/accounts/login/?next=/gallery/")

    assert 'href="/accounts/sso/team/login/?next=%2Fgallery%2F"' in page.text
    assert "Sign in with Team" in page.text
