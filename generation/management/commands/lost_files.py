"""manage.py lost_files: which files rows name and the media storage does not have."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from generation.keeping.fetch_again import fetch_again
from generation.keeping.lost_files import EVERY_ROW, look_for_lost
from generation.keeping.unnamed_files import unnamed_videos
from generation.models import LostFile, Video
from generation.store import StorageUnavailable


class Command(BaseCommand):
    help = "List the files that are missing or changed. Ends with 1 if there are any."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--look", action="store_true", help="look at every file's name first")
        parser.add_argument("--fetch", action="store_true", help="try now to put missing files back, from the vendor or from the video")
        parser.add_argument("--unnamed", action="store_true", help="list files of videos that no row names; nothing else is done")
        parser.add_argument("--json", action="store_true", help="print one JSON list")

    def handle(self, *_args: Any, look: bool, fetch: bool, unnamed: bool, **options: Any) -> None:
        if unnamed:
            self._list_unnamed(as_json=options["json"])
            return
        if look and not look_for_lost(at_once=EVERY_ROW):
            raise CommandError("The media storage does not respond. Run this again when it does.", returncode=2)
        if fetch:
            for video in Video.objects.filter(lost_files__loss=LostFile.Loss.MISSING).distinct():
                fetch_again(video.pk)
        lost = list(LostFile.objects.order_by("key").values("key", "loss", "video", "asset", "found_at", "words"))
        if options["json"]:
            self.stdout.write(json.dumps(lost, default=str))
        else:
            for one in lost:
                self.stdout.write(f"{one['loss']}: {one['key']} {one['words']}".rstrip())
            self.stdout.write(f"Lost files: {len(lost)}.")
        if lost:
            sys.exit(1)

    def _list_unnamed(self, *, as_json: bool) -> None:
        """Print files that are kept because they may be all that is left of a video."""
        try:
            keys = list(unnamed_videos(timezone.now()))
        except StorageUnavailable as error:
            raise CommandError("The media storage does not respond. Run this again when it does.", returncode=2) from error
        self.stdout.write(json.dumps(keys) if as_json else "\n".join([*keys, f"Unnamed files of videos: {len(keys)}."]))
        if keys:
            sys.exit(1)
