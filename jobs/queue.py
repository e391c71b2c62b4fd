"""The only code that speaks to django-q2's queue: put a job on it, and the broker that hands it out.

Three clusters: `submit` (short calls that may cost money), `poll`, and `ingest` (long downloads), so that none starves another.
A message is only a doorbell with ids in it; what it means is in our own rows (docs/adr/0002). Each worker's clusters also listen on a
key of their own, where the worker's watchdog sends beats that no other machine can answer.

A message that a cluster has taken stands under a key that names its holder, so that what a dead cluster held is handed out at once to
its successor and not when the message's own time is up. Coming twice is harmless: the row's fence decides.
"""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import Case, F, Q, Value, When
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from database import clock
from jobs.parent_death import is_alive
from jobs.wiring import BEAT

__all__ = [
    "CLUSTERS",
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
    "open_beats_wait",
    "release_of_the_dead",
    "send_beat",
    "send_open_beat",
    "workers_of",
]

SUBMIT, POLL, INGEST = "submit", "poll", "ingest"
CLUSTERS = (SUBMIT, POLL, INGEST)
HELD_FOR = timedelta(seconds=60)
"""A message that was taken longer ago died with its worker, as far as crowds are concerned."""


def instance_id() -> str:
    """Which worker this process belongs to: given by `manage.py worker` to its children, otherwise made from host and process id."""
    return os.environ.get("PORTAL_INSTANCE") or f"{socket.gethostname()[:40]}:{os.getpid()}"


def enqueue(cluster: str, job: str, *ids: UUID | int | str) -> None:
    """Put the job of this name in the wiring on the queue. Joins the caller's transaction. Only ids travel: payloads are signed pickles."""
    async_task("jobs.run", job, *[str(i) if isinstance(i, UUID) else i for i in ids], cluster=cluster)


def ahead_in(cluster: str) -> str:
    """A queue that the cluster serves before its own; sorts behind the cluster's key and before a beat's, and highest goes first."""
    return f"{cluster}!"


def workers_of(cluster: str) -> int:
    """How many processes of one machine take this cluster's messages."""
    return _setting(cluster, "workers")


def _setting(cluster: str, name: str) -> int:
    main: dict[str, Any] = settings.Q_CLUSTER
    return int(main["ALT_CLUSTERS"].get(cluster, main)[name])


def is_crowded(cluster: str) -> bool:
    """More messages than this machine's workers can have in hand: somebody waits for a turn."""
    retry = timedelta(seconds=_setting(cluster, "retry"))
    lately = Q(key=held_key(cluster, instance_id()), lock__gt=clock.now() + retry - HELD_FOR)
    return int(OrmQ.objects.filter(Q(key=cluster) | lately).count()) > workers_of(cluster)


class PortalBroker(ORM):  # type: ignore[misc]
    """django-q2's ORM broker with SKIP LOCKED on PostgreSQL, where stock clusters collide. First beats, then what was put ahead."""

    _released_by = 0

    def enqueue(self, task: str) -> int:
        """As the ORM broker does, by the database's time: workers on other machines compare with it."""
        return int(self.get_connection().create(key=self.list_key, payload=task, lock=clock.now()).pk)

    def dequeue(self) -> list[tuple[int, str]] | None:
        if not connection.in_atomic_block:
            close_old_connections()
        self._release_once()
        keys = [self.list_key, ahead_in(self.list_key), private_key(self.list_key, instance_id())]
        waiting = OrmQ.objects.filter(key__in=keys, lock__lt=clock.now()).order_by("-key", "lock")
        if not waiting.exists():  # asked without a write lock: on SQLite an idle cluster must not hold up the others
            time.sleep(Conf.POLL)
            return None
        with transaction.atomic():
            rows = list(waiting.select_for_update(skip_locked=True).values_list("pk", "payload")[: Conf.BULK])
            self._hold([pk for pk, _ in rows])
        return rows or None

    def _hold(self, ids: list[int]) -> None:
        """Beats keep their key: the watchdog looks for them there."""
        served = (self.list_key, ahead_in(self.list_key))
        held = Case(*(When(key=key, then=Value(held_key(key, instance_id()))) for key in served), default=F("key"))
        OrmQ.objects.filter(pk__in=ids).update(key=held, lock=clock.now() + timedelta(seconds=Conf.RETRY))

    def _release_once(self) -> None:
        """The first time that a process asks: the one before it died, and may have had messages in hand that reached no worker."""
        if self._released_by != os.getpid():
            self._released_by = os.getpid()
            for key in (self.list_key, ahead_in(self.list_key)):
                release(key, instance_id())


def private_key(cluster: str, instance: str) -> str:
    """The key that only this worker's cluster listens on; sorts behind the cluster's own key, so descending order serves it first."""
    return f"{cluster}@{instance}"


def held_key(key: str, instance: str) -> str:
    """Where the messages of this key stand that this worker's cluster has taken."""
    return f"{key}#{instance}"


def release(key: str, instance: str) -> int:
    """Hand out again, under the key that they had, the messages that a dead process held. Returns how many."""
    return int(OrmQ.objects.filter(key=held_key(key, instance)).update(key=key, lock=clock.now()))


def release_of_the_dead() -> int:
    """The same for workers of this machine that are gone. Returns how many."""
    held = OrmQ.objects.filter(key__contains="#").values_list("key", flat=True).distinct()
    return sum(release(*key.split("#", 1)) for key in held if _is_dead(key.partition("#")[2]))


def _is_dead(instance: str) -> bool:
    """Surely: it ran on this machine and its process is gone."""
    host, _, pid = instance.rpartition(":")
    return host == socket.gethostname()[:40] and pid.isdecimal() and not is_alive(int(pid))


def send_beat(cluster: str, instance: str) -> None:
    """A message that does nothing. That it is gone again shows that this very cluster takes, runs and acknowledges work."""
    async_task("jobs.run", BEAT, cluster=private_key(cluster, instance))


def beat_is_waiting(cluster: str, instance: str) -> bool:
    """A beat has not been acknowledged yet."""
    return bool(OrmQ.objects.filter(key=private_key(cluster, instance)).exists())


def drop_beats(cluster: str, instance: str) -> None:
    """A cluster that is started anew must not be judged by the beat that its predecessor did not answer."""
    OrmQ.objects.filter(key=private_key(cluster, instance)).delete()


def send_open_beat(cluster: str) -> list[int]:
    """A beat that any worker of this cluster may answer. Returns its number, perhaps among others of the same moment."""
    before = _newest()
    enqueue(cluster, BEAT)
    return list(OrmQ.objects.filter(key=cluster, pk__gt=before, pk__lte=_newest()).values_list("pk", flat=True))


def _newest() -> int:
    return OrmQ.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def open_beats_wait(numbers: list[int]) -> bool:
    """Not all of them have been done."""
    return bool(OrmQ.objects.filter(pk__in=numbers).exists())


def drop_stale_messages(older_than: timedelta = timedelta(minutes=10)) -> int:
    """Beats of workers that are gone, and messages that died with their holder: rows bring their work back. Returns how many."""
    stale = OrmQ.objects.filter(Q(key__contains="@") | Q(key__contains="#"), lock__lt=clock.now() - older_than)
    return int(stale.delete()[0])
