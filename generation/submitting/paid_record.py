"""The record of paid requests outside the database: one small file for each in the media storage, written before the request leaves.

A database that is restored from a backup has forgotten what was sent since; this record has not (docs/adr/0011). Requests are numbered by
`PaidSubmits.sent`. Every machine sees the media storage, and a file is written once, so that no two processes write the same one. Holds
no prompt and no secret.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from generation import store
from generation.models import Attempt

__all__ = ["Sent", "newest", "sent_after", "write"]

log = logging.getLogger("generation.restored")

FOLDER = "sent"
PER_FOLDER = 1000
"""Files of one folder: the newest is found by listing two folders, each submit."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A paid request that may have left. Ids are text: the rows they name may be gone."""

    attempt: str
    attempt_number: int
    task: str
    model: str
    account: str
    account_label: str
    reference: str
    started_at: str

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.started_at)


def write(number: int, attempt: Attempt) -> None:
    """Record that this request may leave now. Raises `StorageUnavailable`: then it must not."""
    facts = Sent(
        attempt=str(attempt.pk),
        attempt_number=attempt.number,
        task=str(attempt.task_id),
        model=attempt.task.model,
        account=str(attempt.account_id),
        account_label=attempt.account.label,
        reference=attempt.reference,
        started_at=attempt.started_at.isoformat(),
    )
    store.save(_key(number), json.dumps(asdict(facts)).encode(), keep_part=True)  # one record too many is looked up, one too few is a loss


def newest() -> int:
    """Return the highest number on record, 0 when there is none."""
    for folder in sorted(store.listing(FOLDER)[0], reverse=True):
        if numbers := _numbers(f"{FOLDER}/{folder}"):  # a folder whose first file could not be written is empty
            return max(numbers)
    return 0


def sent_after(number: int) -> Iterator[Sent]:
    """Yield what is on record with a higher number, in order. A file cut off while it was written is left out: its request never left."""
    folders = sorted(f"{FOLDER}/{name}" for name in store.listing(FOLDER)[0])
    numbers = (one for folder in folders if folder >= _folder(number) for one in sorted(_numbers(folder)))
    for one in numbers:
        if one > number:
            try:
                yield Sent(**json.loads(store.read(_key(one))))
            except (ValueError, TypeError) as error:
                log.error("paid request %d: its record cannot be read: %s", one, error)


def _folder(number: int) -> str:
    return f"{FOLDER}/{number // PER_FOLDER:09}"


def _key(number: int) -> str:
    return f"{_folder(number)}/{number:012}.json"


def _numbers(folder: str) -> list[int]:
    return [int(name.removesuffix(".json")) for name in store.listing(folder)[1] if name.removesuffix(".json").isdecimal()]
