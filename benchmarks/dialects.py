"""How fast each dialect takes orders and shows them beside API v1: `python -m benchmarks dialects`, on a stage with a web server.

The bodies are those of the contract tests (`tests/api/compat/worlds.py`); each order has other words, and API v1 is asked for the same.
Orders are for an account that is billed, and a budget counts them. No worker runs: what is ordered stays in the queue. All are asked in
turn for a second or two, in many rounds, each second one backwards, so that other work on the machine hits all alike.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from access.tokens import issue  # noqa: E402
from api.compat.retries import COUNT  # noqa: E402
from benchmarks.api import MODEL, finished_task, fire, once, request, serve, set_money  # noqa: E402
from generation.models import ModelAlias  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.api.compat.worlds import WORLDS, World  # noqa: E402

SHORT = bool(os.environ.get("BENCH_SHORT"))
ROUNDS, SECONDS = (2, 1.0) if SHORT else (10, 1.5)
V1, V1_KEY, SDK = "API v1", "API v1 with a key", "openai, its SDK"
GOAL = 0.8
QUERY = {"jimeng": "?wait=0"}
"""Added to a create that would wait for the video."""


def main() -> None:
    owner = User.objects.create_user("bench")
    row, token = issue(owner, "bench")
    shown = finished_task(owner)
    set_money(row)
    ModelAlias.objects.bulk_create(ModelAlias(name=world.dialect.name, model=MODEL) for world in WORLDS)
    numbers = count()

    def order(path: str, body: Callable[[str], Any], **headers: str) -> Callable[[], bytes]:
        return lambda: request("POST", path, token, body(f"a fox {next(numbers)}"), headers)

    def order_with_key() -> bytes:
        return request("POST", "/api/v1/tasks", token, _of_v1(f"a fox {next(numbers)}"), {"Idempotency-Key": uuid4().hex})

    openai = next(world for world in WORLDS if world.dialect.name == "openai")
    creates = {V1: order("/api/v1/tasks", _of_v1), V1_KEY: order_with_key}
    creates |= {world.dialect.name: order(world.create + QUERY.get(world.dialect.name, ""), _of(world)) for world in WORLDS}
    creates[SDK] = order(openai.create, _of(openai), **{COUNT: "0"})
    paths = {V1: f"/api/v1/tasks/{shown.pk}"} | {world.dialect.name: world.get.format(id=shown.pk) for world in WORLDS}
    gets = {name: (lambda path=path: request("GET", path, token)) for name, path in paths.items()}  # type: ignore[misc]
    asked = {("create", name): make for name, make in creates.items()} | {("get", name): make for name, make in gets.items()}
    answered = dict.fromkeys(asked, 0)
    with ExitStack() as stack:
        ensure_sandbox_accounts(stack.enter_context(SimulatorProcess(queue_s=600)).url)
        ProviderAccount.objects.update(sandbox=False)  # so that money is set aside; no worker runs
        port = stack.enter_context(serve("videoportal.settings", "/healthz"))
        for make in asked.values():  # each is answered, and each process has loaded what it needs
            once(port, make())
            fire(port, make, 0.5)
        for number in range(ROUNDS):
            for what in list(asked)[:: -1 if number % 2 else 1]:
                answered[what] += len(fire(port, asked[what], SECONDS))
    Path(sys.argv[1]).write_text(json.dumps(_rows(answered)))


def _of_v1(prompt: str) -> dict[str, Any]:
    return {"model": MODEL, "prompt": prompt, "params": {"duration_s": 5, "aspect_ratio": "16:9"}}


def _of(world: World) -> Callable[[str], dict[str, Any]]:
    return lambda prompt: world.asking(prompt=prompt)


def _rows(answered: dict[tuple[str, str], int]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for (kind, name), number in answered.items():
        row, beside = rows.setdefault(name, {}), answered[kind, V1]
        row[f"{kind}s per s"] = round(number / (ROUNDS * SECONDS))
        if name != V1:
            row[f"{kind}, of API v1"] = f"{100 * number / beside:.0f} %" + (" (!)" if number < GOAL * beside else "")
    return rows


if __name__ == "__main__":
    die_with_parent()
    main()
