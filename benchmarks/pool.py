"""Accounts as a pool: `python -m benchmarks.pool RESULT.json` on a stage, judged from the simulator's own record of arrivals.

limits    5 submits a second and 10 slots, eight workers, thousands of tasks: never more, and not much less. A render takes so long that
          both limits are reached
kills     processes killed while they submit: every slot is free again one lease later
fairness  one owner has thousands of tasks waiting; another's first one starts soon. And what a lease costs then
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from generation.lifecycle import AT_VENDOR, TERMINAL  # noqa: E402
from generation.models import Attempt, GenerationTask, LiveWorker, Prompt  # noqa: E402
from generation.ordering.create import create  # noqa: E402
from generation.ordering.order import Order  # noqa: E402
from generation.scheduling.concurrency import usage_of  # noqa: E402
from generation.scheduling.fair_share import lease_queued  # noqa: E402
from generation.submitting.submit import submit  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402

SHORT = os.environ.get("BENCH_SHORT") == "1"
TREES = 8
PER_SECOND, SLOTS = 5, 10
LIMITED_TASKS = 150 if SHORT else 2000
KILLS = 25 if SHORT else 100
WAITING = 1000 if SHORT else 5000
PATIENCE_S = 1500.0
RENDER_S = 1.6
MODEL = "kling/kling-v2-5-turbo"
SURFACE = "official-key"
FAILS = "#fault:fail-internal"
"""Nothing is downloaded: this is about submits."""


def main() -> None:
    rows: dict[str, dict[str, Any]] = {}
    for name in WANTED:
        with SimulatorProcess(render_s=RENDER_S, queue_s=0.0) as simulator:
            rows[name] = PARTS[name](_only_account(simulator.url), simulator)
        sys.stderr.write(f"{name}: {rows[name]}\n")
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _only_account(url: str) -> ProviderAccount:
    ensure_sandbox_accounts(url)
    ProviderAccount.objects.exclude(vendor="kling", surface=SURFACE).update(enabled=False)
    accounts = ProviderAccount.objects.filter(enabled=True)
    accounts.update(
        max_in_flight=SLOTS,
        submits_per_second=PER_SECOND,
        submits_per_minute=100_000,
        polls_per_second=100,
        connect_timeout_s=1,
        read_timeout_s=4,
    )
    return accounts.get()


def _wait(owner: User, count: int, words: str) -> None:
    """Store rows as `create_many` makes them, many at a time."""
    now, prompts = timezone.now(), [Prompt(owner=owner, text=f"{words} {number} {FAILS}") for number in range(count)]
    Prompt.objects.bulk_create(prompts, batch_size=1000)
    GenerationTask.objects.bulk_create(
        (
            GenerationTask(owner=owner, prompt=prompt, model=MODEL, params={}, due_at=now, created_at=timezone.now(), updated_at=now)
            for prompt in prompts
        ),
        batch_size=1000,
    )


@contextmanager
def _workers(count: int) -> Iterator[None]:
    log = Path(os.environ["PORTAL_DATA_DIR"]).parent / "worker.log"
    few = {"PORTAL_SUBMIT_WORKERS": "1", "PORTAL_POLL_WORKERS": "1", "PORTAL_INGEST_WORKERS": "1", "PORTAL_POLL_EVERY_S": "1"}
    with log.open("ab") as file:
        trees = [subprocess.Popen([sys.executable, "manage.py", "worker"], env=os.environ | few, stderr=file) for _ in range(count)]
    try:
        yield
    finally:
        for tree in trees:
            tree.terminate()
        for tree in trees:
            tree.wait(60)


def _limits(_account: ProviderAccount, simulator: SimulatorProcess) -> dict[str, Any]:
    owner = User.objects.create_user("limits")
    _wait(owner, LIMITED_TASKS, "limits")
    mine = GenerationTask.objects.filter(owner=owner)
    with _workers(TREES):
        _until(lambda: not mine.exclude(status__in=TERMINAL).exists())
    bought = [entry for entry in simulator.ledger()["entries"] if entry["prompt"].startswith("limits")]
    arrivals = sorted(entry["accepted_at"] for entry in bought)
    key = next(key for key in simulator.stats()["keys"]["kling"] if key["submits_in_a_second_peak"])
    return {
        "tasks": LIMITED_TASKS,
        "paid": len(arrivals),
        "most in any second": max(_in_a_second(arrivals)),
        "most in flight": key["in_flight_peak"],
        "submits/s": _rate(arrivals),
        "put back": GenerationTask.objects.filter(owner=owner, attempt_count__gt=1).count(),
    }


def _in_a_second(arrivals: list[float]) -> Iterator[int]:
    """Yield for each arrival how many there are in the second that begins with it."""
    end = 0
    for begin, at in enumerate(arrivals):
        while end < len(arrivals) and arrivals[end] < at + 1.0:
            end += 1
        yield end - begin


def _rate(arrivals: list[float]) -> float:
    """Return the rate of the middle 80 %, so that start and end do not count."""
    tenth = len(arrivals) // 10
    middle = arrivals[tenth:-tenth]
    return round((len(middle) - 1) / (middle[-1] - middle[0]), 2)


def _kills(account: ProviderAccount, _simulator: SimulatorProcess) -> dict[str, Any]:
    """Kill a submitting process at a random moment, again and again; nothing else runs."""
    owner, chance = User.objects.create_user("kills"), random.Random(5)
    ProviderAccount.objects.filter(pk=account.pk).update(max_in_flight=1000, submits_per_second=None)
    _wait(owner, KILLS, "kills")
    account.refresh_from_db()
    LiveWorker.objects.create(instance="bench", submit_workers=1000, seen_at=timezone.now() + timedelta(hours=1))  # no share holds it back
    with transaction.atomic():
        leases = lease_queued([account], now=timezone.now(), instance="bench")
    for lease in leases:
        _killed(lease.task_id, lease.fence, chance.uniform(0.0, 0.12))
    held, lost_at = usage_of([account], timezone.now())[account.pk], time.monotonic()
    _until(lambda: not Attempt.objects.filter(sender_gone_at__gt=timezone.now()).exists())
    LiveWorker.objects.all().delete()
    with _workers(1):
        _until(lambda: not GenerationTask.objects.filter(owner=owner, status__in=[*AT_VENDOR, "queued"]).exists())
    left = usage_of([account], timezone.now())[account.pk]
    ProviderAccount.objects.filter(pk=account.pk).update(max_in_flight=SLOTS, submits_per_second=PER_SECOND)
    account.refresh_from_db()
    return {
        "kills": len(leases),
        "held right after": held.slots,
        "held one lease later": left.slots + left.sending,
        "all settled after s": round(time.monotonic() - lost_at),
    }


def _killed(task_id: Any, fence: int, after_s: float) -> None:
    connection.close()
    child = os.fork()
    if child == 0:
        submit(task_id, fence)
        os._exit(0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _fairness(account: ProviderAccount, _simulator: SimulatorProcess) -> dict[str, Any]:
    many, one = User.objects.create_user("many"), User.objects.create_user("one")
    _wait(many, WAITING, "many")
    lease_ms = [_lease_ms(account) for _ in range(20)]
    with _workers(2):
        _until(lambda: GenerationTask.objects.filter(owner=many, status__in=AT_VENDOR).count() >= SLOTS // 2)
        waits = []
        for number in range(5):
            began = time.monotonic()
            task = create(Order(owner=one, model=MODEL, prompt=f"mine {number} {FAILS}")).task
            _until(lambda task=task: GenerationTask.objects.filter(pk=task.pk, accepted_at__isnull=False).exists())
            waits.append(time.monotonic() - began)
    GenerationTask.objects.filter(owner=many, status="queued").delete()  # the next part has the queue for itself
    return {
        "waiting": WAITING,
        "another's first, s": round(waits[0], 1),
        "the worst of five, s": round(max(waits), 1),
        "lease, ms": round(statistics.median(lease_ms), 1),
    }


def _lease_ms(account: ProviderAccount) -> float:
    """Measure a lease that finds tasks; it is rolled back."""
    began = time.monotonic()
    with transaction.atomic():
        lease_queued([account], now=timezone.now(), instance="bench")
        took = time.monotonic() - began
        transaction.set_rollback(True)
    return took * 1000


def _until(is_so: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("it does not come")
        time.sleep(0.2)


PARTS = {"limits": _limits, "fairness": _fairness, "kills": _kills}
WANTED = os.environ.get("BENCH_PARTS", ",".join(PARTS)).split(",")

if __name__ == "__main__":
    die_with_parent()
    main()
