"""A media storage that takes its time, as one at the other end of a network does."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.utils import timezone


class SlowStorage(FileSystemStorage):
    """Has stored nothing before `until`."""

    def __init__(self, *, until: datetime, **options: Any) -> None:
        super().__init__(**options)
        self.until = until

    def save(self, *args: Any, **kwargs: Any) -> str:
        while timezone.now() <= self.until:
            time.sleep(0.01)
        return super().save(*args, **kwargs)
