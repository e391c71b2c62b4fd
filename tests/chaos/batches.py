"""`python -m tests.chaos.batches [--short]`: kill the process that accepts a batch, then the worker that feeds and renders it, and count.

Every row must be ordered, paid for and rendered exactly once, and the books must be right. Every tenth render fails; when the batch has
ended, what failed is retried, and only that may be bought again. Runs on SQLite and on PostgreSQL. Exits 1 when the promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import counts, last_words, on_each, play

FULL = {"rows": 1000, "accept_kills": 10, "kills": 20, "gap_s": 4.0, "limit_s": 1800}
SHORT = {"rows": 40, "accept_kills": 3, "kills": 5, "gap_s": 4.0, "limit_s": 900}
MUST_BE_EMPTY = ("half_accepted", "not_once", "paid_twice", "unsettled", "books", "orphans")
SETTINGS = {"OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8", "PORTAL_POLL_EVERY_S": "2"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.batches", description=__doc__)
    parser.add_argument("--short", action="store_true", help="8 kills over 40 rows on SQLite instead of 30 over 1,000 on both databases")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the random kills")
    for name, usual in FULL.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(usual), help=f"instead of {usual} ({SHORT[name]} with --short)")
    options = parser.parse_args()
    plan: dict[str, Any] = dict(SHORT if options.short else FULL)
    plan |= {name: value for name in FULL if (value := getattr(options, name)) is not None} | {"seed": options.seed}
    print(f"batches: {plan}", flush=True)
    return on_each(options.database or (DATABASES[:1] if options.short else DATABASES), lambda database: _one(database, plan))


def _one(database: str, plan: dict[str, Any]) -> bool:
    """Return whether the promise was kept."""
    with open_stage(database, **SETTINGS) as stage:
        facts = play(stage, "tests.chaos.batches_trial", plan)
        if facts is None:
            print(f"\n{database}: the trial itself failed; the worker's last words:\n{last_words(stage)}", flush=True)
            return False
        broken = [f"  BROKEN {name}: {facts[name][:5]}" for name in MUST_BE_EMPTY if facts[name]]
        rows = {
            "rows": facts["rows"],
            "of them failed, retried": facts["retried"],
            "paid submits": facts["paid"],
            "tasks": counts(facts["ended"]),
            "kills while accepting, of them before its end": f"{plan['accept_kills']}, {facts['accepts_cut']}",
            "kills of the worker": f"{sum(facts['kills'].values())}: {counts(facts['kills'])}",
            "starts of the root": facts["root_starts"],
            "seconds": facts["seconds"],
        }
        verdict = [*broken, last_words(stage), "  the promise was broken"] if broken else ["  the promise was kept"]
        print("\n".join([f"\n{database}", *(f"  {name:48} {value}" for name, value in rows.items()), *verdict]), flush=True)
        return not broken


if __name__ == "__main__":
    sys.exit(main())
