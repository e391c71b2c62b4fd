"""A list in the Studio, on a phone: one item per line, the wrong one is named, and nothing that was typed is lost."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from generation.models import GenerationTask

R2V = "dashscope/wan2.6-r2v"
WALK, STREET = "https://files.example/walk.mp4", "https://files.example/a-very-long-name-of-a-video-that-no-phone-can-show-in-one-line.mp4"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_wrong_item_is_named_and_the_list_is_kept(signed_in: Page, live_server, driver) -> None:
    page = signed_in
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/studio/?model={R2V}")
    videos = page.get_by_label("Reference videos")
    page.get_by_label("Prompt", exact=True).fill("a boat")
    videos.fill(f"{WALK}\nwalk.mp4")

    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_text("Item 2: Write a public address")).to_be_visible()
    expect(videos).to_have_value(f"{WALK}\nwalk.mp4")
    videos.fill(f"{WALK}\n{STREET}")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#queue .job").first).to_contain_text("a boat")

    task = GenerationTask.objects.get()
    assert task.params["reference_videos"] == [WALK, STREET]
    page.goto(f"{live_server.url}/tasks/{task.pk}/")
    expect(page.locator("dd", has_text=STREET)).to_be_visible()
    assert page.evaluate(OVERFLOW) == 0
