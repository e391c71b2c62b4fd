"""The only code that speaks to django-q2's queue: put a job on it, and the broker that hands it out.

Four clusters: `submit` (short calls that may cost money), `poll`, `ingest` (long downloads) and `deliver` (requests to other people's
servers), so that none starves another.
A message has only the name of a job and ids; everything else is in the rows (docs/adr/0002). Each worker's clusters also listen on a
private key, to which the worker's watchdog sends beats that no other machine can answer.

A message that a cluster has taken gets a key that names its holder, so that the successor of a dead cluster gets its messages at once and
not when their time is up. A message may come twice: the row's fence decides.
"""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import Failure, OrmQ
from django_q.tasks import async_task

from database import clock
from jobs.parent_death import is_alive
from jobs.wiring import BEAT

__all__ = [
    "CLUSTERS",
    "DELIVER",
    "INGEST",
    "POLL",
    "SUBMIT",
    "PortalBroker",
    "ahead_in",
    "beat_is_waiting",
    "drop_beats",
    "drop_stale_messages",
    "enqueue",
    "instance_id",
    "is_crowded",
    "is_dead_here",
    "is_waiting",
    "old_failures",
    "open_beats_wait",
    "release_of_the_dead",
    "send_beat",
    "send_open_beat",
    "waiting",
    "workers_of",
]

SUBMIT, POLL, INGEST, DELIVER = "submit", "poll", "ingest", "deliver"
CLUSTERS = (SUBMIT, POLL, INGEST, DELIVER)
HELD_FOR = timedelta(seconds=60)
"""`is_crowded` does not count messages that were taken longer ago: their worker has died."""
STALE_AFTER = timedelta(minutes=10)


def instance_id() -> str:
    """Return the worker that this process belongs to: set by `manage.py worker` for its children, otherwise host and process id."""
    return os.environ.get("PORTAL_INSTANCE") or f"{socket.gethostname()[:40]}:{os.getpid()}"


def enqueue(cluster: str, job: str, *ids: UUID | int | str) -> None:
    """Put the job of this name in the wiring on the queue. Joins the caller's transaction. Only ids travel: payloads are signed pickles."""
    async_task("jobs.run", job, *[str(i) if isinstance(i, UUID) else i for i in ids], cluster=cluster)


def ahead_in(cluster: str) -> str:
    """Return the queue that the cluster serves before its own: it sorts after the cluster's key and before a beat's; the last is first."""
    return f"{cluster}!"


def workers_of(cluster: str) -> int:
    """Return how many processes of one machine take this cluster's messages."""
    return _setting(cluster, "workers")


def _setting(cluster: str, name: str) -> int:
    main: dict[str, Any] = settings.Q_CLUSTER
    return int(main["ALT_CLUSTERS"].get(cluster, main)[name])


def is_crowded(cluster: str) -> bool:
    """Return whether there are more messages than this machine's workers can hold, so that some wait."""
    retry = timedelta(seconds=_setting(cluster, "retry"))
    lately = Q(key=held_key(cluster, instance_id()), lock__gt=clock.now() + retry - HELD_FOR)
    return int(OrmQ.objects.filter(Q(key=cluster) | lately).count()) > workers_of(cluster)


def is_waiting(cluster: str) -> bool:
    """Return whether a message waits that no worker of this cluster has taken."""
    return bool(OrmQ.objects.filter(key=cluster).exists())


def waiting() -> dict[str, int]:
    """Return by cluster how many messages wait that no worker has taken; a cluster without one is left out."""
    return dict(OrmQ.objects.filter(key__in=CLUSTERS).order_by().values_list("key").annotate(Count("pk")))


class PortalBroker(ORM):  # type: ignore[misc]
    """django-q2's ORM broker with SKIP LOCKED on PostgreSQL, where stock clusters collide. Serves beats first, then the queue ahead."""

    _released_by = 0

    def enqueue(self, task: str) -> int:
        """Store a message, as the ORM broker does, but with the database's time, with which workers on other machines compare it."""
        return int(self.get_connection().create(key=self.list_key, payload=task, lock=clock.now()).pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        if not connection.in_atomic_block:
            close_old_connections()
        me, served = instance_id(), (self.list_key, ahead_in(self.list_key))
        if self._released_by != os.getpid():  # its predecessor died, and may have held messages that reached no worker
            self._released_by = os.getpid()
            for key in served:
                release(key, me)
        waiting = OrmQ.objects.filter(key__in=[*served, private_key(self.list_key, me)], lock__lt=clock.now()).order_by("-key", "lock")
        if not waiting.exists():  # asked without a write lock: on SQLite an idle cluster must not hold up the others
            time.sleep(Conf.POLL)
            return None
        # Beats keep their key, where the watchdog looks for them.
        held = Case(*(When(key=key, then=Value(held_key(key, me))) for key in served), default=F("key"))
        with transaction.atomic():
            rows = list(waiting.select_for_update(skip_locked=True).values_list("pk", "payload")[: Conf.BULK])
            taken = OrmQ.objects.filter(pk__in=[pk for pk, _ in rows])
            taken.update(key=held, lock=clock.now() + timedelta(seconds=Conf.RETRY))
        return rows or None


def private_key(cluster: str, instance: str) -> str:
    """Return the key that only this worker's cluster listens on; it sorts after the cluster's key, so descending order serves it first."""
    return f"{cluster}@{instance}"


def held_key(key: str, instance: str) -> str:
    """Return the key of messages that this worker's cluster has taken from this one."""
    return f"{key}#{instance}"


def release(key: str, instance: str) -> int:
    """Put the messages that a dead process held back under their key. Return how many."""
    return int(OrmQ.objects.filter(key=held_key(key, instance)).update(key=key, lock=clock.now()))


def release_of_the_dead() -> int:
    """Put the messages of all workers back that ran on this machine and whose process is gone. Return how many."""
    count = 0
    for held in OrmQ.objects.filter(key__contains="#").values_list("key", flat=True).distinct():
        key, instance = held.split("#", 1)
        if is_dead_here(instance):
            count += release(key, instance)
    return count


def is_dead_here(instance: str) -> bool:
    """Return whether this worker ran on this machine and its process is gone. Of other machines' workers nothing is known."""
    host, _, pid = instance.rpartition(":")
    return host == socket.gethostname()[:40] and pid.isdecimal() and not is_alive(int(pid))


def send_beat(cluster: str, instance: str) -> None:
    """Send a message that does nothing. When it is gone, this cluster has taken, run and acknowledged it."""
    async_task("jobs.run", BEAT, cluster=private_key(cluster, instance))


def beat_is_waiting(cluster: str, instance: str) -> bool:
    """Return whether a beat has not been acknowledged yet."""
    return bool(OrmQ.objects.filter(key=private_key(cluster, instance)).exists())


def drop_beats(cluster: str, instance: str) -> None:
    """Delete beats that a cluster's predecessor did not answer: the new one must not be judged by them."""
    OrmQ.objects.filter(key=private_key(cluster, instance)).delete()


def send_open_beat(cluster: str) -> list[int]:
    """Send a beat that any worker of this cluster may answer. Return its number, perhaps among others of the same moment."""
    before = _newest()
    enqueue(cluster, BEAT)
    return list(OrmQ.objects.filter(key=cluster, pk__gt=before, pk__lte=_newest()).values_list("pk", flat=True))


def _newest() -> int:
    return OrmQ.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def open_beats_wait(numbers: list[int]) -> bool:
    """Return whether any of these beats has not been done."""
    return bool(OrmQ.objects.filter(pk__in=numbers).exists())


def drop_stale_messages() -> int:
    """Delete beats of workers that are gone and messages that died with their holder: rows bring the work back. Return how many."""
    stale = OrmQ.objects.filter(Q(key__contains="@") | Q(key__contains="#"), lock__lt=clock.now() - STALE_AFTER)
    return int(stale.delete()[0])


def old_failures(before: datetime) -> QuerySet[Failure]:
    """Return the results of jobs that failed before this time; the log has them too."""
    return Failure.objects.filter(stopped__lt=before)  # type: ignore[no-any-return]
