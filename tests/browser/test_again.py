"""Chosen videos are ordered again after their price was seen; the new takes are in the strip until they are videos. Captions of a link."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from access.callers import Caller
from delivery.links import make_link, page_url
from generation.actions.captions import set_captions
from generation.models import GenerationTask, Video
from tests.browser.test_player import shot, until
from tests.task_rows import create_task
from tests.web.page_rows import KLING

SUBTITLES = b"WEBVTT\n\n00:00.000 --> 00:05.000\nA boat on the sea.\n"


def test_chosen_videos_run_again_and_come_into_the_strip(signed_in: Page, live_server, user, driver) -> None:
    page = signed_in
    for prompt in ("a boat", "a fox"):
        driver.finish(create_task(owner=user, model=KLING, prompt=prompt, params={}))
    boat = Video.objects.get(task__prompt__text="a boat")
    page.goto(f"{live_server.url}/gallery/")
    for box in page.locator(".pick input").all():
        box.check(force=True)
    shot(page, "bar")
    page.locator("#selection").get_by_role("button", name="Run again").click()
    page.wait_for_url("**/again/**")
    shot(page, "again")
    page.get_by_role("button", name="Order 2 videos").dblclick()
    page.wait_for_url("**/activity/")
    expect(page.locator("#toasts")).to_contain_text("2 videos were ordered again.")
    again = GenerationTask.objects.get(retry_of=boat.task)
    assert GenerationTask.objects.count() == 4

    page.goto(f"{live_server.url}/videos/{boat.pk}/")
    take = page.locator("#versions [data-task]")
    expect(take).to_contain_text("Waiting")
    shot(page, "strip")
    driver.finish(again)
    expect(take).to_have_count(0)
    expect(page.locator("#versions a.v")).to_have_count(2)
    assert page.locator("#versions a.v").last.get_attribute("href") == f"/videos/{again.videos.get().pk}/"


def test_a_visitor_reads_the_captions(page: Page, live_server, user, driver) -> None:
    driver.finish(create_task(owner=user, model=KLING, prompt="a boat", params={}))
    video = Video.objects.get()
    set_captions(video, language="en", content=SUBTITLES, by=Caller(user=user))

    page.goto(page_url(make_link(video, by=Caller(user=user)), live_server.url))
    page.evaluate("() => { document.querySelector('video').textTracks[0].mode = 'showing'; }")
    until(page, "document.querySelector('video').textTracks[0].cues?.length === 1")
    shot(page, "link")
