"""Settings › General and › Notices, and the bar of notices: what a person chose follows them, and what they dismissed is gone."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from access.callers import Caller
from access.models import Preference
from providers.core.messages import say
from webhooks import actions
from webhooks.models import Delivery, Notice
from webhooks.notices import notify


def text(response) -> str:
    return response.content.decode()


def signed_in(user) -> Client:
    browser = Client()
    browser.login(username="lin", password="a long enough password")
    return browser


def test_language_and_theme_follow_a_person_and_agree_with_the_buttons(visitor, user):
    saved = visitor.post("/settings/", {"language": "zh-hans", "theme": "dark", "time_zone": "Asia/Shanghai"}, follow=True)
    assert '<html lang="zh-hans" data-theme="dark">' in text(saved)
    assert "已保存" in text(saved)

    elsewhere = signed_in(user)
    assert '<html lang="zh-hans" data-theme="dark">' in text(elsewhere.get("/settings/"))
    elsewhere.post("/i18n/setlang/", {"language": "en", "next": "/settings/"})
    elsewhere.post("/theme", {"theme": "light"})
    page = text(elsewhere.get("/settings/"))
    assert '<html lang="en" data-theme="light">' in page
    assert '<option value="en" lang="en" selected>' in page
    assert '<option value="light" selected>' in page
    stored = Preference.objects.get(user=user)
    assert (stored.language, stored.theme, stored.time_zone) == ("en", "light", "Asia/Shanghai")

    visitor.post("/settings/", {"language": ""})
    assert '<html lang="zh-hans"' in text(visitor.get("/settings/", headers={"Accept-Language": "zh-hans"}))
    visitor.post("/settings/", {"language": "xx", "theme": "light"})
    assert Preference.objects.get(user=user).language == ""


def test_what_pages_do_when_a_task_ends_is_the_persons(visitor, user):
    assert 'data-wishes="title"' in text(visitor.get("/settings/notices/"))
    visitor.post("/settings/notices/", {"sound": "on", "browser": "on", "other": "on"})
    assert 'data-wishes="sound browser"' in text(visitor.get("/gallery/"))
    assert 'data-wishes="sound browser"' in text(signed_in(user).get("/gallery/"))
    visitor.post("/settings/notices/", {})
    assert 'data-wishes=""' in text(visitor.get("/gallery/"))


def test_mailboxes_and_chats_are_listed_with_a_test(visitor, user, other_user, settings):
    assert "PORTAL_SMTP_HOST" in text(visitor.get("/settings/notices/"))
    settings.CHAT_NOTICES = True
    url = "https://open.feishu.cn/open-apis/bot/v2/hook/abc"
    mine = actions.create(by=Caller(user=user), kind="feishu", url=url, label="studio chat", types=["task.failed"])[0]
    actions.create(by=Caller(user=other_user), kind="feishu", url=url, label="theirs", types=["task.failed"])
    actions.create(by=Caller(user=user), url="https://shop.example/hooks", label="a program", types=["task.failed"])
    page = text(visitor.get("/settings/notices/"))
    assert "studio chat" in page
    assert "A task failed" in page
    assert "theirs" not in page
    assert "a program" not in page
    assert 'href="/webhooks/new?kind=slack"' in page
    assert '<option value="slack" selected>' in text(visitor.get("/webhooks/new?kind=slack"))
    assert reverse("webhook-ping", args=[mine.pk]) in page
    visitor.post(reverse("webhook-ping", args=[mine.pk]), headers={"HX-Request": "true"})
    assert Delivery.objects.get().endpoint == mine


@pytest.mark.parametrize("script", [True, False])
def test_a_notice_stays_on_every_page_until_its_person_dismisses_it(visitor, user, other_user, script):
    with transaction.atomic():
        notify(user.pk, say("endpoint_gone", name="shop"), url="/webhooks/")
        notify(other_user.pk, say("endpoint_gone", name="another's"))
    notice, theirs = Notice.objects.get(owner=user), Notice.objects.get(owner=other_user)
    page = text(visitor.get("/gallery/"))
    assert "“shop” was disabled" in page
    assert "another&#x27;s" not in page
    assert visitor.get("/tick").json()["notices"] == [str(notice.pk)]
    assert "“shop”" in text(visitor.get("/notices/"))

    headers = {"HX-Request": "true"} if script else {}
    assert visitor.post(reverse("notice-dismiss", args=[theirs.pk]), headers=headers).status_code == 404
    answer = visitor.post(reverse("notice-dismiss", args=[notice.pk]), {"next": "/gallery/"}, headers=headers, follow=True)
    assert "“shop”" not in text(answer)
    assert visitor.get("/tick").json()["notices"] == []
    assert Notice.objects.get(owner=other_user).read_at is None
