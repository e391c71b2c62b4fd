"""`manage.py make_posters`: small posters for videos from before there were several sizes (`generation.ingest.older_posters`)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from generation.ingest.older_posters import make_small_poster, without_small_poster
from generation.store import StorageUnavailable

EVERY = 500


class Command(BaseCommand):
    help = "Make the small poster of older videos. Stop it whenever you like: the next run continues."

    def handle(self, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        made = skipped = 0
        for video in without_small_poster():
            try:
                is_made = make_small_poster(video)
            except StorageUnavailable as error:
                raise CommandError(f"{error}. Posters made: {made:,}. Run this again when the media storage responds.") from error
            made, skipped = made + is_made, skipped + (not is_made)
            if (made + skipped) % EVERY == 0:
                self.stdout.write(f"Posters made so far: {made:,}")
        self.stdout.write(f"Posters made: {made:,}. Videos without a readable poster, named in the log: {skipped:,}.")
