"""The door to django-q2: put a job on a cluster's queue, and the broker that hands it out. Rooms above know only `enqueue`.

Three clusters: `submit` (short calls that may cost money), `poll`, and `ingest` (long downloads), so that none starves another.
A message is only a doorbell with ids in it; what it means is in our own rows (docs/adr/0002). Each worker's clusters also listen on a
key of their own, where the worker's watchdog sends beats that no other machine can answer.
"""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta
from uuid import UUID

from django.db import close_old_connections, transaction
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

__all__ = [
    "CLUSTERS",
    "INGEST",
    "POLL",
    "SUBMIT",
    "PortalBroker",
    "beat_is_waiting",
    "drop_stale_beats",
    "enqueue",
    "instance_id",
    "send_beat",
]

SUBMIT, POLL, INGEST = "submit", "poll", "ingest"
CLUSTERS = (SUBMIT, POLL, INGEST)


def instance_id() -> str:
    """Which worker this process belongs to: given by `manage.py worker` to its children, otherwise made from host and process id."""
    return os.environ.get("PORTAL_INSTANCE") or f"{socket.gethostname()[:40]}:{os.getpid()}"


def enqueue(cluster: str, job: str, *ids: UUID | int | str) -> None:
    """Ring for `generation.jobs.<job>(*ids)`. Joins the caller's transaction. Only ids travel: payloads are signed pickles."""
    async_task(f"generation.jobs.{job}", *[str(i) if isinstance(i, UUID) else i for i in ids], cluster=cluster)


class PortalBroker(ORM):  # type: ignore[misc]
    """django-q2's ORM broker with SKIP LOCKED on PostgreSQL, where stock clusters collide, and beats ahead of other messages."""

    def dequeue(self) -> list[tuple[int, str]] | None:
        close_old_connections()
        keys = [self.list_key, private_key(self.list_key, instance_id())]
        waiting = OrmQ.objects.filter(key__in=keys, lock__lt=timezone.now()).order_by("-key", "lock")
        if not waiting.exists():  # asked without a write lock: on SQLite an idle cluster must not hold up the others
            time.sleep(Conf.POLL)
            return None
        with transaction.atomic():
            rows = list(waiting.select_for_update(skip_locked=True).values_list("pk", "payload")[: Conf.BULK])
            OrmQ.objects.filter(pk__in=[pk for pk, _ in rows]).update(lock=timezone.now() + timedelta(seconds=Conf.RETRY))
        return rows or None


def private_key(cluster: str, instance: str) -> str:
    """The key that only this worker's cluster listens on; sorts behind the cluster's own key, so descending order serves it first."""
    return f"{cluster}@{instance}"


def send_beat(cluster: str, instance: str) -> None:
    """A message that does nothing. That it is gone again shows that this very cluster takes, runs and acknowledges work."""
    async_task("generation.jobs.beat", cluster=private_key(cluster, instance))


def beat_is_waiting(cluster: str, instance: str) -> bool:
    """A beat has not been acknowledged yet."""
    return bool(OrmQ.objects.filter(key=private_key(cluster, instance)).exists())


def drop_stale_beats(older_than: timedelta = timedelta(minutes=10)) -> int:
    """Beats of workers that are gone: nobody else listens on their keys. Returns how many."""
    stale = OrmQ.objects.filter(key__contains="@", lock__lt=timezone.now() - older_than)
    return int(stale.delete()[0])
