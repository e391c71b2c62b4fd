"""What a page of the gallery costs with 1,000 videos and with a million: at the top, deep down, with each filter, for searches.

`python -m benchmarks wall`; `--short` takes 50,000 instead of a million. Requests go through the WSGI application, in this process. A
person who sees everything asks, and a member who sees the own videos, about an eighth. What the portal keeps for a minute is read anew each
time. Beside the median of the whole page stands that of the search alone (`wall_beginning`), whose 95th percentile is over
searches for 200 different words. The two sizes are compared only where both show a full page: less is less work. Times are processor time,
of this process and of the one in which PostgreSQL answers it (Linux): they do not depend on who else uses the machine.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.cache import caches  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from access.callers import Caller  # noqa: E402
from generation.models import GenerationTask, Prompt, Video  # noqa: E402
from library.filters import WallFilter  # noqa: E402
from library.management.commands.seed_gallery import HAN, LATIN  # noqa: E402
from library.models import Entry, MonthCount  # noqa: E402
from library.wall import wall_beginning  # noqa: E402

FEW = 1_000
MANY = 50_000 if os.environ.get("BENCH_SHORT") else 1_000_000
TIMES, SEARCHES = 15, 200
NEXT_PAGE = b"/gallery/more/?"
"""What only a full page has."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What something costs: milliseconds each time, whether it fills a page, and for a page how many queries it takes."""

    ms: list[float]
    is_full: bool
    queries: int | None = None


def main() -> None:
    few, many = ({name: measure() for name, measure in _seeded(count).items()} for count in (FEW, MANY))
    Path(sys.argv[1]).write_text(json.dumps({name: _row(few[name], figure) for name, figure in many.items()}))


def _row(few: Figure, many: Figure) -> dict[str, str]:
    is_fair = few.is_full and many.is_full
    return {
        f"{FEW:,}": f"{median(few.ms):.1f} ms",
        f"{MANY:,}": f"{median(many.ms):.1f} ms",
        "ratio": f"{median(many.ms) / median(few.ms):.2f}" if is_fair else "less than a page",
        "queries": f"{few.queries} / {many.queries}" if many.queries else "",
        "p95": "" if many.queries else f"{sorted(many.ms)[int(0.95 * len(many.ms))]:.1f} ms",
    }


def _seeded(count: int) -> dict[str, Callable[[], Figure]]:
    """Replace all videos by so many. Return by name what is to be measured."""
    began = time.monotonic()
    for table in (MonthCount, Entry, Video, GenerationTask, Prompt):
        table.objects.all().delete()
    call_command("seed_gallery", count, "--yes", verbosity=0)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as autovacuum does after so many rows
    print(f"seeded {count} videos in {time.monotonic() - began:.0f} s", flush=True)
    return measures()


def measures() -> dict[str, Callable[[], Figure]]:
    """Return by name what is to be measured, of the seeded videos that there are."""
    staff = User.objects.get_or_create(username="staff", defaults={"is_staff": True, "is_superuser": True})[0]
    member = User.objects.get(username="seed-0")
    pages = {name: partial(_page, person, path) for name, (person, path) in _pages(staff, member).items()}
    searches = {name: partial(_searches, who, words) for name, (who, words) in _words(staff, member).items()}
    return pages | searches


def _pages(staff: User, member: User) -> dict[str, tuple[User, str]]:
    """Return by name who asks for which page."""
    at = Entry.objects.order_by("seq").values_list("video", flat=True)
    deep, total = {"before": at[100]}, Entry.objects.count()
    middle = {"before": at[total // 2]}
    newest_pk, newest = Video.objects.order_by("-pk").values_list("pk", "created_at")[0]
    filters = {
        "person": {"who": member.pk},
        "model": {"model": Video.objects.values_list("model", flat=True)[0]},
        "vendor": {"vendor": "kling"},
        "shape": {"shape": "tall"},
        "length": {"length": "short"},
        "resolution": {"size": "720"},
        "starred": {"starred": "1"},
        "rating": {"rating": "5"},
        "review state": {"review": "none"},
        "review state of no video": {"review": "approved"},
        "warning": {"warning": "any"},
        "date": {"from": "2000-01-01", "to": f"{newest:%Y-%m-%d}"},
        "content id of no video": {"content": "none-has-it"},
        "two Chinese characters": {"q": "灯笼"},
        "a word": {"q": "lantern"},
        "the beginning of a word": {"q": "lan"},
        "more like this": {"like": str(newest_pk)},
        "a word and two characters, of no video": {"q": "lantern 灯笼"},
        "sorted by rating": {"sort": "rating"},
    }
    more = {"the page in the middle": ("/gallery/more/", middle), "the last page": ("/gallery/more/", deep)}
    first: dict[str, tuple[str, dict[str, Any]]] = {"first page": ("/gallery/", {})}
    first |= more | {name: ("/gallery/", query) for name, query in filters.items()}
    asked = {name: (staff, f"{path}?{urlencode(query)}") for name, (path, query) in first.items()}
    return asked | {
        "a member: first page": (member, "/gallery/"),
        "a member: two Chinese characters": (member, f"/gallery/?{urlencode({'q': '灯笼'})}"),
    }


def _words(staff: User, member: User) -> dict[str, tuple[User, list[str]]]:
    """Return by name who searches for which words."""
    chance = random.Random(1)
    pairs = ["".join(chance.sample(HAN, 2)) for _ in range(SEARCHES)]
    words = [" ".join(chance.sample(LATIN, chance.choice([1, 2]))) for _ in range(SEARCHES)]
    beginnings = [chance.choice(LATIN)[: chance.choice([3, 4])] for _ in range(SEARCHES)]
    return {
        "search: two characters": (staff, pairs),
        "search: words": (staff, words),
        "search: the beginning of a word": (staff, beginnings),
        "search: two characters, a member": (member, pairs),
    }


def _page(person: User, path: str) -> Figure:
    """Measure a page."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)

    def ask() -> HttpResponse:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer

    ask()
    is_full = NEXT_PAGE in ask().content
    with CaptureQueriesContext(connection) as captured:
        _spent(ask)
    queries = len(captured)  # the next request empties the log
    return Figure(ms=[_spent(ask) for _ in range(TIMES)], is_full=is_full, queries=queries)


def _searches(person: User, words: list[str]) -> Figure:
    """Measure a search for each of the words, with its count."""
    caller = Caller(user=person)

    def search(q: str) -> bool:
        return wall_beginning(caller, WallFilter(q=q))[1]

    is_full = all(search(q) for q in words)
    return Figure(ms=[_spent(partial(search, q)) for q in words], is_full=is_full)


def _spent(call: Callable[[], object]) -> float:
    caches["process"].clear()
    before = _cpu_ns()
    call()
    return (_cpu_ns() - before) / 1e6


def _cpu_ns() -> int:
    if connection.vendor == "sqlite":
        return time.process_time_ns()
    connection.ensure_connection()
    answering = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    return time.process_time_ns() + int(answering.split()[0])


if __name__ == "__main__":
    main()
