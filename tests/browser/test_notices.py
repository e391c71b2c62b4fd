"""Notices in a real browser: by keyboard, on a phone, in both languages, and what a hidden tab tells of a task that ended."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from generation.lifecycle import Status
from generation.models import GenerationTask
from providers.core.messages import say
from tests.browser.accessibility import violations
from tests.task_rows import make_task
from webhooks.models import Notice
from webhooks.notices import notify

HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""
COUNT_NOTES = """
  window.told = [];
  window.Notification = class extends EventTarget {
    static permission = 'granted';
    constructor(title, facts) { super(); window.told.push([title, facts.tag]); }
  };
"""


def tell_of(user, name: str) -> None:
    with transaction.atomic():
        notify(user.pk, say("endpoint_gone", name=name), url="/webhooks/")


@pytest.mark.parametrize(("language", "width"), [("zh-hans", 390), ("en", 1280)])
def test_settings_and_the_bar_are_accessible_and_fit(signed_in: Page, live_server, user, trouble, settings, language, width) -> None:
    settings.CHAT_NOTICES = True
    page = signed_in
    page.set_viewport_size({"width": width, "height": 800})
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    tell_of(user, "shop")
    for path in ("settings/", "settings/notices/"):
        page.goto(f"{live_server.url}/{path}")
        expect(page.locator("#notices")).to_contain_text("shop")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert violations(page) == [], path
    trouble.clear()  # axe tells the console what the policy forbids it


def test_a_notice_comes_with_the_tick_and_goes_by_keyboard(signed_in: Page, live_server, user) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/settings/notices/")
    for name in ("first", "second"):
        tell_of(user, name)
    make_task(user, status=Status.RUNNING)  # the tick says nothing for half a minute if nothing changed
    page.evaluate("document.querySelector('[data-offline-retry]').click()")  # asks at once
    expect(page.locator("#notices .note")).to_have_count(2)
    page.locator("#notices button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#notices .note")).to_have_count(1)
    expect(page.locator("#notices button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#notices .note")).to_have_count(0)
    assert not Notice.objects.filter(read_at=None).exists()


def test_a_hidden_tab_tells_of_a_task_that_ended(signed_in: Page, live_server, user) -> None:
    page = signed_in
    page.add_init_script(COUNT_NOTES)
    page.goto(f"{live_server.url}/settings/notices/")
    page.get_by_role("switch", name="Notification of the browser").check()
    page.get_by_role("switch", name="Play a sound").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This browser shows notifications of the portal.")).to_be_visible()
    task = make_task(user, status=Status.RUNNING)
    ask = "document.querySelector('[data-offline-retry]').click()"
    page.evaluate(ask)
    expect(page).to_have_title(re.compile("^" + re.escape("(1) ")))
    page.evaluate(HIDE, arg=True)
    make_task(user, status=Status.RUNNING)
    GenerationTask.objects.filter(pk=task.pk).delete()
    ended = make_task(user, pk=task.pk, status=Status.FAILED, error_code="refused")
    page.evaluate(ask)
    expect(page).to_have_title(re.compile("^" + re.escape("(1 ✓) ")))
    assert page.evaluate("window.told") == [["A video failed", str(ended.pk)]]
    page.evaluate(HIDE, arg=False)
    expect(page).to_have_title(re.compile("^" + re.escape("(1) ")))
