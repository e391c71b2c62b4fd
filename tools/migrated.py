"""Databases with every migration, made once for each state of the migrations and then copied: to migrate takes 20 s of a processor."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["ROOT", "kept", "migrate", "put_sqlite"]

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".pytest_cache" / "migrated"


def put_sqlite(database: Path) -> None:
    """Make this file, unless there is one, a database with every migration and no other rows."""
    if not database.exists():
        shutil.copyfile(kept("portal.sqlite3", lambda file: migrate(f"sqlite:///{file}")), database)


def migrate(url: str) -> None:
    """Migrate a database in another process. Raises if it fails."""
    with tempfile.TemporaryDirectory(prefix="portal-migrates-") as folder:
        mine = {"DATABASE_URL": url, "PORTAL_DATA_DIR": folder, "PORTAL_TESTING": "True", "DJANGO_SETTINGS_MODULE": "videoportal.settings"}
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=os.environ | mine, check=True)


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """Return the file of this name that `make` wrote for the migrations as they are. What others began at the same time is waited for."""
    sources = [*ROOT.glob("*/migrations/*.py"), ROOT / "requirements.txt"]
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sorted(sources))).hexdigest()[:16]
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{state}-{name}"
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            for old in KEPT.glob(f"*-{name}"):
                old.unlink()
            with tempfile.TemporaryDirectory(dir=KEPT) as folder:
                make(Path(folder) / name)
                (Path(folder) / name).rename(file)
    return file
