"""The trials themselves, in a process with the portal's settings; see `__main__`."""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videoportal.settings")
django.setup()

from asgiref.sync import sync_to_async  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402

from access import tokens  # noqa: E402
from access.callers import Caller  # noqa: E402
from access.limits import Limits  # noqa: E402
from access.models import ApiToken, TokenUse  # noqa: E402
from events.models import AuditEvent  # noqa: E402
from generation.models import GenerationTask  # noqa: E402

CLIENTS, WAITING = 100, 20
CALLERS, LIMIT = 200, 100
LOAD_S, LATE_S = 3.0, 1.0
ORDER = {"model": "kling/kling-v2-6", "prompt": "a fox"}


def rows() -> list[Any]:
    """Return what a refused request must leave as it was."""
    tables = [list(ApiToken.objects.order_by("pk").values()), list(TokenUse.objects.values())]
    return [*tables, *(model.objects.count() for model in (AuditEvent, GenerationTask, Session, User))]


def mutated(raw: str, dice: random.Random) -> str:
    """Return a text that is almost this token: some have a right checksum, so that the database is asked."""
    _vp, public_id, rest = raw.split("_")
    letters = tokens.ALPHABET
    kind = dice.randrange(7)
    if kind == 0:  # another secret
        body = f"vp_{public_id}_{''.join(dice.choices(letters, k=tokens.SECRET_CHARS))}"
        return body + tokens._checksum(body)
    if kind == 1:  # another id
        body = f"vp_{''.join(dice.choices(letters, k=tokens.ID_CHARS))}_{rest[: tokens.SECRET_CHARS]}"
        return body + tokens._checksum(body)
    place = dice.randrange(len(raw))
    if kind == 2:
        return raw[:place]
    if kind == 3:
        return raw[:place] + dice.choice(letters) + raw[place:]
    if kind == 4:
        return raw.swapcase()
    if kind == 5:
        return raw[:place] + dice.choice("\xe9 _-=;,\"'") + raw[place + 1 :]
    return raw[:place] + dice.choice([letter for letter in letters if letter != raw[place]]) + raw[place + 1 :]


async def mutations(url: str, owner: User, count: int) -> tuple[bool, str]:
    dice = random.Random(1)
    raw = (await sync_to_async(tokens.issue)(owner, "mutated"))[1]
    texts = iter([text for text in (mutated(raw, dice) for _ in range(count)) if text != raw])
    before, seen = await sync_to_async(rows)(), Counter[int]()

    async def ask(session: aiohttp.ClientSession, some: Iterator[str]) -> None:
        for text in some:
            async with session.get(f"{url}/api/v1/tasks", headers={"Authorization": f"Bearer {text}"}) as reply:
                seen[reply.status] += 1

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(120)) as session:
        await asyncio.gather(*(ask(session, texts) for _ in range(16)))
    same = before == await sync_to_async(rows)()
    return set(seen) == {401} and same, f"{dict(seen)}; rows {'unchanged' if same else 'CHANGED'}"


async def revoked(url: str, owner: User) -> tuple[bool, str]:
    """Count successes of requests that were sent after it, and answers that came too late: on a machine without room these may be requests
    that were checked before.
    """
    row, raw = await sync_to_async(tokens.issue)(owner, "revoked")
    ended: list[float] = []
    seen, wrong, late, stop = Counter[int](), 0, 0, time.monotonic() + 2 * LOAD_S

    async def call(session: aiohttp.ClientSession, *, waits: bool) -> None:
        nonlocal wrong, late
        while time.monotonic() < stop:
            sent_after = bool(ended)
            path = f"{url}/api/v1/tasks"
            ask = session.post(path, json=ORDER, headers={"Prefer": "wait=60"}) if waits else session.get(path)
            async with ask as reply:
                seen[reply.status] += 1
                if ended and reply.status < 300:
                    wrong += sent_after
                    late += time.monotonic() > ended[0] + LATE_S

    async def end() -> None:
        await asyncio.sleep(LOAD_S)
        await sync_to_async(tokens.revoke)(row, by=Caller(user=owner))
        ended.append(time.monotonic())

    connector = aiohttp.TCPConnector(limit=CLIENTS)
    async with aiohttp.ClientSession(
        connector=connector, headers={"Authorization": f"Bearer {raw}"}, timeout=aiohttp.ClientTimeout(120)
    ) as session:
        await asyncio.gather(end(), *(call(session, waits=number < WAITING) for number in range(CLIENTS)))
    kept = not wrong and not late and seen[200] > 0 and set(seen) <= {200, 202, 401}
    return kept, f"{dict(seen)}; successes of requests sent after it: {wrong}; later than {LATE_S:g} s: {late}"


async def rate(url: str, owner: User) -> tuple[bool, str]:
    raw = (await sync_to_async(tokens.issue)(owner, "limited", limits=Limits(rate_per_minute=LIMIT)))[1]
    seen = Counter[int]()

    async def call(session: aiohttp.ClientSession) -> None:
        async with session.get(f"{url}/api/v1/tasks", headers={"Authorization": f"Bearer {raw}"}) as reply:
            seen[reply.status] += 1

    connector = aiohttp.TCPConnector(limit=CALLERS)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(120)) as session:
        await asyncio.gather(*(call(session) for _ in range(CALLERS)))
    return seen == {200: LIMIT, 429: CALLERS - LIMIT}, str(dict(seen))


def checks(owner: User, count: int) -> tuple[bool, str]:
    """Time `authenticate` in this process: over HTTP the server's own jitter would hide 100 us."""
    raw = tokens.issue(owner, "timed")[1]
    known = f"{raw[: 3 + tokens.ID_CHARS]}_{'A' * tokens.SECRET_CHARS}"
    unknown = f"vp_{'0' * tokens.ID_CHARS}_{'A' * tokens.SECRET_CHARS}"
    texts = {"valid": raw, **{name: body + tokens._checksum(body) for name, body in (("known", known), ("unknown", unknown))}}
    times: dict[str, list[float]] = {name: [] for name in texts}
    for _ in range(count):
        for name, text in texts.items():
            began = time.perf_counter()
            tokens.authenticate(text)
            times[name].append((time.perf_counter() - began) * 1e6)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    p99 = sorted(times["valid"])[int(count * 0.99)]
    apart = abs(medians["known"] - medians["unknown"])
    return apart <= 100, f"valid p99 {p99:.0f} us; medians {medians}; known and unknown ids {apart:.0f} us apart"


def main(url: str, database: str, plan: dict[str, int]) -> int:
    owner = User.objects.create_superuser("trial")
    kept = True

    def tell(name: str, result: tuple[bool, str]) -> None:
        nonlocal kept
        kept = kept and result[0]
        print(f"{database:<10} {name:<22} {'ok    ' if result[0] else 'BROKEN'} {result[1]}", flush=True)

    tell("mutated tokens", asyncio.run(mutations(url, owner, plan["mutations"])))
    for _ in range(plan["revokes"]):
        tell("revoked under load", asyncio.run(revoked(url, owner)))
    for _ in range(plan["rounds"]):
        tell("200 callers, rate 100", asyncio.run(rate(url, owner)))
    tell("time of a check", checks(owner, plan["checks"]))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))
