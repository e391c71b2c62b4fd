"""The worker's work done step by step in the test's own process: real rows, real queue messages, real HTTP to the simulator."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from generation.lifecycle import Status, wants_attention
from generation.models import GenerationTask
from generation.polling.poll import Patience, poll_account
from generation.tick import tick
from jobs import run
from providers.models import ProviderAccount
from providers.simulator.testing import SimulatorProcess

SHORT_COOLDOWN = timedelta(seconds=30)
"""Cooldowns up to this are skipped; longer ones are of accounts that refused a task for their own reasons."""
RENDERED_S = 6
"""Longer than the simulator renders in tests, so that the first poll finds a result."""
RESTING = {status.value for status in Status if not wants_attention(status)}


class Driver:
    """Moves tasks on without waiting: rows are made due, the simulator's clock is moved."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        self.simulator = simulator

    def step(self, *, ingest: bool = True) -> None:
        """Make everything due that is attended to, go one round of the clock, and do its jobs, without `ingest` all but the saving."""
        now = timezone.now()
        attended = GenerationTask.objects.exclude(status__in=RESTING)
        attended.update(due_at=now, lease_until=None)
        ProviderAccount.objects.update(poll_lease_until=None)
        ProviderAccount.objects.filter(cooldown_until__lt=now + SHORT_COOLDOWN).update(cooldown_until=None)
        tick()
        self.run_jobs(ingest=ingest)

    def run_jobs(self, *, ingest: bool = True) -> list[str]:
        """Take every message from the queue and do what it says. Returns the jobs' names."""
        done = []
        while (message := OrmQ.objects.order_by("pk").first()) is not None:
            message.delete()
            package = SignedPackage.loads(message.payload)
            name, *args = package["args"]
            done.append(name)
            if name == "ingest" and not ingest:
                continue
            if name == "poll":
                poll_account(*args, patience=Patience(linger_s=0))
            else:
                run(name, *args)
        return done

    def finish(self, task: GenerationTask, *, steps: int = 30, ingest: bool = True) -> GenerationTask:
        """Advance until the task has ended, or waits for a person; without `ingest` until its render is there to be saved, at the latest.

        Raises AssertionError when it does not get there.
        """
        enough = RESTING if ingest else {*RESTING, Status.INGESTING}
        for _ in range(steps):
            task = GenerationTask.objects.get(pk=task.pk)
            if task.status in enough:
                return task
            self.step(ingest=ingest)
            self.simulator.advance(RENDERED_S)
        raise AssertionError(f"task is still {task.status} after {steps} steps: {task.error_message}")

    def until(self, task: GenerationTask, status: Status, *, steps: int = 30) -> GenerationTask:
        """Until the task is in this state."""
        for _ in range(steps):
            task = GenerationTask.objects.get(pk=task.pk)
            if task.status == status:
                return task
            self.step()
            self.simulator.advance(1)
        raise AssertionError(f"task is {task.status}, not {status}")
