"""`python -m tests.chaos.hooks [--short]`: kill the worker at random while tasks end, and count what a receiver was not told.

Every end of a task must arrive, signed, and a repeat must have the same id and bytes. Runs on SQLite and on PostgreSQL.
Exits 1 when the promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import counts, last_words, on_each, play

FULL = {"tasks": 5000, "kills": 500, "gap_s": 1.2, "limit_s": 5400, "endpoints": 20}
SHORT = {"tasks": 200, "kills": 20, "gap_s": 0.6, "limit_s": 300, "endpoints": 5}
WORKERS = {"PORTAL_SUBMIT_WORKERS": "1", "PORTAL_POLL_WORKERS": "1", "PORTAL_INGEST_WORKERS": "1", "OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8"}
DEAD = {"events": 60, "waiting": 10_000, "dead": [1, 16]}
MOST_LATER_S = 10.0
"""How much later, in its 95th percentile, a live endpoint may be told because of dead ones."""
MUST_BE_EMPTY = ("lost", "unverified", "changed", "orphans")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.hooks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="20 kills over 200 tasks instead of 500 over 5,000")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the random kills")
    parser.add_argument(
        "--dead", action="store_true", help="no kills: a live endpoint beside 1 and 16 dead ones with 10,000 waiting events"
    )
    for name, usual in FULL.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(usual), help=f"instead of {usual} ({SHORT[name]} with --short)")
    options = parser.parse_args()
    if options.dead:
        return on_each(options.database or DATABASES, _beside_the_dead)
    plan: dict[str, Any] = dict(SHORT if options.short else FULL)
    plan |= {name: value for name in FULL if (value := getattr(options, name)) is not None} | {"seed": options.seed}
    print(f"hooks: {plan}", flush=True)
    databases = options.database or (DATABASES[:1] if options.short else DATABASES)
    return on_each(databases, lambda database: _one(database, plan))


def _one(database: str, plan: dict[str, Any]) -> bool:
    """Return whether the promise was kept."""
    with open_stage(database, **WORKERS) as stage:
        facts = play(stage, "tests.chaos.hooks_trial", plan)
        if facts is None:
            print(f"\n{database}: the trial itself failed; the worker's last words:\n{last_words(stage)}", flush=True)
            return False
        broken = [f"  BROKEN {name}: {facts[name][:5]}" for name in MUST_BE_EMPTY if facts[name]]
        rows = {
            "events to be told": facts["events"],
            "arrived": f"{facts['arrived']}, of them repeats {facts['repeats']}",
            "lost": len(facts["lost"]),
            "not verified": len(facts["unverified"]),
            "repeats with other bytes": len(facts["changed"]),
            "kills": f"{sum(facts['kills'].values())}: {counts(facts['kills'])}",
            "starts of the root, clusters restarted": f"{facts['root_starts']}, {facts['cluster_restarts']}",
            "seconds, of it after the last kill": f"{facts['seconds']}, {facts['settled_after_last_kill_s']}",
        }
        verdict = [*broken, last_words(stage), "  the promise was broken"] if broken else ["  the promise was kept"]
        print("\n".join([f"\n{database}", *(f"  {name:40} {value}" for name, value in rows.items()), *verdict]), flush=True)
        return not broken


def _beside_the_dead(database: str) -> bool:
    """Return whether dead endpoints delayed the live one by less than is allowed."""
    with open_stage(database, **WORKERS) as stage:
        facts = play(stage, "tests.chaos.dead_hooks_trial", DEAD)
        if facts is None:
            print(f"\n{database}: the trial itself failed; the worker's last words:\n{last_words(stage)}", flush=True)
            return False
        print(f"\n{database}: {facts}", flush=True)
        return all(facts[f"beside_{count}_p95_s"] - facts["alone_p95_s"] < MOST_LATER_S for count in DEAD["dead"])


if __name__ == "__main__":
    sys.exit(main())
