"""What callers that wait cost the others: `python -m benchmarks waiting`, on a stage, started as `make run` starts it.

Two visitors send `GET /tick` with a session, two others `POST /api/v1/tasks`, twenty requests a second each at most. In turn they are alone
and beside 50 callers whose orders wait (`Prefer: wait=60`). No worker runs: what is ordered stays in the queue.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import django

django.setup()

from benchmarks.slow import MODEL, SLOW, Visitor, make_target  # noqa: E402
from benchmarks.slow_clients import Attack, Plan  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from tools.stack import Stack  # noqa: E402

SHORT = bool(os.environ.get("BENCH_SHORT"))
ROUNDS, SECONDS, VISITORS, PAUSE_S = (1, 3.0, 2, 0.05) if SHORT else (4, 10.0, 2, 0.05)
CALLERS = 50
PATIENCE_S = 60
ORDER = json.dumps({"model": MODEL, "prompt": "a fox does not wait"})
Times = dict[str, list[float]]


def main() -> None:
    plan, visitor = make_target(replace(SLOW, headers=0, bodies=0, readers=0, hosts=0, callers=CALLERS))
    words = ("--render-s", "600", "--queue-s", "0", "--media", "tiny")
    alone: Times = {"tick": [], "create": []}
    beside: Times = {"tick": [], "create": []}
    with Stack(web_port=0, simulator_port=0, simulator_words=words, workers=0) as stack:
        stack.manage("sandbox_accounts", "--url", stack.simulator_url)
        _ask(stack.url, visitor, {"tick": [], "create": []}, 1.0)  # each process has loaded what it needs
        for number in range(2 * ROUNDS):
            if number % 4 in {0, 3}:  # alone, beside, beside, alone: the tasks grow in number
                _ask(stack.url, visitor, alone, SECONDS)
                continue
            before = GenerationTask.objects.count()
            with Attack(stack.url, plan):
                _await_orders(before, plan)
                _ask(stack.url, visitor, beside, SECONDS)
    rows = {f"{name}, alone": _row(times) for name, times in alone.items()}
    for name, times in beside.items():
        row = rows[f"{name}, beside {CALLERS}"] = _row(times)
        row["p95 of alone"] = f"{row['p95 ms'] / rows[f'{name}, alone']['p95 ms']:.2f} x"
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _await_orders(before: int, plan: Plan) -> None:
    end = time.monotonic() + PATIENCE_S
    while GenerationTask.objects.count() < before + plan.callers:
        if time.monotonic() > end:
            raise TimeoutError("the callers' orders were not stored")
        time.sleep(0.1)


def _ask(url: str, visitor: Visitor, times: Times, seconds: float) -> None:
    """Send both kinds of requests for some seconds and add how long each took."""
    end = time.monotonic() + seconds
    kinds: dict[str, tuple[str, str, str | None, dict[str, str]]] = {
        "tick": ("GET", "/tick", None, {"Cookie": visitor.cookie}),
        "create": ("POST", "/api/v1/tasks", ORDER, {"Authorization": f"Bearer {visitor.token}", "Content-Type": "application/json"}),
    }
    people = [Thread(target=ask_until, args=(end, url, *kind, times[name])) for name, kind in kinds.items() for _ in range(VISITORS)]
    for person in people:
        person.start()
    for person in people:
        person.join()


def ask_until(end: float, url: str, method: str, path: str, body: str | None, headers: dict[str, str], times: list[float]) -> None:
    """Send the request again and again until then, with a pause, and add how long each took. Raises unless the answer is 200 or 202."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    while (began := time.monotonic()) < end:
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        reply.read()
        if reply.status not in {200, 202}:
            raise RuntimeError(f"{method} {path}: {reply.status}")
        times.append(time.monotonic() - began)
        time.sleep(max(0.0, PAUSE_S - times[-1]))
    connection.close()


def _row(times: list[float]) -> dict[str, Any]:
    cuts = quantiles(times, n=100, method="inclusive")
    return {"requests": len(times), "p50 ms": round(1000 * cuts[49], 1), "p95 ms": round(1000 * cuts[94], 1)}


if __name__ == "__main__":
    die_with_parent()
    main()
