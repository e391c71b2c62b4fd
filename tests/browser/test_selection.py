"""Choosing videos in the gallery with the mouse and with keys, what is done to them, and taking it back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from generation.models import Video
from library.models import VideoTag
from tests.web.page_rows import make_video


def test_videos_are_chosen_binned_and_restored_and_rated_by_keys(signed_in: Page, live_server, user) -> None:
    page = signed_in
    for number in range(1, 6):
        make_video(user, prompt=f"boat {number}")
    page.goto(f"{live_server.url}/gallery/")
    bar, toasts = page.locator("#selection"), page.locator("#toasts")
    tiles = page.locator(".tile:not([hidden])")
    boxes = page.locator(".pick input")
    expect(bar).to_be_hidden()

    page.get_by_role("link", name="boat 5").focus()
    page.keyboard.press("x")
    page.get_by_role("link", name="boat 3").focus()
    page.keyboard.press("Shift+X")
    expect(bar.locator(".n")).to_have_text("3 selected")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()

    page.get_by_role("link", name="boat 5").focus()
    page.keyboard.press("4")
    expect(toasts).to_contain_text("Rated 4 of 5.")
    page.keyboard.press("s")
    expect(page.locator(".tr .star.on")).to_have_count(1)
    assert [(video.rating, video.favourite) for video in Video.objects.filter(rating__isnull=False)] == [(4, True)]

    boxes.first.check(force=True)
    bar.get_by_label("All that match").check()
    expect(bar.locator(".n")).to_have_text("All 5 that match")
    boxes.first.uncheck(force=True)  # which is not all any more
    boxes.first.check(force=True)
    expect(bar.locator(".n")).to_have_text("1 selected")
    boxes.nth(3).click(modifiers=["Shift"], force=True)
    expect(bar.locator(".n")).to_have_text("4 selected")
    bar.locator("summary", has_text="Tag, rate").click()
    bar.get_by_label("Tags").fill("night, city")
    bar.get_by_role("button", name="Add tags").click()
    expect(toasts).to_contain_text("4 videos were tagged.")
    assert VideoTag.objects.count() == 8

    bar.get_by_role("button", name="Delete").click()
    expect(tiles).to_have_count(1)
    expect(bar).to_be_hidden()
    toasts.get_by_role("button", name="Undo").click()
    expect(tiles).to_have_count(5)
    assert not Video.objects.in_bin().exists()


def test_the_focus_stays_on_the_wall_when_the_bar_goes(signed_in: Page, live_server, user) -> None:
    page = signed_in
    for number in range(1, 6):
        make_video(user, prompt=f"boat {number}")
    page.goto(f"{live_server.url}/gallery/")
    bar = page.locator("#selection")

    def choose(*names: str) -> None:
        for name in names:
            page.get_by_role("link", name=name).focus()
            page.keyboard.press("x")

    choose("boat 4", "boat 3")
    bar.get_by_role("button", name="Delete").press("Enter")
    expect(bar).to_be_hidden()
    expect(page.get_by_role("link", name="boat 2")).to_be_focused()

    choose("boat 1", "boat 5")
    bar.get_by_role("button", name="Clear").press("Enter")
    expect(bar).to_be_hidden()
    expect(page.get_by_role("link", name="boat 5")).to_be_focused()
