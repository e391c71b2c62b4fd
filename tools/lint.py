"""`make lint`: runs every check, also after one has failed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from tools.stack import ROOT

ROOMS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["root_packages"]
BIN = Path(sys.executable).parent
CHECKS: dict[str, list[str | Path]] = {
    "style": [BIN / "ruff", "check", "--quiet", "."],
    "format": [BIN / "ruff", "format", "--check", "--quiet", "."],
    "types": [BIN / "mypy", "--no-error-summary", *ROOMS, "tools"],
    "imports": [BIN / "lint-imports"],
    "templates": [BIN / "djlint", "--lint", "--quiet", "templates"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run", "--verbosity", "0"],
    "django": [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
}


def main() -> int:
    failed = 0
    for name, command in CHECKS.items():
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        failed += done.returncode != 0
        print(f"{name:<12}FAILED\n{done.stdout}" if done.returncode else f"{name:<12}ok", flush=True)
    print(f"\n{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
