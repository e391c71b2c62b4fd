"""`python -m tests.chaos.doubt [--short]`: lose the answers of paid submits in three ways, and count what was paid twice or lost.

Every submit is accepted and paid by the simulator, then its answer is a reset, silence until the read timeout, or a 502: at a vendor that
can be asked about our reference, and at one that cannot. Then once more while the worker's root is killed. The real worker, the real
simulator over HTTP, SQLite and PostgreSQL. Exits 1 when the promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import last_words, on_each, play, table

CAN_BE_ASKED = {"kling/kling-v2-5-turbo": True, "zhipu/cogvideox-3": False}
"""About our reference."""
ROUNDS: dict[str, dict[str, int]] = {
    "answers lost": {"each": 500, "rendered": 24, "kills": 0, "adopt": 51, "again": 21},
    "answers lost, root killed": {"each": 100, "rendered": 5, "kills": 5, "adopt": 0, "again": 0},
}
SHORT: dict[str, dict[str, int]] = {"answers lost": {"each": 10, "rendered": 2, "kills": 0, "adopt": 3, "again": 3, "limit_s": 60}}
SUBMIT_WORKERS = 8
LIMIT_S = 600


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.doubt", description=__doc__)
    parser.add_argument("--short", action="store_true", help="10 of each instead of 500, and no kills")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument("--keep", action="store_true", help="leave the stage's files for a look at them")
    options = parser.parse_args()
    rounds = SHORT if options.short else ROUNDS
    return on_each(options.database or DATABASES, lambda database: _all_rounds(database, rounds, keep=options.keep), at_once=options.short)


def _all_rounds(database: str, rounds: dict[str, dict[str, int]], *, keep: bool) -> bool:
    kept = [_one(database, name, plan, keep=keep) for name, plan in rounds.items()]
    return all(kept)


def _one(database: str, name: str, plan: dict[str, int], *, keep: bool) -> bool:
    """Returns whether the promise was kept."""
    began = time.monotonic()
    with open_stage(database, keep=keep, PORTAL_SUBMIT_WORKERS=str(SUBMIT_WORKERS)) as stage:
        facts = play(stage, "tests.chaos.doubt_trial", {"models": CAN_BE_ASKED, "limit_s": LIMIT_S, **plan})
        title = f"\n{database}, {name}: {time.monotonic() - began:.0f} s in all"
        if facts is None:
            print(f"{title}\nthe trial itself failed; the worker's last words:\n{last_words(stage)}", flush=True)
            return False
        complaints = [f"BROKEN {complaint}" for complaint in facts["complaints"]]
        evidence = [*complaints[:20], last_words(stage), "the promise was broken"] if complaints else ["the promise was kept"]
        print("\n".join([title, "", _submits(facts), "", *_more(facts, plan), *evidence]), flush=True)
        return not complaints


def _submits(facts: dict[str, Any]) -> str:
    heads = list(facts["groups"][0][2])
    rows = {f"{model.partition('/')[0]}, {fault}": list(count.values()) for model, fault, count in facts["groups"]}
    totals = [sum(cells) for cells in zip(*rows.values(), strict=True)]
    return table(heads, rows | {"**together**": totals})


def _more(facts: dict[str, Any], plan: dict[str, int]) -> list[str]:
    lines = [f"Settled {facts['seconds']} s after the first task was made; {facts['stored']} renders were let end, and are stored videos."]
    if plan["kills"]:
        lines.append(f"Root killed {facts['kills']} times, with {facts['under_way']} submits under way.")
    if plan["adopt"]:
        lines.append(f"By a person's decision: {facts['by_hand']}.")
    return lines


if __name__ == "__main__":
    sys.exit(main())
