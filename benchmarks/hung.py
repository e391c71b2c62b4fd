"""One vendor hangs, another is healthy: `python -m benchmarks.hung RESULT.json` on a stage.

The hung one accepts connections and requests and never answers. First 200 renders of each: how late the healthy one's polls are sent, alone
and beside it. Then 200 submits of the hung one before those of the healthy one: how long these take from created to accepted.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from benchmarks.load import RunningWorker, fill, run_worker  # noqa: E402
from generation.models import Attempt, GenerationTask, TaskEvent  # noqa: E402
from generation.ordering.create import create  # noqa: E402
from generation.ordering.order import Order  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.clients import client_for  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.core.catalog import vendor_of  # noqa: E402
from providers.core.types import GenerationRequest  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from providers.vendors import ALL_MODELS  # noqa: E402

TASKS = 200
WELL, HUNG = "kling/kling-v2-5-turbo", "dashscope/wanx2.1-t2v-turbo"
SURFACES = {"kling": "official-jwt", "dashscope": "beijing"}
WARM_UP_S = 15.0
MEASURE_S = 60.0
SUBMITS = 40
SUBMIT_EVERY_S = 0.5
PATIENCE_S = 120.0
FOR_EVER = 1_000_000_000


def main() -> None:
    with SimulatorProcess(queue_s=0.1) as simulator:
        ensure_sandbox_accounts(simulator.url)
        ProviderAccount.objects.update(polls_per_second=1000, max_in_flight=1000, submits_per_minute=100_000)
        ProviderAccount.objects.exclude(surface__in=SURFACES.values()).update(enabled=False)
        owner = User.objects.create_user("bench")
        with run_worker() as worker:
            result = {**_polls(simulator, worker, owner), **_submits(simulator, owner)}
    Path(sys.argv[1]).write_text(json.dumps(result))


def _account(model: str) -> ProviderAccount:
    vendor = vendor_of(model)
    return ProviderAccount.objects.get(vendor=vendor, surface=SURFACES[vendor])


def _polls(simulator: SimulatorProcess, worker: RunningWorker, owner: User) -> dict[str, dict[str, Any]]:
    well = _account(WELL)
    fill(well, owner, [_bought(well, number) for number in range(TASKS)], model=WELL, kind="text2video")
    alone = _lags(worker, well)
    simulator.faults("dashscope", "poll-hang", FOR_EVER)
    fill(_account(HUNG), owner, [f"hung-{number}" for number in range(TASKS)], model=HUNG)
    return {"polls, alone": alone, "polls, beside the hung one": _lags(worker, well)}


def _bought(account: ProviderAccount, number: int) -> str:
    """Buy a render that never ends; return its id."""
    spec = ALL_MODELS[WELL]
    request = GenerationRequest(spec=spec, prompt=f"bench {number} #fault:never", params=spec.params(), reference=f"bench-{number}")
    return client_for(account).submit(request).id


def _lags(worker: RunningWorker, account: ProviderAccount) -> dict[str, Any]:
    time.sleep(WARM_UP_S)
    since = worker.written()
    time.sleep(MEASURE_S)
    return worker.lags(account, since=since)


def _submits(simulator: SimulatorProcess, owner: User) -> dict[str, dict[str, Any]]:
    for model in (TaskEvent, Attempt, GenerationTask):
        model.objects.all().delete()
    alone = _accepted(owner, "alone")
    simulator.faults("dashscope", "hang-before", FOR_EVER)
    for number in range(TASKS):
        create(Order(owner=owner, model=HUNG, prompt=f"hung {number}"))
    return {"submits, alone": alone, "submits, beside the hung one": _accepted(owner, "beside")}


def _accepted(owner: User, name: str) -> dict[str, Any]:
    """Measure the seconds from created to accepted of tasks that are created one by one."""
    mine = []
    for number in range(SUBMITS):
        mine.append(create(Order(owner=owner, model=WELL, prompt=f"{name} {number} #fault:never")).task.pk)
        time.sleep(SUBMIT_EVERY_S)
    waiting, end = GenerationTask.objects.filter(pk__in=mine, accepted_at=None), time.monotonic() + PATIENCE_S
    while waiting.exists() and time.monotonic() < end:
        time.sleep(0.3)
    rows = GenerationTask.objects.filter(pk__in=mine).exclude(accepted_at=None).values_list("created_at", "accepted_at")
    waits_s = [(accepted - created).total_seconds() for created, accepted in rows]
    cuts = statistics.quantiles(waits_s, n=20, method="inclusive") if len(waits_s) > 1 else [float("nan")] * 19
    return {"accepted": f"{len(waits_s)} of {SUBMITS}", "created_to_accepted_p50_s": round(cuts[9], 2), "p95_s": round(cuts[18], 2)}


if __name__ == "__main__":
    die_with_parent()
    main()
