"""One round on one stage, run by doubt.py: `python -m tests.chaos.doubt_trial PLAN.json RESULT.json`."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from generation.lifecycle import Status  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.chaos.decisions import decide_by_hand  # noqa: E402
from tests.chaos.doubt_verdict import judge  # noqa: E402
from tests.chaos.orders import LOST_ANSWERS, lost_answer_prompts, make_accounts, order  # noqa: E402
from tests.chaos.supervised import SupervisedWorker, left_behind  # noqa: E402

UNSENT = [Status.QUEUED.value, Status.SUBMITTING.value]
SURFACES = ("official-key", "cn")
READ_TIMEOUT_S = 1
BREAKER_HELD = timedelta(days=1)
"""Every answer of these accounts is lost, and each would pause after five. A breaker counts what began after it last closed: nothing."""
POLLS_PER_SECOND = 100
"""Most tasks render forever: polling them now and then is enough."""


def main() -> None:
    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    data = Path(os.environ["PORTAL_DATA_DIR"])
    owner = User.objects.create_user("lost-answers")
    with SimulatorProcess(render_s=1.0, queue_s=0.2) as simulator:
        make_accounts(simulator.url, read_timeout_s=READ_TIMEOUT_S)
        ProviderAccount.objects.exclude(surface__in=SURFACES).update(enabled=False)
        ProviderAccount.objects.update(polls_per_second=POLLS_PER_SECOND, closed_at=timezone.now() + BREAKER_HELD)
        worker = SupervisedWorker(data.parent / "worker.log")
        try:
            facts = Round(worker, owner, plan, simulator).play()
        finally:
            worker.stop()
        facts["complaints"] += [f"left behind: {process}" for process in left_behind(worker, str(data))]
    Path(sys.argv[2]).write_text(json.dumps(facts))


class Round:
    """Orders everything, waits until it settles, and compares the ledger with the rows."""

    def __init__(self, worker: SupervisedWorker, owner: User, plan: dict[str, Any], simulator: SimulatorProcess) -> None:
        self.worker, self.owner, self.plan, self.simulator = worker, owner, plan, simulator
        self.kills = self.under_way = 0

    def play(self) -> dict[str, Any]:
        began = time.monotonic()
        for model, prompt in lost_answer_prompts(list(self.plan["models"]), self.plan["each"], rendered=self.plan["rendered"]):
            order(self.owner, model, prompt)
            self._tend()
        self._until(lambda: not GenerationTask.objects.filter(status__in=UNSENT).exists())
        seconds = round(time.monotonic() - began)
        facts = judge(self.simulator.ledger(), self.plan["models"]) | {"seconds": seconds}
        facts |= {"kills": self.kills, "under_way": self.under_way}
        ends = GenerationTask.objects.exclude(prompt__text__contains="#fault:never").exclude(status=Status.NEEDS_REVIEW)
        self._until(lambda: not ends.exclude(status=Status.SUCCEEDED).exists())
        stored, expected = ends.filter(videos__isnull=False).count(), ends.count()
        facts["stored"] = stored
        if stored < expected:
            facts["complaints"].append(f"only {stored} of {expected} are stored videos")
        by_hand, broken = decide_by_hand(self.simulator, self._until, adopt=self.plan["adopt"], again=self.plan["again"])
        facts["complaints"] += broken
        return facts | {"by_hand": by_hand}

    def _tend(self) -> None:
        """Keep the worker up; kill its root whenever another share of the tasks has left the queue."""
        self.worker.tend()
        if self.kills >= self.plan["kills"]:
            return
        share = len(self.plan["models"]) * len(LOST_ANSWERS) * self.plan["each"] // (self.plan["kills"] + 1)
        if GenerationTask.objects.exclude(status__in=UNSENT).count() >= share * (self.kills + 1):
            self.kills += 1
            self.worker.kill()
            self.under_way += GenerationTask.objects.filter(status=Status.SUBMITTING, attempts__dispatch="sending").count()

    def _until(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + self.plan["limit_s"]
        while not done() and time.monotonic() < until:
            self._tend()
            time.sleep(0.2)


if __name__ == "__main__":
    main()
