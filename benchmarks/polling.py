"""Polling at full height: `python -m benchmarks.polling RESULT.json` on a stage. 10,000 renders that never end, all in flight at once.

Polls are counted by the simulator; the lag between due and asked is the worker's own figure (its `generation.poll` log lines, one every
ten seconds). Before that, in the same run and against the same simulator, a bare aiohttp loop asks about the same renders as fast as it
can.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

import aiohttp  # noqa: E402
import psutil  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.load import fill, run_worker  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.clients import provider_for  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.core.types import WireRequest  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402

TASKS = int(os.environ.get("BENCH_TASKS", "10000"))
WARM_UP_S = 45.0
"""All 10,000 are overdue when the worker has started; the steady state begins when that backlog is gone."""
MEASURE_S = float(os.environ.get("BENCH_SECONDS", "40"))
BARE_S = 12.0
AT_ONCE = 256
MODEL = "kling/kling-v2-5-turbo"
PATH = "/v1/videos/text2video"


def main() -> None:
    with SimulatorProcess(queue_s=0.1) as simulator:
        account = _account(simulator.url)
        base, token = simulator.base("kling") + PATH, _token(account)
        ids = asyncio.run(_order(base, token))
        bare = asyncio.run(_bare(base, token, ids))
        fill(account, User.objects.create_user("bench"), ids, model=MODEL, kind="text2video")
        product = _measure(simulator, account)
    product["of_bare"] = round(product["polls_per_s"] / bare["polls_per_s"], 2)
    Path(sys.argv[1]).write_text(json.dumps({"bare": bare, "portal": product}))


def _account(url: str) -> ProviderAccount:
    ensure_sandbox_accounts(url)
    ProviderAccount.objects.update(polls_per_second=100_000, max_in_flight=100_000)
    return ProviderAccount.objects.get(vendor="kling", surface="official-jwt")


def _token(account: ProviderAccount) -> str:
    """Return the account's signature, which stays valid throughout, so that the bare loop only has to ask."""
    signed = provider_for(account).sign(WireRequest(method="GET", path="/"), timezone.now())
    return str(dict(signed.headers)["Authorization"])


def _session(token: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE), headers={"Authorization": token})


async def _order(base: str, token: str) -> list[str]:
    """Buy renders that never end, directly from the simulator."""

    async def one(session: aiohttp.ClientSession, number: int) -> str:
        body = {"model_name": "kling-v2-5-turbo", "prompt": f"bench {number} #fault:never", "external_task_id": f"bench-{number}"}
        async with session.post(base, json=body) as answer:
            return str((await answer.json())["data"]["task_id"])

    async with _session(token) as session:
        return list(await asyncio.gather(*(one(session, number) for number in range(TASKS))))


async def _bare(base: str, token: str, ids: list[str]) -> dict[str, Any]:
    """Ask about all ids again and again, `AT_ONCE` at a time, and only read each answer."""
    async with _session(token) as session:
        began, cpu, polls, end = time.monotonic(), time.process_time(), 0, time.monotonic() + BARE_S
        todo = iter(())

        async def hand() -> None:
            nonlocal polls, todo
            while time.monotonic() < end:
                name = next(todo, None)
                if name is None:
                    todo = iter(ids)
                    continue
                async with session.get(f"{base}/{name}") as answer:
                    json.loads(await answer.read())
                polls += 1

        await asyncio.gather(*(hand() for _ in range(AT_ONCE)))
        seconds = time.monotonic() - began
        return {"polls_per_s": round(polls / seconds), "cpu_ms_per_poll": round((time.process_time() - cpu) / polls * 1000, 3)}


def _measure(simulator: SimulatorProcess, account: ProviderAccount) -> dict[str, Any]:
    with run_worker() as worker:
        time.sleep(WARM_UP_S)
        read_from, polls, cpu, began = worker.written(), _polls(simulator), _cpu_s(worker.pid), time.monotonic()
        time.sleep(MEASURE_S)
        seconds, polls, cpu = time.monotonic() - began, _polls(simulator) - polls, _cpu_s(worker.pid) - cpu
        rss_mb = _rss_mb(worker.pid)
    return {
        "polls_per_s": round(polls / seconds),
        **worker.lags(account, since=read_from),
        "cpu_ms_per_poll": round(cpu / polls * 1000, 3),
        "cpu_cores": round(cpu / seconds, 2),
        "rss_mb": rss_mb,
    }


def _polls(simulator: SimulatorProcess) -> int:
    return sum(simulator.stats()["polls"].values())


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _cpu_s(pid: int) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _tree(pid))


def _rss_mb(pid: int) -> int:
    """Return the memory of the tree; shared pages count proportionally."""
    return round(sum(process.memory_full_info().pss for process in _tree(pid)) / 2**20)


if __name__ == "__main__":
    die_with_parent()
    main()
