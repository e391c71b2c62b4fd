"""A review with a comment at 0:03 by mouse and keys, and a link with a password that a stranger opens on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Page, expect

from access.callers import Caller
from delivery.models import Visit
from generation import store
from generation.actions.bin import move_to_bin
from generation.models import Video
from library.models import Comment
from library.review import review
from tests.browser.accessibility import violations
from tests.generation.media.lavfi import clip
from tests.web.page_rows import make_video

OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
TIME = "video => video.currentTime"


def plays(video: Video, folder: Path) -> Video:
    """Give the video a file that plays, 5 s long."""
    content = clip(folder / f"{video.pk}.mp4", "testsrc2=size=320x180:rate=24:duration=5")
    for name in ("file", "preview"):
        key = f"clips/{video.pk}-{name}.mp4"
        store.save(key, content)
        setattr(video, name, key)
    video.save()
    return video


def test_a_comment_takes_the_time_of_the_player_and_its_mark_leads_back(signed_in: Page, live_server, user, tmp_path) -> None:
    page, video = signed_in, plays(make_video(user), tmp_path)
    page.goto(f"{live_server.url}/videos/{video.pk}/")
    player, text = page.locator("[data-player] video"), page.get_by_role("textbox", name="Comment", exact=True)
    expect(player).to_have_js_property("readyState", 4)
    player.evaluate("video => { video.currentTime = 3 }")
    expect(player).to_have_js_property("seeking", value=False)

    page.keyboard.press("Shift+C")
    expect(text).to_be_focused()
    expect(page.get_by_role("textbox", name="At", exact=True)).to_have_value("0:03")
    page.keyboard.type("the logo is cut off")
    page.keyboard.press("Control+Enter")

    mark = page.locator(".marks a")
    expect(mark).to_have_count(1)
    expect(page.locator("#toasts").get_by_text("Comment added.")).to_be_visible()
    assert [(one.at_s, one.text) for one in Comment.objects.all()] == [(3.0, "the logo is cut off")]
    player.evaluate("video => { video.currentTime = 0 }")
    mark.click()
    expect(player).to_have_js_property("currentTime", 3)
    page.reload()
    assert violations(page) == []

    page.get_by_role("button", name="Resolve").click()
    expect(mark).to_have_count(0)
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("textbox", name="Note")).to_be_focused()
    page.keyboard.type("too dark")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#review .state")).to_contain_text("Rejected")
    assert Video.objects.get(pk=video.pk).review_state == "rejected"


def test_a_comment_on_a_video_that_went_to_the_bin_is_refused_in_words(signed_in: Page, live_server, user, trouble: list[str]) -> None:
    page, video = signed_in, make_video(user)
    page.goto(f"{live_server.url}/videos/{video.pk}/")
    move_to_bin(video, by=Caller(user=user))

    page.get_by_role("textbox", name="Comment", exact=True).fill("too dark")
    page.get_by_role("button", name="Add comment").click()

    expect(page.locator("#toasts")).to_contain_text("This no longer exists. Reload the page.")
    expect(page.get_by_role("textbox", name="Comment", exact=True)).to_have_value("too dark")
    assert [words.partition(" from ")[0] for words in trouble] == ["error: Response Status Error Code 404"]
    trouble.clear()


def test_the_queue_is_gone_through_by_keys(signed_in: Page, live_server, user, other_user: User, tmp_path) -> None:
    page, team = signed_in, Group.objects.create(name="films")

    def press(key: str) -> None:
        page.wait_for_load_state("load")  # the text of the next page is there before its scripts
        page.keyboard.press(key)

    team.user_set.set([user, other_user])
    for words in ("a boat", "a fox", "a heron"):
        review(make_video(other_user, prompt=words, team=team), "wanted", by=Caller(user=other_user))
    page.keyboard.press("g")
    page.keyboard.press("r")
    title = page.locator(".asked")
    expect(title).to_have_text("a boat")

    press("j")
    expect(title).to_have_text("a fox")
    press("k")
    expect(title).to_have_text("a boat")
    press("a")
    expect(title).to_have_text("a fox")
    press("r")
    page.keyboard.type("too dark")
    page.keyboard.press("Control+Enter")
    expect(title).to_have_text("a heron")
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    assert page.evaluate(OVERFLOW) == 0
    assert violations(page) == []
    assert sorted(Video.objects.values_list("title", "review_state")) == [
        ("a boat", "approved"),
        ("a fox", "rejected"),
        ("a heron", "wanted"),
    ]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_link_with_a_password_opens_signed_out_on_a_phone(
    signed_in: Page, browser: Browser, live_server, user, tmp_path, language
) -> None:
    page, video = signed_in, plays(make_video(user), tmp_path)
    page.goto(f"{live_server.url}/videos/{video.pk}/")
    page.get_by_role("textbox", name="What it is for").fill("customer")
    page.get_by_role("textbox", name="Password (optional)").fill("red fox")
    page.get_by_role("button", name="Make link").click()
    copy = page.get_by_role("button", name="Copy: customer")
    expect(copy).to_be_focused()
    address = copy.get_attribute("data-copy")

    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, locale=language)
    stranger = phone.new_page()
    said: list[str] = []
    stranger.on("console", lambda message: said.append(message.text))
    stranger.goto(address)
    assert (stranger.evaluate(OVERFLOW), violations(stranger)) == (0, [])
    stranger.locator("input[type=password]").fill("blue fox")
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_role("alert")).to_be_visible()
    stranger.locator("input[type=password]").fill("red fox")
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_role("heading", name="a boat")).to_be_visible()
    expect(stranger.locator("video")).to_have_js_property("readyState", 4)
    assert (stranger.evaluate(OVERFLOW), violations(stranger)) == (0, [])
    assert [text for text in said if "Content Security Policy" in text or "Refused" in text] == []
    phone.close()
    assert Visit.objects.count() == 1
