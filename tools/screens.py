"""`make screens`: every page of a filled portal, in two widths, two themes and two languages.

Pictures go to var/screens. Each page is also checked: axe-core finds no violation, it does not scroll sideways, also at 320 and
1,920 px, and neither the console nor a request reports an error. Prints one line for each fault and ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from playwright.sync_api import Page

from tests.browser.accessibility import violations
from tools.filled import PHONE, WIDE, Portal, chromium_browser, filled, new_page, signed_in
from tools.stack import ROOT

FOLDER = ROOT / "var/screens"
SIZES, LANGUAGES = (WIDE, PHONE), ("en", "zh-hans")
SCHEMES: Sequence[Literal["light", "dark"]] = ("light", "dark")
NARROWEST_PX, WIDEST_PX = 320, 1920
SIGNED_OUT = ("/accounts/login/", "/accounts/password/reset/")
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
NOT_PAGES = ("tick", "logout", "download", "export", ".csv", ".webp", ".mp4", "/file", "jsi18n", "autocomplete", "openapi.json")
PARAMETER = re.compile(r"<(?:\w+:)?\w+>")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one width, theme and language")
    ways, schemes = list(itertools.product(SIZES, LANGUAGES)), SCHEMES
    faults = 0
    if parser.parse_args().short:
        ways, schemes = ways[:1], schemes[:1]
    with filled() as portal, chromium_browser() as browser:
        addresses = sorted(set(_addresses(portal)))
        for size, language in ways:
            for open_page, walked in ((signed_in, addresses), (new_page, [*SIGNED_OUT, *portal.open_pages])):
                page = open_page(browser, portal.url, size=size, language=language)
                for fault in _walk(page, portal.url, walked, schemes, f"{language}-{size['width']}"):
                    faults += 1
                    print(fault, flush=True)
                page.context.close()
        print(f"{len(addresses)} addresses in {len(ways) * len(schemes)} ways: {faults} faults. Pictures: {FOLDER.relative_to(ROOT)}")
    return 1 if faults else 0


def _addresses(portal: Portal) -> Iterator[str]:
    """Yield every address that may be a page: those of the portal's own routes that need no id or one of these rows, and the lists and
    forms of the admin.
    """
    from django.contrib import admin
    from django.urls import reverse

    from generation.models import Video
    from web.urls import urlpatterns

    task = str(Video.objects.get(pk=portal.video).task_id)
    rows = {**portal.rows, "tasks/": task, "templates/": "product-showcase"}
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        start = max((start for start in rows if route.startswith(start)), key=len, default="")
        pk = rows.get(start, "") if PARAMETER.match(route.removeprefix(start)) else ""
        if len(PARAMETER.findall(route)) > bool(pk) or any(word in route for word in NOT_PAGES):
            continue
        yield "/" + PARAMETER.sub(pk, route)
    videos = Video.objects.filter(task__prompt__text=Video.objects.get(pk=portal.video).task.prompt.text).values_list("pk", flat=True)
    yield f"/compare/?v={','.join(map(str, videos[:3]))}"
    yield f"/batches/{portal.variations}/"
    yield "/gallery/?q=koi"
    yield "/gallery/?q=nothing+has+these+words"
    yield from ("/api/v1/docs", "/nowhere/", reverse("admin:index"))
    for model, page in admin.site._registry.items():  # noqa: SLF001 - Django's own list has no public name
        place = f"admin:{model._meta.app_label}_{model._meta.model_name}"  # noqa: SLF001 - public in Django
        yield reverse(f"{place}_changelist")
        if page.has_add_permission.__func__ is admin.ModelAdmin.has_add_permission:  # type: ignore[attr-defined]
            yield reverse(f"{place}_add")
        if row := model._default_manager.first():  # noqa: SLF001 - public in Django
            yield reverse(f"{place}_change", args=[row.pk])


def _walk(page: Page, url: str, addresses: Iterable[str], schemes: Sequence[Literal["light", "dark"]], way: str) -> Iterator[str]:
    """Open each page, take its picture in each theme and yield what is wrong. What is no page (a part, a file, a POST) is left out."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    size = page.viewport_size or WIDE
    for address in addresses:
        first = page.request.get(url + address, max_redirects=0, fail_on_status_code=False)
        if "text/html" not in first.headers.get("content-type", "") or not first.text().lstrip().lower().startswith("<!doctype"):
            continue
        if first.status not in {200, 404}:
            continue
        heard.clear()
        page.emulate_media(color_scheme=schemes[0])
        page.goto(url + address)
        page.wait_for_load_state("networkidle")
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            picture = FOLDER / f"{way}-{scheme}" / f"{address.strip('/').replace('/', '_') or 'home'}.png"
            picture.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=picture, full_page=True)
            yield from (f"{way}-{scheme}: {address} breaks {rule}: {where}" for rule, where in violations(page))
        for width in (size["width"], NARROWEST_PX if size == PHONE else WIDEST_PX):
            page.set_viewport_size({**size, "width": width})
            if page.evaluate(OVERFLOW) > 0:
                yield f"{way}: {address} scrolls sideways at {width} px"
        page.set_viewport_size(size)
        yield from (f"{way}: {address} says {text}" for text in heard if "404" not in text)


if __name__ == "__main__":
    sys.exit(main())
