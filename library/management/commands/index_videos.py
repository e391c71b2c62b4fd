"""manage.py index_videos: read every video again for the gallery's index."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from library.index import index_everything


class Command(BaseCommand):
    help = "Index every video again for the gallery, its filters and its search. The portal may keep running."

    def handle(self, *_args: Any, **_options: Any) -> None:
        count = index_everything(lambda so_far: self.stdout.write(f"{so_far} videos", ending="\r"))
        self.stdout.write(f"Indexed {count} videos.")
