"""What Lighthouse says of the Studio, the Gallery, a video and Activity with 10,000 videos: `python -m benchmarks lighthouse`.

The portal of `tools.filled` runs with a worker and a queue, and its web process as an installation's does. Videos that are added have the
posters of those that were rendered. Lighthouse of benchmarks/lighthouse.txt (npm) opens each page signed in, as a phone on a slow network
and as a desktop, its own presets, five times, each time in a fresh Chromium. The table shows medians. Performance scores depend on the
machine: `index` is Lighthouse's measure of it, and its slow-down of 4 for a phone is meant for an index above 1,500
(https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md, read 2026-11-30).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import sync_playwright

from jobs.parent_death import die_with_parent
from tools.chromium import FLAGS, chromium_path
from tools.filled import filled
from tools.witnesses import node_modules_of

SHORT = bool(os.environ.get("BENCH_SHORT"))
TIMES, VIDEOS = (1, 1_000) if SHORT else (5, 10_000)
PINS = Path(__file__).with_suffix(".txt")
PRESETS: Mapping[str, Sequence[str]] = {"mobile": (), "desktop": ("--preset=desktop",)}
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
            f"{name}, {preset}": _row(_reports(script, portal.url + path, cookie, flags))
            for name, path in pages.items()
            for preset, flags in PRESETS.items()
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


def _reports(script: Path, url: str, cookie: Any, preset: Sequence[str]) -> list[dict[str, Any]]:
    """Return `TIMES` reports. A run that Lighthouse ends with an error, because Chromium recorded no paint, is repeated."""
    found: list[dict[str, Any]] = []
    for _try in range(3 * TIMES):
        try:
            found.append(_report(script, url, cookie, preset))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as failed:
            print(failed, flush=True)
        if len(found) == TIMES:
            return found
    raise RuntimeError(f"{url}: only {len(found)} of {TIMES} runs succeeded")


def _report(script: Path, url: str, cookie: Any, preset: Sequence[str]) -> dict[str, Any]:
    """Let Lighthouse open the page once, in a browser that has nothing but the cookie."""
    chromium = chromium_path()
    with TemporaryDirectory() as folder:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch_persistent_context(folder, executable_path=chromium, args=FLAGS)
            browser.add_cookies([cookie | {"url": urljoin(url, "/"), "expires": time.time() + 3600}])
            browser.close()
        command = ["node", str(script), url, "--disable-storage-reset", "--quiet", "--output=json", *preset]
        command.append(f"--chrome-flags={' '.join([*FLAGS, '--headless=new', f'--user-data-dir={folder}'])}")
        command.append(f"--only-categories={','.join(SCORES)}")
        done = subprocess.run(command, env=os.environ | {"CHROME_PATH": chromium}, stdout=subprocess.PIPE, check=True, timeout=WITHIN_S)
    report: dict[str, Any] = json.loads(done.stdout)
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
