"""Find or jump: Ctrl K on any page, by keyboard alone, on a phone from the menu."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from library.index import index_waiting
from tests.browser.accessibility import violations
from tests.web.page_rows import make_video


def test_a_video_is_found_by_two_characters_and_opened_by_keyboard_alone(signed_in: Page, live_server, user) -> None:
    video, page = make_video(user, prompt="夜晚的灯笼"), signed_in
    index_waiting()
    page.goto(f"{live_server.url}/activity/")

    page.keyboard.press("Control+k")
    search = page.get_by_label("A page, a video, a task, a batch")
    expect(search).to_be_focused()
    expect(page.get_by_role("link", name="Content plan")).to_be_visible()
    assert violations(page) == []
    page.keyboard.type("灯笼")
    expect(page.locator("#found section").first).to_have_attribute("aria-label", "Videos")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found a.item").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(search).to_be_focused()
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/videos/{video.pk}/")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("usage")
    page.keyboard.press("Enter")  # before the answer
    page.wait_for_url("**/usage/")


def test_a_phone_opens_it_from_its_menu(signed_in: Page, live_server) -> None:
    page = signed_in
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{live_server.url}/gallery/")

    page.get_by_role("button", name="More").click()
    page.locator("#more-menu").get_by_role("button", name="Find or jump").click()
    page.get_by_label("A page, a video, a task, a batch").fill("bin")
    page.locator("#found").get_by_role("link", name="Bin", exact=True).click()

    page.wait_for_url("**/bin/")
