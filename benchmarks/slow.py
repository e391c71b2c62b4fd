"""The web process under slow clients: `python -m benchmarks.slow RESULT.json` on a stage, started as `make run` starts it.

200 slow connections (headers, sign-in bodies, readers of a large video), 50 callers that wait for a task and 24 hosts that drip an image,
all at once, while a user and a load balancer send requests. To measure a portal that runs elsewhere:

    python -m benchmarks.slow --url http://127.0.0.1:8080 --token vp_... --file /api/v1/videos/<id>/content \
        --visitor-token vp_... --visitor-cookie sessionid=...
"""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.slow_clients import Attack, Plan

SHORT = os.environ.get("BENCH_SHORT") == "1"
LASTS_S = 10.0 if SHORT else 30.0
PAUSE_S = 0.25
PATIENCE_S = 5.0
GOOD_S = 1.0
MODEL = "kling/kling-v2-5-turbo"
SLOW = Plan(headers=70, bodies=70, readers=60, callers=50, hosts=24, task={"model": MODEL, "prompt": "a fox waits"})
VIDEO_BYTES = 64 * 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow")
    parser.add_argument("result", nargs="?", type=Path)
    for name in ("url", "token", "file", "visitor-token", "visitor-cookie"):
        parser.add_argument(f"--{name}", default="")
    given = parser.parse_args()
    visitor = Visitor(token=given.visitor_token, cookie=given.visitor_cookie)
    rows = measure(given.url, replace(SLOW, token=given.token, file=given.file), visitor) if given.url else _on_stage()
    if given.result:
        given.result.write_text(json.dumps(rows))
    else:
        for title, row in rows.items():
            print(title, row)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A user who sends requests during the attack, with their own token and session, but with the attackers' address: this machine's."""

    token: str
    cookie: str


def measure(url: str, plan: Plan, visitor: Visitor) -> dict[str, dict[str, Any]]:
    """Measure every address, calm and under attack; return a row for each."""
    calm = _ask_all(url, plan, visitor)
    with Attack(url, plan):
        attacked = _ask_all(url, plan, visitor)
    return {f"{name}, {when}": _row(times) for when, found in (("calm", calm), ("attacked", attacked)) for name, times in found.items()}


def _ask_all(url: str, plan: Plan, visitor: Visitor) -> dict[str, list[float]]:
    bearer = {"Authorization": f"Bearer {visitor.token}"}
    asked = {
        "/healthz": ("/healthz", {}),
        "sign-in page": ("/accounts/login/", {}),
        "Studio": ("/studio/", {"Cookie": visitor.cookie}),
        "API": ("/api/v1/tasks?limit=1", bearer),
        "first MB of a video": (plan.file, bearer | {"Range": "bytes=0-1048575"}),
    }
    found: dict[str, list[float]] = {name: [] for name in asked}
    end = time.monotonic() + LASTS_S
    people = [
        threading.Thread(target=_ask_until, args=(end, f"{url}{path}", headers, found[name])) for name, (path, headers) in asked.items()
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return found


def _ask_until(end: float, url: str, headers: dict[str, str], times: list[float]) -> None:
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE_S) as answer:  # noqa: S310
                answer.read()
            took = time.monotonic() - began
        except (urllib.error.URLError, OSError):
            took = float("inf")
        times.append(took)
        time.sleep(max(0.0, PAUSE_S - took))


def _row(times: list[float]) -> dict[str, Any]:
    """Summarise the times; `inf` is a request without an answer within `PATIENCE_S`."""
    ranked = sorted(times)
    p50_s, p95_s = (round(ranked[round(share * (len(ranked) - 1))], 2) for share in (0.5, 0.95))
    good = sum(took <= GOOD_S for took in times)
    return {"within 1 s": f"{good} of {len(times)}", "p50 s": p50_s, "p95 s": p95_s, "max s": round(ranked[-1], 2)}


def _on_stage() -> dict[str, dict[str, Any]]:
    import django

    django.setup()
    from tools.stack import Stack

    plan, visitor = make_target(SLOW)
    words = ("--render-s", "600", "--queue-s", "0", "--media", "tiny")
    with Stack(web_port=0, simulator_port=0, simulator_words=words, environment={"OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8"}) as stack:
        stack.manage("sandbox_accounts", "--url", stack.simulator_url)
        return measure(stack.url, plan, visitor)


def make_target(plan: Plan) -> tuple[Plan, Visitor]:
    """Make a user with a video of 64 MB, a token for the attack, and a session and a token for the visitor. Needs Django."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client
    from django.utils import timezone

    from access.tokens import issue
    from generation import store
    from generation.models import GenerationTask, Prompt, Video
    from providers.accounts.sandbox import ensure_sandbox_accounts

    owner = User.objects.create_user("slow")
    now = timezone.now()
    task = GenerationTask.objects.create(
        owner=owner,
        prompt=Prompt.objects.create(owner=owner, text="a long film"),
        model=MODEL,
        status="succeeded",
        account=next(account for account in ensure_sandbox_accounts("http://127.0.0.1:9") if account.vendor == "kling"),
        submission_id="slow",
        finished_at=now,
        created_at=now,
        updated_at=now,
    )
    hashes = {"sha256": "0" * 64, "source_sha256": "0" * 64}
    facts = {"size_bytes": VIDEO_BYTES, "duration_s": 60.0, "width_px": 1280, "height_px": 720, "fps": 24.0, "codec": "h264"} | hashes
    video = Video(task=task, owner=owner, model=MODEL, **facts)
    video.file = f"videos/{video.pk}.mp4"
    store.save(video.file, bytes(VIDEO_BYTES))
    video.save()
    visitor = Client()
    visitor.force_login(owner)
    name = settings.SESSION_COOKIE_NAME
    cookie = f"{name}={visitor.cookies[name].value}"
    attack = replace(plan, token=issue(owner, "slow")[1], file=f"/api/v1/videos/{video.pk}/content")
    return attack, Visitor(token=issue(owner, "visitor")[1], cookie=cookie)


if __name__ == "__main__":
    from jobs.parent_death import die_with_parent

    die_with_parent()
    main()
