"""The buttons of a tile share one form: each acts on its own video, once, with a script and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from generation.models import Video
from tests.web.page_rows import make_video

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(params=["script", "no script"])
def either_page(request: pytest.FixtureRequest, browser: Browser, signed_in: Page) -> Iterator[Page]:
    """Return the same person's browser, once with scripts and once without."""
    if request.param == "script":
        yield signed_in
        return
    context = browser.new_context(java_script_enabled=False, storage_state=signed_in.context.storage_state())
    yield context.new_page()
    context.close()


def tile(page: Page, title: str) -> Locator:
    return page.locator(".wall .tile", has=page.get_by_role("link", name=title))


def test_a_star_and_the_bin_act_on_their_own_video(either_page: Page, live_server, user) -> None:
    page = either_page
    for name in ("heron", "fox", "lighthouse"):
        make_video(user, prompt=f"a {name}")
    page.goto(f"{live_server.url}/gallery/")

    tile(page, "a fox").get_by_role("button", name="Star").press("Enter")
    expect(tile(page, "a fox").locator(".star")).to_have_attribute("aria-pressed", "true")
    tile(page, "a heron").get_by_role("button", name="Move to the bin").press("Enter")
    expect(tile(page, "a heron").locator("visible=true")).to_have_count(0)

    kept = Video.objects.filter(deleted_at=None).values_list("task__prompt__text", "favourite")
    assert dict(kept) == {"a fox": True, "a lighthouse": False}


def test_a_double_click_is_one_press(signed_in: Page, live_server, user) -> None:
    page = signed_in
    make_video(user, prompt="a fox")
    sent: list[str] = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url.partition("?")[0]))
    page.goto(f"{live_server.url}/gallery/")
    page.locator(".wall .tile").hover()

    page.locator(".wall .star").dblclick()
    expect(page.locator(".wall .star")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Move to the bin").dblclick()
    expect(page.locator(".wall .tile")).to_be_hidden()

    page.wait_for_load_state("networkidle")
    assert [url.rsplit("/", 1)[1] for url in sent] == ["star", "delete"]


def test_a_finger_opens_the_video_wherever_it_touches_the_tile(browser: Browser, signed_in: Page, live_server, user) -> None:
    make_video(user, prompt="a fox")
    context = browser.new_context(**PHONE, storage_state=signed_in.context.storage_state())
    page = context.new_page()
    page.goto(f"{live_server.url}/gallery/")
    box = page.locator(".wall .tile").bounding_box()

    page.touchscreen.tap(box["x"] + box["width"] - 12, box["y"] + 12)  # where a pointer sees the star

    page.wait_for_url("**/videos/**")
    assert not Video.objects.get().favourite
    context.close()
