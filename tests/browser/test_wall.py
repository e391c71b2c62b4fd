"""The wall with the mouse and with keys: its place after Back, its stacks, its sizes, its date rail, and nothing that shifts."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.sync_api import Locator, Page, expect

from library.wall import WALL_PAGE
from tests.web.page_rows import ago, make_video, moved

# what moves by itself while the page, its posters and older videos load
SHIFTS = """() => new Promise((done) => {
  const sum = (entries) => entries.reduce((all, one) => all + (one.hadRecentInput ? 0 : one.value), 0);
  new PerformanceObserver((list) => done(sum(list.getEntries()))).observe({ type: "layout-shift", buffered: true });
  setTimeout(done, 300, 0);
})"""


def link(page: Page, title: str) -> Locator:
    return page.get_by_role("link", name=re.compile(rf"^{title} (?!\d)"))


def test_back_leads_to_the_place_with_the_mouse_and_with_keys(signed_in: Page, live_server, user) -> None:
    page = signed_in
    for number in range(WALL_PAGE + 20):
        moved(make_video(user, prompt=f"boat {number}"), ago(days=(WALL_PAGE + 20 - number) // 2))
    page.goto(f"{live_server.url}/gallery/?q=boat")
    page.locator(".more-row").scroll_into_view_if_needed()
    link(page, "boat 3").scroll_into_view_if_needed()
    link(page, "boat 9").scroll_into_view_if_needed()
    tile = page.locator(".tile", has=link(page, "boat 9"))
    before = tile.bounding_box()
    tile.locator("a.over").click()
    page.wait_for_url("**/videos/**")
    page.go_back()

    expect(tile.locator("a.over")).to_be_focused()
    after = tile.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 4
    page.keyboard.press("Enter")
    page.wait_for_url("**/videos/**")
    page.keyboard.press("j")
    expect(page.locator("h1")).to_have_text("boat 8")
    page.get_by_role("link", name="Back to gallery").press("Enter")
    expect(link(page, "boat 8")).to_be_focused()
    expect(link(page, "boat 8")).to_be_in_viewport()
    page.get_by_role("link", name="Show newer videos").press("Enter")
    expect(link(page, "boat 60")).to_be_attached()


def test_a_stack_opens_with_enter_and_is_chosen_whole(signed_in: Page, live_server, user) -> None:
    page = signed_in
    make_video(user, prompt="boat")
    for _take in range(3):
        make_video(user, prompt="koi pond")
    page.goto(f"{live_server.url}/gallery/")
    stack = page.get_by_role("link", name="koi pond")
    expect(page.locator(".tile")).to_have_count(2)
    stack.focus()
    page.keyboard.press("x")
    expect(page.locator("#selection .n")).to_have_text("3 selected")
    page.keyboard.press("Escape")

    stack.press("Enter")
    page.wait_for_url("**/gallery/?prompt=*")
    expect(page.locator(".tile")).to_have_count(3)
    page.locator("a.over").nth(1).press("Enter")
    page.wait_for_url("**/videos/*/?prompt=*")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Older video")).to_have_count(0)
    page.get_by_role("link", name="Back to gallery").click()
    page.get_by_role("link", name="One prompt").click()
    expect(page.locator(".tile")).to_have_count(2)


def test_sizes_and_the_rail_on_a_desk_and_on_a_phone(signed_in: Page, live_server, user) -> None:
    page = signed_in
    for month in (1, 2, 3):
        for day in (5, 6, 20):
            moved(make_video(user, prompt=f"fox {month} {day}"), datetime(2026, month, day, 12, tzinfo=UTC))
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{live_server.url}/gallery/?q=fox")
        height = page.locator(".tile").first.bounding_box()["height"]  # type: ignore[index]
        for size in ("Small", "Large"):
            page.get_by_role("button", name=f"{size} tiles").click()
            expect(page.get_by_role("button", name=f"{size} tiles")).to_have_attribute("aria-pressed", "true")
        assert page.locator(".tile").first.bounding_box()["height"] > height  # type: ignore[index]
        page.get_by_role("link", name="Feb 2026").click()
        page.wait_for_url("**/gallery/?q=fox&at=2026-02")
        expect(page.locator(".gallery")).to_have_attribute("data-tiles", "large")
        expect(link(page, "fox 2 20")).to_be_visible()
        expect(page.locator(".rail [aria-current]")).to_have_text("Feb")
        tops = [box["y"] for box in (tile.bounding_box() for tile in page.locator(".days .tile").all()[:2]) if box]
        assert (tops[0] == tops[1]) == (width > 390)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(SHIFTS) == 0
        page.goto(f"{live_server.url}/gallery/?q=fox")
        page.get_by_role("button", name="Medium tiles").click()


def test_nothing_shifts_below_many_small_days(signed_in: Page, live_server, user) -> None:
    page = signed_in
    for number in range(12):
        moved(make_video(user, prompt=f"elk of 10 March, {number}"), datetime(2026, 3, 10, 12, number, tzinfo=UTC))
    for day in range(20, 26):
        moved(make_video(user, prompt=f"elk of {day} March"), datetime(2026, 3, day, 12, tzinfo=UTC))
    page.set_viewport_size({"width": 390, "height": 800})

    page.goto(f"{live_server.url}/gallery/?q=elk")

    expect(page.locator(".days + div > .day .tile")).to_have_count(12)
    assert page.evaluate(SHIFTS) == 0
