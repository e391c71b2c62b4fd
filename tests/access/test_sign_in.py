"""Signing in with a password: one page for the portal and its admin, with a limit on guesses, and what is recorded."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from events.models import AuditEvent
from tests.cases import in_one_test

RIGHT = "a long enough password"


def sign_in(client: Client, name: str, password: str, **more: str):
    return client.post("/accounts/login/", {"username": name, "password": password} | more)


@in_one_test("name", ["lin", "LIN", "lin@team.example", "Lin@Team.example"])
def test_the_name_or_the_address_signs_in_and_leads_where_one_wanted(user, name):
    User.objects.filter(pk=user.pk).update(email="lin@team.example")
    browser = Client()

    reply = sign_in(browser, name, RIGHT, next="/gallery/?tab=mine")

    assert (reply.status_code, reply["Location"]) == (302, "/gallery/?tab=mine")
    assert browser.get("/gallery/").status_code == 200
    assert browser.session.get_expire_at_browser_close() is False


@in_one_test("target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "\0"])
def test_nobody_is_led_elsewhere(user, target):
    assert sign_in(Client(), "lin", RIGHT, next=target)["Location"] == "/"


def test_a_wrong_password_says_so_and_keeps_the_name_and_is_recorded_for_those_who_exist(user):
    reply = sign_in(Client(), "lin", "wrong", next="/gallery/")
    nobody = sign_in(Client(), "my secret typed into the wrong field", "wrong")

    for page in (reply, nobody):
        assert "The username or the password is wrong. Upper and lower case count." in page.text
    assert 'value="lin"' in reply.text
    assert 'name="next" value="/gallery/"' in reply.text
    event = AuditEvent.objects.get()
    assert (event.action, event.target_label, event.user_id, event.ip) == ("user.sign_in_failed", "lin", None, "127.0.0.1")


@in_one_test("host", ["testserver", "testserver:81", "localhost"])
def test_five_wrong_passwords_lock_a_name_for_five_minutes_whatever_address_is_asked(settings, user, other_user, host):
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]
    for number in range(5):
        sign_in(Client(headers={"host": f"testserver:{8000 + number}"}, REMOTE_ADDR=f"192.0.2.{number}"), "lin", "wrong")

    locked = sign_in(Client(headers={"host": host}, REMOTE_ADDR="192.0.2.9"), "LIN", RIGHT)

    assert "Too many failed sign-ins." in locked.text
    assert sign_in(Client(REMOTE_ADDR="192.0.2.9"), "zhao", RIGHT).status_code == 302


def test_one_address_may_not_try_many_names(settings, user):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"login": "12/m/ip"}
    replies = [sign_in(Client(), f"name-{number}", "wrong") for number in range(13)]

    assert [number for number, reply in enumerate(replies) if "Too many failed sign-ins." in reply.text] == [10, 11]
    assert replies[12].status_code == 429
    assert "Wait a few minutes" in replies[12].text
    assert sign_in(Client(REMOTE_ADDR="192.0.2.1"), "lin", RIGHT).status_code == 302


def test_requests_through_a_socket_without_an_address_sign_in(user):
    assert sign_in(Client(REMOTE_ADDR=""), "lin", RIGHT).status_code == 302


def test_who_was_made_inactive_is_told_and_stays_out(user):
    User.objects.filter(pk=user.pk).update(is_active=False)
    browser = Client()

    reply = sign_in(browser, "lin", RIGHT)

    assert reply["Location"] == "/accounts/inactive/"
    assert "This account is closed" in browser.get("/accounts/inactive/").text
    assert browser.get("/studio/").status_code == 302


def test_the_admin_has_no_sign_in_of_its_own(staff, user):
    browser = Client()
    assert browser.get("/admin/", follow=True).redirect_chain[-1] == ("/accounts/login/?next=/admin/", 302)
    assert browser.post("/admin/login/", {"username": "admin", "password": RIGHT}).status_code == 302
    assert browser.get("/admin/").status_code == 302

    sign_in(browser, "admin", RIGHT, next="/admin/")
    assert browser.get("/admin/").status_code == 200
    assert browser.get("/admin/password_change/")["Location"] == "/accounts/password/change/"
    assert browser.post("/admin/logout/")["Location"] == "/accounts/login/"
    assert browser.get("/admin/").status_code == 302

    member = Client()
    sign_in(member, "lin", RIGHT)
    assert member.get("/admin/", follow=True).status_code == 403
    assert member.post("/admin/login/?next=/admin/", {"username": "admin", "password": RIGHT}).status_code == 403


def test_a_changed_password_ends_every_other_session(user):
    here, elsewhere = Client(), Client()
    for browser in (here, elsewhere):
        sign_in(browser, "lin", RIGHT)
    new = {"oldpassword": RIGHT, "password1": "quite another one", "password2": "quite another one"}

    refused = here.post("/accounts/password/change/", new | {"oldpassword": "wrong"})
    weak = here.post("/accounts/password/change/", new | {"password1": "short", "password2": "short"})
    changed = here.post("/accounts/password/change/", new)

    assert "This is not your current password." in refused.text
    assert "at least 10 characters" in weak.text
    assert changed["Location"] == "/settings/security/"
    assert "Your password is changed." in here.get("/settings/security/").text
    assert elsewhere.get("/studio/").status_code == 302
    assert list(AuditEvent.objects.filter(action="user.password_changed").values_list("user_name", flat=True)) == ["lin"]


def test_a_sign_in_is_recorded(user):
    sign_in(Client(), "lin", RIGHT)

    event = AuditEvent.objects.get()
    assert (event.action, event.user_name, event.after, event.ip) == ("user.signed_in", "lin", {"method": "password"}, "127.0.0.1")


ADDRESSES = (
    "signup/",
    "email/",
    "password/reset/",
    "password/reset/key/1-a-b/",
    "login/code/",
    "social/connections/",
    "3rdparty/",
    "2fa/webauthn/keys/99999999999999999999/remove/",
    "sso/%00/login/",
    "sso/a%2Fb/login/",
)


@in_one_test("path", ADDRESSES)
def test_what_is_not_offered_has_no_address(staff_client, path):
    assert staff_client.get(f"/accounts/{path}").status_code in {302, 404}
    if "keys" not in path:
        assert staff_client.get(f"/accounts/{path}").status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_signing_out_asks_when_it_comes_from_a_link(staff_client, language):
    staff_client.cookies["django_language"] = language

    assert staff_client.get("/accounts/logout/").status_code == 200
    assert staff_client.get("/studio/").status_code == 200
    assert staff_client.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert staff_client.get("/studio/").status_code == 302
