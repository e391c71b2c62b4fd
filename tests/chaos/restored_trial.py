"""One trial on one stage: `python -m tests.chaos.restored_trial PLAN.json RESULT.json`. Run by restored.py on its stage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from benchmarks.stage import ROOT  # noqa: E402
from generation.lifecycle import RESTING, UNDER_WAY, Status  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.chaos.backups import back_up, restore  # noqa: E402
from tests.chaos.decisions import decide_by_hand  # noqa: E402
from tests.chaos.orders import make_accounts, order  # noqa: E402
from tests.chaos.supervised import SupervisedWorker, left_behind  # noqa: E402

SURFACES = ("official-key", "cn", "beijing")
SUBMITS_PER_SECOND = 1
"""The limit of each account: at the backup some tasks must be sent and others not."""
WATCHED_S = 10.0
"""How long nothing may be sent after everything that was at the vendors has settled."""

ORDERED, AT_BACKUP, AT_STOP = "tasks", "sent before the backup", "sent before the stop"
HELD, PAID, TWICE, STORED, REVIEW, LISTED, LOST = (
    *("sent unconfirmed", "paid submits", "bought twice", "stored", "in review", "row gone, listed", "lost"),
)


def main() -> None:
    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    data = Path(os.environ["PORTAL_DATA_DIR"])
    User.objects.create_superuser("admin")
    with SimulatorProcess(render_s=1.0, queue_s=0.2) as simulator:
        make_accounts(simulator.url)
        ProviderAccount.objects.exclude(surface__in=SURFACES).update(enabled=False)
        ProviderAccount.objects.update(submits_per_second=SUBMITS_PER_SECOND)
        trial = Trial(data.parent, plan, simulator)
        try:
            facts = trial.play()
        finally:
            trial.stop()
        facts["complaints"] += [f"left behind: {process}" for process in left_behind(trial.worker, str(data))]
    Path(sys.argv[2]).write_text(json.dumps(facts))


class Trial:
    """Counts paid submits in the simulator's ledger, which no restored database changes."""

    def __init__(self, folder: Path, plan: dict[str, Any], simulator: SimulatorProcess) -> None:
        self.folder, self.plan, self.simulator = folder, plan, simulator
        self.complaints: list[str] = []
        self.counts: dict[str, Counter[str]] = {model: Counter() for model in plan["models"]}

    def play(self) -> dict[str, Any]:
        first = self._order("first", self.plan["each"])
        self._start()
        self._until(lambda: self._paid() >= self.plan["backup_at"])
        kept = self.folder / "backup"
        back_up(kept)
        self._count_paid(AT_BACKUP)
        later = self._order("later", self.plan["later"])
        self._until(lambda: self._paid() >= self.plan["stop_at"] and later.keys() <= self._ledger_by_prompt().keys())
        self.stop()
        self._count_paid(AT_STOP)
        restore(kept)
        self._watch()
        listed = self._confirm()
        self._rest()
        self._judge(first | later, listed)
        self._decide()
        return {
            "groups": {model: {head: count[head] for head in HEADS} for model, count in self.counts.items()},
            "complaints": self.complaints,
        }

    def _order(self, name: str, each: int) -> dict[str, str]:
        """Returns the reference of each prompt. Each name is another owner, whose tasks take turns with the others'."""
        owner = User.objects.create_user(name)
        orders = [(model, f"restored {model} {name} {number:02d}") for number in range(each) for model in self.counts]
        for model, _ in orders:
            self.counts[model][ORDERED] += 1
        return {prompt: order(owner, model, prompt).reference for model, prompt in orders}

    def _watch(self) -> None:
        """The worker works on the restored database, and may only follow what is at the vendors already."""
        before = Counter(self._ledger_by_prompt())
        self._start()
        self._until(lambda: not GenerationTask.objects.filter(status__in=UNDER_WAY).exists())
        until = time.monotonic() + WATCHED_S
        self._until(lambda: time.monotonic() > until)
        for model, prompt in self._prompts(Counter(self._ledger_by_prompt()) - before):
            self.counts[model][HELD] += 1
            self.complaints.append(f"sent before anybody confirmed: {prompt}")

    def _confirm(self) -> str:
        """Returns what `manage.py restored` prints: the references of tasks that are not in the backup are in it."""
        done = self._manage("restored", "--confirm")
        if done.returncode:
            self.complaints.append(f"manage.py restored --confirm: {done.stderr[-300:]}")
        return done.stdout

    def _rest(self) -> None:
        unsettled = GenerationTask.objects.exclude(status__in=RESTING)
        self._until(lambda: not unsettled.exists())
        self.complaints += [f"not at rest: {task.status} {task}" for task in unsettled]

    def _judge(self, ordered: dict[str, str], printed: str) -> None:
        paid: dict[str, list[str]] = defaultdict(list)
        for entry in self.simulator.ledger()["entries"]:
            paid[entry["prompt"]].append(entry["task_id"])
        tasks = {task.prompt.text: task for task in GenerationTask.objects.select_related("prompt")}
        for model, prompt in self._prompts(ordered):
            ids = paid[prompt]
            became = _became(tasks.get(prompt), ids, is_listed=ordered[prompt] in printed)
            self.counts[model].update({PAID: len(ids), TWICE: int(len(ids) > 1), became: 1})
            if len(ids) != 1 or became == LOST:
                self.complaints.append(f"{prompt}: paid {len(ids)} times, {became}")

    def _decide(self) -> None:
        """A person finds the renders of all that waits for a review in the vendor's console."""
        waiting = GenerationTask.objects.filter(status=Status.NEEDS_REVIEW).count()
        self.complaints += decide_by_hand(self.simulator, self._until, adopt=waiting, again=0)[1]

    def _start(self) -> None:
        self.worker = SupervisedWorker(self.folder / "worker.log")

    def stop(self) -> None:
        self.worker.stop()

    def _manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)

    def _paid(self) -> int:
        return self.simulator.ledger(entries=False)["count"]

    def _ledger_by_prompt(self) -> dict[str, int]:
        return self.simulator.ledger(entries=False)["by_prompt"]

    def _count_paid(self, head: str) -> None:
        for model, _ in self._prompts(self._ledger_by_prompt()):
            self.counts[model][head] += 1

    def _prompts(self, prompts: Iterable[str]) -> list[tuple[str, str]]:
        """Return each prompt with the model that it names."""
        return [(prompt.split()[1], prompt) for prompt in sorted(prompts)]

    def _until(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + self.plan["limit_s"]
        while not done() and time.monotonic() < until:
            self.worker.tend()
            time.sleep(0.1)


HEADS = [ORDERED, AT_BACKUP, AT_STOP, HELD, PAID, TWICE, STORED, REVIEW, LISTED, LOST]


def _became(task: GenerationTask | None, ids: list[str], *, is_listed: bool) -> str:
    """Return what became of a render: stored, in review, lost, or listed where the backup lacks its task."""
    if task is None:
        return LISTED if is_listed else LOST
    if task.state is Status.NEEDS_REVIEW:
        return REVIEW
    return STORED if task.state is Status.SUCCEEDED and task.submission_id in ids and task.videos.exists() else LOST


if __name__ == "__main__":
    main()
