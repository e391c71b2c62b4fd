"""Gallery and video pages keep the filter, and show times on the browser's clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.web.page_rows import make_video, moved


@pytest.fixture
def browser_context_args(browser_context_args):
    return browser_context_args | {"timezone_id": "Asia/Shanghai"}


def test_filter_goes_with_the_reader_and_times_are_those_of_the_browser(signed_in: Page, live_server, user) -> None:
    page = signed_in
    fox, boat, koi = (
        moved(make_video(user, prompt=words), datetime(2026, 3, 1, 20, 30, tzinfo=UTC)) for words in ("fox", "boat", "red fox")
    )
    page.goto(f"{live_server.url}/gallery/?q=fox")
    expect(page.locator(".head .sub")).to_have_text("2 videos")
    expect(page.locator(".day h2")).to_have_text("2 Mar 2026")

    page.get_by_role("link", name="red fox").click()
    page.wait_for_url(f"**/videos/{koi.pk}/?q=fox")
    expect(page.locator("dd", has_text="2 Mar 2026, 04:30")).to_be_visible()
    page.keyboard.press("j")
    page.wait_for_url(f"**/videos/{fox.pk}/?q=fox")
    expect(page.get_by_role("link", name="Older video")).to_have_count(0)
    page.get_by_role("link", name="Back to gallery").click()

    page.wait_for_url(f"**/gallery/?q=fox&near={fox.pk}#v-{fox.pk}")
    expect(page.get_by_label("Search prompts")).to_have_value("fox")
    assert str(boat.pk) not in page.content()
