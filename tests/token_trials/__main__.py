"""`python -m tests.token_trials [--short]`: the promises about API tokens, against gunicorn with two processes, on SQLite and PostgreSQL.

1. Mutated tokens: each is answered 401, and no row changes.
2. A token that is revoked under the load of 100 clients, 20 of which wait (`Prefer: wait`): no success later than 1 s after it.
3. 200 callers at once with a rate of 100 per minute: exactly 100 pass, in each round.
4. How long a token is checked: whether an id exists shows in less than 100 us (medians). The p99 of a valid one is only printed.

Exits 1 when one was broken.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.postgres import postgres
from tools.stack import ROOT, Stack

FULL = {"mutations": 10_000, "revokes": 10, "rounds": 20, "checks": 10_000}
SHORT = {"mutations": 10_000, "revokes": 2, "rounds": 3, "checks": 2_000}
DATABASES = ("sqlite", "postgresql")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.token_trials", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="fewer rounds, on SQLite only")
    parser.add_argument("--database", choices=DATABASES, action="append", help="only this one")
    for name, usual in FULL.items():
        parser.add_argument(f"--{name}", type=int, help=f"instead of {usual} ({SHORT[name]} with --short)")
    options = parser.parse_args()
    plan = dict(SHORT if options.short else FULL)
    plan |= {name: value for name in FULL if (value := getattr(options, name)) is not None}
    databases = options.database or (DATABASES[:1] if options.short else DATABASES)
    return max(_one(database, plan) for database in databases)


def _one(database: str, plan: dict[str, int]) -> int:
    """Play the trials on this database. Return 1 if a promise was broken."""
    with ExitStack() as everything:
        folder = everything.enter_context(tempfile.TemporaryDirectory(prefix="portal-tokens-"))
        url = everything.enter_context(postgres()) if database == "postgresql" else ""
        environment = {"PORTAL_DATA_DIR": folder, "DATABASE_URL": url, "PORTAL_LOG_LEVEL": "ERROR"}
        stack = Stack(web_port=0, simulator_port=0, environment=environment, workers=0)
        stack.prepare()
        with _errors_into(Path(folder) / "web.log"):  # a line for each refusal, which are what is asked for
            everything.enter_context(stack)
        words = [sys.executable, "-m", "tests.token_trials.trial", stack.url, database, json.dumps(plan)]
        return subprocess.run(words, cwd=ROOT, env=os.environ | stack.environment, check=False).returncode


@contextmanager
def _errors_into(path: Path) -> Iterator[None]:
    """Let processes that are started here write their errors into this file."""
    kept = os.dup(2)
    with path.open("wb") as log:
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


if __name__ == "__main__":
    sys.exit(main())
