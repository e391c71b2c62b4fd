"""Takes the pictures in docs/screenshots again: of a temporary portal, filled through the simulator, in a headless Chromium.

Run it with `make screenshots`. Only the pictures remain; everything else that it starts and stores is removed.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from tools.filled import PHONE, WIDE, Portal, chromium_browser, filled, signed_in
from tools.stack import ROOT

PICTURES = ROOT / "docs/screenshots"
QUALITY = 90
SEEK = "video => new Promise(done => { video.preload = 'auto'; video.onseeked = () => setTimeout(done, 800); video.currentTime = 2; })"


def main() -> int:
    with filled() as portal:
        _take_all(portal)
    return 0


def _take_all(portal: Portal) -> None:
    PICTURES.mkdir(exist_ok=True)
    with chromium_browser() as browser:
        for name, path, options in _pictures(portal):
            page = signed_in(browser, portal.url, **options)
            _take(page, portal.url + path, name)
            page.context.close()
        page = browser.new_page(viewport=WIDE, color_scheme="light", reduced_motion="reduce")
        _take(page, f"{portal.url}/accounts/login/", "sign-in-1440-light")


def _pictures(portal: Portal) -> Iterator[tuple[str, str, dict[str, Any]]]:
    video, batch, variations = portal.video, portal.batch, portal.variations
    pages = {"studio": f"/studio/?from={video}", "activity": "/activity/", "video": f"/videos/{video}/", "gallery": "/gallery/"}
    yield "studio-zh-1440-light", pages["studio"], {"language": "zh-hans"}
    yield "batch-zh-1440-light", f"/batches/{batch}/", {"language": "zh-hans"}
    sets = {"batch": f"/batches/{batch}/", "variations": f"/batches/{variations}/", "templates": "/templates/", "plan": "/content-plan/"}
    for name, path in sets.items():
        yield f"{name}-1440-light", path, {}
        yield f"{name}-390-light", path, {"size": PHONE}
    for name, path in pages.items():
        yield f"{name}-1440-light", path, {}
        yield f"{name}-390-light", path, {"size": PHONE}
    rooms = {"tokens": "/settings/tokens/", "webhooks": "/webhooks/", "budgets": "/settings/budgets/", "notices": "/settings/notices/"}
    library = {"collection": f"/collections/{portal.rows['collections/']}/", "review": "/review/"}
    for name, path in ({"usage": "/usage/"} | rooms | library).items():
        yield f"{name}-1440-light", path, {}
    yield "gallery-1440-dark", "/gallery/", {"scheme": "dark"}
    yield "accounts-1440-light", "/admin/providers/provideraccount/", {}


def _take(page: Page, address: str, name: str) -> None:
    """Save the page as WebP, a tenth of a PNG's size."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    if page.locator(".player video[controls]").count():
        page.locator(".player video[controls]").evaluate(SEEK)
    with Image.open(io.BytesIO(page.screenshot())) as seen:
        seen.convert("RGB").save(PICTURES / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    sys.exit(main())
