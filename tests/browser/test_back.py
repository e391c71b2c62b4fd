"""Back with the browser's memory of pages, which Playwright turns off elsewhere: a page restored from memory shows later changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.page_rows import make_video


@pytest.fixture(scope="module")
def browser(launch_browser: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch_browser(ignore_default_args=["--disable-back-forward-cache"])
    yield browser
    browser.close()


def back(page: Page) -> None:
    page.go_back(wait_until="commit")  # a page from memory loads nothing
    page.wait_for_url("**/gallery/**", wait_until="commit")


def test_back_shows_what_was_changed_on_the_page_of_a_video(signed_in: Page, live_server, user) -> None:
    page, boat = signed_in, make_video(user, prompt="boat")
    make_video(user, prompt="koi")
    page.goto(f"{live_server.url}/gallery/")
    tile, star = page.locator(f"#v-{boat.pk}"), page.locator(f"#star-{boat.pk}")

    def open_video() -> None:
        tile.locator("a.over").click()
        page.wait_for_url(f"**/videos/{boat.pk}/**")

    page.evaluate("window.isRemembered = true")
    open_video()
    back(page)
    assert page.evaluate("window.isRemembered")

    open_video()
    page.keyboard.press("s")
    expect(star).to_have_attribute("aria-pressed", "true")
    back(page)
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(tile.locator("a.over")).to_be_focused()

    open_video()
    page.get_by_role("button", name="Move to the bin").click()
    expect(page.locator(".toast", has_text="Moved to the bin")).to_be_visible()
    page.go_back(wait_until="commit")  # from the next video's page to that of the one in the bin
    page.wait_for_url(f"**/videos/{boat.pk}/**", wait_until="commit")
    expect(page.locator("[data-player]")).to_have_count(0)  # it is loaded again, and is gone
    back(page)
    expect(page.locator(".tile")).to_have_count(1)
    expect(tile).to_have_count(0)
