"""From a template to a video, and the Studio's pickers, as a person uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from generation.models import GenerationTask
from tests.browser.accessibility import violations

KLING = "kling/kling-v2-5-turbo"
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_template_becomes_a_video(signed_in: Page, live_server, driver) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/templates/")
    page.get_by_role("link", name="Clean studio shot").click()
    page.get_by_role("textbox", name="Product", exact=True).fill("a paper lantern")
    expect(page.locator("#made")).to_contain_text("showing a paper lantern, on clean white background")
    page.get_by_label("Platform").select_option("tiktok")
    expect(page.locator("#made")).to_contain_text("vertical video")
    page.get_by_role("button", name="Use in the Studio").click()

    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).to_have_value(
        "Professional product video showing a paper lantern, on clean white background, studio lighting, smooth "
        "camera movement, vertical video, engaging, trendy, energetic pace, subject close and centered"
    )
    page.locator("#recipe").get_by_label("Style").select_option("noir")
    page.get_by_role("button", name="Put into the prompt").click()
    expect(page.get_by_text("It is in the prompt and the settings.")).to_be_visible()
    assert "film noir" in prompt.input_value()
    prompt.fill(prompt.input_value().replace("paper lantern", "red paper lantern, then cut to a sign that says SALE"))
    expect(page.locator(".findings")).to_contain_text("Models draw letters badly")
    page.reload()
    assert "red paper lantern" in prompt.input_value()
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#queue .job").first).to_contain_text("red paper lantern")
    task = GenerationTask.objects.get()
    driver.finish(task)

    made_from = task.prompt.made_from
    assert (made_from["template"]["id"], made_from["style"], made_from["platform"]) == ("product-showcase", "noir", "tiktok")
    assert task.params["aspect_ratio"] == "9:16"
    page.goto(f"{live_server.url}/videos/{task.videos.get().pk}/")
    page.get_by_text("How it was made").click()
    expect(page.get_by_role("link", name="Clean studio shot, version 1")).to_be_visible()


def test_enter_in_a_variable_orders_nothing(signed_in: Page, live_server, sandbox_accounts) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/studio/?model={KLING}")
    page.get_by_text("Template, style, platform").click()
    page.locator("#recipe").get_by_label("Template").select_option("about")
    title = page.get_by_label("Title")
    title.fill("quiet snow")
    title.press("Enter")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("A video about quiet snow.")
    page.get_by_role("button", name="Back to mine").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("")
    assert not GenerationTask.objects.exists()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_pages_fit_a_phone_and_are_accessible(signed_in: Page, live_server, sandbox_accounts, language: str) -> None:
    page = signed_in
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/templates/", "/templates/product-showcase/", "/templates/new", "/content-plan/", "/studio/?template=product-showcase"):
        page.goto(live_server.url + path)
        assert page.evaluate(OVERFLOW) == 0, path
        assert violations(page) == [], path
