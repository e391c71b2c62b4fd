"""`python -m benchmarks [polling] [hung] [overhead] [pool] [slow] [pages] [quality] [ingest] [api] [dialects] [waiting] [batches]
[wall] [bulk] [tick] [first_view] [lighthouse]`: the figures of docs/performance.md, and of the pool in docs/reliability.md, measured here
and now, on SQLite and PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from typing import Any

from benchmarks.stage import DATABASES, open_stage

NAMES = (
    "polling",
    "hung",
    "overhead",
    "pool",
    "slow",
    "pages",
    "quality",
    "ingest",
    "api",
    "dialects",
    "waiting",
    "batches",
    "wall",
    "bulk",
    "tick",
    "first_view",
    "lighthouse",
)
QUIET = {"PORTAL_LOG_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}
"""Environment of the stage, except for `LOUD` benchmarks, which read the worker's log lines."""
LOUD = frozenset({"polling", "hung"})
WITHOUT_DATABASE = frozenset({"quality", "first_view", "lighthouse"})
"""Benchmarks for which one database is as good as the other."""
Row = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="NAME", help=f"some of {', '.join(NAMES)}; otherwise all")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument(
        "--short",
        action="store_true",
        help="fewer rows, where a benchmark knows how (pool, quality, ingest, batches, wall, bulk, tick, lighthouse)",
    )
    options = parser.parse_args()
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    failed = 0
    for name in options.names:
        databases = DATABASES[:1] if name in WITHOUT_DATABASE else options.database or DATABASES
        results = {database: _run(name, database, short=options.short) for database in databases}
        failed += sum(result is None for result in results.values())
        _print(name, {f"{database}: {who}": row for database, result in results.items() for who, row in (result or {}).items()})
    return int(failed > 0)


def _run(name: str, database: str, *, short: bool) -> dict[str, Row] | None:
    length = {"BENCH_SHORT": "1"} if short else {}
    with open_stage(database, **({} if name in LOUD else QUIET), **length) as stage:
        result = stage.folder / "result.json"
        status = stage.run("-m", f"benchmarks.{name}", str(result))
        return json.loads(result.read_text()) if status == 0 else None


def _print(name: str, rows: dict[str, Row]) -> None:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    print(f"\n### {name}\n\n| | {' | '.join(columns)} |\n|---{'|---' * len(columns)}|")
    for title, row in rows.items():
        print(f"| {title} | {' | '.join(str(row.get(column, '')) for column in columns)} |")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
