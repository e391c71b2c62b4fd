"""Deleting with the keyboard, and the undo: the focus is never lost, and an undo that did not arrive can be pressed again."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from generation import store
from generation.models import Video
from tests.web.page_rows import make_video
from web.presenters.videos import LOADED_AT_ONCE


def test_who_deletes_with_the_keyboard_goes_on_and_comes_back(signed_in: Page, live_server, user, trouble: list[str]) -> None:
    page = signed_in
    for words in ("a boat", "a heron", "a fox"):
        make_video(user, prompt=words)
    page.goto(f"{live_server.url}/gallery/")
    fox, heron, boat = (page.get_by_role("link", name=words) for words in ("a fox", "a heron", "a boat"))
    undo = page.locator("#toasts").get_by_role("button", name="Undo")

    heron.focus()
    page.keyboard.down("Delete")
    expect(boat).to_be_focused()
    page.keyboard.down("Delete")  # held down: a repeat
    page.keyboard.up("Delete")
    boat.press("ArrowLeft")
    expect(fox).to_be_focused()
    assert [video.title for video in Video.objects.in_bin()] == ["a heron"]

    fox.press("Delete")
    expect(boat).to_be_focused()
    boat.press("Delete")
    expect(page.locator("#main")).to_be_focused()
    expect(undo).to_have_count(3)

    page.context.set_offline(True)
    undo.last.press("Enter")
    expect(page.locator("#toasts .toast.bad")).to_be_visible()
    trouble[:] = [line for line in trouble if "htmx:sendError" not in line]  # of this press
    page.context.set_offline(False)
    undo.last.press("Enter")

    expect(boat).to_be_focused()
    expect(undo).to_have_count(2)


@pytest.mark.parametrize("newer", [0, LOADED_AT_ONCE], ids=["at once", "when it is near"])
def test_a_tile_that_goes_loads_no_other_picture(signed_in: Page, live_server, user, newer: int) -> None:
    page, pictures = signed_in, {}
    for width in (384, 640, 960):
        with io.BytesIO() as file:
            Image.new("RGB", (width, width * 9 // 16)).save(file, "WEBP")
            store.save(key := f"pages/{user.pk}-{width}.webp", file.getvalue())
            pictures[str(width)] = key
    video = make_video(user)
    Video.objects.filter(pk=video.pk).update(poster=pictures.pop("640"), other_posters=pictures)
    for number in range(newer):
        make_video(user, prompt=f"newer {number}")
    page.goto(f"{live_server.url}/gallery/")
    tile = page.locator(f"[data-video='{video.pk}']")
    expect(tile.locator("> img")).to_have_js_property("complete", value=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    tile.locator("a.over").press("Delete")
    expect(tile).to_be_hidden()
    page.wait_for_timeout(500)

    assert [url for url in asked if f"{video.pk}/poster" in url] == []
