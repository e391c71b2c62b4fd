"""A forgotten password: a link by e-mail that says nothing about who has an account, or one from an administrator; each works once."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from access.password_reset import MAILER
from events.models import AuditEvent
from tests.access.test_sign_in import RIGHT, sign_in
from tests.cases import in_one_test

ASK = "/accounts/password/reset/"
NEW = {"password1": "quite another one", "password2": "quite another one"}


@pytest.fixture(autouse=True)
def mail_server(settings, user: User) -> None:
    settings.PASSWORD_MAILS = True
    User.objects.filter(pk=user.pk).update(email="Lin@Team.example")


def ask(address: str, **browser: str):
    """Ask for a link, and wait until the mail server has it."""
    reply = Client(**browser).post(ASK, {"email": address})
    MAILER.submit(lambda: None).result()
    return reply


def link_in(text: str) -> str:
    return re.search(r"http://testserver(/accounts/password/reset/key/\S+?/)(?=[\s\"])", text)[1]


def test_the_link_sets_a_password_once_and_ends_sessions_and_the_lock(user):
    elsewhere = Client()
    sign_in(elsewhere, "lin", RIGHT)
    for number in range(5):
        sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), "lin", "wrong")

    assert ask("lin@team.example")["Location"] == f"{ASK}done/"
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["Lin@Team.example"], "Set a new password for the Video Portal")
    assert "“lin”" in sent.body
    browser, link = Client(), link_in(sent.body)
    form = browser.get(link)["Location"]
    assert form.endswith("/set-password/")  # the key is not in the address of the page
    assert "Set a new password" in browser.get(form).text
    assert "at least 10 characters" in browser.post(form, {"password1": "short", "password2": "short"}).text
    assert "same password each time" in browser.post(form, NEW | {"password2": "another"}).text

    assert browser.post(form, NEW)["Location"] == "/accounts/login/"

    assert "Your password is changed." in browser.get("/accounts/login/").text
    assert elsewhere.get("/studio/").status_code == 302
    assert sign_in(browser, "lin", NEW["password1"])["Location"] == "/"
    assert "This link does not work" in Client().get(link).text
    event = AuditEvent.objects.get(action="user.password_set_by_link")
    assert (event.user_name, event.target_label, event.ip) == ("lin", "lin", "127.0.0.1")


def test_the_answer_is_the_same_whether_somebody_has_the_address_or_not(user, other_user):
    User.objects.filter(pk=other_user.pk).update(email="zhao@team.example", is_active=False)
    sso = User.objects.create_user("sso", email="sso@team.example")
    assert not sso.has_usable_password()

    replies = [
        ask(name) for name in ("lin@team.example", "nobody@team.example", "zhao@team.example", "sso@team.example", "LİN@team.example")
    ]

    assert {(reply.status_code, reply["Location"]) for reply in replies} == {(302, f"{ASK}done/")}
    assert [message.to for message in mail.outbox] == [["Lin@Team.example"]]


def test_no_address_is_written_to_without_end_and_nobody_asks_without_end(user):
    named = [ask("lin@team.example", REMOTE_ADDR=f"192.0.2.{number}").status_code for number in range(4)]
    unknown = [ask("nobody@team.example", REMOTE_ADDR=f"192.0.2.{number}").status_code for number in range(4)]
    from_one = [ask(f"name-{number}@team.example").status_code for number in range(11)]

    assert named == unknown == [302] * 3 + [429]
    assert from_one == [302] * 10 + [429]
    assert len(mail.outbox) == 3


def test_a_mail_server_that_refuses_is_logged_and_not_told(settings, user, caplog):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 9

    assert ask("lin@team.example").status_code == 302
    assert "did not take a link" in caplog.text


def test_the_link_begins_with_the_address_of_the_installation(settings, user):
    settings.PUBLIC_URL = "https://portal.example.com"
    ask("lin@team.example")

    assert "https://portal.example.com/accounts/password/reset/key/" in mail.outbox[0].body


@in_one_test("change", [{"is_active": False}, {"password": "!unusable"}, {"email": "else@team.example"}])
def test_a_link_ends_when_the_account_changes(user, change):
    User.objects.filter(pk=user.pk).update(email="lin@team.example", is_active=True)
    mail.outbox.clear()
    ask("lin@team.example")
    User.objects.filter(pk=user.pk).update(**change)

    assert "This link does not work" in Client().get(link_in(mail.outbox[0].body)).text
    user.save()


@in_one_test("path", ["zz/cx0-1/", "zzzzzzzzzzzzz/cx0-1/", "1/set-password/", "1/x/"])
def test_a_made_up_link_is_a_sentence(user, path):
    assert "This link does not work" in Client().get(f"{ASK}key/{path}").text


@in_one_test(
    ("language", "words", "without"),
    [("en", "Forgot your password?", "Ask an administrator for a link"), ("zh-hans", "忘记密码", "请向管理员索取")],
)
def test_the_sign_in_page_says_what_to_do_with_and_without_mail(settings, user, language, words, without):
    browser = Client()
    browser.cookies["django_language"] = language

    settings.PASSWORD_MAILS = True
    assert f'href="{ASK}"' in browser.get("/accounts/login/").text
    assert words in browser.get(ASK).text
    assert browser.get(f"{ASK}done/").status_code == 200
    settings.PASSWORD_MAILS = False
    page = browser.get("/accounts/login/").text
    assert without in page
    assert ASK not in page
    assert browser.get(ASK).status_code == browser.post(ASK, {"email": "lin@team.example"}).status_code == 404


# from an administrator


def page_of(person: User) -> str:
    return f"/admin/auth/user/{person.pk}/password-link/"


def test_an_administrator_makes_a_link_that_is_shown_once(settings, staff_client, staff, user):
    settings.PASSWORD_MAILS = False
    assert page_of(user) in staff_client.get(f"/admin/auth/user/{user.pk}/change/").text
    assert "/key/" not in staff_client.get(page_of(user)).text

    made = staff_client.post(page_of(user))
    browser = Client()
    form = browser.get(link_in(made.text))["Location"]
    browser.post(form, NEW)

    assert "no-store" in made["Cache-Control"]
    assert sign_in(browser, "lin", NEW["password1"])["Location"] == "/"
    recorded = AuditEvent.objects.filter(action__contains="_link").order_by("id").values_list("action", "user_name", "target_label")
    assert list(recorded) == [("user.password_link_made", "admin", "lin"), ("user.password_set_by_link", "lin", "lin")]


def test_links_are_for_those_whose_password_one_may_set(staff_client, staff, staff_who_may, user):
    clerk, viewer = staff_who_may("auth.change_user", "auth.view_user"), staff_who_may("auth.view_user", username="viewer")
    other_staff, me = User.objects.get(username="viewer"), User.objects.get(username="clerk")

    assert clerk.post(page_of(user)).status_code == 200
    assert [client.post(page_of(person)).status_code for client, person in ((clerk, staff), (clerk, other_staff), (viewer, user))] == [
        403
    ] * 3
    for client, person in ((clerk, me), (staff_client, staff)):
        assert client.post(page_of(person))["Location"] == "/accounts/password/change/"
        own = client.post(f"/admin/auth/user/{person.pk}/password/", {"usable_password": "true", **NEW})
        assert own["Location"] == "/accounts/password/change/"
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert "inactive" in clerk.post(page_of(user), follow=True).text
    assert AuditEvent.objects.filter(action="user.password_link_made").count() == 1
