"""`python -m tests.chaos.keys [--short]`: send each of 1,000 orders twenty times at once under its Idempotency-Key, and count the tasks.

The real web process, over HTTP, on SQLite and PostgreSQL. Of twenty identical POSTs one is answered first; every other gets the same bytes
with `Idempotent-Replayed`, or is told that the first is being answered. Exits 1 unless there is one task for each key.
"""

from __future__ import annotations

import argparse
import sys
import time

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import on_each, play, table

KEYS, CALLERS = 1_000, 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.keys", description=__doc__)
    parser.add_argument("--short", action="store_true", help="50 keys")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    options = parser.parse_args()
    return on_each(options.database or DATABASES, lambda database: _one(database, keys=50 if options.short else KEYS))


def _one(database: str, *, keys: int) -> bool:
    """Return whether the promise was kept."""
    began = time.monotonic()
    with open_stage(database, PORTAL_LOG_LEVEL="ERROR") as stage:
        facts = play(stage, "tests.chaos.keys_trial", {"keys": keys, "callers": CALLERS})
    if facts is None:
        print(f"{database}: the trial itself failed", flush=True)
        return False
    complaints = [f"BROKEN {complaint}" for complaint in facts["complaints"]]
    heads = ["keys", "POSTs", "tasks", "first answers", "the same bytes", "told to ask again", "busy"]
    counts = [keys, keys * CALLERS, *(facts[name] for name in ("tasks", "first", "replayed", "in_flight", "busy"))]
    lines = [f"\n{database}: {time.monotonic() - began:.0f} s", "", table(heads, {database: counts}), "", *complaints[:20]]
    print("\n".join([*lines, "the promise was broken" if complaints else "the promise was kept"]), flush=True)
    return not complaints


if __name__ == "__main__":
    sys.exit(main())
