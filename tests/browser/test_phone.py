"""A phone and a keyboard on every page: nothing to the side, nothing under the bar, no trap, no press that counts twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.browser.accessibility import violations
from tests.task_rows import make_task
from tests.web.page_rows import make_video

KLING = "kling/kling-v2-5-turbo"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
MOST_STOPS = 120
FOCUS = """() => {
  const seen = document.activeElement, box = seen.getBoundingClientRect(), bar = document.querySelector(".tabbar");
  const name = `${seen.tagName} ${seen.className} ${seen.getAttribute("aria-label") ?? seen.textContent.trim().slice(0, 30)}`;
  if (seen === document.body) return {name: ""};
  const isOut = box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth;
  return {name, isOut, isUnderBar: !bar.contains(seen) && box.bottom > bar.getBoundingClientRect().top + 1};
}"""


@pytest.fixture
def browser_context_args(browser_context_args):
    return browser_context_args | {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_tab_walks_through_every_page_and_out_of_it(signed_in: Page, live_server, user, sandbox_accounts, language: str) -> None:
    page, video = signed_in, make_video(user, prompt="a lighthouse")
    failed = make_task(user, status=Status.FAILED, prompt="a heron", error_code="deadline")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])

    for path in (f"/studio/?model={KLING}", "/gallery/", "/activity/", f"/videos/{video.pk}/", f"/tasks/{failed.pk}/", "/settings/"):
        page.goto(live_server.url + path)
        assert page.evaluate(OVERFLOW) == 0, path
        stops = []
        while len(stops) < MOST_STOPS:
            page.keyboard.press("Tab")
            if not (stop := page.evaluate(FOCUS))["name"]:
                break
            stops.append(stop)
        assert 5 < len(stops) < MOST_STOPS, (path, [stop["name"] for stop in stops[-3:]])
        assert [stop for stop in stops if stop["isOut"] or stop["isUnderBar"]] == [], path


def test_models_are_reached_whole_wherever_their_list_stands(signed_in: Page, live_server, sandbox_accounts) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/studio/?model={KLING}")
    page.get_by_role("button", name="Change model").tap()
    models = page.locator("#models .list")
    expect(models).to_be_visible()

    for place in (0, 90, 300, 100_000):
        models.evaluate("(list, place) => list.scrollTo(0, place)", place)
        assert violations(page, "target-size") == [], place
    page.keyboard.press("Escape")

    expect(models).to_be_hidden()
    expect(page.get_by_role("button", name="Change model")).to_be_focused()


def test_a_double_tap_orders_one_video(signed_in: Page, live_server, sandbox_accounts) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/studio/?model={KLING}")
    page.get_by_label("Prompt", exact=True).fill("a heron")
    box = page.get_by_role("button", name="Generate").bounding_box()
    assert box is not None

    for _ in range(2):
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#queue .job")).to_have_count(1)
    page.keyboard.press("Control+Enter")
    page.wait_for_function("() => !document.querySelector('form.htmx-request')")

    assert GenerationTask.objects.count() == 1


def test_focus_stays_where_a_card_or_a_star_is_replaced(signed_in: Page, live_server, user, sandbox_accounts) -> None:
    page = signed_in
    make_video(user, prompt="a lighthouse")
    for words in ("a heron", "a fox"):
        make_task(user, status=Status.FAILED, prompt=words, error_code="deadline")
    page.goto(f"{live_server.url}/gallery/")
    page.keyboard.press("Tab")  # who uses keys sees the buttons of a tile
    page.locator(".wall a.over").focus()
    page.keyboard.press("Tab")
    star = page.locator(".wall .star")
    expect(star).to_be_focused()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()

    page.goto(f"{live_server.url}/activity/?tab=attention")
    page.get_by_role("button", name="Dismiss", exact=True).first.press("Enter")
    expect(page.locator("[data-task]")).to_have_count(1)
    expect(page.locator("[data-task] :focus")).to_have_count(1)
    page.get_by_role("button", name="Dismiss", exact=True).press("Enter")
    expect(page.locator("[data-task]")).to_have_count(0)
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_current_tab_is_whole_and_in_view_and_the_others_are_reached_by_scrolling(signed_in: Page, live_server, language: str) -> None:
    page = signed_in
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])

    for path in ("/settings/", "/settings/security/", "/settings/budgets/", "/activity/?tab=cancelled"):
        page.goto(live_server.url + path)
        assert page.evaluate(OVERFLOW) == 0, path
        box = page.locator(".tabs [aria-current]").bounding_box()
        assert box is not None
        assert box["x"] >= 0, path
        assert box["x"] + box["width"] <= 390 - 39, path  # clear of the edge, where the row fades
    page.locator(".tabs a").first.focus()
    expect(page.locator(".tabs a").first).to_be_in_viewport(ratio=1)


def test_the_head_of_collections_fits_the_narrowest_phone(signed_in: Page, live_server, user) -> None:
    page = signed_in
    user.is_staff = user.is_superuser = True  # who sees everybody's has one button more
    user.save()
    page.set_viewport_size({"width": 320, "height": 700})

    for path in ("/collections/", "/collections/?who=all"):
        page.goto(live_server.url + path)
        assert page.evaluate(OVERFLOW) == 0, path
        assert page.locator(".head .find").bounding_box()["width"] > 200, path
