"""The Studio keeps what a person typed and chose, finds models by words, and shows the queue in the order that matters."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from generation.models import GenerationTask
from tests.task_rows import create_task

KLING, WAN = "kling/kling-v2-5-turbo", "dashscope/wanx2.1-t2v-turbo"
DROP = """(box, [name, bytes]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  const event = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
  return !box.dispatchEvent(event);
}"""


def choose(page: Page, words: str) -> None:
    """Choose the first model that the words find, by keyboard alone."""
    page.get_by_role("button", name="Change model").click()
    page.get_by_label("Find a model or vendor").fill(words)
    page.keyboard.press("Enter")


def test_draft_survives_models_reload_and_another_page(signed_in: Page, live_server, sandbox_accounts, picture_file: Path) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/studio/?model={KLING}")
    prompt, ten = page.get_by_label("Prompt", exact=True), page.get_by_label("10 s", exact=True)
    prompt.fill("a lighthouse")
    ten.check(force=True)
    dropped = list(picture_file.read_bytes())
    assert page.locator(".main .head").evaluate(DROP, ["fox.png", dropped])  # not opened by the browser
    assert page.locator(".params").evaluate(DROP, ["fox.png", dropped])
    expect(page.locator(".slot.full")).to_have_count(1)
    asset = page.locator("input[name=first_frame]").input_value()

    for words, model in (("阿里 2.1 turbo", WAN), ("zhipu cogvideox-3", "zhipu/cogvideox-3"), (WAN, WAN)):
        choose(page, words)
        expect(page.locator("#compose")).to_have_attribute("data-model", model)
        expect(page.get_by_role("button", name="Change model")).to_be_focused()
        expect(prompt).to_have_value("a lighthouse")
    expect(page.locator("[data-kept]")).to_have_count(1)
    expect(page.locator("[data-kept]")).to_contain_text("First frame, Duration")
    page.goto(f"{live_server.url}/gallery/")
    page.goto(f"{live_server.url}/studio/")
    expect(prompt).to_have_value("a lighthouse")
    choose(page, KLING)

    expect(page.locator("input[name=first_frame]")).to_have_value(asset)
    expect(page.locator(".slot.full img")).to_have_attribute("src", f"/assets/{asset}/")
    expect(ten).to_be_checked()
    expect(page.locator("[data-kept]")).to_be_hidden()
    page.get_by_role("button", name="Change model").click()
    page.get_by_label("Find a model or vendor").fill("可灵")
    expect(page.locator("#models h2:visible")).to_have_text(["Kling"])
    page.keyboard.press("ArrowDown")
    expect(page.locator("#models a.item:focus")).to_have_count(1)
    page.get_by_label("Find a model or vendor").fill("no such thing")
    expect(page.get_by_text("No model matches.")).to_be_visible()
    expect(page.locator("#models h2:visible")).to_have_count(0)


def test_queue_folds_what_waits_and_a_phone_is_told_what_it_cannot_see(signed_in: Page, live_server, user, sandbox_accounts) -> None:
    page = signed_in
    for number in range(6):
        create_task(owner=user, model=KLING, prompt=f"lantern {number}", params={})
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/studio/?model={KLING}")
    expect(page.get_by_role("button", name="6 waiting")).to_be_attached()
    expect(page.locator("#queue [data-task]:visible")).to_have_count(0)

    page.get_by_role("button", name="Generate").click()
    expect(page.locator(".error:visible")).to_have_text("Say what the video should show.")
    page.get_by_label("Prompt", exact=True).fill("a heron")
    expect(page.locator(".error:visible")).to_have_count(0)
    page.get_by_role("button", name="Generate").click()

    expect(page.locator(".toast")).to_contain_text("1 video is in the queue.")
    expect(page.locator("#queue-link")).to_contain_text("7 waiting")
    page.get_by_role("button", name="7 waiting").click()
    expect(page.locator("#queue [data-task]:visible")).to_have_count(7)
    expect(page.locator("#queue [data-task]").last).to_contain_text("a heron")
    assert GenerationTask.objects.count() == 7
