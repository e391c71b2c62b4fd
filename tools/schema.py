"""`make schema`: Schemathesis against a portal of its own, a minute of requests that the API's document allows and forbids; no answer may
contradict the document. It runs in an environment of its own (`tests/schema/schemathesis.txt`), as witnesses do. Arguments are passed on
to Schemathesis: `python -m tools.schema --max-time 240`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.stack import ROOT, Stack
from tools.witnesses import environment_of

FOLDER = ROOT / "tests" / "schema"
USUAL = ("--max-time", "45", "--seed", "1")


def main() -> int:
    python = environment_of(FOLDER / "schemathesis.txt")
    with tempfile.TemporaryDirectory(prefix="portal-schema-") as folder:
        environment = {"PORTAL_DATA_DIR": folder, "PORTAL_POLL_EVERY_S": "1", "PORTAL_LOG_LEVEL": "ERROR", "DATABASE_URL": ""}
        stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=("--speed", "20"))
        stack.prepare()
        stack.manage("first_admin")
        token = stack.manage("create_token", "admin", "schema").split()[-1]
        with stack:
            return _explore(python, stack.url, token, sys.argv[1:] or list(USUAL))


def _explore(python: Path, url: str, token: str, words: list[str]) -> int:
    """Return Schemathesis' own exit code: 1 where an answer contradicts the document."""
    command: list[str | Path] = [python.with_name("schemathesis"), "--config-file", FOLDER / "schemathesis.toml", "run"]
    command += [f"{url}/api/v1/openapi.json", "--header", f"Authorization:Bearer {token}", *words]
    return subprocess.run(command, cwd=FOLDER, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
