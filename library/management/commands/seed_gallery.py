"""manage.py seed_gallery: many videos without files, to see and to measure what a large gallery costs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask, Prompt, Video
from library.models import Entry
from library.months import Key, add_up, counted_as
from library.terms import terms_of
from providers.vendors import ALL_MODELS

AT_ONCE = 2_000
DAYS = 3 * 365
LATIN = (
    "fox",
    "koi",
    "lantern",
    "harbour",
    "aurora",
    "teacup",
    "forest",
    "neon",
    "glacier",
    "market",
    "train",
    "dancer",
    "robot",
    "orchid",
)
HAN = "水墨远山晨雾灯笼古镇雪夜江南烟雨竹林飞鸟城市霓虹森林海浪花开月光".strip()
ALIKE = 0.02
"""The share of videos that begin with a picture like one of an earlier video."""
SIZES = [(1280, 720), (720, 1280), (1920, 1080), (960, 960), (854, 480)]


class Command(BaseCommand):
    help = (
        "Add videos without files to an installation for trials: prompts in Chinese and English, several owners and models, three years. "
        "Never on an installation that people use: their files would be reported as missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int)
        parser.add_argument("--yes", action="store_true", help="this installation is for trials")

    def handle(self, *_args: Any, count: int, yes: bool, **_options: Any) -> None:
        if not yes:
            raise CommandError("This fills the gallery with videos without files. Say --yes if this installation is for trials.")
        owners = [User.objects.get_or_create(username=f"seed-{number}")[0] for number in range(8)]
        rows, done = _rows(owners, count), 0
        newest = Entry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
        while batch := list(islice(rows, AT_ONCE)):
            entries = [_entry(newest + at, video) for at, (_prompt, _task, video) in enumerate(batch, done + 1)]
            with transaction.atomic():
                Prompt.objects.bulk_create([prompt for prompt, _task, _video in batch])
                GenerationTask.objects.bulk_create([task for _prompt, task, _video in batch])
                videos = [video for _prompt, _task, video in batch]
                Video.objects.bulk_create(videos)
                made_at = GenerationTask.objects.filter(pk=OuterRef("task")).values("created_at")
                Video.objects.filter(pk__in=[video.pk for video in videos]).update(created_at=Subquery(made_at), to_index_at=None)
                Entry.objects.bulk_create(entries)
                add_up(Counter[Key](filter(None, (counted_as(entry.terms) for entry in entries))))
            done += len(batch)
            self.stdout.write(f"{done} videos", ending="\r")
        self.stdout.write(f"Added {done} videos.")


def _entry(seq: int, video: Video) -> Entry:
    video.created_at = video.task.created_at  # as the table has it
    return Entry(seq=seq, video=video, made_at=video.created_at, terms=terms_of(video, tags=[], collections=[], hidden=False))


def _rows(owners: list[User], count: int) -> Iterator[tuple[Prompt, GenerationTask, Video]]:
    """Yield prompts, tasks and videos over the last years, the oldest first; the same ones for the same number."""
    chance, models, now = random.Random(count), sorted(ALL_MODELS), timezone.now()  # noqa: S311 - no secrets
    known = [chance.getrandbits(64) for _number in range(100)]
    for number in range(count):
        at = now - timedelta(days=DAYS) * (1 - number / count)
        owner, model = chance.choice(owners), chance.choice(models)
        prompt = Prompt(id=_id_at(at, chance), owner=owner, text=_text(chance), created_at=at)
        state: dict[str, Any] = {"status": Status.SUCCEEDED, "submission_id": f"seed-{prompt.pk}"}
        times: dict[str, Any] = dict.fromkeys(("created_at", "updated_at", "accepted_at", "finished_at"), at)
        task = GenerationTask(id=_id_at(at, chance), owner=owner, prompt=prompt, model=model, **state, **times)
        width, height = chance.choice(SIZES)
        facts: dict[str, Any] = {"width_px": width, "height_px": height, "duration_s": chance.choice([5.0, 8.0, 10.0, 15.0]), "fps": 24.0}
        facts |= {"favourite": chance.random() < 0.02, "rating": chance.choice([None] * 8 + [1, 2, 3, 4, 5])}
        first = chance.choice(known) ^ 1 << chance.randrange(64) if chance.random() < ALIKE else chance.getrandbits(64)
        facts["quality"] = {"dhash": [f"{picture:016x}" for picture in (first, chance.getrandbits(64), chance.getrandbits(64))]}
        files: dict[str, Any] = {"sha256": "0" * 64, "source_sha256": "0" * 64, "size_bytes": 0, "codec": "h264", "colour": "#335577"}
        video = Video(id=_id_at(at, chance), task=task, owner=owner, model=model, title=prompt.text[:80], **facts, **files)
        yield prompt, task, video


def _text(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return " ".join(chance.choices(LATIN, k=8))
    return "，".join("".join(chance.choices(HAN, k=6)) for _part in range(3))


def _id_at(at: datetime, chance: random.Random) -> UUID:
    """Return a UUIDv7 of this moment (RFC 9562)."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | chance.getrandbits(12) << 64 | 0b10 << 62 | chance.getrandbits(62))
