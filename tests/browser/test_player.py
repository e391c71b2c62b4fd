"""A picture of a video goes on in the Studio; takes are compared in step, and voted on without their models' names."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from generation.lifecycle import Status
from generation.models import Asset, Video
from library.models import Vote
from tests.generation.media.videos import FPS, make_video
from tests.library.real_videos import real_video
from tests.task_rows import make_task
from tests.web.page_rows import KLING, WAN
from web.presenters.words import model_label

SHOTS = os.environ.get("PORTAL_SHOTS", "")
SEEK = """(at) => new Promise((done) => {
  const video = document.querySelector("video");
  video.addEventListener("seeked", () => requestAnimationFrame(() => requestAnimationFrame(done)), { once: true });
  video.currentTime = at;
})"""


def shot(page: Page, name: str) -> None:
    if SHOTS:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png")
        page.set_viewport_size({"width": 1280, "height": 720})


def until(page: Page, holds: str) -> None:
    """Wait for this in the page; its policy lets Playwright's own waiting not evaluate a text."""
    page.evaluate(f"() => new Promise((done) => {{ const look = () => ({holds}) ? done() : requestAnimationFrame(look); look(); }})")


@pytest.fixture(scope="module")
def content() -> bytes:
    return make_video(size=(640, 360), audio=False, options={"bf": "2"})


def take(owner, content: bytes, model: str = KLING) -> Video:
    task = make_task(owner, status=Status.SUCCEEDED, prompt="a yellow square walks", model=model)
    return real_video(owner, content=content, task=task, width_px=640, height_px=360)


def test_the_shown_picture_is_saved_and_continued_in_the_studio(signed_in: Page, live_server, user, content: bytes) -> None:
    page, video = signed_in, take(user, content)
    page.goto(f"{live_server.url}/videos/{video.pk}/")
    until(page, "document.querySelector('video').readyState >= 2")
    page.evaluate(SEEK, 7 / FPS + 0.001)
    page.keyboard.press(".")
    until(page, f"Math.abs(document.querySelector('video').currentTime - {8 / FPS}) < 0.02")
    shot(page, "video")

    with page.expect_download() as saved:
        page.get_by_role("button", name="Save frame").click()
    assert saved.value.suggested_filename.endswith(".png")
    frame = Asset.objects.get()
    assert frame.at_s == pytest.approx(8 / FPS, abs=0.01)

    page.keyboard.press("c")
    page.wait_for_url("**/studio/**")
    expect(page.locator("input[name=first_frame]")).to_have_value(str(frame.pk))  # the same picture is the same image
    expect(page.locator("textarea[name=prompt]")).to_have_value("a yellow square walks")
    shot(page, "studio")

    page.get_by_role("button", name="Remove: First frame").click()
    page.locator("[data-slot-pick]").first.click()
    page.locator(f"#pick [data-image='{frame.pk}']").click()
    expect(page.locator("input[name=first_frame]")).to_have_value(str(frame.pk))


def test_takes_play_in_step_and_are_voted_on_blindly(signed_in: Page, live_server, user, content: bytes) -> None:
    page, one, other = signed_in, take(user, content), take(user, content, WAN)
    page.goto(f"{live_server.url}/videos/{one.pk}/")
    page.get_by_role("link", name="Compare", exact=True).click()
    page.wait_for_url("**/compare/**")
    expect(page.locator("tr.differs th", has_text="Model")).to_be_visible()
    until(page, "[...document.querySelectorAll('video')].every((video) => video.readyState >= 2)")
    page.keyboard.press("Space")
    until(page, "[...document.querySelectorAll('video')].every((video) => video.currentTime > 0.2)")
    page.keyboard.press("Space")
    page.get_by_label("Position").fill("1.5")
    until(page, "[...document.querySelectorAll('video')].every((video) => Math.abs(video.currentTime - 1.5) < 0.02)")
    page.get_by_label("Next frame").click()
    until(page, f"[...document.querySelectorAll('video')].every((video) => Math.abs(video.currentTime - {1.5 + 1 / FPS}) < 0.005)")
    page.get_by_role("button", name="Loop", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "[...document.querySelectorAll('video')].every((video) => video.ended)")
    page.get_by_role("button", name="Play", exact=True).click()  # from the start again
    until(page, "[...document.querySelectorAll('video')].every((video) => !video.ended && video.currentTime < 1.5)")
    shot(page, "compare")

    page.get_by_role("link", name="Blind vote").click()
    page.wait_for_url("**/compare/vote/**")
    for model in (KLING, WAN):
        expect(page.locator("main")).not_to_contain_text(model_label(model))
    shot(page, "vote")
    page.get_by_role("button", name="A is better").click()
    expect(page.locator("main")).to_contain_text("You preferred")
    assert Vote.objects.get().winner in {one, other}
    page.get_by_role("link", name="Next pair").click()
    expect(page.get_by_text("No pair left")).to_be_visible()
