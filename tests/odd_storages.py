"""Media storages that behave as those at the other end of a network do."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.utils import timezone


class ForeignError(Exception):
    """As the package of an object store raises it: no relative of OSError."""


class FailingStorage(FileSystemStorage):
    """Stores nothing, and says so with an exception that Django does not know."""

    def save(self, *_args: Any, **_kwargs: Any) -> str:
        raise ForeignError("503 SlowDown")


class SlowStorage(FileSystemStorage):
    """Has stored nothing before `until`."""

    def __init__(self, *, until: datetime, **options: Any) -> None:
        super().__init__(**options)
        self.until = until

    def save(self, *args: Any, **kwargs: Any) -> str:
        while timezone.now() <= self.until:
            time.sleep(0.01)
        return super().save(*args, **kwargs)
