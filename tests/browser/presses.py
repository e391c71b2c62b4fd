"""Ways to press a button more often than was meant. Each is one intent, so each has to make exactly one task.

`WAYS` are tried at random by test_presses.py, and a thousand times by `python -m tests.intents --trials 1000 --browser`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, Route, expect

from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.task_rows import make_task

__all__ = ["WAYS", "Visit", "made"]

MODEL = "kling/kling-v2-5-turbo"
CREATE, RETRY = "**/studio/tasks/", "**/retry"
IDLE = "() => !document.querySelector('form.htmx-request')"


@dataclass
class Visit:
    """One trial: a person with a browser, with and without script, who wants one video that says `words`."""

    page: Page
    plain: Page
    url: str
    owner: User
    words: str
    chance: random.Random
    failed: GenerationTask | None = field(default=None)

    def studio(self, page: Page | None = None) -> Locator:
        """Open the form and write the prompt. Returns the button."""
        page = page or self.page
        page.goto(f"{self.url}/studio/?model={MODEL}")
        page.get_by_label("Prompt", exact=True).fill(self.words)
        return page.get_by_role("button", name="Generate")

    def card(self, page: Page | None = None) -> Locator:
        """Open the list with a task that failed. Returns its Retry button."""
        page = page or self.page
        if self.failed is None:
            self.failed = make_task(self.owner, status=Status.FAILED, prompt=self.words, error_code="deadline")
        page.goto(f"{self.url}/activity/")
        return page.locator(f"form[action='/tasks/{self.failed.pk}/retry']").get_by_role("button")

    def often(self) -> int:
        return self.chance.randint(2, 6)

    def settle(self) -> None:
        """Wait until the script has no form under way."""
        self.page.wait_for_function(IDLE)


def made(visit: Visit) -> int:
    """Return how many tasks this trial ordered."""
    if visit.failed is not None:
        return GenerationTask.objects.filter(retry_of=visit.failed).count()
    return GenerationTask.objects.filter(prompt__text=visit.words).count()


def _clicked(visit: Visit, button: Locator) -> None:
    button.click(click_count=visit.often(), delay=visit.chance.choice([0, 20]))


def _clicked_apart(visit: Visit, button: Locator) -> None:
    """Click several times, in a way that the browser does not count as one double click."""
    for _ in range(visit.often()):
        button.dispatch_event("click")
        if visit.chance.random() < 0.5:
            visit.settle()


def _enter_held(visit: Visit, button: Locator) -> None:
    button.focus()
    _held(visit.page, "Enter", visit.often())


def _held(page: Page, key: str, times: int) -> None:
    for _ in range(times):
        page.keyboard.down(key)
    page.keyboard.up(key)


def _shortcut_held(visit: Visit, button: Locator) -> None:
    visit.page.keyboard.down("Control")
    for _ in range(visit.often()):
        visit.page.keyboard.down("Enter")
        if visit.chance.random() < 0.3:
            visit.settle()
    visit.page.keyboard.up("Enter")
    visit.page.keyboard.up("Control")


def _shortcut_again(visit: Visit, button: Locator) -> None:
    for _ in range(visit.often()):
        visit.page.keyboard.press("Control+Enter")


def _pressed_in_flight(visit: Visit, button: Locator) -> None:
    """The network is slow: the first request is still out when the button is pressed again."""
    held: list[Route] = []
    pattern = RETRY if visit.failed else CREATE
    visit.page.route(pattern, lambda route: held.append(route), times=1)  # noqa: PLW0108 - playwright marks the function that it is given
    with visit.page.expect_request(pattern):
        button.click()
    for _ in range(visit.often()):
        visit.chance.choice([_clicked_by_script, _pressed_by_key])(visit, button)
    held[0].continue_()


def _clicked_by_script(visit: Visit, button: Locator) -> None:
    button.dispatch_event("click")


def _pressed_by_key(visit: Visit, button: Locator) -> None:
    if visit.failed:
        button.press("Enter")
    else:
        visit.page.keyboard.press("Control+Enter")


def _answer_lost(visit: Visit, button: Locator) -> None:
    """The order arrives and its answer does not. The person presses again, perhaps after a change that was taken back."""
    pattern = RETRY if visit.failed else CREATE

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    _broken(visit, button, pattern, lose)


def _request_lost(visit: Visit, button: Locator) -> None:
    _broken(visit, button, RETRY if visit.failed else CREATE, lambda route: route.abort("connectionreset"))


def _broken(visit: Visit, button: Locator, pattern: str, lose: Callable[[Route], None]) -> None:
    page = visit.page
    page.route(pattern, lose, times=1)
    with page.expect_event("requestfailed", lambda request: request.method == "POST"):
        button.click()
    page.locator("#toasts .toast.bad").wait_for()
    if not visit.failed and visit.chance.random() < 0.5:  # the price is asked for, and its answer arrives
        with page.expect_response("**/studio/quote/"):
            page.get_by_label("Prompt", exact=True).fill(f"{visit.words} and more")
            page.get_by_label("Prompt", exact=True).fill(visit.words)
    with page.expect_response(pattern):
        button.click()


GESTURES = {
    "double click": _clicked,
    "clicks apart": _clicked_apart,
    "Enter held": _enter_held,
    "in flight": _pressed_in_flight,
    "answer lost": _answer_lost,
    "request lost": _request_lost,
}
KEYS = {"shortcut held": _shortcut_held, "shortcut twice": _shortcut_again}


def _generate(gesture: Callable[[Visit, Locator], None]) -> Callable[[Visit], None]:
    def way(visit: Visit) -> None:
        gesture(visit, visit.studio())
        expect(visit.page.locator("#queue .job", has_text=visit.words)).to_have_count(1)
        visit.settle()

    return way


def _retry(gesture: Callable[[Visit, Locator], None]) -> Callable[[Visit], None]:
    def way(visit: Visit) -> None:
        gesture(visit, visit.card())
        visit.page.locator("#toasts .toast.ok").first.wait_for()
        visit.settle()

    return way


def _two_tabs(visit: Visit) -> None:
    """The same form, opened twice before anything was ordered, sent from both."""
    other = visit.page.context.new_page()
    buttons = [visit.studio(), visit.studio(other)]
    for button in visit.chance.sample(buttons, 2):
        with button.page.expect_response(CREATE):
            button.click()
    other.close()


def _two_tabs_with_a_card(visit: Visit) -> None:
    other = visit.page.context.new_page()
    buttons = [visit.card(), visit.card(other)]
    for button in visit.chance.sample(buttons, 2):
        with button.page.expect_response(RETRY):
            button.click()
    other.close()


def _reload_after(visit: Visit) -> None:
    with visit.page.expect_response(CREATE):
        visit.studio().click()
    visit.page.reload()


def _plain_double_click(visit: Visit) -> None:
    visit.studio(visit.plain).dblclick(no_wait_after=True)
    visit.plain.locator("#queue .job", has_text=visit.words).first.wait_for(state="attached")


def _plain_back_and_resend(visit: Visit) -> None:
    visit.studio(visit.plain).click()
    visit.plain.locator("#queue .job", has_text=visit.words).first.wait_for(state="attached")
    visit.plain.go_back()
    visit.plain.get_by_label("Prompt", exact=True).fill(visit.words)
    visit.plain.get_by_role("button", name="Generate").click()
    visit.plain.locator("#queue .job", has_text=visit.words).first.wait_for(state="attached")


def _plain_reload(visit: Visit) -> None:
    visit.studio(visit.plain).click()
    visit.plain.locator("#queue .job", has_text=visit.words).first.wait_for(state="attached")
    visit.plain.reload()


def _plain_retry(visit: Visit) -> None:
    visit.card(visit.plain).dblclick(no_wait_after=True)
    visit.plain.locator("#toasts .toast").first.wait_for()


def _plain_retry_back_and_resend(visit: Visit) -> None:
    visit.card(visit.plain).click()
    visit.plain.locator("#toasts .toast").first.wait_for()
    visit.plain.go_back()
    assert visit.failed is not None
    button = visit.plain.locator(f"form[action='/tasks/{visit.failed.pk}/retry']").get_by_role("button")
    if button.count():  # a page from before; one that is asked for again links to the retry instead
        button.click()
        visit.plain.locator("#toasts .toast").first.wait_for()
    else:
        expect(visit.plain.get_by_role("link", name="Open the retry").first).to_be_visible()


WAYS: dict[str, Callable[[Visit], None]] = {
    **{f"Generate: {name}": _generate(gesture) for name, gesture in (GESTURES | KEYS).items()},
    **{f"Retry: {name}": _retry(gesture) for name, gesture in GESTURES.items()},
    "Generate: two tabs": _two_tabs,
    "Retry: two tabs": _two_tabs_with_a_card,
    "Generate: reload": _reload_after,
    "Generate without script: double click": _plain_double_click,
    "Generate without script: Back and resend": _plain_back_and_resend,
    "Generate without script: reload": _plain_reload,
    "Retry without script: double click": _plain_retry,
    "Retry without script: Back and resend": _plain_retry_back_and_resend,
}
