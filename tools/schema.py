"""`make schema`: sends a temporary portal requests from Schemathesis that the API's document allows and forbids, in all of its phases; no
answer may contradict the document. Schemathesis has a separate environment (`tests/schema/schemathesis.txt`), as witnesses do.

    python -m tools.schema                        45 seconds on SQLite, as CI does
    python -m tools.schema --long                 50,000 requests on each database, with another seed in each round (an hour or two)
    python -m tools.schema --seed 7 --max-time 240 --database postgresql
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tools.postgres import postgres
from tools.stack import ROOT, Stack
from tools.witnesses import python_with

FOLDER = ROOT / "tests" / "schema"
DATABASES = ("sqlite", "postgresql")
ENOUGH = 50_000
ROUND_S = 300
SCOPES = ("read", "generate", "manage_videos", "manage_tokens", "admin")
TOKENS = "^/api/v1/tokens"
"""Operations that may revoke the token that calls them, so they are called with another one, and for a tenth of the time."""
GENERATED = re.compile(r"^\s+(\d+) generated", re.MULTILINE)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.schema", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true", help=f"until {ENOUGH:,} requests were sent, on both databases")
    parser.add_argument("--requests", type=int, help="until so many requests were sent")
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--max-time", type=int, help="seconds of a round")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    options = parser.parse_args()
    wanted = options.requests or (ENOUGH if options.long else 1)
    round_s = options.max_time or (ROUND_S if options.long else 45)
    python = python_with(FOLDER / "schemathesis.txt")
    failed = 0
    for database in options.database or (DATABASES if options.long else DATABASES[:1]):
        with _portal(database) as stack:
            failed += not _hold(python, stack, database, wanted=wanted, round_s=round_s, seed=options.seed)
    return int(failed > 0)


@contextmanager
def _portal(database: str) -> Iterator[Stack]:
    """Run a portal with an administrator on this database."""
    with tempfile.TemporaryDirectory(prefix="portal-schema-") as folder, postgres() if database == "postgresql" else nullcontext("") as url:
        environment = {"PORTAL_DATA_DIR": folder, "PORTAL_POLL_EVERY_S": "1", "PORTAL_LOG_LEVEL": "ERROR", "DATABASE_URL": url}
        stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=("--speed", "20"))
        stack.prepare()
        stack.manage("first_admin")
        with stack:
            with urllib.request.urlopen(f"{stack.url}/api/v1/openapi.json", timeout=120):  # noqa: S310 - built once; Schemathesis waits 10 s
                pass
            yield stack


def _hold(python: Path, stack: Stack, database: str, *, wanted: int, round_s: int, seed: int) -> bool:
    """Send requests round by round until there were enough. Return whether every answer kept to the document."""
    count, faults, began = 0, 0, time.monotonic()
    while count < wanted:
        for within, seconds in (("--exclude-path-regex", round_s * 9 // 10), ("--include-path-regex", round_s // 10)):
            token = stack.manage("create_token", "admin", "schema", "--scopes", *SCOPES).split()[-1]
            command: list[str | Path] = [python.with_name("schemathesis"), "--config-file", FOLDER / "schemathesis.toml", "run"]
            command += [f"{stack.url}/api/v1/openapi.json", "--header", f"Authorization:Bearer {token}", within, TOKENS]
            command += ["--seed", str(seed), "--max-time", str(seconds)]
            done = subprocess.run(command, cwd=FOLDER, check=False, stdout=subprocess.PIPE, text=True, env=os.environ | {"NO_COLOR": "1"})
            found = GENERATED.findall(done.stdout)
            count += int(found[-1]) if found else 0
            if done.returncode or not found:
                faults += 1
                print(done.stdout)
        print(f"{database}: seed {seed}, {count:,} requests, {faults} rounds with a fault, {time.monotonic() - began:.0f} s", flush=True)
        seed += 1
        if faults and not wanted > 1:
            break
    return not faults


if __name__ == "__main__":
    sys.exit(main())
