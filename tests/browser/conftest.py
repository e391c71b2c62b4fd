"""A real Chromium against the live server: the system's own, because it plays H.264. Nothing but this server is reachable from it.

Without a Chromium `make test-slow` leaves this folder out and says so; run by name, its tests fail with one sentence.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from playwright.sync_api import BrowserContext, Page, expect

from tests.pictures import picture
from tools.chromium import FLAGS, chromium_path

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright's loop runs in this thread beside the ORM
PATIENCE_MS = 45_000
QUIET = ("--disable-component-update", "--no-first-run", "--disable-sync")
EXPECTED = ("Failed to load resource", "Transition was ", "htmx:sendAbort", "htmx:afterRequest")
"""Chromium logs every 4xx answer (tests that provoke one assert on what the page shows instead), and each page transition that the next
navigation cuts short. htmx logs a request that a newer one replaces; any other failure has another error beside it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    try:
        chromium = chromium_path()
    except SystemExit as missing:
        pytest.fail(str(missing))
    return browser_type_launch_args | {"executable_path": chromium, "args": [*FLAGS, *QUIET]}


@pytest.fixture(scope="session")
def base_url() -> None:
    """Tests write whole addresses; pytest-base-url's own fixture is of a kind that pytest warns about."""


@pytest.fixture(autouse=True)
def _clean(transactional_db) -> None:
    caches["process"].clear()


@pytest.fixture
def trouble() -> list[str]:
    """Console errors, page errors and requests to elsewhere; every test ends with none."""
    return []


@pytest.fixture
def page(context: BrowserContext, live_server, trouble: list[str]) -> Iterator[Page]:
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    page.on("console", lambda message: _note(trouble, message.type, message.text))
    page.on("pageerror", lambda error: _note(trouble, "error", str(error)))
    page.on("request", lambda request: _inside(trouble, request.url, live_server.url))
    yield page
    seen = list(trouble)
    page.goto("about:blank")  # ends its requests before the tables are emptied; what it breaks off is no trouble
    assert seen == []


def _note(trouble: list[str], kind: str, text: str) -> None:
    if kind in {"error", "warning"} and not text.startswith(EXPECTED):
        trouble.append(f"{kind}: {text}")


def _inside(trouble: list[str], url: str, ours: str) -> None:
    if not url.startswith((ours, "data:", "blob:", "about:")):
        trouble.append(f"request to {url}")


@pytest.fixture
def signed_in(page: Page, live_server, user) -> Page:
    """Signed in through the form, at the Studio."""
    page.goto(f"{live_server.url}/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill("a long enough password")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/studio/")
    return page


@pytest.fixture
def picture_file(tmp_path: Path) -> Path:
    """An image on disk that every model takes."""
    path = tmp_path / "first.png"
    path.write_bytes(picture().getvalue())
    return path
