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
from django.db import connection, transaction
from django.db.models import Model
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
TIMES = ("created_at", "updated_at", "accepted_at", "finished_at")
FACTS = ("title", "favourite", "rating", "width_px", "height_px", "duration_s", "quality")
CHANGING: dict[type[Model], frozenset[str]] = {
    Prompt: frozenset({"id", "owner", "text", "created_at"}),
    GenerationTask: frozenset({"id", "owner", "prompt", "model", "submission_id", *TIMES}),
    Video: frozenset({"id", "task", "owner", "model", "created_at", *FACTS}),
    Entry: frozenset({"seq", "video", "made_at", "terms"}),
}
"""The columns in which the rows differ, by table, in the order in which they are written."""


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
        entries, done = _entries(owners, count), 0
        before = Entry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
        tables = [_Table(model, columns) for model, columns in CHANGING.items()]
        while done < count:
            months = Counter[Key]()
            for entry in islice(entries, AT_ONCE):
                done += 1
                entry.seq = before + done
                for table, row in zip(tables, (entry.video.task.prompt, entry.video.task, entry.video, entry), strict=True):
                    table.add(row)
                months.update(filter(None, [counted_as(entry.terms)]))
            with transaction.atomic():
                for table in tables:
                    table.write()
                add_up(months)
            self.stdout.write(f"{done} videos", ending="\r")
        self.stdout.write(f"Added {done} videos.")


class _Table:
    """Rows on their way into a table. They are as the first one but for the columns of `changing`, so only those are prepared for each row:
    `bulk_create` would take most of the time of a million.
    """

    def __init__(self, model: type[Model], changing: frozenset[str]) -> None:
        facts = model._meta  # noqa: SLF001 - public in Django
        self._name, self._fields = facts.db_table, facts.concrete_fields
        self._changing = [(at, field) for at, field in enumerate(self._fields) if field.name in changing]
        self._same: list[Any] = []
        self._rows: list[list[Any]] = []

    def add(self, row: Model) -> None:
        self._same = self._same or [field.get_db_prep_save(getattr(row, field.attname), connection) for field in self._fields]
        values = self._same.copy()
        for at, field in self._changing:
            values[at] = field.get_db_prep_save(getattr(row, field.attname), connection)
        self._rows.append(values)

    def write(self) -> None:
        columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in self._fields)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {self._name} ({columns}) FROM STDIN") as copy:
                    for values in self._rows:
                        copy.write_row(values)
            else:
                places = ", ".join(["%s"] * len(self._fields))
                cursor.executemany(f"INSERT INTO {self._name} ({columns}) VALUES ({places})", self._rows)  # noqa: S608 - our own names
        self._rows = []


def _entries(owners: list[User], count: int) -> Iterator[Entry]:
    """Yield the entries of videos over the last years, the oldest first; the same ones for the same number. It is the same object each
    time, and so are its video, task and prompt.
    """
    chance, models, now = random.Random(count), sorted(ALL_MODELS), timezone.now()  # noqa: S311 - no secrets
    known = [chance.getrandbits(64) for _number in range(100)]
    prompt, task = Prompt(), GenerationTask(status=Status.SUCCEEDED)
    files: dict[str, Any] = {"sha256": "0" * 64, "source_sha256": "0" * 64, "size_bytes": 0, "codec": "h264", "colour": "#335577"}
    video = Video(fps=24.0, to_index_at=None, **files)
    for number in range(count):
        at = now - timedelta(days=DAYS) * (1 - number / count)
        prompt.pk, prompt.owner, prompt.text, prompt.created_at = _id_at(at, chance), chance.choice(owners), _text(chance), at
        task.pk, task.owner, task.prompt, task.model = _id_at(at, chance), prompt.owner, prompt, chance.choice(models)
        task.submission_id = f"seed-{prompt.pk}"
        task.created_at = task.updated_at = task.accepted_at = task.finished_at = at
        video.pk, video.task, video.owner, video.model, video.created_at = _id_at(at, chance), task, task.owner, task.model, at
        video.title, video.favourite = prompt.text[:80], chance.random() < 0.02
        video.rating = chance.choice([None] * 8 + [1, 2, 3, 4, 5])
        video.width_px, video.height_px = chance.choice(SIZES)
        video.duration_s = chance.choice([5.0, 8.0, 10.0, 15.0])
        first = chance.choice(known) ^ 1 << chance.randrange(64) if chance.random() < ALIKE else chance.getrandbits(64)
        video.quality = {"dhash": [f"{picture:016x}" for picture in (first, chance.getrandbits(64), chance.getrandbits(64))]}
        yield Entry(video=video, made_at=at, terms=terms_of(video, tags=[], collections=[], hidden=False))


def _text(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return " ".join(chance.choices(LATIN, k=8))
    return "，".join("".join(chance.choices(HAN, k=6)) for _part in range(3))


def _id_at(at: datetime, chance: random.Random) -> UUID:
    """Return a UUIDv7 of this moment (RFC 9562)."""
    return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | chance.getrandbits(12) << 64 | 0b10 << 62 | chance.getrandbits(62))
