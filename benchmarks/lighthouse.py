"""What Lighthouse says of the Studio, the Gallery, a video and Activity with 10,000 videos: `python -m benchmarks lighthouse`.

The portal of `tools.filled` runs with a worker and a queue, and its web process as an installation's does. Videos that are added have the
posters of those that were rendered. Lighthouse of benchmarks/lighthouse.txt (npm) opens each page signed in, as a phone on a slow network
and as a desktop, its own presets, five times with a Chromium of its own. A table has the medians. The scores of performance are worth what
the machine is: `index` is Lighthouse's measure of it, and where its own advice says that a phone is simulated with a slow-down of 4, it
means an index above 1,500 (https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md, read 2026-11-30).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright

from jobs.parent_death import die_with_parent
from tools.filled import filled
from tools.stack import free_port
from tools.witnesses import node_modules_of

SHORT = bool(os.environ.get("BENCH_SHORT"))
TIMES, VIDEOS = (1, 1_000) if SHORT else (5, 10_000)
PINS = Path(__file__).with_suffix(".txt")
FORMS: Mapping[str, Sequence[str]] = {"mobile": (), "desktop": ("--preset=desktop",)}
SCORES = {"performance": "performance", "accessibility": "accessibility", "best-practices": "best practices"}
TIMINGS = {
    "first-contentful-paint": "FCP ms",
    "largest-contentful-paint": "LCP ms",
    "total-blocking-time": "TBT ms",
    "cumulative-layout-shift": "CLS",
    "speed-index": "speed index ms",
}
WITHIN_S = 180


def main() -> None:
    os.environ["PORTAL_TESTING"] = "False"
    script = node_modules_of(PINS) / "lighthouse" / "cli" / "index.js"
    with filled() as portal:
        cookie = _add_videos()
        pages = {"Studio": "/studio/", "Gallery": "/gallery/", "Video": f"/videos/{portal.video}/", "Activity": "/activity/"}
        rows = {
            f"{name}, {form}": _row([_report(script, portal.url + path, cookie, words) for _time in range(TIMES)])
            for name, path in pages.items()
            for form, words in FORMS.items()
        }
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _add_videos() -> Any:
    """Add the videos. Return the cookie of a person who sees everything."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from generation.models import Video

    rendered = list(Video.objects.exclude(poster=""))
    call_command("seed_gallery", VIDEOS, "--yes", verbosity=0)
    added = list(Video.objects.filter(poster="").values_list("pk", flat=True))
    for number, one in enumerate(rendered):
        files = {name: getattr(one, name) for name in ("poster", "other_posters", "preview", "colour", "width_px", "height_px")}
        Video.objects.filter(pk__in=added[number :: len(rendered)]).update(**files)
    client = Client()
    client.force_login(User.objects.get(username="lin"))
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}


def _report(script: Path, url: str, cookie: Any, words: Sequence[str]) -> dict[str, Any]:
    """Let Lighthouse open the page once, in a browser that has nothing but the cookie."""
    port, chromium = free_port(), os.environ.get("PORTAL_CHROMIUM") or shutil.which("chromium") or ""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        asked = [f"--remote-debugging-port={port}", *(["--no-sandbox"] if os.geteuid() == 0 else []), "--mute-audio"]
        browser = playwright.chromium.launch_persistent_context(folder, executable_path=chromium, args=asked, no_viewport=True)
        browser.add_cookies([cookie | {"url": url}])
        command = ["node", str(script), url, f"--port={port}", "--disable-storage-reset", "--quiet", "--output=json", *words]
        command.append(f"--only-categories={','.join(SCORES)}")
        report: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=WITHIN_S).stdout)
        browser.close()
    if report["finalDisplayedUrl"] != url:
        raise RuntimeError(f"{url} led to {report['finalDisplayedUrl']}")
    return report


def _row(reports: Sequence[dict[str, Any]]) -> dict[str, str]:
    rows = {title: f"{100 * median(report['categories'][name]['score'] for report in reports):.0f}" for name, title in SCORES.items()}
    for name, title in TIMINGS.items():
        value = median(report["audits"][name]["numericValue"] for report in reports)
        rows[title] = f"{value:.3f}" if title == "CLS" else f"{value:.0f}"
    return rows | {"index": f"{median(report['environment']['benchmarkIndex'] for report in reports):.0f}"}


if __name__ == "__main__":
    die_with_parent()
    main()
