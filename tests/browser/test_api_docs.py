"""The API reference: readable in both themes, usable by keyboard, and all of it from this server."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.accessibility import violations


def test_api_reference_breaks_no_rule_of_accessibility(signed_in: Page, live_server) -> None:
    page = signed_in
    page.goto(f"{live_server.url}/api/v1/docs")
    operations = page.locator(".opblock-summary-control")

    for tag, path in (("tasks", "/api/v1/tasks"), ("videos", "/api/v1/videos/{video_id}/content")):
        page.locator(f"[data-tag='{tag}'] button").press("Enter")
        operations.filter(has=page.locator(f"[data-path='{path}']")).first.press("Enter")
    page.get_by_role("button", name="Try it out").first.press("Enter")
    expect(page.get_by_label("Request body")).to_be_visible()

    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html.dark-mode")).to_have_count(1)
    assert violations(page, "color-contrast") == []
    page.get_by_role("link", name="Back to the portal").click()
    page.wait_for_url("**/studio/")
