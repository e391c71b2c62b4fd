"""A fresh portal for one trial: a data directory, an empty database, and a way to call `manage.py` on it.

Used by the benchmarks and by tests/chaos. Nothing here imports Django: whatever runs on the stage is another process with its environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.migrated import put_sqlite
from tools.postgres import postgres_in
from tools.stack import ROOT

__all__ = ["DATABASES", "ROOT", "Stage", "open_stage"]

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A place for a trial. `environment` is complete and has nothing of the caller's portal."""

    database: str
    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> int:
        """Run `python ...` on this stage, show its output and return its exit status."""
        return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=self.environment, check=False).returncode


@contextmanager
def open_stage(database: str, *, keep: bool = False, **settings: str) -> Iterator[Stage]:
    """Make a migrated database and an empty data directory, removed when the block ends. `settings` are environment variables."""
    folder = Path(tempfile.mkdtemp(prefix=f"portal-{database}-"))
    try:
        with _janitor(folder, keep=keep), _database_url(database, folder) as url:
            yield Stage(database=database, folder=folder, environment=_environment(folder, url) | settings)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _janitor(folder: Path, *, keep: bool) -> Iterator[None]:
    """Have another process clean up if this one is killed."""
    janitor = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.janitor", str(folder)], cwd=ROOT, stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        if keep:
            janitor.kill()
        janitor.communicate()


def _environment(folder: Path, url: str) -> dict[str, str]:
    ours = ("PORTAL_", "DATABASE_URL", "Q_CLUSTER_NAME", "DJANGO_SETTINGS_MODULE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "PORTAL_DATA_DIR": str(folder / "data"),
        "PORTAL_TESTING": "True",
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "videoportal.settings",
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def _database_url(database: str, folder: Path) -> Iterator[str]:
    if database == "sqlite":
        put_sqlite(folder / "portal.sqlite3")
        yield f"sqlite:///{folder / 'portal.sqlite3'}"
    else:
        with postgres_in(folder / "pg") as url:
            yield url
