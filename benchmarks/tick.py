"""What `/tick` costs: beside a bare view with one query, and to programs that use the API. `python -m benchmarks tick`, on a stage.

*Bare* is a Django view that reads one row (`benchmarks.bare`), on the same database and web server. It and `/tick`, as an open page asks
while nothing changes, are asked in turn, as fast as they are answered. Then two programs send `POST /api/v1/tasks` and two `GET`, twenty
requests a second each at most, in turn alone and beside 50 people with two tabs each, who have tasks in line: the tab in front asks every
two seconds and the hidden one every ten, as static/portal/js/tick.js does. No worker runs.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread
from typing import Any
from urllib.parse import quote

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from access.tokens import issue  # noqa: E402
from benchmarks.api import MODEL, PARAMS, finished_task, fire, once, request, serve  # noqa: E402
from benchmarks.waiting import ask_until  # noqa: E402
from generation.lifecycle import Status  # noqa: E402
from generation.models import GenerationTask, Prompt  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402

SHORT = bool(os.environ.get("BENCH_SHORT"))
ROUNDS, SECONDS, BESIDE_S = (1, 2.0, 5.0) if SHORT else (4, 4.0, 10.0)
PEOPLE, LIVE = 50, 2
BUSY_S, HIDDEN_S = 2.0, 10.0
"""How often a tab in front and a hidden one ask, as static/portal/js/tick.js does while a task of the person is alive."""
FORKED = get_context("fork")
Times = dict[str, list[float]]


def main() -> None:
    ensure_sandbox_accounts("http://127.0.0.1:9")
    owner = User.objects.create_user("bench")
    token, shown = issue(owner, "bench")[1], finished_task(owner)
    cookies = [_signed_in(User.objects.create_user(f"person-{number}")) for number in range(PEOPLE)]
    with ExitStack() as stack:
        portal = stack.enter_context(serve("videoportal.settings", "/healthz"))
        bare = stack.enter_context(serve("benchmarks.bare_settings", f"/people/{owner.pk}"))
        rows = _beside_bare(portal, bare, cookies[0], owner)
        rows |= _beside_people(portal, token, f"/api/v1/tasks/{shown.pk}", cookies)
    Path(sys.argv[1]).write_text(json.dumps(rows))


def _signed_in(person: User) -> str:
    """Give the person tasks that wait in line. Return a cookie of theirs."""
    prompt, now = Prompt.objects.create(owner=person, text="a fox waits"), timezone.now()
    facts: dict[str, Any] = {"owner": person, "prompt": prompt, "model": MODEL, "params": PARAMS, "status": Status.QUEUED, "due_at": now}
    GenerationTask.objects.bulk_create(GenerationTask(**facts, created_at=now, updated_at=now) for _number in range(LIVE))
    client = Client()
    client.force_login(person)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _beside_bare(portal: int, bare: int, cookie: str, owner: User) -> dict[str, dict[str, Any]]:
    signed = {"Cookie": cookie}
    simple = request("GET", f"/people/{owner.pk}", "")
    times: Times = {"a bare view with one query": [], "`/tick`": []}
    for number in range(ROUNDS + 1):
        cursor = json.loads(once(portal, request("GET", "/tick", "", headers=signed)))["cursor"]
        tick = request("GET", f"/tick?since={quote(cursor)}", "", headers=signed)
        for (name, port), asked in zip({"a bare view with one query": bare, "`/tick`": portal}.items(), (simple, tick), strict=True):
            found = fire(port, lambda asked=asked: asked, SECONDS if number else 1.0)
            times[name] += found if number else []  # before, each process has loaded what it needs
    rates = {name: len(found) / (ROUNDS * SECONDS) for name, found in times.items()}
    rows = {name: {"requests per s": round(rates[name]), **_row(found)} for name, found in times.items()}
    rows["`/tick`"]["of bare"] = f"{100 * rates['`/tick`'] / rates['a bare view with one query']:.0f} %"
    return rows


def _beside_people(port: int, token: str, path: str, cookies: list[str]) -> dict[str, dict[str, Any]]:
    alone: Times = {"create": [], "get": []}
    beside: Times = {"create": [], "get": []}
    ticks: list[float] = []
    for number in range(2 * ROUNDS):
        if number % 4 in {0, 3}:  # alone, beside, beside, alone: the tasks grow in number
            _programs(port, token, path, alone)
        else:
            with _tabs(port, cookies, ticks):
                _programs(port, token, path, beside)
    rows = {f"API, {name}, alone": _row(found) for name, found in alone.items()}
    for name, found in beside.items():
        row = rows[f"API, {name}, beside {PEOPLE} people with two tabs"] = _row(found)
        row["p99 of alone"] = f"{row['p99 ms'] / rows[f'API, {name}, alone']['p99 ms']:.2f} x"
    rows[f"`/tick` of the {2 * len(cookies)} tabs"] = {"requests per s": round(len(ticks) / (ROUNDS * BESIDE_S)), **_row(ticks)}
    return rows


def _programs(port: int, token: str, path: str, times: Times) -> None:
    end = time.monotonic() + BESIDE_S
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    order = json.dumps({"model": MODEL, "prompt": "a fox does not wait"})
    asked = {"create": ("POST", "/api/v1/tasks", order, headers), "get": ("GET", path, None, headers)}
    url = f"http://127.0.0.1:{port}"
    programs = [Thread(target=ask_until, args=(end, url, *what, times[name])) for name, what in asked.items() for _ in range(2)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()


@contextmanager
def _tabs(port: int, cookies: list[str], times: list[float]) -> Iterator[None]:
    """Let two tabs of each person ask until the block ends. They have a process of their own: as threads of this one they would keep the
    programs waiting for the interpreter, which looks like a slow portal.
    """
    ours, theirs = FORKED.Pipe()
    people = FORKED.Process(target=_people, args=(port, cookies, theirs))
    people.start()
    try:
        yield
    finally:
        ours.send("close the tabs")
        times += ours.recv()
        people.join()


def _people(port: int, cookies: list[str], pipe: Connection) -> None:
    """Open the tabs, close them when told, and send how long their requests took, in seconds."""
    die_with_parent()
    closed, times = Event(), list[float]()
    tabs = [Thread(target=_tab, args=(port, cookie, every, closed, times)) for cookie in cookies for every in (BUSY_S, HIDDEN_S)]
    for tab in tabs:
        tab.start()
    pipe.recv()
    closed.set()
    for tab in tabs:
        tab.join()
    pipe.send(times)


def _tab(port: int, cookie: str, every_s: float, closed: Event, times: list[float]) -> None:
    chance, cursor = random.Random(), ""
    wait_s = every_s * chance.random()
    while not closed.wait(wait_s):
        began = time.monotonic()
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", f"/tick?since={quote(cursor)}", headers={"Cookie": cookie})
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        if reply.status not in {200, 204}:
            raise RuntimeError(f"/tick: {reply.status}")
        times.append(time.monotonic() - began)
        cursor = json.loads(content)["cursor"] if content else cursor
        wait_s = every_s * (0.75 + chance.random() / 2)


def _row(times: list[float]) -> dict[str, Any]:
    cuts = quantiles(times, n=100, method="inclusive")
    return {"requests": len(times), "p50 ms": round(1000 * cuts[49], 1), "p99 ms": round(1000 * cuts[98], 1)}


if __name__ == "__main__":
    die_with_parent()
    main()
