"""One trial on one stage: `python -m tests.chaos.clocks_trial PLAN.json RESULT.json`, with the stage's environment. Run by clocks.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from benchmarks.stage import ROOT  # noqa: E402
from generation.models import GenerationTask  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.simulator.testing import SimulatorProcess  # noqa: E402
from tests.chaos.orders import make_accounts  # noqa: E402
from tests.chaos.supervised import SupervisedWorker, left_behind  # noqa: E402

MODEL = "zhipu/cogvideox-3"
CLOCK = "import time; print(time.time())"


def main() -> None:
    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    data = Path(os.environ["PORTAL_DATA_DIR"])
    User.objects.create_superuser("admin")
    with SimulatorProcess() as simulator:  # and this process have the right time
        make_accounts(simulator.url)
        web = os.environ | _clock(plan, plan["web"])
        os.environ.update(_clock(plan, plan["worker"]))  # this process has read its own already; the worker takes this one
        apart_s = float(_python(web, "-c", CLOCK)) - float(_python(dict(os.environ), "-c", CLOCK))
        worker = SupervisedWorker(data.parent / "worker.log")
        try:
            _python(web, "manage.py", "generate", "a paper kite over the sea", "--model", MODEL)
            facts = _follow(worker, simulator, plan["limit_s"])
        finally:
            worker.stop()
        left = left_behind(worker, str(data))
    Path(sys.argv[2]).write_text(json.dumps(facts | {"apart_s": round(apart_s), "left": left}))


def _clock(plan: dict[str, Any], offset: str) -> dict[str, str]:
    return {"LD_PRELOAD": plan["library"], "WRONG_CLOCK_S": offset}


def _python(environment: dict[str, str], *arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def _follow(worker: SupervisedWorker, simulator: SimulatorProcess, limit_s: float) -> dict[str, Any]:
    began = time.monotonic()

    def seconds_until(done: Callable[[], bool]) -> float | None:
        while not done():
            if time.monotonic() - began > limit_s:
                return None
            worker.tend()
            time.sleep(0.1)
        return round(time.monotonic() - began, 1)

    sent = seconds_until(lambda: simulator.ledger(entries=False)["count"] > 0)
    saved = seconds_until(lambda: GenerationTask.objects.filter(videos__isnull=False).exists())
    return {"sent_s": sent, "saved_s": saved, "paid": simulator.ledger(entries=False)["count"]}


if __name__ == "__main__":
    main()
