"""One trial on one stage: `python -m tests.chaos.trial PLAN.json RESULT.json`, with the stage's environment. Run by __main__.py.

First the frozen clusters, each on its own, then the storm over everything. Accounts are billed; one of five orders is of a person whose
budget is too small for all of them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import django

django.setup()

import psutil  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402

from generation.models import GenerationTask  # noqa: E402
from generation.ordering.purchase import OverBudget  # noqa: E402
from jobs import queue  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.chaos.killer import Killer  # noqa: E402
from tests.chaos.money import PRICE, books, charge  # noqa: E402
from tests.chaos.orders import make_accounts, order, prompts  # noqa: E402
from tests.chaos.supervised import SupervisedWorker, left_behind  # noqa: E402
from tests.chaos.verdict import Facts, held, judge, unsettled  # noqa: E402

SIGNS = {queue.SUBMIT: "accepted_at", queue.POLL: "rendered_at", queue.INGEST: "finished_at"}
"""What a task shows when this cluster has done its part."""
LONGEST_LEASE_S = 30.0
"""The lease of a poll job whose message died with its cluster. By then it has ended by itself, or never will."""
THRIFTY_EVERY, THRIFTY_SHARE = 5, Decimal("0.5")
"""The person with the budget orders so many, and may have this share of them, at the price of five seconds."""
PATIENCE_S = 120.0
"""The bar for a frozen cluster is 60 s; waiting longer shows by how much it was missed."""


def main() -> None:
    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    data = Path(os.environ["PORTAL_DATA_DIR"])
    owner, thrifty = User.objects.create_user("chaos"), User.objects.create_user("thrifty")
    with SimulatorProcess(render_s=1.0, queue_s=0.2) as simulator:
        make_accounts(simulator.url)
        charge(thrifty, limit=THRIFTY_SHARE * (plan["tasks"] // THRIFTY_EVERY) * 5 * PRICE)
        worker = SupervisedWorker(data.parent / "worker.log")
        try:
            frozen = freeze(worker, owner, plan["freezes"])
            facts = storm(worker, owner, thrifty, plan)
            _let_leases_end(worker)
            facts |= judge(simulator.ledger()) | {"books": books()}
        finally:
            stopped_in_s = worker.stop()
        facts |= {"frozen": frozen, "stopped_in_s": round(stopped_in_s, 1), "orphans": left_behind(worker, str(data))}
    Path(sys.argv[2]).write_text(json.dumps(facts))


def freeze(worker: SupervisedWorker, owner: User, freezes: list[list[str]]) -> dict[str, Any]:
    """Kill the idle pools of some clusters: the holders of their queues' locks are among them. Seconds until a new task is served."""
    _served(worker, order(owner, "kling/kling-v2-5-turbo", "frozen 0: warming up"), "videos__created_at")
    seconds = {}
    for number, clusters in enumerate(freezes, 1):
        for process in [process for cluster in clusters for process in worker.pool_of(cluster)]:
            _kill(process)
            time.sleep(0.1)
        task = order(owner, "kling/kling-v2-5-turbo", f"frozen {number}: the locks of {clusters} are gone")
        seconds["+".join(clusters)] = _served(worker, task, SIGNS[clusters[-1]])
        _served(worker, task, "finished_at")
    return seconds


def _served(worker: SupervisedWorker, task: GenerationTask, sign: str) -> float | None:
    """Seconds until this field of the task has a value; None when that is not in sight."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        worker.tend()
        worker.tree()
        if GenerationTask.objects.filter(pk=task.pk, **{f"{sign}__isnull": False}).exists():
            return round(time.monotonic() - began, 1)
        time.sleep(0.2)
    return None


def storm(worker: SupervisedWorker, owner: User, thrifty: User, plan: dict[str, Any]) -> Facts:
    """Tasks keep coming while processes die, and nobody helps. Ends when everything is settled, or at the time limit."""
    killer = Killer(worker, most=plan["kills"], gap_s=plan["gap_s"], seed=plan["seed"])
    orders, made, refused, began = prompts(), 0, 0, time.monotonic()

    def attend() -> None:
        worker.tend()
        killer.act()

    calm_at = looked_at = began
    while time.monotonic() - began < plan["limit_s"]:
        attend()
        wanted = min(plan["tasks"], 20 + plan["tasks"] * killer.count // max(killer.most, 1))
        for model, prompt in islice(orders, min(wanted - made, 5)):
            made += 1
            try:
                order(owner if made % THRIFTY_EVERY else thrifty, model, prompt, meanwhile=attend)
            except OverBudget:
                refused += 1
        if not killer.is_done or made < plan["tasks"]:
            calm_at = time.monotonic()
        elif time.monotonic() - looked_at > 1.0:
            looked_at = time.monotonic()
            if not unsettled():
                break
        time.sleep(0.05)
    return {
        "tasks": GenerationTask.objects.count(),
        "over_budget": refused,
        "kills": dict(killer.kills),
        "pauses": dict(killer.pauses),
        "root_starts": worker.starts,
        "cluster_restarts": worker.restarted_clusters(),
        "seconds": round(time.monotonic() - began),
        "settled_after_last_kill_s": round(time.monotonic() - calm_at),
    }


def _let_leases_end(worker: SupervisedWorker) -> None:
    until = time.monotonic() + LONGEST_LEASE_S + 2.0
    while held() and time.monotonic() < until:
        worker.tend()
        time.sleep(0.5)


def _kill(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return


if __name__ == "__main__":
    main()
