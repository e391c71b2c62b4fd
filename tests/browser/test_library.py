"""A day in the library: find a video of last month, delete twenty and take it back, go on from the last picture, compare three takes, open
a large collection. By keyboard alone in English on a wide screen, and by touch in Chinese on a phone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from generation.lifecycle import Status
from generation.models import Asset, Video
from library.index import index_waiting
from library.models import Collection, CollectionItem, Vote
from tests.browser.accessibility import violations
from tests.generation.media.videos import make_video as make_content
from tests.library.real_videos import real_video
from tests.task_rows import make_task
from tests.web.page_rows import KLING, WAN, make_video, moved

PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
MOST_TABS = 150


@pytest.fixture(params=["keyboard", "touch"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any], way: str) -> dict[str, Any]:
    return browser_context_args | {"viewport": PHONE if way == "touch" else WIDE, "has_touch": way == "touch"}


@pytest.fixture
def press(signed_in: Page, live_server, way: str) -> Callable[[Locator], None]:
    """Press what is there: Tab to it and Enter, or tap on it."""
    page = signed_in
    page.context.add_cookies([{"name": "django_language", "value": "zh-hans" if way == "touch" else "en", "url": live_server.url}])

    def press(there: Locator) -> None:
        expect(there).to_be_visible()
        if way == "touch":
            there.tap()
            return
        for _tab in range(MOST_TABS):
            if there.evaluate("(element) => element === document.activeElement"):
                page.keyboard.press("Enter")
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {there}")

    return press


def test_a_video_of_last_month_is_found_by_two_characters(signed_in: Page, press, live_server, user, way: str) -> None:
    page, then = signed_in, timezone.now() - timedelta(days=35)
    video = moved(make_video(user, prompt="江南烟雨，屋檐下的灯笼"), then)
    for number in range(4):
        make_video(user, prompt=f"雪夜古镇 {number}")
    index_waiting()
    page.goto(f"{live_server.url}/gallery/")

    search = page.locator(".head input[type=search]")
    if way == "touch":
        search.tap()
    else:
        page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("灯笼")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".tile mark")).to_have_text("灯笼")
    assert (page.evaluate(OVERFLOW), violations(page)) == (0, [])

    press(page.locator(".tile a.over, .tile a.cover").first)
    page.wait_for_url(f"**/videos/{video.pk}/**")
    page.go_back()
    expect(page.locator(".tile")).to_have_count(1)
    expect(search).to_have_value("灯笼")


def test_twenty_go_to_the_bin_and_come_back(signed_in: Page, press, live_server, user, way: str) -> None:
    page = signed_in
    for number in range(21):
        make_video(user, prompt=f"boat {number:02d}")
    index_waiting()
    page.goto(f"{live_server.url}/gallery/")
    tiles, boxes = page.locator(".tile:not([hidden])"), page.locator(".tile .pick input")
    expect(tiles).to_have_count(21)

    if way == "touch":
        boxes.first.tap(force=True)
        page.locator(".pick-day").first.tap()
        boxes.last.tap(force=True)
    else:
        page.locator(".tile a.over").first.focus()
        page.keyboard.press("x")
        page.locator(".tile a.over").nth(19).focus()
        page.keyboard.press("Shift+X")
    expect(page.locator("#selection .n")).to_contain_text("20")
    assert (page.evaluate(OVERFLOW), violations(page)) == (0, [])
    press(page.locator("#selection button[value=bin]"))
    expect(tiles).to_have_count(1)
    assert Video.objects.in_bin().count() == 20

    press(page.locator("#toasts form button").last)
    expect(tiles).to_have_count(21)
    assert not Video.objects.in_bin().exists()


def test_the_last_picture_goes_on_with_another_model_and_three_takes_are_compared(
    signed_in: Page, press, live_server, user, sandbox_accounts, way: str
) -> None:
    page, content = signed_in, make_content(size=(640, 360), audio=False, options={"bf": "2"})
    takes = [
        real_video(
            user,
            content=content,
            task=make_task(user, status=Status.SUCCEEDED, prompt="a yellow square walks", model=model),
            width_px=640,
            height_px=360,
        )
        for model in (KLING, WAN, KLING)
    ]
    page.goto(f"{live_server.url}/videos/{takes[0].pk}/")
    player = page.locator("[data-player] video")
    expect(player).to_have_js_property("readyState", 4)
    player.evaluate("(video) => { video.pause(); video.currentTime = video.duration; }")
    expect(player).to_have_js_property("seeking", value=False)
    press(page.locator("button[data-key=c]"))
    page.wait_for_url("**/studio/**")
    frame = Asset.objects.get()
    expect(page.locator("input[name=first_frame]")).to_have_value(str(frame.pk))
    assert frame.at_s is not None
    assert frame.at_s > takes[0].duration_s - 0.5

    page.goto(f"{live_server.url}/videos/{takes[0].pk}/")
    press(page.locator(".ver-sec a.btn"))
    page.wait_for_url("**/compare/**")
    expect(page.locator("video")).to_have_count(3)
    expect(page.locator("tr.differs").first).to_be_attached()
    assert (page.evaluate(OVERFLOW), violations(page)) == (0, [])
    press(page.locator(".head a.btn").last)
    page.wait_for_url("**/compare/vote/**")
    press(page.locator(".ballot button").first)
    expect(page.locator(".ballot")).to_have_count(0)
    assert Vote.objects.get().winner in takes


@pytest.mark.parametrize("way", ["touch"], indirect=True)
def test_a_collection_of_ten_thousand_opens_and_goes_on(signed_in: Page, live_server, user, way: str) -> None:
    page = signed_in
    call_command("seed_gallery", 10_000, "--yes", verbosity=0)
    Video.objects.update(owner=user)
    large = Collection.objects.create(owner=user, name="All of it")
    ids = Video.objects.order_by("-pk").values_list("pk", flat=True)
    CollectionItem.objects.bulk_create(CollectionItem(collection=large, video_id=pk, position=2**20 * at) for at, pk in enumerate(ids, 1))
    page.goto(f"{live_server.url}/collections/{large.pk}/")
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(60)

    page.locator(".more-row a").scroll_into_view_if_needed()
    expect(tiles).to_have_count(120)
    page.locator(".tile a.over").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/videos/**")
    assert page.evaluate(OVERFLOW) == 0
