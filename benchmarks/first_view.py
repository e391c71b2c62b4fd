"""What a browser loads that sees the Gallery or the Studio for the first time: `python -m benchmarks first_view`, on a stage.

The web process runs as an installation's does: it compresses pages, and WhiteNoise serves the files that were collected and compressed.
Counted are the bytes of bodies as they were sent, until the network is quiet, without posters and fonts. The Gallery has a full page of
videos, the Studio none.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from playwright.sync_api import Browser, Request  # noqa: E402

from jobs.parent_death import die_with_parent  # noqa: E402
from tools.filled import PHONE, WIDE, chromium_browser, new_page  # noqa: E402
from tools.stack import Stack  # noqa: E402

KINDS = {"document": "HTML", "stylesheet": "CSS", "script": "scripts", "other": "other"}
"""What counts, by the browser's word for it."""
VIEWS = {"Gallery": "/gallery/", "Studio": "/studio/"}


def main() -> None:
    call_command("seed_gallery", 120, "--yes", verbosity=0)
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    stack = Stack(web_port=0, simulator_port=0, workers=0, environment={"PORTAL_TESTING": "False"})
    stack.prepare()
    with stack, chromium_browser() as browser:
        rows = {
            f"{name}, {screen}": _view(browser, stack.url, path, cookie, size)
            for name, path in VIEWS.items()
            for screen, size in (("1440 px", WIDE), ("390 px", PHONE))
        }
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _view(browser: Browser, url: str, path: str, cookie: str, size: Any) -> dict[str, str]:
    page, seen = new_page(browser, url, size=size), list[Request]()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])
    page.on("requestfinished", lambda request: seen.append(request))  # noqa: PLW0108 - Playwright marks what it is given
    page.goto(f"{url}{path}", wait_until="networkidle")
    sizes = Counter[str]()
    for request in seen:
        if kind := KINDS.get(request.resource_type):
            sizes[kind] += request.sizes()["responseBodySize"]
    nodes = page.evaluate("document.querySelectorAll('*').length")
    page.context.close()
    kinds = {kind: f"{sizes[kind] / 1000:.1f} kB" for kind in KINDS.values()}
    return {"all": f"{sum(sizes.values()) / 1000:.1f} kB", **kinds, "requests": str(len(seen)), "DOM nodes": f"{nodes:,}"}


if __name__ == "__main__":
    die_with_parent()
    main()
