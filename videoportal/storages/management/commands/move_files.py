"""manage.py move_files: copy all media files from one storage into another, and delete them there later (docs/storage.md)."""

from __future__ import annotations

import sys
import time
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError, CommandParser

from generation.keeping.verify import Pace
from videoportal import env
from videoportal.storages.choice import KINDS, media_storage
from videoportal.storages.copying import Moved, SamePlace, TooManyFailures, copy_all, delete_source

MB = 1024 * 1024
SAY_EVERY_S = 5.0


class Command(BaseCommand):
    help = (
        "Copy every media file from one storage into another under the same name. The portal may keep running. Stop this whenever you "
        "like and run it again: it skips what has arrived. Ends with 1 if a file is left. The steps of a move are in docs/storage.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="source", required=True, choices=[*KINDS], help="where the files are")
        parser.add_argument("--to", dest="target", required=True, choices=[*KINDS], help="where they go")
        parser.add_argument("--mb-per-s", type=float, default=0.0, help="the most that is read on average; default: no limit")
        parser.add_argument("--threads", type=int, default=4, help="files that are copied at the same time; default: 4")
        parser.add_argument(
            "--delete-source", action="store_true", help="copy nothing; delete files that the other storage has, byte for byte"
        )

    def handle(self, *_args: Any, source: str, target: str, mb_per_s: float, threads: int, **options: Any) -> None:
        if source == target:
            raise CommandError("--from and --to are the same storage.")
        in_use = {env.text("PORTAL_STORAGE", "local"), env.text("PORTAL_STORAGE_BEFORE")} - {""}
        if options["delete_source"] and in_use != {target}:
            raise CommandError(
                f"The portal still uses {source}. Set PORTAL_STORAGE={target}, remove PORTAL_STORAGE_BEFORE and restart before this."
            )
        old, new = _storage(source), _storage(target)
        self._pace, self._said_at = Pace(bytes_per_s=mb_per_s * MB), time.monotonic()
        settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
        try:
            if options["delete_source"]:
                moved = delete_source(old, new, pace=self._pace, threads=threads, say=self._progress)
            else:
                moved = copy_all(old, new, scratch=settings.SCRATCH_DIR, pace=self._pace, threads=threads, say=self._progress)
        except SamePlace as error:
            raise CommandError(f"{error} Nothing was deleted.") from error
        except TooManyFailures as error:
            raise CommandError(f"{error} Run this again when both storages respond; it continues here.", returncode=2) from error
        except Exception as error:
            raise CommandError(f"A storage failed: {type(error).__name__}: {error}", returncode=2) from error
        done = f"{moved.files:,} files deleted in {source}" if options["delete_source"] else f"{moved.files:,} files copied"
        self.stdout.write(f"{done}, {moved.there:,} were there already, {len(moved.left):,} are left.")
        for key, why in sorted(moved.left.items()):
            self.stdout.write(f"left: {key}: {why}")
        if moved.left:
            sys.exit(1)

    def _progress(self, moved: Moved, folder: str) -> None:
        if time.monotonic() - self._said_at > SAY_EVERY_S:
            self._said_at = time.monotonic()
            self.stdout.write(f"{moved.files:,} files, {self._pace.read_bytes / MB:,.0f} MB read, {len(moved.left):,} left; done: {folder}")


def _storage(kind: str) -> Any:
    try:
        return storages.create_storage(media_storage(settings.MEDIA_ROOT, kind))
    except env.BadSetting as error:
        raise CommandError(f"{kind} is not set up. {error}") from error
