"""Authenticator apps, recovery codes and what may be sent instead of a passkey; whom PORTAL_REQUIRE_SECOND_FACTOR stops, and where."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
import zlib

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client, TestCase
from hypothesis import example, given
from hypothesis import strategies as st

from access.passkeys import AddForm
from access.tokens import issue
from events.models import AuditEvent
from tests.cases import LETTERS, in_one_test

RIGHT = "a long enough password"
PERIOD_S = 1_000_000
"""Instead of 30 s, so that no test runs over the end of a code."""


@pytest.fixture(autouse=True)
def long_periods(settings) -> None:
    settings.MFA_TOTP_PERIOD = PERIOD_S


def code_of(key: str) -> str:
    """Return what an authenticator app shows for this key (RFC 6238, RFC 4226 section 5.3)."""
    digest = hmac.new(base64.b32decode(key), int(time.time() // PERIOD_S).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0xF
    return f"{int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF:010d}"[-6:]


def signed_in(name: str = "lin") -> Client:
    browser = Client()
    browser.post("/accounts/login/", {"username": name, "password": RIGHT})
    return browser


def confirmed(browser: Client, page: str):
    """Open a page that asks first who is there; return it after the password."""
    asked = browser.get(page)
    assert asked["Location"].startswith("/accounts/reauthenticate/?next="), asked
    assert browser.post(asked["Location"], {"password": "wrong"}).status_code == 200
    return browser.post(asked["Location"], {"password": RIGHT}, follow=True)


def with_app(name: str = "lin") -> tuple[Client, str, list[str]]:
    """Add an authenticator app through the pages. Return the browser, the app's key and the recovery codes."""
    browser = signed_in(name)
    page = confirmed(browser, "/accounts/2fa/totp/activate/")
    key = re.search(r'id="totp-key">([A-Z2-7]+)<', page.text)[1]
    assert "was not accepted" in browser.post("/accounts/2fa/totp/activate/", {"code": "000000"}).text
    with TestCase.captureOnCommitCallbacks(execute=True):  # allauth says after the commit that there is a new factor
        codes = browser.post("/accounts/2fa/totp/activate/", {"code": code_of(key)}, follow=True)
    return browser, key, re.findall(r"\b\d{8}\b", re.search(r'id="codes"[^>]*>(.*?)</pre>', codes.text, re.DOTALL)[1])


def test_an_app_is_asked_for_at_the_next_sign_in_and_a_code_counts_once(user):
    _, key, recovery = with_app()
    browser = signed_in()

    assert browser.get("/studio/").status_code == 302
    assert "Your password was right." in browser.get("/accounts/login/", follow=True).text
    assert "was not accepted" in browser.post("/accounts/2fa/authenticate/", {"code": "000000"}).text
    assert browser.post("/accounts/2fa/authenticate/", {"code": f" {code_of(key)[:3]} {code_of(key)[3:]}"})["Location"] == "/"
    assert browser.get("/studio/").status_code == 200

    second = signed_in()
    assert "was not accepted" in second.post("/accounts/2fa/authenticate/", {"code": code_of(key)}).text
    assert second.post("/accounts/2fa/authenticate/", {"code": recovery[0]})["Location"] == "/"
    third = signed_in()
    assert "was not accepted" in third.post("/accounts/2fa/authenticate/", {"code": recovery[0]}).text
    recorded = AuditEvent.objects.values_list("action", "after__type", "after__method").order_by("id")
    assert list(dict.fromkeys(recorded)) == [
        ("user.signed_in", None, "password"),
        ("user.sign_in_failed", None, "password"),
        ("user.second_factor_added", "totp", None),
        ("user.second_factor_added", "recovery_codes", None),
        ("user.sign_in_failed", None, "totp"),
        ("user.signed_in", None, "password, totp"),
        ("user.signed_in", None, "password, recovery_codes"),
    ]


def test_recovery_codes_are_shown_once_and_new_ones_end_the_old(user):
    browser, _, codes = with_app()

    again = browser.get("/accounts/2fa/recovery-codes/")
    browser.post("/accounts/2fa/recovery-codes/generate/")
    fresh = browser.get("/accounts/2fa/recovery-codes/").text

    assert len(set(codes)) == 10
    assert not any(code in again.text for code in codes)
    assert "10 codes are left." in again.text
    assert not any(code in fresh for code in codes)
    second = signed_in()
    assert "was not accepted" in second.post("/accounts/2fa/authenticate/", {"code": codes[0]}).text


def test_five_wrong_codes_lock_the_code_even_the_right_one(user):
    _, key, _ = with_app()
    browser = signed_in()
    for _try in range(5):
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})

    assert "Too many failed sign-ins." in browser.post("/accounts/2fa/authenticate/", {"code": code_of(key)}).text
    assert browser.get("/studio/").status_code == 302


def test_secrets_are_stored_sealed_and_a_lost_key_is_a_sentence(user, settings):
    _, key, codes = with_app()
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert key not in stored
    assert not any(code in stored for code in codes)

    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    browser = signed_in()

    reply = browser.post("/accounts/2fa/authenticate/", {"code": code_of(key)})

    assert reply.status_code == 503
    assert "CREDENTIAL_KEYS" in reply.text


def test_the_security_page_shows_what_there_is_and_removing_the_last_factor_takes_the_codes_along(user):
    browser, _, _ = with_app()
    page = browser.get("/settings/security/").text
    assert "Remove the app" in page
    assert "10 codes are left." in page

    browser.post("/accounts/2fa/totp/deactivate/")

    assert Authenticator.objects.count() == 0
    assert "Add an app" in browser.get("/settings/security/").text
    assert signed_in().get("/studio/").status_code == 200


def test_no_change_without_the_password_and_none_of_other_people(user, other_user):
    with_app("zhao")
    browser = signed_in()
    passkey = Authenticator.objects.create(user=other_user, type=Authenticator.Type.WEBAUTHN, data={"name": "phone"})

    for path in ("totp/activate/", "recovery-codes/generate/", "webauthn/add/"):
        assert browser.post(f"/accounts/2fa/{path}")["Location"].startswith("/accounts/reauthenticate/")
    confirmed(browser, "/accounts/2fa/totp/activate/")
    assert browser.post(f"/accounts/2fa/webauthn/keys/{passkey.pk}/remove/").status_code == 404
    assert browser.post("/accounts/2fa/totp/deactivate/").status_code == 404
    assert Authenticator.objects.filter(user=other_user).count() == 3


def test_a_passkey_gets_a_name_of_its_own_and_a_short_one(user):
    for name in ("Passkey 2", "desk"):
        Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name})
    names = []
    for typed in ("", "phone " * 100):
        form = AddForm(data={"name": typed, "credential": "{}"}, user=user)
        assert not form.is_valid()
        names.append(form.cleaned_data["name"])

    assert names == ["Passkey 1", ("phone " * 10)]


# help for people who lost theirs


def test_an_administrator_removes_the_factors_of_somebody_and_clerks_only_those_of_members(user, staff, staff_who_may):
    for person in (user, staff):
        Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    clerk = staff_who_may("auth.change_user", "auth.view_user")
    assert "TOTP" in clerk.get(f"/admin/auth/user/{user.pk}/change/").text

    me = User.objects.get(username="clerk")
    Authenticator.objects.create(user=me, type=Authenticator.Type.TOTP, data={"secret": "x"})

    clerk.post("/admin/auth/user/", {"action": "remove_second_factors", "_selected_action": [user.pk, staff.pk, me.pk]})

    assert sorted(Authenticator.objects.values_list("user__username", flat=True)) == ["admin", "clerk"]
    event = AuditEvent.objects.get()
    assert (event.action, event.user_name, event.target_label, event.before) == (
        "user.second_factor_removed",
        "clerk",
        "lin",
        {"type": "totp"},
    )


def test_nobody_removes_their_own_in_the_admin_where_no_password_is_asked(staff, staff_client):
    Authenticator.objects.create(user=staff, type=Authenticator.Type.TOTP, data={"secret": "x"})

    reply = staff_client.post("/admin/auth/user/", {"action": "remove_second_factors", "_selected_action": [staff.pk]}, follow=True)

    assert "Your own are under Settings, Security." in reply.text
    assert Authenticator.objects.count() == 1


def test_the_command_lets_an_administrator_back_in(staff, capsys):
    Authenticator.objects.create(user=staff, type=Authenticator.Type.TOTP, data={"secret": "x"})

    call_command("remove_second_factors", "admin")

    assert capsys.readouterr().out == "1 second factors removed.\n"
    assert Authenticator.objects.count() == 0
    with pytest.raises(CommandError, match="no user “nobody”"):
        call_command("remove_second_factors", "nobody")


# who must have one


@in_one_test(
    ("required", "name", "stopped"),
    [("nobody", "admin", False), ("staff", "lin", False), ("staff", "admin", True), ("everyone", "lin", True), ("everyone", "admin", True)],
)
def test_who_must_have_a_second_factor_gets_one_before_anything_else(settings, user, staff, required, name, stopped):
    settings.REQUIRE_SECOND_FACTOR = required
    browser = signed_in(name)

    for path in ("/studio/", "/gallery/", "/tick", "/assets/upload", *(["/admin/"] if name == "admin" else [])):
        assert (browser.get(path).get("Location") == "/settings/security/") is stopped, path
    assert (browser.get("/api/v1/tasks").status_code == 403) is stopped
    if stopped:
        assert browser.get("/api/v1/tasks").json()["error"]["code"] == "second_factor_required"
        assert "Add a second factor to go on." in browser.get("/settings/security/").text
    person = User.objects.get(username=name)
    program = Client(headers={"authorization": f"Bearer {issue(person, 'tests')[1]}"})
    assert program.get("/api/v1/tasks").status_code == 200


def test_who_has_added_one_goes_on_and_an_older_session_shows_it_once(transactional_db, settings, staff):
    settings.REQUIRE_SECOND_FACTOR = "staff"
    older = signed_in("admin")
    browser, key, _ = with_app("admin")

    assert browser.get("/studio/").status_code == 200
    way = older.get("/activity/?tab=all")["Location"]
    assert way == "/accounts/2fa/reauthenticate/?next=%2Factivity%2F%3Ftab%3Dall"
    assert older.post(way, {"code": code_of(key)})["Location"] == "/activity/?tab=all"
    assert older.get("/studio/").status_code == 200


def test_who_removes_the_last_one_adds_another_before_anything_else(transactional_db, settings, staff):
    settings.REQUIRE_SECOND_FACTOR = "staff"
    browser, _, _ = with_app("admin")
    passkey = Authenticator.objects.create(user=staff, type=Authenticator.Type.WEBAUTHN, data={"name": "desk"})

    browser.post("/accounts/2fa/totp/deactivate/")
    assert browser.get("/admin/").status_code == 200
    browser.post(f"/accounts/2fa/webauthn/keys/{passkey.pk}/remove/")

    assert Authenticator.objects.count() == 0
    assert browser.get("/admin/")["Location"] == "/settings/security/"
    assert "Add a second factor to go on." in browser.get("/settings/security/").text


# what is sent instead of a passkey

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(LETTERS, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "rawId", "response", "type", "userHandle"]), inner),
    max_leaves=8,
)
PARTS = ("id", "rawId", "response", "type", "clientExtensionResults", "authenticatorAttachment")


MADE_UP = JSON | st.fixed_dictionaries(dict.fromkeys(PARTS, JSON))


def answer_of(handle: object) -> dict[str, object]:
    """Return what is almost the answer of a device that has the passkey of this person."""
    response = {"userHandle": handle, "clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA"}
    return {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response}


@pytest.mark.slow
@given(body=MADE_UP)
@example(body=answer_of("_w"))
@example(body=answer_of("enp6enp6enp6enp6eg"))
@example(body=answer_of(1))
def test_no_answer_of_a_made_up_device_is_a_server_error(browser_that_confirmed, body):
    asked = Client(REMOTE_ADDR=f"192.0.2.{zlib.crc32(json.dumps(body).encode()) % 250}")
    for browser, path in ((asked, "login"), (browser_that_confirmed, "add")):
        browser.raise_request_exception = False
        assert browser.get(f"/accounts/2fa/webauthn/{path}/", headers={"accept": "application/json"}).status_code == 200
        reply = browser.post(f"/accounts/2fa/webauthn/{path}/", {"credential": json.dumps(body)})
        assert reply.status_code in {200, 302, 429}
    assert Authenticator.objects.count() == 0


def test_nobody_is_locked_out_by_answers_of_a_made_up_device(user):
    _, key, _ = with_app()
    handle = base64.urlsafe_b64encode(str(user.pk).encode()).decode().rstrip("=")
    for text in ["[" * 20_000, *[json.dumps(answer_of(handle))] * 6]:
        stranger = Client()
        stranger.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
        reply = stranger.post("/accounts/2fa/webauthn/login/", {"credential": text}, follow=True)
        assert "was not accepted" in reply.text

    browser = signed_in()
    assert browser.post("/accounts/2fa/authenticate/", {"code": code_of(key)})["Location"] == "/"


@pytest.fixture
def browser_that_confirmed(user) -> Client:
    browser = signed_in()
    confirmed(browser, "/accounts/2fa/totp/activate/")
    return browser
