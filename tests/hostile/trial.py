"""One trial on one stage: `python -m tests.hostile.trial PLAN.json RESULT.json`, with the stage's environment. Run by __main__.py.

The tasks come in waves. In a wave every vendor has one kind: its accounts stand before that kind's listener.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import QuerySet  # noqa: E402
from django_q.models import OrmQ  # noqa: E402
from django_q.signing import SignedPackage  # noqa: E402

from database import clock  # noqa: E402
from generation.lifecycle import RESTING, Status  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from generation.polling.poll import Patience, poll_account  # noqa: E402
from generation.tick import tick  # noqa: E402
from jobs import run  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.hostile.kinds import Stage, all_kinds  # noqa: E402
from tests.hostile.orders import open_accounts, order  # noqa: E402
from tests.hostile.verdict import Row, judge  # noqa: E402

THREADS = 16
MOST_STEPS = 10
"""A wave is left after so many steps even if not all its tasks were sent. A task that is denied twice and sent again needs five."""
WAVES_TO_DEADLINE = 5
"""Renders of earlier waves that still run are made to have outlived their deadline."""
STEPS_TO_DEADLINE = 10
MOST_LAST_STEPS = 30
FAR = timedelta(days=1)
INGESTED = 10
"""One of so many tasks is saved as a video; the others stop when they are rendered. Kinds of downloads are all saved."""


def main() -> None:
    die_with_parent()
    logging.disable(logging.ERROR)
    plan = json.loads(Path(sys.argv[1]).read_text())
    owner = User.objects.create_user("hostile")
    certificates = Path(plan["certificates"])
    with SimulatorProcess(render_s=1.0) as simulator:
        simulator.settings(slots=100_000)
        command = [sys.executable, "-m", "tests.hostile.server", simulator.url, str(certificates)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            where = json.loads(server.stdout.readline())
            try:
                facts = Trial(owner, plan, simulator, where["kinds"]).play()
                facts["strikes"] = _asked(f"{where['other']}/_hostile/strikes")
            finally:
                server.terminate()
    Path(sys.argv[2]).write_text(json.dumps(facts))


def _asked(url: str) -> dict[str, int]:
    with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310 - our own server
        counts: dict[str, int] = json.load(reply)
    return counts


class Trial:
    """All waves, one after another, then the verdict."""

    def __init__(self, owner: User, plan: dict[str, Any], simulator: SimulatorProcess, urls: dict[str, str]) -> None:
        self.owner, self.plan, self.simulator, self.urls = owner, plan, simulator, urls
        self.kinds = all_kinds()
        self.number = 0
        self.of: dict[str, tuple[str, str]] = {}
        """By prompt: kind and vendor."""
        self.ingested: set[str] = set()
        self.waves: list[list[UUID]] = []

    def play(self) -> dict[str, Any]:
        began = time.monotonic()
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            self.pool = pool
            for number, wave in enumerate(self.plan["waves"], 1):
                started, steps = time.monotonic(), self._wave(number, wave)
                if self.plan["verbose"]:
                    print(f"  wave {number}: {steps} steps, {time.monotonic() - started:.1f} s {wave}", flush=True)
            self._last_steps()
            list(pool.map(lambda _: connection.close(), range(THREADS * 2)))
        denied = [name for name, kind in self.kinds.items() if kind.stage is Stage.DENIED]
        return judge(self.simulator.ledger(), self._rows(), denied=denied) | {
            "tasks": self.number,
            "seconds": round(time.monotonic() - began),
        }

    def _wave(self, number: int, wave: dict[str, str]) -> int:
        """Make the wave's tasks and step until none of them waits to be sent. What is with the vendors goes on beside the next waves."""
        for vendor, kind in wave.items():
            open_accounts(vendor, kind, self.urls[kind])
        mine = [self._order(vendor, kind).pk for vendor, kind in wave.items() for _ in range(self.plan["each"])]
        self.waves.append(mine)
        steps = 0
        while steps < MOST_STEPS and (steps == 0 or self._unsent(mine)):
            self._step(mine)
            steps += 1
        if number > WAVES_TO_DEADLINE:
            GenerationTask.objects.filter(pk__in=self.waves[-1 - WAVES_TO_DEADLINE], status=Status.RUNNING).update(deadline_at=clock.now())
        return steps

    def _unsent(self, tasks: list[UUID]) -> bool:
        """Return whether any may still be sent: one whose answer was lost too, when the vendor denies it twice."""
        return GenerationTask.objects.filter(pk__in=tasks, status__in=[Status.QUEUED, Status.SUBMITTING]).exists()

    def _last_steps(self) -> None:
        """Let what still runs outlive its deadline, until everything has settled."""
        for step in range(MOST_LAST_STEPS):
            if step == STEPS_TO_DEADLINE:
                GenerationTask.objects.filter(status=Status.RUNNING).update(deadline_at=clock.now())
            if not self._step([]):
                return

    def _order(self, vendor: str, kind: str) -> GenerationTask:
        self.number += 1
        task = order(self.owner, vendor, kind, self.number)
        self.of[task.prompt.text] = (kind, vendor)
        if self.kinds[kind].stage is Stage.DOWNLOAD or (self.number % INGESTED == 0 and not self.kinds[kind].tls):
            self.ingested.add(str(task.pk))
        return task

    def _at_work(self, sent_now: Iterable[UUID]) -> QuerySet[GenerationTask]:
        """The tasks that the worker still has to do something about. Those of earlier waves are not sent any more."""
        rows = GenerationTask.objects.exclude(status__in=[*RESTING, Status.QUEUED, Status.INGESTING])
        waiting = GenerationTask.objects.filter(status=Status.QUEUED, pk__in=sent_now)
        return rows | waiting | GenerationTask.objects.filter(status=Status.INGESTING, pk__in=self.ingested)

    def _step(self, mine: list[UUID]) -> int:
        """Make everything due, tick, and do all jobs. Returns how many tasks are still at work."""
        now = clock.now()
        GenerationTask.objects.filter(status=Status.QUEUED).exclude(pk__in=mine).update(due_at=now + FAR)
        self._at_work(mine).update(due_at=now, lease_until=None)
        ProviderAccount.objects.update(poll_lease_until=None, cooldown_until=None, probe_lease_until=None)
        tick()
        messages = list(OrmQ.objects.order_by("pk"))
        OrmQ.objects.filter(pk__in=[message.pk for message in messages]).delete()
        list(self.pool.map(self._run, messages))
        self.simulator.advance(2)
        return self._at_work(mine).count()

    def _run(self, message: OrmQ) -> None:
        package = SignedPackage.loads(message.payload)
        name, *args = package["args"]
        if name == "ingest" and args[0] not in self.ingested:
            return
        try:
            if name == "poll":
                poll_account(*args, patience=Patience(linger_s=0))
            else:
                run(name, *args)
        except Exception as error:  # as a worker: the job's end is its own, the row is due again
            print(f"  {name}: {type(error).__name__}: {str(error)[:200]}", flush=True)

    def _rows(self) -> list[Row]:
        return [
            Row(
                kind=self.of[task.prompt.text][0],
                vendor=self.of[task.prompt.text][1],
                model=task.model,
                prompt=task.prompt.text,
                status=task.status,
                submission_id=task.submission_id,
                error_code=task.error_code,
                error_message=str(task.error_message),
            )
            for task in GenerationTask.objects.select_related("prompt")
        ]


if __name__ == "__main__":
    main()
