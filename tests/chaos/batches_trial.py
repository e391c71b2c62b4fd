"""One trial on one stage: `python -m tests.chaos.batches_trial PLAN.json RESULT.json`, run by batches.py; with the id of a batch and of a
person, it accepts that batch and is killed meanwhile.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from access.callers import Caller  # noqa: E402
from access.ledger_models import Reservation  # noqa: E402
from batches.accepting import accept  # noqa: E402
from batches.actions import retry_failed  # noqa: E402
from batches.models import Batch, BatchRow, State  # noqa: E402
from benchmarks.stage import ROOT  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.batches.batch_rows import make_batch  # noqa: E402
from tests.chaos.killer import Killer  # noqa: E402
from tests.chaos.money import books, charge  # noqa: E402
from tests.chaos.orders import make_accounts  # noqa: E402
from tests.chaos.supervised import SupervisedWorker, left_behind  # noqa: E402
from tests.chaos.verdict import judge  # noqa: E402

FAULT = " #fault:fail-content"
LONGEST_ACCEPT_S = 3.0
"""Kills strike within this time after an acceptance has begun; some come too late, which is counted."""


def main() -> None:
    die_with_parent()
    if sys.argv[1] == "accept":
        accept_one(*sys.argv[2:])
        return
    plan = json.loads(Path(sys.argv[1]).read_text())
    data, owner = Path(os.environ["PORTAL_DATA_DIR"]), User.objects.create_user("chaos")
    with SimulatorProcess(render_s=1.0, queue_s=0.2) as simulator:
        make_accounts(simulator.url)
        charge(User.objects.create_user("thrifty"), limit=Decimal(1))
        batch = make_batch(owner, plan["rows"])
        spoil(batch)
        facts = kill_while_accepting(batch, owner, plan)
        worker = SupervisedWorker(data.parent / "worker.log")
        try:
            facts |= run(worker, batch, plan)
        finally:
            worker.stop()
        ledger = simulator.ledger()
    facts |= judge(ledger) | {"books": books(), "orphans": left_behind(worker, str(data)), "not_once": not_once(batch, ledger["by_prompt"])}
    facts["paid_twice"] = [words for words in facts["paid_twice"] if FAULT not in words]  # `not_once` counts these
    Path(sys.argv[2]).write_text(json.dumps(facts))


def spoil(batch: Batch) -> None:
    """Let every tenth row fail at the vendor, after it was paid for."""
    for row in batch.rows.all():
        if row.number % 10 == 0:
            row.order["prompt"] += FAULT
            row.save()


def accept_one(batch_id: str, owner_id: str) -> None:
    """Accept the batch in a process of its own, and say when that begins."""
    batch, owner = Batch.objects.get(pk=batch_id), User.objects.get(pk=owner_id)
    print("begins", flush=True)
    accept(batch, by=Caller(user=owner))


def kill_while_accepting(batch: Batch, owner: User, plan: dict[str, Any]) -> dict[str, Any]:
    """Kill processes that accept the batch; after each it must be accepted as a whole or not at all. At last let one end."""
    luck, half, cut = random.Random(plan["seed"]), list[str](), 0
    for number in range(plan["accept_kills"] + 1):
        command = [sys.executable, "-m", "tests.chaos.batches_trial", "accept", str(batch.pk), str(owner.pk)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            if number < plan["accept_kills"]:
                time.sleep(luck.uniform(0.0, LONGEST_ACCEPT_S) * plan["rows"] / 10_000)
                process.kill()
        is_whole = (Batch.objects.get(pk=batch.pk).state, Reservation.objects.count(), waiting(batch))
        if is_whole == (State.CHECKED, 0, 0):
            cut += 1
        elif is_whole != (State.RUNNING, plan["rows"], plan["rows"]):
            half.append(str(is_whole))
    return {"half_accepted": half, "accepts_cut": cut}


def waiting(batch: Batch) -> int:
    return BatchRow.objects.filter(batch=batch, state="waiting").count()


def run(worker: SupervisedWorker, batch: Batch, plan: dict[str, Any]) -> dict[str, Any]:
    """Let the worker feed and render the batch while its processes die, retry what failed when it has ended, and go on until it has ended
    again, or to the time limit.
    """
    killer, began = Killer(worker, most=plan["kills"], gap_s=plan["gap_s"], seed=plan["seed"]), time.monotonic()
    retried = 0
    while time.monotonic() - began < plan["limit_s"]:
        worker.tend()
        killer.act()
        if Batch.objects.get(pk=batch.pk).state == State.ENDED:
            if not retried:
                retry_failed(batch, by=Caller(user=batch.owner))
                retried = waiting(batch)
            elif killer.is_done:
                break
        time.sleep(0.1)
    return {
        "rows": plan["rows"],
        "retried": retried,
        "kills": dict(killer.kills),
        "root_starts": worker.starts,
        "seconds": round(time.monotonic() - began),
    }


def not_once(batch: Batch, paid: dict[str, int]) -> list[str]:
    """Return the rows that have not become exactly one task and one paid render, or two where the first failed, and the batch if it has not
    ended.
    """
    tasks = Counter(GenerationTask.objects.values_list("prompt__text", flat=True))
    wrong = [] if Batch.objects.get(pk=batch.pk).state == State.ENDED else ["the batch has not ended"]
    for row in batch.rows.order_by("number"):
        words = row.order["prompt"]
        due = 2 if FAULT in words else 1
        is_there = GenerationTask.objects.filter(pk=row.task_id, prompt__text=words).exists()
        if row.state != "placed" or not is_there or (tasks[words], paid.get(words, 0)) != (due, due):
            wrong.append(f"row {row.number}: {row.state}, {tasks[words]} tasks, {paid.get(words, 0)} paid")
    return wrong


if __name__ == "__main__":
    main()
