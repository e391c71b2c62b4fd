"""What a page of the gallery costs with 1,000 videos and with a million: at the top, deep down, with each filter, for searches.

`python -m benchmarks wall`; `--short` takes 50,000 instead of a million. Requests go through the WSGI application, in this process. A
person who sees everything asks, and a member who sees the own videos, about an eighth. Beside the median of the whole page stands that of
the search alone (`wall_page` and `wall_count`), whose 95th percentile is over searches for 200 different words.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
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
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from access.callers import Caller  # noqa: E402
from generation.models import GenerationTask, Prompt, Video  # noqa: E402
from library.filters import WallFilter  # noqa: E402
from library.management.commands.seed_gallery import HAN, LATIN  # noqa: E402
from library.models import Entry, MonthCount  # noqa: E402
from library.wall import wall_count, wall_page  # noqa: E402

FEW = 1_000
MANY = 50_000 if os.environ.get("BENCH_SHORT") else 1_000_000
TIMES, SEARCHES = 15, 200
Row = dict[str, Any]


def main() -> None:
    call_command("seed_gallery", FEW, "--yes", verbosity=0)
    staff = User.objects.create_user("staff", is_staff=True, is_superuser=True)
    member = User.objects.get(username="seed-0")
    few = {name: _page(person, path) for name, (person, path) in _pages(staff, member).items()}
    few_searches = {name: _searches(who, words) for name, (who, words) in _words(staff, member).items()}
    began = time.monotonic()
    for table in (MonthCount, Entry, Video, GenerationTask, Prompt):
        table.objects.all().delete()
    call_command("seed_gallery", MANY, "--yes", verbosity=0)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as autovacuum does after so many rows
    print(f"seeded {MANY} videos in {time.monotonic() - began:.0f} s", flush=True)
    rows: dict[str, Row] = {}
    for name, (person, path) in _pages(staff, member).items():
        ms, queries = _page(person, path)
        rows[name] = {
            f"{FEW:,}": f"{few[name][0]:.1f} ms",
            f"{MANY:,}": f"{ms:.1f} ms",
            "ratio": f"{ms / few[name][0]:.2f}",
            "queries": f"{few[name][1]} / {queries}",
        }
    for name, (who, words) in _words(staff, member).items():
        spent = _searches(who, words)
        rows[name] = {
            f"{FEW:,}": f"{median(few_searches[name]):.1f} ms",
            f"{MANY:,}": f"{median(spent):.1f} ms",
            "p95": f"{sorted(spent)[int(0.95 * len(spent))]:.1f} ms",
        }
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _pages(staff: User, member: User) -> dict[str, tuple[User, str]]:
    """Return by name who asks for which page."""
    at = Entry.objects.order_by("seq").values_list("video", flat=True)
    deep, total = {"before": at[100]}, Entry.objects.count()
    middle = {"before": at[total // 2]}
    newest = Video.objects.order_by("-pk").values_list("created_at", flat=True)[0]
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


def _page(person: User, path: str) -> tuple[float, int]:
    """Return the median time of a page in ms, and its queries."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(person)

    def ask() -> None:
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    for _ in range(2):
        ask()
    with CaptureQueriesContext(connection) as captured:
        ask()
    queries = len(captured)  # the next request empties the log
    return median(_spent(ask) for _ in range(TIMES)), queries


def _searches(person: User, words: list[str]) -> list[float]:
    """Return the times of a search for each of the words, with its count, in ms."""
    caller = Caller(user=person)

    def search(q: str) -> None:
        wall_page(caller, WallFilter(q=q))
        wall_count(caller, WallFilter(q=q))

    search(words[0])
    return [_spent(lambda q=q: search(q)) for q in words]  # type: ignore[misc]


def _spent(call: Callable[[], object]) -> float:
    caches["process"].clear()
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
