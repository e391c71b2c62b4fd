"""The trials on one stage: `python -m tests.chaos.paused_trial PLAN.json RESULT.json`, with the stage's environment. Run by paused.py."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import django

django.setup()

import psutil  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import DatabaseError, connection, connections, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_q.models import OrmQ  # noqa: E402

from generation.lifecycle import Status  # noqa: E402
from generation.models import GenerationTask, TaskEvent, Video  # noqa: E402
from generation.polling.outcome import observe  # noqa: E402
from generation.polling.poll import Patience, poll_account  # noqa: E402
from jobs import run  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.clients import client_for  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.chaos.orders import make_accounts, order  # noqa: E402
from tests.portal_driver import Driver  # noqa: E402

STEPS = {"submit": 0.15, "poll": 0.15, "ingest": 0.9}
"""The job of a trial, and after how many seconds at most it is paused."""
MODELS = ("kling/kling-v2-5-turbo", "zhipu/cogvideox-3")
HEADS = ["paused at work", "had ended before", "let go on, held a lock", "late answer took it out of review", "stale writes", "paid twice"]
PAUSED, ENDED, LOCKED, ANSWERED, STALE, TWICE = HEADS


def main() -> None:
    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    owner = User.objects.create_user("paused")
    with SimulatorProcess(render_s=1.0, queue_s=0.1) as simulator:
        make_accounts(simulator.url)
        ProviderAccount.objects.exclude(surface__in=("official-key", "cn")).update(enabled=False)
        trials = Trials(owner, simulator, plan["seed"])
        while sum(count[PAUSED] for count in trials.counts.values()) < plan["trials"]:
            trials.one()
    Path(sys.argv[2]).write_text(json.dumps(trials.facts()))


class Trials:
    def __init__(self, owner: User, simulator: SimulatorProcess, seed: int) -> None:
        self.owner, self.simulator, self.driver = owner, simulator, Driver(simulator)
        self.random = random.Random(seed)
        self.counts = {step: Counter() for step in STEPS}
        self.complaints: list[str] = []
        self.number = 0

    def one(self) -> None:
        step = list(STEPS)[self.number % len(STEPS)]
        model = MODELS[self.number // len(STEPS) % len(MODELS)]
        self.number += 1
        task = order(self.owner, model, f"paused {self.number:04d} in {step}")
        if step != "submit":
            task = self._rendered(task)
        if step == "ingest":
            observe(task, client_for(task.account).poll(task.submission))
        OrmQ.objects.all().delete()
        self._pause(step, task, self.random.uniform(0, STEPS[step]))

    def _rendered(self, task: GenerationTask) -> GenerationTask:
        """Running as far as we know, done at the vendor, and due."""
        task = self.driver.until(task, Status.RUNNING)
        self.simulator.advance(5)
        GenerationTask.objects.filter(pk=task.pk).update(due_at=timezone.now())
        return GenerationTask.objects.select_related("account").get(pk=task.pk)

    def _pause(self, step: str, task: GenerationTask, after_s: float) -> None:
        child, count = self._fork(step, task), self.counts[step]
        time.sleep(after_s)
        child.send_signal(signal.SIGSTOP)
        while child.status() != psutil.STATUS_ZOMBIE and _is_locked(task):
            count[LOCKED] += 1
            _go_on(child, 0.005)
        was_paused = child.status() != psutil.STATUS_ZOMBIE
        count[PAUSED if was_paused else ENDED] += 1
        settled = self.driver.finish(GenerationTask.objects.get(pk=task.pk))
        before = _seen(settled)
        child.send_signal(signal.SIGCONT)
        os.waitpid(child.pid, 0)
        after = _seen(GenerationTask.objects.get(pk=task.pk))
        self._judge(step, task, before, after)

    def _fork(self, step: str, task: GenerationTask) -> psutil.Process:
        """A process that runs the task's job as a cluster would."""
        connections.close_all()
        pid = os.fork()
        if pid:
            return psutil.Process(pid)
        try:
            row = GenerationTask.objects.get(pk=task.pk)
            if step == "poll":
                poll_account(row.account_id, patience=Patience(linger_s=0))
            else:
                run(step, str(row.pk), row.fence)
        except BaseException:
            traceback.print_exc()
        os._exit(0)

    def _judge(self, step: str, task: GenerationTask, before: dict[str, Any], after: dict[str, Any]) -> None:
        ledger = self.simulator.ledger()
        changed = [name for name, value in before.items() if after[name] != value]
        if before["status"] == Status.NEEDS_REVIEW and any(after["submission_id"] == entry["task_id"] for entry in ledger["entries"]):
            self.counts[step][ANSWERED] += 1
            self.driver.finish(task)
        elif changed:
            self.counts[step][STALE] += 1
            self.complaints += [f"{step} {task.pk}: {name} was {before[name]}, is {after[name]}" for name in changed]
        if ledger["by_prompt"].get(task.prompt.text, 0) > 1:
            self.counts[step][TWICE] += 1
            self.complaints.append(f"{step} {task.pk} was paid twice")

    def facts(self) -> dict[str, Any]:
        rows = {step: [count[head] for head in HEADS] for step, count in self.counts.items()}
        return {"heads": HEADS, "rows": rows, "complaints": self.complaints}


def _go_on(child: psutil.Process, seconds: float) -> None:
    child.send_signal(signal.SIGCONT)
    time.sleep(seconds)
    child.send_signal(signal.SIGSTOP)


def _is_locked(task: GenerationTask) -> bool:
    """The paused process is in the middle of a write: while it is, nobody else can work, so nothing can be late."""
    try:
        if connection.vendor == "sqlite":
            connection.cursor().execute("PRAGMA busy_timeout=20")
        with transaction.atomic():
            list(GenerationTask.objects.filter(pk=task.pk).select_for_update(nowait=True))
            list(ProviderAccount.objects.select_for_update(nowait=True))
    except DatabaseError:
        return True
    finally:
        connection.close()
    return False


def _seen(task: GenerationTask) -> dict[str, Any]:
    """Everything of a task that a late write could change. Attempts are evidence of what was heard, and may be written late."""
    row = GenerationTask.objects.filter(pk=task.pk).values().get()
    return row | {
        "events": TaskEvent.objects.filter(task=task).count(),
        "videos": list(Video.objects.filter(task=task).values_list("pk", "file", "sha256")),
    }


if __name__ == "__main__":
    main()
