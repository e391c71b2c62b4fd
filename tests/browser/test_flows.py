"""What a person does, in a real browser: each test is one story."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from tests.pictures import picture
from tests.task_rows import create_task

KLING = "kling/kling-v2-5-turbo"


def studio(page: Page, live_server, model: str = KLING) -> None:
    page.goto(f"{live_server.url}/studio/?model={model}")


def generate(page: Page, prompt: str) -> GenerationTask:
    """Fill in the prompt and press the button; the card is there when this returns."""
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#queue .job").first).to_contain_text(prompt)
    return GenerationTask.objects.latest("pk")


def test_button_listens_while_the_price_is_asked_for(signed_in: Page, live_server) -> None:
    page, held = signed_in, []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/studio/quote/", hold)  # an answer that takes long
    studio(page, live_server)
    button = page.get_by_role("button", name="Generate")

    with page.expect_request("**/studio/quote/"):
        page.get_by_label("Prompt", exact=True).fill("a koi pond at dusk")

    expect(button).to_be_enabled()
    held[0].continue_()


def test_prompt_becomes_a_video_that_plays(signed_in: Page, live_server, driver) -> None:
    page = signed_in
    studio(page, live_server)

    task = generate(page, "a koi pond at dusk")
    card = page.locator(f"#task-{task.pk}")
    expect(card).to_contain_text("Waiting")
    driver.until(task, Status.RUNNING)
    expect(card).to_contain_text("Rendering")
    driver.finish(task)
    expect(page.locator("#today .tile")).to_have_count(1)
    expect(card).to_have_count(0)
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a koi pond at dusk")

    page.get_by_role("link", name="Gallery").first.click()
    page.get_by_role("link", name="a koi pond at dusk").click()
    page.get_by_role("heading", level=1, name="a koi pond at dusk").wait_for()
    video = page.locator("video")
    video.evaluate("video => { video.muted = true; return video.play(); }")
    playing = "video => new Promise(seen => video.addEventListener('timeupdate', () => video.currentTime > 0.3 && seen(true)))"
    assert video.evaluate(playing)
    assert video.evaluate("video => video.videoWidth") > 0


def test_cancel_of_a_waiting_task_leaves_the_running_one(signed_in: Page, live_server, user, driver) -> None:
    page = signed_in
    running = driver.until(create_task(owner=user, model=KLING, prompt="the first", params={}), Status.RUNNING)
    waiting = create_task(owner=user, model=KLING, prompt="the second", params={})
    studio(page, live_server)

    page.locator(f"#task-{waiting.pk}").get_by_role("button", name="Cancel").click()

    expect(page.locator(f"#task-{waiting.pk}")).to_contain_text("Cancelled")
    expect(page.locator(f"#task-{running.pk}")).to_contain_text("Rendering")
    assert GenerationTask.objects.get(pk=running.pk).status == Status.RUNNING


def test_bad_input_is_shown_and_focused_at_its_field(signed_in: Page, live_server, driver) -> None:
    page = signed_in
    studio(page, live_server)
    page.get_by_label("Pro", exact=True).check(force=True)

    page.get_by_role("button", name="Generate").click()

    prompt = page.get_by_label("Prompt", exact=True)
    expect(page.locator("#id_prompt_error")).to_have_text("Say what the video should show.")
    expect(prompt).to_be_focused()
    expect(page.get_by_label("Pro", exact=True)).to_be_checked()
    assert GenerationTask.objects.count() == 0
    generate(page, "a heron, this time")


def test_retry_and_tasks_from_elsewhere_appear_in_the_queue(signed_in: Page, live_server, user, driver) -> None:
    page = signed_in
    failed = driver.finish(create_task(owner=user, model=KLING, prompt="a storm #fault:fail-content", params={}))
    studio(page, live_server)

    page.locator(f"#task-{failed.pk}").get_by_role("button", name="Retry").click()
    expect(page.locator("#queue .job")).to_have_count(2)
    elsewhere = create_task(owner=user, model=KLING, prompt="through the API", params={})

    expect(page.locator(f"#task-{elsewhere.pk}")).to_contain_text("through the API")
    expect(page.locator("#queue .job")).to_have_count(3)
    expect(page.locator(".feed-head").first).to_contain_text("2 waiting")


def test_refused_prompt_is_edited_and_retried(signed_in: Page, live_server, user, driver) -> None:
    page = signed_in
    task = driver.finish(create_task(owner=user, model=KLING, prompt="a storm #fault:fail-content", params={"mode": "pro"}))
    page.goto(f"{live_server.url}/activity/")
    expect(page.locator(f"[data-task='{task.pk}']").first).to_contain_text("Refused")

    page.get_by_role("link", name="Edit and retry").click()

    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a storm #fault:fail-content")
    expect(page.get_by_label("Pro", exact=True)).to_be_checked()


@pytest.mark.parametrize("kind", ["gif", "tiff"])
def test_image_that_is_stored_otherwise_is_shown_as_it_is_stored(signed_in: Page, live_server, driver, tmp_path, kind) -> None:
    """An animation would show other frames than the stored one, and few browsers draw a TIFF."""
    page, path = signed_in, tmp_path / f"fox.{kind}"
    path.write_bytes(picture(kind=kind.upper(), save_all=True, append_images=[Image.new("RGB", (640, 480), "red")]).getvalue())
    studio(page, live_server)

    page.locator("input[name=first_frame_file]").set_input_files(path)
    expect(page.locator(".slot.full")).to_have_count(1)

    asset = page.locator("input[name=first_frame]").input_value()
    expect(page.locator(".slot.full img")).to_have_attribute("src", f"/assets/{asset}/")
    assert page.locator(".slot.full img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 640


def test_photo_that_cannot_be_read_is_named_before_it_is_sent(signed_in: Page, live_server, driver, tmp_path) -> None:
    page, path = signed_in, tmp_path / "IMG_0001.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    studio(page, live_server)

    page.locator("input[name=first_frame_file]").set_input_files(path)

    expect(page.locator("[data-fault-text]").first).to_have_text(
        "HEIC files are not accepted here. Use JPEG, PNG, WebP, AVIF, BMP, GIF or TIFF."
    )


def test_star_turns_in_place_and_tabs_show_one_language(signed_in: Page, live_server, user, driver) -> None:
    page = signed_in
    driver.finish(create_task(owner=user, model=KLING, prompt="a star", params={}))
    video = Video.objects.get()
    page.goto(f"{live_server.url}/videos/{video.pk}/")

    page.get_by_role("button", name="Star").click()
    expect(page.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("tab", name="Python").click()

    expect(page.locator("#panel-python")).to_be_visible()
    expect(page.locator("#panel-curl")).to_be_hidden()
    assert Video.objects.get().favourite is True


def test_chinese_pages_speak_chinese(signed_in: Page, live_server, sandbox_accounts) -> None:
    page = signed_in
    page.get_by_role("button", name="中文").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("创作")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.get_by_role("button", name=re.compile("^生成"))).to_be_visible()


def test_phone_never_scrolls_sideways(signed_in: Page, live_server, user, driver) -> None:
    page = signed_in
    driver.finish(create_task(owner=user, model=KLING, prompt="a-very-long-word-" * 12, params={}))
    driver.finish(create_task(owner=user, model=KLING, prompt="refused #fault:fail-content", params={}))
    page.set_viewport_size({"width": 360, "height": 780})
    task, video = GenerationTask.objects.first(), Video.objects.get()

    for path in ("/studio/", "/gallery/", "/activity/", f"/videos/{video.pk}/", f"/tasks/{task.pk}/"):
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
