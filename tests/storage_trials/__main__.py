"""`python -m tests.storage_trials [--short]`: files in a bucket while the bucket or the worker goes away, and downloads that break.

1. The bucket is away while renders finish, then comes back: all are stored, none failed, none was fetched from the vendor twice.
2. Workers are killed while they save: no row without its objects, no object without a row after the sweep.
3. Downloads break at random bytes, at the bucket or at the client, and are resumed: every hash is right. Half are sent by the portal, half
   by the bucket, to which the portal redirects.

The bucket is `tools/oss_server`, in a process of its own; worker, web server and simulator are the real ones, over HTTP. The long form lets
the bucket be away for an hour. It does not wait for it: when every waiting task has tried, `due_at` of all is moved to now, as if the pause
that the portal had chosen were over, until those pauses make an hour. Each try is real. Exits 1 when the promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from benchmarks.stage import DATABASES, open_stage
from tests.chaos.reporting import counts, last_words, on_each, play
from tools.oss_server import testing as oss
from tools.stack import free_port

FULL = {"renders": 200, "away_s": 3600.0, "kills": 200, "downloads": 200, "limit_s": 5400.0}
SHORT = {"renders": 8, "away_s": 20.0, "kills": 5, "downloads": 24, "limit_s": 300.0}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.storage_trials", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="a minute or two on SQLite, for CI")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of everything random; printed, so that a run can be repeated")
    parser.add_argument("--keep", action="store_true", help="leave the stage's files for a look at them")
    for name, usual in FULL.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(usual), help=f"instead of {usual} ({SHORT[name]} with --short)")
    options = parser.parse_args()
    plan: dict[str, Any] = dict(SHORT if options.short else FULL)
    plan |= {name: value for name in FULL if (value := getattr(options, name)) is not None} | {"seed": options.seed}
    print(f"storage trials: {plan}", flush=True)
    databases = options.database or (["sqlite"] if options.short else DATABASES)
    return on_each(databases, lambda database: _one(database, plan, keep=options.keep))


def _one(database: str, plan: dict[str, Any], *, keep: bool) -> bool:
    """Return whether the promise was kept."""
    began, port = time.monotonic(), free_port()
    settings = {
        "PORTAL_STORAGE": "oss",
        "OSS_BUCKET_NAME": oss.BUCKET,
        "OSS_REGION_NAME": oss.REGION,
        "OSS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "OSS_URL_PROTOCOL": "http:",
        "OSS_ACCESS_KEY_ID": oss.ACCESS_KEY_ID,
        "OSS_ACCESS_KEY_SECRET": oss.ACCESS_KEY_SECRET,
    }
    with open_stage(database, keep=keep, **settings) as stage:
        facts = play(stage, "tests.storage_trials.trial", plan | {"oss_port": port})
        title = f"\n{database}, {time.monotonic() - began:.0f} s in all"
        if facts is None:
            print(f"{title}\n  the trial itself failed; the worker's last words:\n{last_words(stage)}", flush=True)
            return False
        lines = [f"  {name:38} {counts(found) if isinstance(found, dict) else found}" for name, found in facts["table"].items()]
        complaints = [f"  BROKEN {complaint}" for complaint in facts["complaints"]]
        evidence = [*complaints, last_words(stage), "  the promise was broken"] if complaints else ["  the promise was kept"]
        print("\n".join([title, *lines, *evidence]), flush=True)
        return not complaints


if __name__ == "__main__":
    sys.exit(main())
