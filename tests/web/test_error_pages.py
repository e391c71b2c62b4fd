"""The pages of refusals and faults: in the house's look, in both languages, and that of a fault without the database."""

from __future__ import annotations

import re

from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from tests.cases import in_one_test
from tests.web.test_chinese import english
from videoportal.refusals import permission_denied, server_error


def test_an_unknown_address_is_answered_in_the_readers_language(visitor):
    page = visitor.get("/nothing/")
    assert (page.status_code, "There is nothing here" in page.text, 'class="brand"' in page.text) == (404, True, True)

    visitor.cookies["django_language"] = "zh-hans"
    page = visitor.get("/nothing/")
    assert (page.status_code, english(page.text), "这里什么都没有" in page.text) == (404, [], True)


def test_what_is_not_permitted_is_answered_in_the_readers_language(rf):
    request = rf.get("/gallery/")
    request.user = AnonymousUser()
    for language, words in (("en", "You may not do that"), ("zh-hans", "你不能这样做")):
        with translation.override(language):
            page = permission_denied(request, PermissionError())
        assert (page.status_code, words in page.content.decode()) == (403, True), language


def test_a_fault_is_answered_in_both_languages_without_the_database(rf):
    """Without the fixture `db` every query is an error. The page loads nothing either."""
    page = server_error(rf.get("/gallery/"))
    text = page.content.decode()

    assert (page.status_code, "no video is lost" in text, "视频不会丢失" in text) == (500, True, True)
    assert [word for word in ("src=", "<link", "<style", "<script", "url(") if word in text] == []


@in_one_test(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded; charset=utf-16", b"username=ada"),
        ("application/x-www-form-urlencoded; charset=utf8", b"username=ada"),
        ("application/x-www-form-urlencoded", b"&".join(b"field%d=1" % number for number in range(10_000))),
        ("multipart/form-data", b"username=ada"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="' + b"a" * 5_000),
    ],
)
def test_a_form_that_cannot_be_read_is_refused_with_a_page(kind, body, db):
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")  # gives it the cookie without which no form is read
    page = client.post("/accounts/login/", body, content_type=kind)
    assert (page.status_code, 'class="brand"' in page.text) == (400, True)


@in_one_test("template", ["400.html", "403.html", "403_csrf.html", "404.html", "429.html"])
def test_every_refusal_has_the_mark_and_a_way_back(template):
    """Django renders 400.html without a request."""
    with translation.override("zh-hans"):
        page = render_to_string(template)

    assert ('class="brand"' in page, 'href="/"' in page, bool(re.search("[\u3400-\u9fff]", page))) == (True, True, True)
