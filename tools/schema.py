"""`make schema`: sends a temporary portal a minute of requests from Schemathesis that the API's document allows and forbids; no answer may
contradict the document. Schemathesis has a separate environment (`tests/schema/schemathesis.txt`), as witnesses do, and gets the arguments:
`python -m tools.schema --max-time 240`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from access.scopes import Scope
from tools.stack import ROOT, Stack
from tools.witnesses import python_with

FOLDER = ROOT / "tests" / "schema"
USUAL = ("--max-time", "45", "--seed", "1")


def main() -> int:
    python = python_with(FOLDER / "schemathesis.txt")
    with tempfile.TemporaryDirectory(prefix="portal-schema-") as folder:
        environment = {"PORTAL_DATA_DIR": folder, "PORTAL_POLL_EVERY_S": "1", "PORTAL_LOG_LEVEL": "ERROR", "DATABASE_URL": ""}
        stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=("--speed", "20"))
        stack.prepare()
        stack.manage("first_admin")
        token = stack.manage("create_token", "admin", "schema", "--scopes", *Scope.values).split()[-1]
        with stack:
            command: list[str | Path] = [python.with_name("schemathesis"), "--config-file", FOLDER / "schemathesis.toml", "run"]
            command += [f"{stack.url}/api/v1/openapi.json", "--header", f"Authorization:Bearer {token}", *(sys.argv[1:] or USUAL)]
            return subprocess.run(command, cwd=FOLDER, check=False).returncode  # 1 if an answer contradicts the document


if __name__ == "__main__":
    sys.exit(main())
