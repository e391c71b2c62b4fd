"""Media storages that are slow or fail, as remote ones are."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.db import OperationalError, connection
from django.utils import timezone


class ForeignError(Exception):
    """Raised by an object store's client library; not a subclass of OSError."""


class FailingStorage(FileSystemStorage):
    """Fail every save, as an object store that throttles does."""

    def save(self, *_args: Any, **_kwargs: Any) -> str:
        raise ForeignError("503 SlowDown")


class CuttingStorage(FileSystemStorage):
    """End the caller's connection to PostgreSQL when something is listed."""

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return super().listdir(path)


class SlowStorage(FileSystemStorage):
    """Finish no save before `until`."""

    def __init__(self, *, until: datetime, **options: Any) -> None:
        super().__init__(**options)
        self.until = until

    def save(self, *args: Any, **kwargs: Any) -> str:
        while timezone.now() <= self.until:
            time.sleep(0.01)
        return super().save(*args, **kwargs)
