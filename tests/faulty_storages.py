"""Media storages that are slow or fail, as remote ones are."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import OperationalError, connection
from django.utils import timezone


class ForeignError(Exception):
    """Raised by an object store's client library; not a subclass of OSError. Has what those of oss2 and botocore have."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(str(facts))
        self.__dict__.update(facts)


THROTTLED = ForeignError(status=503, code="SlowDown")


class FailingFile(File):
    """Opens, and fails while it is read."""

    def __init__(self, file: File, error: Exception) -> None:
        super().__init__(file.file)
        self.error = error

    def read(self, *_args: Any) -> bytes:
        raise self.error


class FailingStorage(FileSystemStorage):
    """Raise `error` from these operations; from all when none is named."""

    def __init__(self, *, failing: Collection[str] = (), error: Exception = THROTTLED, **options: Any) -> None:
        super().__init__(**options)
        self.failing = failing
        self.error = error

    def _fail(self, operation: str) -> None:
        if operation in self.failing or not self.failing:
            raise self.error

    def save(self, *args: Any, **kwargs: Any) -> str:
        self._fail("save")
        name = super().save(*args, **kwargs)
        self._fail("confirm")
        return name

    def open(self, *args: Any, **kwargs: Any) -> File:
        self._fail("open")
        file = super().open(*args, **kwargs)
        return FailingFile(file, self.error) if "read" in self.failing else file

    def exists(self, name: str) -> bool:
        self._fail("exists")
        return super().exists(name)

    def size(self, name: str) -> int:
        self._fail("size")
        return super().size(name)

    def get_modified_time(self, name: str) -> datetime:
        self._fail("modified")
        return super().get_modified_time(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        self._fail("listdir")
        return super().listdir(path)

    def delete(self, name: str) -> None:
        self._fail("delete")
        super().delete(name)


class CuttingStorage(FileSystemStorage):
    """End the caller's connection to PostgreSQL when something is listed."""

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return super().listdir(path)


class Death(BaseException):
    """As good as a SIGKILL: nothing of ours catches it."""


class KillingStorage(FileSystemStorage):
    """End the process that reads a file."""

    def open(self, *_args: Any, **_kwargs: Any) -> File:
        raise Death


class MortalStorage(FileSystemStorage):
    """End the process at the `n`-th file that it deletes, before or after the file is gone."""

    def __init__(self, *, n: int, after: bool, **options: Any) -> None:
        super().__init__(**options)
        self.left = n
        self.after = after

    def delete(self, name: str) -> None:
        self.left -= 1
        if self.left or self.after:
            super().delete(name)
        if not self.left:
            raise Death


class MortalSaver(FileSystemStorage):
    """End the process right after the `n`-th file that it saves."""

    def __init__(self, *, n: int, **options: Any) -> None:
        super().__init__(**options)
        self.left = n

    def save(self, *args: Any, **kwargs: Any) -> str:
        name = super().save(*args, **kwargs)
        self.left -= 1
        if not self.left:
            raise Death
        return name


class CuttingOffStorage(FileSystemStorage):
    """Lose the end of what is saved, and say nothing."""

    def _save(self, name: str, content: File) -> str:
        saved = super()._save(name, content)
        with Path(self.path(saved)).open("r+b") as file:
            file.truncate(content.size - 1)
        return saved


class OvertakenStorage(FileSystemStorage):
    """Let another writer be faster."""

    def save(self, name: str, *args: Any, **kwargs: Any) -> str:
        super().save(name, ContentFile(b"first"))
        return super().save(name, *args, **kwargs)


class OvertakenBucket(FileSystemStorage):
    """An object store that fails while another writer stores the same file."""

    def save_new(self, name: str, content: File) -> None:
        super().save(name, content)
        raise THROTTLED


class SlowStorage(FileSystemStorage):
    """Finish no save and no listing before `until`."""

    def __init__(self, *, until: datetime, **options: Any) -> None:
        super().__init__(**options)
        self.until = until

    def _wait(self) -> None:
        while timezone.now() <= self.until:
            time.sleep(0.01)

    def save(self, *args: Any, **kwargs: Any) -> str:
        self._wait()
        return super().save(*args, **kwargs)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        self._wait()
        return super().listdir(path)
