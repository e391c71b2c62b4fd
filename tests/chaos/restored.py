"""`python -m tests.chaos.restored [--short]`: restore a backup after more was sent, and count what is bought again or lost.

Tasks go to three vendors that know our reference in different ways. While the worker sends them, the database is backed up; then
more is ordered and sent, everything stops, and the backup is put back beside the media files of today. Nothing may be sent until `manage.py
restored --confirm`; then everything settles. The real worker, the real simulator over HTTP, SQLite and PostgreSQL. Exits 1 when the promise
was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import last_words, on_each, play, table

MODELS = ("kling/kling-v2-5-turbo", "zhipu/cogvideox-3", "dashscope/wanx2.1-t2v-turbo")
"""The first can be asked about our reference, the second refuses one that it knows, and the third sells twice under it."""
FULL = {"each": 18, "later": 2, "backup_at": 20, "stop_at": 42}
"""Orders of each vendor before and after the backup; how many paid submits there are, of all, when it is made and when everything stops."""
SHORT = {"each": 3, "later": 1, "backup_at": 3, "stop_at": 8}
LIMIT_S = 180


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.restored", description=__doc__)
    parser.add_argument("--short", action="store_true", help="12 tasks instead of 60, both databases at once")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument("--keep", action="store_true", help="leave the stage's files for a look at them")
    options = parser.parse_args()
    plan = SHORT if options.short else FULL
    return on_each(options.database or DATABASES, lambda database: _one(database, plan, keep=options.keep), at_once=options.short)


def _one(database: str, plan: dict[str, int], *, keep: bool) -> bool:
    """Returns whether the promise was kept."""
    began = time.monotonic()
    with open_stage(database, keep=keep) as stage:
        facts = play(stage, "tests.chaos.restored_trial", {"models": MODELS, "limit_s": LIMIT_S, **plan})
        title = f"\n{database}, restored backup: {time.monotonic() - began:.0f} s in all"
        if facts is None:
            print(f"{title}\nthe trial itself failed; the worker's last words:\n{last_words(stage)}", flush=True)
            return False
        complaints = [f"BROKEN {complaint}" for complaint in facts["complaints"]]
        evidence = [*complaints[:20], last_words(stage), "the promise was broken"] if complaints else ["the promise was kept"]
        print("\n".join([title, "", _counts(facts), "", *evidence]), flush=True)
        return not complaints


def _counts(facts: dict[str, Any]) -> str:
    rows = {model.partition("/")[0]: list(count.values()) for model, count in facts["groups"].items()}
    totals = [sum(cells) for cells in zip(*rows.values(), strict=True)]
    return table(list(next(iter(facts["groups"].values()))), rows | {"**together**": totals})


if __name__ == "__main__":
    sys.exit(main())
