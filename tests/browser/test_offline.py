"""The connection is lost and comes back: the page says so, nothing that was typed is lost, and it goes on."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from generation.models import GenerationTask

KLING = "kling/kling-v2-5-turbo"


def test_page_says_that_the_connection_is_lost_and_goes_on_when_it_is_back(
    signed_in: Page, live_server, sandbox_accounts, trouble: list[str]
) -> None:
    page, banner = signed_in, signed_in.locator("#offline")
    page.goto(f"{live_server.url}/studio/?model={KLING}")
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("a lighthouse")
    expect(banner).to_be_hidden()

    page.context.set_offline(True)
    expect(banner).to_contain_text("Your tasks keep running.")
    prompt.press_sequentially(" in fog")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#toasts .toast.bad")).to_be_visible()
    assert not GenerationTask.objects.exists()
    trouble[:] = [line for line in trouble if "htmx:sendError" not in line]  # of this press
    page.context.set_offline(False)

    expect(banner).to_be_hidden()
    expect(prompt).to_have_value("a lighthouse in fog")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#queue .job")).to_have_count(1)
    assert [task.prompt.text for task in GenerationTask.objects.all()] == ["a lighthouse in fog"]


def test_a_server_that_does_not_answer_is_noticed_after_three_questions(signed_in: Page, live_server) -> None:
    page, banner = signed_in, signed_in.locator("#offline")
    page.clock.install()
    page.goto(f"{live_server.url}/gallery/")
    page.route("**/tick?*", lambda route: route.abort("connectionrefused"))

    for seen in (False, False, True):
        with page.expect_event("requestfailed"):
            page.clock.fast_forward(60_000)
        expect(banner).to_be_visible() if seen else expect(banner).to_be_hidden()
    page.unroute("**/tick?*")
    page.get_by_role("button", name="Try now").click()

    expect(banner).to_be_hidden()
