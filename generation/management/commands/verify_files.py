"""manage.py verify_files: read every stored file again and compare it with its row."""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date

from generation.keeping import walk
from generation.keeping.named_files import NamedFile, count_rows, named_files, position_of, rows_after
from generation.keeping.verify import Pace, verify
from generation.models import LostFile
from generation.store import StorageUnavailable

NAME = "verify"
REMEMBER_EVERY_S = 2.0
FAILURES_IN_A_ROW = 5
"""The number of failures in a row that ends a run: the storage is away then, not one file."""
MB = 1024 * 1024


class Command(BaseCommand):
    help = (
        "Read every stored file again and compare it with its row. Ends with 1 if a file is missing or has other bytes, and with 2 if the "
        "storage does not respond, or not for every file. A run that is ended or killed is continued by the next one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mb-per-s", type=float, default=20.0, help="the most that is read on average; 0: no limit. Default: 20")
        parser.add_argument("--since", metavar="DATE|DAYS", help="only files from this date on (2026-11-01), or of the last days (7)")
        parser.add_argument("--sample", type=float, metavar="PERCENT", help="only so many percent of the rows, chosen at random")
        parser.add_argument("--restart", action="store_true", help="begin at the start, also if the last run was ended before its end")
        parser.add_argument("--json", action="store_true", help="print one JSON object at the end, and nothing else")

    def handle(self, *_args: Any, mb_per_s: float, since: str | None, sample: float | None, **options: Any) -> None:
        self._say = self.stderr.write if options["json"] else self.stdout.write
        self._first = _date(since) if since else None
        self._sample = sample
        self._is_whole = self._first is None and sample is None  # others check a part, and remember nothing
        self._found: dict[str, list[str]] = {loss.value: [] for loss in LostFile.Loss}
        self._unread: list[str] = []
        self._failures = 0
        pace = Pace(bytes_per_s=mb_per_s * MB)
        try:
            rows = self._walk(walk.position(NAME) if self._is_whole and not options["restart"] else "", pace)
        except StorageUnavailable as error:
            raise CommandError(f"{error}. Run this again when the media storage responds; it continues here.", returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps({"rows": rows, "bytes": pace.read_bytes, **self._found, "unread": self._unread}))
        else:
            missing, changed = (len(keys) for keys in self._found.values())
            found = f"{missing} files missing, {changed} changed, {len(self._unread)} not read"
            self._say(f"{rows:,} rows, {pace.read_bytes / MB:,.0f} MB: {found}.")
        if self._unread:
            sys.exit(2)
        if any(self._found.values()) or (self._is_whole and LostFile.objects.exists()):  # the run before may have found some
            sys.exit(1)

    def _walk(self, position: str, pace: Pace) -> int:
        """Check the files behind this position. Return of how many rows."""
        if position:
            self._say(f"Continuing behind {position.partition(':')[2]}.")
        rows, total, remembered_at = 0, count_rows(since=self._first), time.monotonic()
        for row in rows_after(position, since=self._first):
            if self._sample is not None and random.uniform(0, 100) >= self._sample:  # noqa: S311 - a sample, not a secret
                continue
            for file in named_files(row):
                self._verify(file, pace)
            rows += 1
            if self._is_whole and not self._failures and time.monotonic() - remembered_at > REMEMBER_EVERY_S:
                remembered_at = time.monotonic()
                walk.reached(NAME, position_of(row))
                self._say(f"{rows:,} of {total:,} rows, {pace.read_bytes / MB:,.0f} MB")
        if self._is_whole:
            walk.ended(NAME)
        return rows

    def _verify(self, file: NamedFile, pace: Pace) -> None:
        """Check one file. One that cannot be read, as on a bad sector, must not keep the walk here for ever."""
        try:
            loss = verify(file, pace)
        except StorageUnavailable as error:
            self._failures += 1
            if self._failures == FAILURES_IN_A_ROW:
                raise
            self._unread.append(file.key)
            self._say(f"not read: {file.key}: {error}")
            return
        self._failures = 0
        if loss:
            self._found[loss.value].append(file.key)
            self._say(f"{loss.value}: {file.key}")


def _date(text: str) -> datetime:
    if text.isdecimal():
        return timezone.now() - timedelta(days=int(text))
    day = parse_date(text)
    if day is None:
        raise CommandError(f"“{text}” is neither a date like 2026-11-01 nor a number of days.")
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware in the portal's time zone
