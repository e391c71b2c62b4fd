"""The trial on one stage: `python -m tests.chaos.keys_trial PLAN.json RESULT.json`, with the stage's environment. Run by keys.py."""

from __future__ import annotations

import http.client
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from access.tokens import issue  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from tools.stack import Stack  # noqa: E402

MODEL = "kling/kling-v2-5-turbo"
PATIENCE_S = 120
STARTED, IN_FLIGHT, BUSY = 202, 409, 503


class Reply(NamedTuple):
    status: int
    replayed: bool
    body: bytes


def main() -> None:
    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    token = issue(User.objects.create_user("caller"), "keys")[1]
    with Stack(web_port=0, simulator_port=0, simulator_words=("--render-s", "600")) as stack:
        stack.manage("sandbox_accounts", "--url", stack.simulator_url)
        address, start = str(urlsplit(stack.url).netloc), Barrier(plan["callers"])

        def call(_number: int) -> list[Reply]:
            connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
            return [_post(connection, token, key, start) for key in range(plan["keys"])]

        with ThreadPoolExecutor(plan["callers"]) as pool:
            by_caller = list(pool.map(call, range(plan["callers"])))
        alone = Barrier(1)
        connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
        afterwards = [_post(connection, token, key, alone) for key in range(plan["keys"])]
    by_key = [list(replies) for replies in zip(*by_caller, strict=True)]
    Path(sys.argv[2]).write_text(json.dumps(_facts(by_key, afterwards)))


def _post(connection: http.client.HTTPConnection, token: str, key: int, start: Barrier) -> Reply:
    """Send the order of this key together with the other callers."""
    body = json.dumps({"model": MODEL, "prompt": f"order {key}"})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": f"key {key}"}
    start.wait(PATIENCE_S)
    connection.request("POST", "/api/v1/tasks", body, headers)
    answer = connection.getresponse()
    return Reply(answer.status, answer.headers.get("Idempotent-Replayed") == "true", answer.read())


def _facts(by_key: list[list[Reply]], afterwards: list[Reply]) -> dict[str, Any]:
    replies = [reply for of_key in by_key for reply in of_key]
    complaints = []
    for key, (of_key, after) in enumerate(zip(by_key, afterwards, strict=True)):
        made = [reply for reply in of_key if reply.status == STARTED]
        if any(reply.status not in {STARTED, IN_FLIGHT, BUSY} for reply in of_key):
            complaints.append(f"key {key}: answered {sorted({reply.status for reply in of_key})}")
        if sum(not reply.replayed for reply in made) > 1:
            complaints.append(f"key {key}: more than one first answer")
        if after.status != STARTED or len({reply.body for reply in [*made, after]}) != 1:
            complaints.append(f"key {key}: the answers differ")
    tasks = GenerationTask.objects.count()
    if tasks != len(by_key):
        complaints.append(f"{len(by_key)} keys made {tasks} tasks")
    return {
        "complaints": complaints,
        "tasks": tasks,
        "first": sum(reply.status == STARTED and not reply.replayed for reply in replies),
        "replayed": sum(reply.status == STARTED and reply.replayed for reply in replies),
        "in_flight": sum(reply.status == IN_FLIGHT for reply in replies),
        "busy": sum(reply.status == BUSY for reply in replies),
    }


if __name__ == "__main__":
    main()
