"""Passkeys with a device that Chromium simulates, an authenticator app, and the pages of the sign-in: keyboard, phone, both languages."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations

RIGHT = "a long enough password"


@pytest.fixture
def authenticator(page: Page):
    """A device that keeps passkeys and finds its owner present."""
    chrome = page.context.new_cdp_session(page)
    chrome.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    name = chrome.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return lambda verified: chrome.send("WebAuthn.setUserVerified", {"authenticatorId": name, "isUserVerified": verified})


def sign_in(page: Page, at: str) -> None:
    page.goto(f"{at}/accounts/login/")
    page.get_by_label("Username").fill("lin")
    page.get_by_label("Password").fill(RIGHT)
    page.keyboard.press("Enter")


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/accounts/login/")


def add_passkey(page: Page, at: str) -> None:
    page.goto(f"{at}/settings/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(RIGHT)
    page.keyboard.press("Enter")
    page.get_by_label("Name").fill("my phone")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Keep these codes now.")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_alone_or_after_the_password(page: Page, live_server, user, authenticator) -> None:
    at = live_server.url
    sign_in(page, at)
    page.wait_for_url("**/studio/")
    add_passkey(page, at)
    page.goto(f"{at}/settings/security/")
    expect(page.get_by_text("my phone")).to_be_visible()

    sign_out(page)
    page.goto(f"{at}/gallery/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/gallery/")

    sign_out(page)
    sign_in(page, at)
    expect(page.get_by_text("Your password was right.")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/studio/")
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None

    sign_out(page)
    authenticator(False)  # somebody else holds it
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("#toasts").get_by_text("The passkey could not be used.")).to_be_visible()
    expect(page).to_have_url(f"{at}/accounts/login/")

    sign_in(page, at)
    expect(page.get_by_text("Your password was right.")).to_be_visible()


@pytest.mark.parametrize(("language", "width"), [("zh-hans", 390), ("en", 1280)])
def test_every_page_of_the_sign_in_is_accessible_and_fits(signed_in: Page, live_server, trouble, language, width) -> None:
    page = signed_in
    page.set_viewport_size({"width": width, "height": 800})
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])

    def looks_right(path: str) -> None:
        page.goto(f"{live_server.url}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert violations(page) == [], path

    looks_right("accounts/2fa/totp/activate/")
    page.locator("input[type=password]").fill(RIGHT)
    page.keyboard.press("Enter")
    expect(page.locator("img.qr")).to_be_visible()
    for path in ("accounts/2fa/totp/activate/", "settings/security/", "accounts/password/change/", "settings/"):
        looks_right(path)
    page.context.clear_cookies(name="sessionid")
    for path in ("accounts/login/", "accounts/inactive/"):
        looks_right(path)
    trouble.clear()  # axe tells the console what the policy forbids it
