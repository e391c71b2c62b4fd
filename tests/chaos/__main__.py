"""`python -m tests.chaos [--short]`: kill the worker's processes at random while tasks run; count what was lost or paid twice, and
compare the ledger of money with the tasks.

Runs on SQLite and on PostgreSQL, each on a separate stage (the short form on both at once). Exits 1 when the promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import counts, last_words, on_each, play

FULL = {"tasks": 1000, "kills": 200, "gap_s": 2.5, "limit_s": 3600}
SHORT = {"tasks": 100, "kills": 25, "gap_s": 1.6, "limit_s": 420}
ALL_FROZEN = ["submit", "poll", "ingest"]
EACH_FROZEN = [["submit"], ["poll"], ["ingest"]]
FROZEN_BAR_S = 60.0
MUST_BE_EMPTY = ("paid_twice", "lost", "unsettled", "bad_files", "held", "orphans", "books")
SETTINGS = {"OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8", "PORTAL_POLL_EVERY_S": "2"}
"""As a sandbox account has them: the simulator is on this machine, and does not mind polls."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="25 kills over 100 tasks instead of 200 over 1,000")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the random kills; printed, so that a run can be repeated")
    parser.add_argument("--keep", action="store_true", help="leave the stage's files for a look at them")
    for name, usual in FULL.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(usual), help=f"instead of {usual} ({SHORT[name]} with --short)")
    options = parser.parse_args()
    plan = _plan(options)
    print(f"chaos: {plan}", flush=True)
    return on_each(options.database or DATABASES, lambda database: _one(database, plan, keep=options.keep), at_once=options.short)


def _plan(options: argparse.Namespace) -> dict[str, Any]:
    plan: dict[str, Any] = dict(SHORT if options.short else FULL)
    plan |= {name: value for name in FULL if (value := getattr(options, name)) is not None}
    return plan | {"seed": options.seed, "freezes": [ALL_FROZEN] if options.short else [*EACH_FROZEN, ALL_FROZEN]}


def _one(database: str, plan: dict[str, Any], *, keep: bool) -> bool:
    """Returns whether the promise was kept."""
    began = time.monotonic()
    with open_stage(database, keep=keep, **SETTINGS) as stage:
        facts = play(stage, "tests.chaos.trial", plan)
        title = f"\n{database}, {time.monotonic() - began:.0f} s in all"
        if facts is None:
            print(f"{title}\n  the trial itself failed; the worker's last words:\n{last_words(stage)}", flush=True)
            return False
        complaints = [f"  BROKEN {complaint}" for complaint in _complaints(facts)]
        evidence = [*complaints, last_words(stage), "  the promise was broken"] if complaints else ["  the promise was kept"]
        print("\n".join([title, *_table(facts), *evidence]), flush=True)
        return not complaints


def _complaints(facts: dict[str, Any]) -> list[str]:
    found = [f"{name}: {item}" for name in MUST_BE_EMPTY for item in facts[name]]
    for cluster, seconds in facts["frozen"].items():
        if seconds is None or seconds > FROZEN_BAR_S:
            found.append(f"frozen {cluster} cluster: served after {seconds} s")
    return found


def _table(facts: dict[str, Any]) -> list[str]:
    rows = {
        "tasks": f"{facts['tasks']}: {counts(facts['ended'])}",
        "refused over budget": facts["over_budget"],
        "failed, why": counts(facts["errors"]),
        "paid submits": facts["paid"],
        "paid twice": len(facts["paid_twice"]),
        "paid and lost": len(facts["lost"]),
        "unsettled": len(facts["unsettled"]),
        "damaged files": len(facts["bad_files"]),
        "wrong in the books": len(facts["books"]),
        "in review though unpaid": facts["unpaid_reviews"],
        "kills": f"{sum(facts['kills'].values())}: {counts(facts['kills'])}",
        "pauses": f"{sum(facts['pauses'].values())}: {counts(facts['pauses'])}",
        "starts of the root": facts["root_starts"],
        "clusters restarted": facts["cluster_restarts"],
        "seconds": f"{facts['seconds']}, of it after the last kill {facts['settled_after_last_kill_s']}",
        "frozen cluster, seconds until served": counts(facts["frozen"]),
        "seconds to stop": facts["stopped_in_s"],
        "orphans": len(facts["orphans"]),
    }
    return [f"  {name:38} {value}" for name, value in rows.items()]


if __name__ == "__main__":
    sys.exit(main())
