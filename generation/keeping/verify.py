"""Reads stored files again and compares them with what their rows say."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field

from database import clock
from generation import store
from generation.keeping.named_files import NamedFile, is_named
from generation.models import Asset, LostFile, Video

__all__ = ["Pace", "note", "verify"]

Loss = LostFile.Loss
BLOCK_BYTES = 1024 * 1024


@dataclass(kw_only=True)
class Pace:
    """Keeps reading below so many bytes a second on average, 0 for no limit, and counts the bytes."""

    bytes_per_s: float
    read_bytes: int = 0
    started: float = field(default_factory=time.monotonic)

    def read(self, count: int) -> None:
        """Count these bytes, and wait where reading is ahead of the limit."""
        self.read_bytes += count
        if self.bytes_per_s:
            ahead_s = self.read_bytes / self.bytes_per_s - self.seconds()
            if ahead_s > 0:
                time.sleep(ahead_s)

    def seconds(self) -> float:
        """Return for how long it has been reading."""
        return time.monotonic() - self.started


def verify(file: NamedFile, pace: Pace) -> Loss | None:
    """Return what is wrong with the file, and note it or that it is whole. Raises `StorageUnavailable`."""
    loss = _loss_of(file, pace)
    note(file, loss)
    return loss if loss and is_named(file) else None


def note(file: NamedFile, loss: Loss | None) -> None:
    """Keep in a row that the file is lost, or remove that row. A file that its row no longer names is not lost."""
    if loss is None or not is_named(file):
        LostFile.objects.filter(key=file.key).delete()
        return
    owner = {"video": file.row if isinstance(file.row, Video) else None, "asset": file.row if isinstance(file.row, Asset) else None}
    LostFile.objects.update_or_create(
        key=file.key, defaults={"loss": loss}, create_defaults={"loss": loss, "found_at": clock.now(), **owner}
    )


def _loss_of(file: NamedFile, pace: Pace) -> Loss | None:
    try:
        if not file.sha256:
            return None if store.size(file.key) else Loss.CHANGED
        digest, size = hashlib.sha256(), 0
        with store.open_file(file.key) as stored:
            while block := stored.read(BLOCK_BYTES):
                digest.update(block)
                size += len(block)
                pace.read(len(block))
    except store.ObjectMissing:
        return Loss.MISSING
    return None if (digest.hexdigest(), size) == (file.sha256, file.size_bytes) else Loss.CHANGED
