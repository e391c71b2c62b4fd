"""The trials on one stage: `python -m tests.storage_trials.trial PLAN.json RESULT.json`, run by __main__.py on its stage."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from jobs.parent_death import die_with_parent  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.chaos.orders import make_accounts, order  # noqa: E402
from tests.chaos.supervised import SupervisedWorker, left_behind  # noqa: E402
from tools.oss_server.testing import OssServerProcess  # noqa: E402

MODEL = "kling/kling-v2-5-turbo"


@dataclass(kw_only=True)
class Scene:
    """Everything that runs, what was seen (`table`), and what must not be (`complaints`)."""

    plan: dict[str, Any]
    folder: Path
    owner: User
    oss: OssServerProcess
    simulator: SimulatorProcess
    worker: SupervisedWorker
    random: random.Random
    table: dict[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def order(self, name: str, number: int) -> None:
        order(self.owner, MODEL, f"storage trial, {name} {number:04d}: a paper kite over the sea", meanwhile=self.worker.tend)

    def until(self, is_so: Callable[[], bool], what: str, *, every_s: float = 0.3) -> bool:
        """Wait until it is so, while the worker is started again whenever it ends. Complain and return False at the time limit."""
        end = time.monotonic() + self.plan["limit_s"]
        while not is_so():
            if time.monotonic() > end:
                self.complaints.append(f"not within {self.plan['limit_s']:g} s: {what}")
                return False
            self.worker.tend()
            time.sleep(every_s)
        return True


def main() -> None:
    from tests.storage_trials import away, downloads, killed  # they need this module

    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    data = Path(os.environ["PORTAL_DATA_DIR"])
    with (
        OssServerProcess(folder=data.parent / "bucket", port=plan["oss_port"]) as oss,
        SimulatorProcess(render_s=0.5, queue_s=0.1) as simulator,
    ):
        make_accounts(simulator.url, read_timeout_s=10)
        worker = SupervisedWorker(data.parent / "worker.log")
        scene = Scene(
            plan=plan,
            folder=data.parent,
            owner=User.objects.create_superuser("trial", password="a long enough password"),
            oss=oss,
            simulator=simulator,
            worker=worker,
            random=random.Random(plan["seed"]),
        )
        try:
            for part in (away, killed, downloads):
                began = time.monotonic()
                part.play(scene)
                scene.table[f"{part.__name__.rpartition('.')[2]}: seconds"] = round(time.monotonic() - began)
        finally:
            worker.stop()
        scene.complaints += [f"left behind: {process}" for process in left_behind(worker, str(data))]
    Path(sys.argv[2]).write_text(json.dumps({"table": scene.table, "complaints": scene.complaints}))


if __name__ == "__main__":
    main()
