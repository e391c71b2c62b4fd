"""`python -m tests.chaos.paused [--short | --trials 200]`: pause a process at work for longer than its lease, let others finish, wake it.

Each trial forks a process that runs one job (a submit, a poll or an ingest in turn), stops it with SIGSTOP at a random moment, lets its
leases end, has the work done by another process, and continues it. Nothing that it does then may change the task, its videos or the ledger.
Exits 1 when something did.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import last_words, on_each, play, table

TRIALS = 200
SHORT_TRIALS = 9


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.paused", description=__doc__)
    trials = parser.add_mutually_exclusive_group()
    trials.add_argument("--trials", type=int, default=TRIALS, help=f"for each database; {TRIALS} by default")
    trials.add_argument(
        "--short", action="store_const", dest="trials", const=SHORT_TRIALS, help=f"{SHORT_TRIALS} of them, both databases at once"
    )
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the moments; printed, so that a run can be repeated")
    options = parser.parse_args()
    print(f"paused: seed {options.seed}", flush=True)
    plan = {"trials": options.trials, "seed": options.seed}
    at_once = options.trials <= SHORT_TRIALS
    return on_each(options.database or DATABASES, lambda database: _one(database, plan), at_once=at_once)


def _one(database: str, plan: dict[str, Any]) -> bool:
    """Returns whether nothing was written late."""
    began = time.monotonic()
    with open_stage(database) as stage:
        facts = play(stage, "tests.chaos.paused_trial", plan)
        title = f"\n{database}: {time.monotonic() - began:.0f} s in all\n"
        if facts is None:
            print(f"{title}the trial itself failed: {last_words(stage)}", flush=True)
            return False
        complaints = [f"BROKEN {complaint}" for complaint in facts["complaints"]]
        print("\n".join([title, table(facts["heads"], facts["rows"]), *complaints]), flush=True)
        return not complaints


if __name__ == "__main__":
    sys.exit(main())
