"""Two styles with two seeds become one set of four videos, one of them is finished, and the form is kept and used again."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from batches.models import Batch
from generation.models import GenerationTask
from prompts.models import Preset
from tests.batches.test_feeding import feed_once
from tests.browser.accessibility import violations

WAN, KLING = "dashscope/wanx2.1-t2v-turbo", "kling/kling-v2-5-turbo"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def render(batch: Batch, driver) -> None:
    """Make all videos of the set."""
    feed_once(batch)
    for task in GenerationTask.objects.filter(batch_id=batch.pk):
        driver.finish(task)
    feed_once(batch)


def test_a_set_of_four_is_ordered_and_one_of_it_finished(signed_in: Page, live_server, driver) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/studio/?model={WAN}")
    page.get_by_label("Prompt", exact=True).fill("a koi pond at dusk")
    page.get_by_label("Videos", exact=True).fill("2")
    page.locator("#vary summary").click()
    page.locator("[data-narrow]").fill("turbo 2.5")
    expect(page.locator("[name=vary-models]:visible")).to_have_count(2)
    for name in ("Cinematic", "Anime"):
        page.get_by_label(name, exact=True).check()
    expect(page.locator(".est")).to_contain_text("4 videos")
    assert violations(page) == []
    page.get_by_role("button", name="Generate").click()
    page.wait_for_url("**/batches/**")
    batch = Batch.objects.get()
    expect(page.locator(".set-cell")).to_have_count(4)
    render(batch, driver)
    expect(page.locator(".set-cell .tile")).to_have_count(4)
    assert violations(page) == []

    page.locator("#row-3").get_by_role("link", name="Finish this one").click()
    page.get_by_label("Model", exact=True).select_option(KLING)
    expect(page.locator("#finish-quote")).to_contain_text("Seed")
    assert violations(page) == []
    page.get_by_role("button", name="Finish", exact=True).click()
    page.wait_for_url(f"**/batches/{batch.pk}/")
    render(batch, driver)
    expect(page.locator(".set-cell .tile")).to_have_count(5)
    expect(page.locator("#row-5")).to_contain_text("finished from no. 3")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(OVERFLOW) == 0


def test_the_form_is_kept_and_a_prompt_is_used_again_by_keyboard(signed_in: Page, live_server, user, driver) -> None:
    page = signed_in
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/studio/?model={KLING}")
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("a heron at dawn")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#queue .job").first).to_contain_text("a heron at dawn")

    page.get_by_role("button", name="Presets").press("Enter")
    page.get_by_label("Name of a new preset").fill("birds")
    page.get_by_label("Name of a new preset").press("Enter")
    expect(page.locator("#preset-list")).to_contain_text("birds")
    assert (Preset.objects.get().values["prompt"], page.evaluate(OVERFLOW)) == ("a heron at dawn", 0)
    assert violations(page, "wcag2a", "wcag2aa", "wcag21aa") == []  # a message about the order may still be shown
    page.keyboard.press("Escape")
    prompt.fill("something else")

    page.get_by_role("button", name="History").press("Enter")
    page.get_by_label("Words of the prompt").press_sequentially("DAWN heron")
    page.get_by_role("button", name="Use again").press("Enter")
    expect(prompt).to_have_value("a heron at dawn")
    expect(page.locator("#history")).to_be_hidden()
