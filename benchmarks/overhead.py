"""What the portal adds to a render: `python -m benchmarks.overhead RESULT.json` on a stage, with worker, web and simulator running.

From the moment a caller begins its POST to the moment the vendor has the order, and from the vendor's "done" (exactly three seconds
later) to the video being playable. The vendor's moments are the simulator's own; one clock serves all processes of a machine.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from access.tokens import issue  # noqa: E402
from generation.lifecycle import TERMINAL  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from tools.stack import Stack  # noqa: E402

RENDER_S = 3.0
ONE_BY_ONE = int(os.environ.get("BENCH_SINGLES", "10"))
AT_ONCE = int(os.environ.get("BENCH_AT_ONCE", "200"))
CALLERS = 16
PATIENCE_S = 600.0
MODEL = "kling/kling-v2-5-turbo"


def main() -> None:
    words = ("--render-s", str(RENDER_S), "--queue-s", "0", "--media", "tiny")
    token = issue(User.objects.create_user("bench"), "bench")[1]
    with Stack(web_port=0, simulator_port=0, simulator_words=words) as stack:
        stack.manage("sandbox_accounts", "--url", stack.simulator_url)
        ProviderAccount.objects.update(max_in_flight=1000, submits_per_minute=100_000, polls_per_second=1000)
        singles = [_trial(stack, token, f"single {number}", 1) for number in range(ONE_BY_ONE + 1)][1:]  # the first one warms up
        crowd = _trial(stack, token, "crowd", AT_ONCE)
    rows = {"1 at a time": _row([pair for pairs in singles for pair in pairs]), f"{AT_ONCE} at once": _row(crowd)}
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _trial(stack: Stack, token: str, name: str, count: int) -> list[tuple[float, float]]:
    """Measure each task's seconds from POST to accepted, and from the vendor's done to playable."""
    prompts = [f"{name}, task {number}" for number in range(count)]
    with ThreadPoolExecutor(min(count, CALLERS)) as callers:
        posted = dict(zip(prompts, callers.map(lambda prompt: _post(stack.url, token, prompt), prompts), strict=True))
    finished = _finished(prompts)
    accepted = {entry["prompt"]: entry["accepted_at"] for entry in _ledger(stack.simulator_url)}
    return [(accepted[one] - posted[one], finished[one] - accepted[one] - RENDER_S) for one in prompts]


def _post(url: str, token: str, prompt: str) -> float:
    """Order a task; return when the call began."""
    body = json.dumps({"model": MODEL, "prompt": prompt}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    began = time.time()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/tasks", data=body, headers=headers), timeout=60) as answer:  # noqa: S310
        answer.read()
    return began


def _finished(prompts: list[str]) -> dict[str, float]:
    """Return when each became playable. Raises if one did not."""
    mine, end = GenerationTask.objects.filter(prompt__text__in=prompts), time.monotonic() + PATIENCE_S
    while mine.exclude(status__in=TERMINAL).exists():
        if time.monotonic() > end:
            raise TimeoutError("some tasks did not finish")
        time.sleep(0.3)
    rows = mine.filter(status="succeeded").values_list("prompt__text", "finished_at")
    return {prompt: at.timestamp() for prompt, at in rows}


def _ledger(simulator_url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{simulator_url}/_control/ledger", timeout=60) as answer:  # noqa: S310 - our own simulator
        entries: list[dict[str, Any]] = json.load(answer)["entries"]
        return entries


def _row(pairs: list[tuple[float, float]]) -> dict[str, Any]:
    to_accepted, to_playable = zip(*pairs, strict=True)
    return {
        "tasks": len(pairs),
        "POST -> accepted p50 s": _quantile(to_accepted, 50),
        "p95 s": _quantile(to_accepted, 95),
        "done -> playable p50 s": _quantile(to_playable, 50),
        "p95 s ": _quantile(to_playable, 95),
    }


def _quantile(values: tuple[float, ...], percent: int) -> float:
    return round(statistics.quantiles(values, n=100, method="inclusive")[percent - 1], 2)


if __name__ == "__main__":
    die_with_parent()
    main()
