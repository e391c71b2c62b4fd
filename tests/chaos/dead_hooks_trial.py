"""One trial on one stage: `python -m tests.chaos.dead_hooks_trial PLAN.json RESULT.json`. Run by hooks.py with `--dead`.

A live endpoint is told an event a second, first alone, then beside endpoints that take the connection and never answer, with thousands of
events waiting for them. What counts is how much later its events arrive.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path
from statistics import quantiles
from threading import Thread

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from access.callers import Caller  # noqa: E402
from jobs.parent_death import die_with_parent  # noqa: E402
from tests.chaos.supervised import SupervisedWorker  # noqa: E402
from tests.task_rows import make_task  # noqa: E402
from tests.webhooks.receiver import Arrival, Receiver, Says  # noqa: E402
from webhooks.actions import create  # noqa: E402
from webhooks.catalog import TYPES  # noqa: E402
from webhooks.models import Delivery, Endpoint  # noqa: E402
from webhooks.payload import body_of_ping  # noqa: E402

WORKER_WITHIN_S = 300.0


class Timed(Receiver):
    """Notes when each event arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, float] = {}

    def arrived(self, arrival: Arrival) -> Says:
        task = json.loads(arrival.body)["data"].get("id", "")
        self.at.setdefault(task, time.monotonic())
        return super().arrived(arrival)


def main() -> None:
    die_with_parent()
    plan = json.loads(Path(sys.argv[1]).read_text())
    owner, facts = User.objects.create_user("owner"), {}
    worker = SupervisedWorker(Path(os.environ["PORTAL_DATA_DIR"]).parent / "worker.log")
    try:
        with Timed() as live:
            create(by=Caller(user=owner), url=f"{live.url}/live", types=TYPES)
            tell(owner, live, 3, WORKER_WITHIN_S)  # the worker has started
            facts["alone_p95_s"] = p95(tell(owner, live, plan["events"], 30.0))
            for count in plan["dead"]:
                with_dead(count, plan["waiting"] // count)
                facts[f"beside_{count}_p95_s"] = p95(tell(owner, live, plan["events"], 60.0))
                facts[f"tried_{count}"] = Delivery.objects.filter(endpoint__label="dead", attempts__gt=0).count()
                Endpoint.objects.filter(label="dead").delete()
    finally:
        worker.stop()
    Path(sys.argv[2]).write_text(json.dumps(facts))


def with_dead(count: int, waiting: int) -> None:
    """Make endpoints at sockets that take connections and say nothing, each with events that wait."""
    for number in range(count):
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        Thread(target=_take_all, args=(listener,), daemon=True).start()
        user = User.objects.create_user(f"dead-{count}-{number}")
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        endpoint, _ = create(by=Caller(user=user), url=url, label="dead", types=TYPES)
        now = timezone.now()
        body = body_of_ping(endpoint.pk, now)
        rows = [Delivery(endpoint=endpoint, event_id=uuid7(), type="ping", body=body, due_at=now, created_at=now) for _ in range(waiting)]
        Delivery.objects.bulk_create(rows, batch_size=500)


def _take_all(listener: socket.socket) -> None:
    held = []
    while True:
        held.append(listener.accept()[0])


def tell(owner: User, live: Timed, events: int, within_s: float) -> list[float]:
    """End a task each second. Return the seconds until each had arrived; `within_s` for one that did not."""
    ended = {}
    for _ in range(events):
        task = make_task(owner)
        task.cancel_unsent()
        ended[str(task.pk)] = time.monotonic()
        time.sleep(1.0)
    end = time.monotonic() + within_s
    while time.monotonic() < end and not ended.keys() <= live.at.keys():
        time.sleep(0.2)
    return [live.at.get(pk, at + within_s) - at for pk, at in ended.items()]


def p95(seconds: list[float]) -> float:
    return round(quantiles(seconds, n=20)[18], 2)


if __name__ == "__main__":
    main()
