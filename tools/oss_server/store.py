"""Buckets, objects and unfinished uploads: the bytes are files that a person can open, everything about them is in `index.sqlite`.

An object lies at `<folder>/<bucket>/<key>`. A key that no file can have (`a` and `a/b` both exist, `..`, 300 characters) lies at
`<folder>/<bucket>/.odd/<digest of the key>`. What is being written lies in `.incoming`, parts in `.parts`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Arrival", "Bucket", "Object", "Part", "Store", "Upload"]

PLAIN_SEGMENT = re.compile(r"[^/\\:*?\"<>|\x00-\x1f%]{1,120}")
TABLES = """
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, acl TEXT, created REAL, cors TEXT);
CREATE TABLE IF NOT EXISTS objects (bucket TEXT, key TEXT, path TEXT, size INTEGER, etag TEXT, crc INTEGER, modified REAL, kind TEXT,
                                    headers TEXT, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, bucket TEXT, key TEXT, started REAL, headers TEXT);
CREATE TABLE IF NOT EXISTS parts (upload TEXT, number INTEGER, path TEXT, size INTEGER, etag TEXT, crc INTEGER, modified REAL,
                                  PRIMARY KEY (upload, number)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Bucket:
    name: str
    acl: str
    created: float
    cors: list[dict[str, list[str]]]


@dataclass(frozen=True, kw_only=True)
class Object:
    """An object. `headers` are those that come back with it: content type, x-oss-meta-*, storage class..."""

    key: str
    path: Path
    size: int
    etag: str
    crc: int
    modified: float
    kind: str = "Normal"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Arrival:
    """Bytes that came in, still under a name of their own."""

    path: Path
    size: int
    etag: str
    crc: int


@dataclass(frozen=True)
class Upload:
    id: str
    bucket: str
    key: str
    started: float
    headers: dict[str, str]


@dataclass(frozen=True)
class Part:
    number: int
    path: Path
    size: int
    etag: str
    crc: int
    modified: float


class Store:
    """A folder with buckets. For one thread: the server's event loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming, self.parts_folder = folder / ".incoming", folder / ".parts"
        shutil.rmtree(self.incoming, ignore_errors=True)  # what a killed server was receiving
        for needed in (self.incoming, self.parts_folder):
            needed.mkdir(parents=True, exist_ok=True)
        self._rows = sqlite3.connect(folder / "index.sqlite", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=WAL")
        self._rows.execute("PRAGMA synchronous=OFF")
        self._rows.executescript(TABLES)

    def close(self) -> None:
        self._rows.close()

    def new_file(self) -> Path:
        return self.incoming / uuid.uuid4().hex

    # buckets

    def bucket(self, name: str) -> Bucket | None:
        row = self._rows.execute("SELECT name, acl, created, cors FROM buckets WHERE name = ?", (name,)).fetchone()
        return Bucket(row[0], row[1], row[2], json.loads(row[3])) if row else None

    def bucket_names(self) -> list[str]:
        return [name for (name,) in self._rows.execute("SELECT name FROM buckets ORDER BY name")]

    def remove_bucket(self, name: str) -> None:
        self._rows.execute("DELETE FROM buckets WHERE name = ?", (name,))
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def create_bucket(self, name: str, acl: str = "private") -> None:
        (self.folder / name).mkdir(exist_ok=True)
        self._rows.execute("INSERT OR IGNORE INTO buckets VALUES (?, ?, ?, '[]')", (name, acl, time.time()))

    def change_bucket(self, name: str, *, acl: str | None = None, cors: list[dict[str, list[str]]] | None = None) -> None:
        if acl is not None:
            self._rows.execute("UPDATE buckets SET acl = ? WHERE name = ?", (acl, name))
        if cors is not None:
            self._rows.execute("UPDATE buckets SET cors = ? WHERE name = ?", (json.dumps(cors), name))

    def empty(self) -> None:
        """Delete all objects and uploads. Buckets stay, without rules."""
        for name in self.bucket_names():
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        shutil.rmtree(self.parts_folder, ignore_errors=True)
        self.parts_folder.mkdir()
        for table in ("objects", "uploads", "parts"):
            self._rows.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
        self._rows.execute("UPDATE buckets SET acl = 'private', cors = '[]'")

    def age(self, seconds: float) -> None:
        """Move all times of objects, uploads and parts back, as if that time had passed."""
        for table, column in (("objects", "modified"), ("parts", "modified"), ("uploads", "started")):
            self._rows.execute(f"UPDATE {table} SET {column} = {column} - ?", (seconds,))  # noqa: S608 - names from the line above

    # objects

    def get(self, bucket: str, key: str) -> Object | None:
        columns = "key, path, size, etag, crc, modified, kind, headers"
        row = self._rows.execute(f"SELECT {columns} FROM objects WHERE bucket = ? AND key = ?", (bucket, key)).fetchone()  # noqa: S608
        return self._object(row) if row else None

    def put(self, bucket: str, key: str, arrival: Arrival, headers: dict[str, str], kind: str = "Normal") -> Object:
        """Give what arrived its key, at once and whole. Readers of an earlier object keep what they read."""
        before = self.get(bucket, key)
        path = before.path if before else self._place(bucket, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        arrival.path.replace(path)
        modified = float(int(time.time()))  # HTTP dates have seconds
        row = (bucket, key, str(path.relative_to(self.folder)), arrival.size, arrival.etag, _signed(arrival.crc), modified, kind)
        self._rows.execute("REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, json.dumps(headers)))
        stored = self.get(bucket, key)
        assert stored is not None
        return stored

    def change_headers(self, bucket: str, key: str, headers: dict[str, str]) -> None:
        self._rows.execute("UPDATE objects SET headers = ? WHERE bucket = ? AND key = ?", (json.dumps(headers), bucket, key))

    def delete(self, bucket: str, key: str) -> None:
        stored = self.get(bucket, key)
        if stored is None:
            return
        self._rows.execute("DELETE FROM objects WHERE bucket = ? AND key = ?", (bucket, key))
        stored.path.unlink(missing_ok=True)
        for folder in stored.path.parents:
            if folder == self.folder / bucket or any(folder.iterdir()):
                break
            folder.rmdir()

    def keys_after(self, bucket: str, prefix: str, after: str, *, inclusive: bool = False) -> Iterator[Object]:
        """Yield objects in the order of their keys' bytes, from the first that has the prefix and comes after `after`."""
        start, sign = (prefix, ">=") if prefix > after else (after, ">=" if inclusive else ">")
        columns = "key, path, size, etag, crc, modified, kind, headers"
        query = f"SELECT {columns} FROM objects WHERE bucket = ? AND key {sign} ? ORDER BY key"  # noqa: S608
        for row in self._rows.execute(query, (bucket, start)):
            if not row[0].startswith(prefix):
                return
            yield self._object(row)

    def _object(self, row: tuple[str, str, int, str, int, float, str, str]) -> Object:
        key, path, size, etag, crc, modified, kind, headers = row
        where = self.folder / path
        return Object(key=key, path=where, size=size, etag=etag, crc=crc % 2**64, modified=modified, kind=kind, headers=json.loads(headers))

    def _place(self, bucket: str, key: str) -> Path:
        root = self.folder / bucket
        segments = key.split("/")
        path = root.joinpath(*segments) if all(PLAIN_SEGMENT.fullmatch(name) and name[0] != "." for name in segments) else None
        if path is None or path.exists() or any(folder.is_file() for folder in path.parents):
            return root / ".odd" / hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
        return path

    # unfinished uploads

    def begin(self, bucket: str, key: str, headers: dict[str, str]) -> Upload:
        upload = Upload(uuid.uuid4().hex.upper(), bucket, key, time.time(), headers)
        self._rows.execute("INSERT INTO uploads VALUES (?, ?, ?, ?, ?)", (upload.id, bucket, key, upload.started, json.dumps(headers)))
        return upload

    def upload(self, bucket: str, key: str, upload_id: str) -> Upload | None:
        query = "SELECT id, bucket, key, started, headers FROM uploads WHERE id = ? AND bucket = ? AND key = ?"
        row = self._rows.execute(query, (upload_id, bucket, key)).fetchone()
        return _upload(row) if row else None

    def uploads(self, bucket: str, prefix: str) -> list[Upload]:
        query = "SELECT id, bucket, key, started, headers FROM uploads WHERE bucket = ? ORDER BY key, id"
        found = (_upload(row) for row in self._rows.execute(query, (bucket,)))
        return [upload for upload in found if upload.key.startswith(prefix)]

    def add_part(self, upload: Upload, number: int, arrival: Arrival) -> None:
        path = self.parts_folder / upload.id / str(number)
        path.parent.mkdir(exist_ok=True)
        arrival.path.replace(path)
        row = (upload.id, number, str(path.relative_to(self.folder)), arrival.size, arrival.etag, _signed(arrival.crc), time.time())
        self._rows.execute("REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def parts(self, upload: Upload) -> list[Part]:
        query = "SELECT number, path, size, etag, crc, modified FROM parts WHERE upload = ? ORDER BY number"
        rows = self._rows.execute(query, (upload.id,)).fetchall()
        return [Part(number, self.folder / path, size, etag, crc % 2**64, modified) for number, path, size, etag, crc, modified in rows]

    def forget(self, upload: Upload) -> None:
        """Delete an upload and its parts."""
        self._rows.execute("DELETE FROM uploads WHERE id = ?", (upload.id,))
        self._rows.execute("DELETE FROM parts WHERE upload = ?", (upload.id,))
        shutil.rmtree(self.parts_folder / upload.id, ignore_errors=True)


def _upload(row: tuple[str, str, str, float, str]) -> Upload:
    upload_id, bucket, key, started, headers = row
    return Upload(upload_id, bucket, key, started, json.loads(headers))


def _signed(crc: int) -> int:
    """Return the sum as SQLite can hold it."""
    return crc - 2**64 if crc >= 2**63 else crc
