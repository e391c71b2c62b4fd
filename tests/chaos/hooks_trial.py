"""One trial on one stage: `python -m tests.chaos.hooks_trial PLAN.json RESULT.json`. Run by hooks.py.

The receiver lives in this process and survives; the worker is started again whenever it dies, and nobody helps it otherwise.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import django

django.setup()

import psutil  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import OperationalError  # noqa: E402
from standardwebhooks import WebhookVerificationError  # noqa: E402

from access.callers import Caller  # noqa: E402
from events.models import Event  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from tests.chaos.supervised import SupervisedWorker, left_behind  # noqa: E402
from tests.task_rows import make_task  # noqa: E402
from tests.webhooks.receiver import Arrival, Receiver, Says  # noqa: E402
from webhooks.actions import create  # noqa: E402
from webhooks.catalog import TYPES  # noqa: E402
from webhooks.secrets import message_id  # noqa: E402

DELIVER_SHARE = 0.7
"""Of the kills, those that strike the cluster that tells; the others strike anywhere in the tree."""
HALF_GROWN = 16
"""A tree that has just begun is left alone, or nothing but its root would ever be killed."""
PLANES = (0x1F600, 0x20000, 0x10FFFD, 0x22, 0x5C, 0x0A, 0x2028, 0xFEFF)
"""Characters that often go wrong: other planes, JSON's own, ends of lines."""
REFUSES_EVERY = 25
"""The receiver fails the first try of so many events."""


def main() -> None:
    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    data = Path(os.environ["PORTAL_DATA_DIR"])
    owners, secrets = [User.objects.create_user(f"owner-{number}") for number in range(plan["endpoints"])], {}
    with Checked(secrets) as receiver:
        for owner in owners:
            path = f"/{owner.pk}"
            secrets[path] = create(by=Caller(user=owner), url=receiver.url + path, types=TYPES)[1]
        worker = SupervisedWorker(data.parent / "worker.log")
        try:
            facts = storm(worker, owners, receiver, plan)
        finally:
            worker.stop()
        facts |= judge(receiver) | {"orphans": left_behind(worker, str(data))}
    Path(sys.argv[2]).write_text(json.dumps(facts))


class Checked(Receiver):
    """A receiver that verifies what arrives at once: the package refuses what is older than five minutes."""

    def __init__(self, secrets: dict[str, str]) -> None:
        super().__init__(lambda _path, count: Says(status=503 if count % REFUSES_EVERY == 3 else 200))
        self.secrets, self.unverified = secrets, []
        self.accepted: set[str] = set()

    def arrived(self, arrival: Arrival) -> Says:
        try:
            arrival.verified(self.secrets[arrival.path])
        except (WebhookVerificationError, ValueError) as error:
            self.unverified.append(f"{arrival.id}: {error}")
        says = super().arrived(arrival)
        if says.status == 200:
            self.accepted.add(arrival.id)
        return says


def storm(worker: SupervisedWorker, owners: list[User], receiver: Checked, plan: dict[str, Any]) -> dict[str, Any]:
    """Tasks end while processes die. Ends when everything has arrived, or at the time limit."""
    luck, kills, ended, began = random.Random(plan["seed"]), Counter(), 0, time.monotonic()
    strike_at = calm_at = began
    while time.monotonic() - began < plan["limit_s"]:
        worker.tend()
        now = time.monotonic()
        if kills.total() < plan["kills"]:
            calm_at = now
            if now >= strike_at:
                strike_at = now + luck.uniform(0.2, 2.0) * plan["gap_s"]
                if role := strike(worker, luck):
                    kills[role] += 1
        wanted = plan["tasks"] * (kills.total() + 1) // plan["kills"]
        for _ in range(min(wanted, plan["tasks"]) - ended):
            end_a_task(luck.choice(owners), luck)
            ended += 1
        if kills.total() >= plan["kills"] and ended >= plan["tasks"] and not missing(receiver):
            break
        time.sleep(0.05)
    return {
        "kills": dict(kills),
        "root_starts": worker.starts,
        "cluster_restarts": worker.restarted_clusters(),
        "seconds": round(time.monotonic() - began),
        "settled_after_last_kill_s": round(time.monotonic() - calm_at),
    }


def strike(worker: SupervisedWorker, luck: random.Random) -> str:
    """Kill a process of the worker. Return its part; empty if there was none."""
    tree = worker.tree()
    if len(tree) < HALF_GROWN:
        return ""
    victims = [("deliver", process) for process in worker.pool_of("deliver")] if luck.random() < DELIVER_SHARE else tree
    if not victims:
        return ""
    role, victim = luck.choice(victims)
    try:
        victim.send_signal(signal.SIGKILL)
    except psutil.NoSuchProcess:
        return ""
    return role


def end_a_task(owner: User, luck: random.Random) -> None:
    """Order a task and end it, in one way or another. SQLite's file may be held for a while."""
    for _ in range(5):
        try:
            task = make_task(owner, content_id=text(luck, 200), metadata={text(luck, 20): value(luck) for _ in range(luck.randrange(6))})
            task.cancel_unsent() if luck.random() < 0.5 else task.give_up("abandoned", "The trial ends it.")
        except OperationalError:
            time.sleep(0.5)
        else:
            return


def text(luck: random.Random, most: int) -> str:
    """Return up to so many characters of any plane, controls too; neither NUL nor half a pair, which no database takes."""
    return "".join(chr(luck.choice(PLANES)) if luck.random() < 0.3 else chr(luck.randrange(1, 0xD800)) for _ in range(luck.randrange(most)))


def value(luck: random.Random, depth: int = 3) -> Any:
    """Return something that JSON can hold; now and then far too large for a body."""
    leaf: list[Any] = [
        None,
        True,
        luck.randrange(-(2**53), 2**53),
        luck.uniform(-1e300, 1e300),
        text(luck, 5_000 if luck.random() < 0.05 else 40),
    ]
    if depth and luck.random() < 0.3:
        return [value(luck, depth - 1) for _ in range(luck.randrange(4))]
    return luck.choice(leaf)


def missing(receiver: Checked) -> list[str]:
    """Return the ids of ends that have not been accepted by the receiver."""
    wanted = Event.objects.filter(type__in=["task.cancelled", "task.failed"]).values_list("pk", flat=True)
    return [name for pk in wanted if (name := message_id(pk)) not in receiver.accepted]


def judge(receiver: Checked) -> dict[str, Any]:
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for arrival in receiver.arrivals:
        bodies[arrival.id].add(arrival.body)
    return {
        "events": Event.objects.filter(type__in=["task.cancelled", "task.failed"]).count(),
        "arrived": len(receiver.arrivals),
        "repeats": len(receiver.arrivals) - len(bodies),
        "lost": missing(receiver),
        "unverified": receiver.unverified,
        "changed": [name for name, all_bytes in bodies.items() if len(all_bytes) > 1],
    }


if __name__ == "__main__":
    main()
