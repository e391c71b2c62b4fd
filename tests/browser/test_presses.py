"""One intent, one purchase: however a button is pressed, one task. `python -m tests.intents --browser` tries it a thousand times."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.presses import WAYS, Visit, made

TRIALS = int(os.environ.get("PORTAL_PRESS_TRIALS", str(len(WAYS))))
SEED = int(os.environ.get("PORTAL_PRESS_SEED", "9"))


@pytest.fixture
def plain_page(browser: Browser, signed_in: Page) -> Iterator[Page]:
    """Return the same person's browser without script."""
    context = browser.new_context(java_script_enabled=False, storage_state=signed_in.context.storage_state())
    yield context.new_page()
    context.close()


def test_each_intent_makes_one_task(signed_in: Page, plain_page: Page, live_server, user, sandbox_accounts, trouble: list[str]) -> None:
    chance, wrong, counted = random.Random(SEED), Counter[str](), Counter[str]()
    names = [*WAYS, *chance.choices(list(WAYS), k=max(0, TRIALS - len(WAYS)))][:TRIALS]
    chance.shuffle(names)
    for number, name in enumerate(names):
        visit = Visit(signed_in, plain_page, live_server.url, user, f"trial {number}.", random.Random(f"{SEED}-{number}"))
        WAYS[name](visit)
        counted[name] += made(visit)
        wrong[name] += made(visit) != 1
    tasks = sum(counted.values())
    print(f"{len(names)} trials, {tasks} tasks", {name: (names.count(name), counted[name]) for name in WAYS})

    assert (+wrong, tasks) == (Counter(), len(names))
    trouble[:] = [line for line in trouble if not line.startswith("error: htmx:sendError")]  # trials lose requests and answers on purpose
