"""What the running portal measures of itself, read from its rows: the same figures for /metrics and for the System page.

Rows are shared by all machines and outlive processes, so any web process gives the same figures, and none is lost in a restart
(docs/adr/0066). Nothing here writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Min, Sum
from django.utils.translation import gettext_noop as _

from access.ledger_models import Reservation
from access.money import decimal
from database import clock
from database.batches import first_id
from events.models import EventDelivery
from generation.lifecycle import LIVE, TERMINAL
from generation.models import Attempt, GenerationTask, LiveWorker, LostFile, Video
from generation.ordering.room import free_bytes
from generation.scheduling.concurrency import usage_of
from generation.scheduling.savers import count_expiring
from generation.scheduling.stop_switch import current_stop
from jobs import queue
from providers.core.catalog import vendor_of
from providers.models import ProviderAccount
from webhooks.models import Delivery, State

__all__ = ["OVERDUE", "Measure", "event_lag_s", "read_measures"]

LATELY = timedelta(hours=1)
OVERDUE = timedelta(minutes=2)
"""A task that has been due for this long, and that nobody holds, waits for a worker."""
SAMPLE = 10_000
"""The newest tasks from which times are worked out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """A figure of now, or of the last hour if its name says so; or one for each value of its labels.

    `name` is Prometheus's without `portal_`, and has the unit where there is one; `says` is English, translated where it is shown.
    """

    name: str
    says: str
    values: Mapping[tuple[str, ...], float]
    labels: tuple[str, ...] = ()

    @property
    def value(self) -> float:
        """Return the figure of a measure without labels, or the sum of the figures."""
        return sum(self.values.values())


def read_measures() -> dict[str, Measure]:
    """Read all figures, by name, in about twenty queries, each over an index. One that has nothing to say has no values."""
    now = clock.now()
    parts = (_tasks(now), _submits(now), _renders(now), _accounts(now), _money(now), _events(now), _machines(now), _files(now))
    return {one.name: one for part in parts for one in part}


def event_lag_s(now: datetime) -> float:
    """Return for how many seconds an event has waited to be handed on, or a webhook to an endpoint without trouble; the longest of them."""
    return max(_lag(now, EventDelivery.objects.filter(due_at__lte=now).aggregate(first=Min("due_at"))["first"]), _webhooks(now)[1])


def _webhooks(now: datetime) -> tuple[int, float]:
    due = Delivery.objects.filter(state=State.PENDING, due_at__lte=now, endpoint__enabled=True, endpoint__failures=0)
    found = due.aggregate(n=Count("pk"), first=Min("due_at"))
    return found["n"], _lag(now, found["first"])


def _one(name: str, says: str, value: float) -> Measure:
    return Measure(name=name, says=says, values={(): float(value)})


def _tasks(now: datetime) -> Iterator[Measure]:
    rows = GenerationTask.objects.live().order_by().values_list("status").annotate(Count("pk"), Min("created_at"))
    found = {status: (count, (now - first).total_seconds()) for status, count, first in rows}
    yield Measure(
        name="tasks",
        says=_("Unfinished tasks"),
        labels=("state",),
        values={(status.value,): found.get(status.value, (0, 0))[0] for status in LIVE},
    )
    yield Measure(
        name="oldest_task_seconds",
        says=_("Time since the oldest unfinished task was ordered"),
        labels=("state",),
        values={(status,): age for status, (_count, age) in found.items()},
    )
    overdue = GenerationTask.objects.overdue(now, OVERDUE).count()
    yield _one("tasks_overdue", _("Started tasks that have been due for more than two minutes and that no worker holds"), overdue)


def _submits(now: datetime) -> Iterator[Measure]:
    lately = Attempt.objects.filter(pk__gte=first_id(now - LATELY)).order_by().values_list("account__vendor", "dispatch", "error_code")
    outcomes, errors = defaultdict[tuple[str, ...], float](float), defaultdict[tuple[str, ...], float](float)
    for vendor, dispatch, code, count in lately.annotate(Count("pk")):
        outcomes[vendor, dispatch] += count
        if code:
            errors[vendor, code] += count
    yield Measure(
        name="submits_last_hour", says=_("Paid requests of the last hour, by outcome"), labels=("vendor", "outcome"), values=outcomes
    )
    yield Measure(
        name="submit_errors_last_hour", says=_("Paid requests of the last hour that failed"), labels=("vendor", "code"), values=errors
    )


def _renders(now: datetime) -> Iterator[Measure]:
    """Measure what ended in the last hour, and how long its parts took."""
    ended = GenerationTask.objects.filter(updated_at__gte=now - LATELY, finished_at__gte=now - LATELY, status__in=TERMINAL)
    counts = defaultdict[tuple[str, ...], float](float)
    answers, renders, saves = (defaultdict[str, list[float]](list) for _part in range(3))
    fields = ("model", "status", "submitted_at", "accepted_at", "rendered_at", "finished_at")
    for model, status, submitted, accepted, rendered, finished in ended.order_by("-updated_at").values_list(*fields)[:SAMPLE]:
        vendor = vendor_of(model)
        counts[vendor, status] += 1
        for times, begin, end in ((answers, submitted, accepted), (renders, accepted, rendered), (saves, rendered, finished)):
            if begin and end and end >= begin:
                times[vendor].append((end - begin).total_seconds())
    yield Measure(name="tasks_ended_last_hour", says=_("Tasks that ended in the last hour"), labels=("vendor", "state"), values=counts)
    yield _times("vendor_answer_seconds", _("How long vendors took to accept a request, in the last hour"), answers)
    yield _times("render_seconds", _("How long vendors rendered, in the last hour"), renders)
    yield _times("save_seconds", _("How long it took to save a finished video, in the last hour"), saves)


def _times(name: str, says: str, times: Mapping[str, list[float]]) -> Measure:
    """Return the median and the 95th percentile for each vendor, in seconds."""
    found: dict[tuple[str, ...], float] = {}
    for vendor, seconds in times.items():
        found[vendor, "0.5"] = median(seconds)
        found[vendor, "0.95"] = sorted(seconds)[len(seconds) * 95 // 100]
    return Measure(name=name, says=says, labels=("vendor", "quantile"), values=found)


def _accounts(now: datetime) -> Iterator[Measure]:
    accounts = list(ProviderAccount.objects.enabled())
    usage = usage_of(accounts, now)
    keys = {account.pk: (account.vendor, account.label) for account in accounts}
    labels = ("vendor", "account")
    yield Measure(
        name="account_slots",
        says=_("Renders that an account may have at the vendor at one time"),
        labels=labels,
        values={keys[account.pk]: account.max_in_flight for account in accounts},
    )
    yield Measure(
        name="account_slots_used",
        says=_("Renders that an account has at the vendor"),
        labels=labels,
        values={keys[pk]: used.slots for pk, used in usage.items()},
    )
    yield Measure(
        name="account_resting",
        says=_("Accounts that take nothing for a while, because they failed"),
        labels=labels,
        values={keys[account.pk]: float(account.cooldown_until is not None) for account in accounts},
    )
    yield _one("paid_submits_stopped", _("Whether all paid requests are stopped"), current_stop() is not None)


def _money(now: datetime) -> Iterator[Measure]:
    opened = Reservation.objects.filter(closed_at=None)
    waits = Reservation.objects.filter(waits=True).aggregate(n=Count("pk"), sum=Sum("reserved"))
    today = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    spent = Reservation.objects.filter(day=today).aggregate(sum=Sum("settled"))
    yield _amount("money_reserved", _("Money that is set aside for renders under way"), opened.aggregate(sum=Sum("reserved"))["sum"])
    yield _amount("money_in_doubt", _("Money of requests of which nobody knows whether they were charged"), waits["sum"])
    yield _amount("money_spent_today", _("What the renders that were ordered today have cost so far"), spent["sum"])
    yield _one("requests_in_doubt", _("Requests of which nobody knows whether they were charged"), waits["n"])


def _amount(name: str, says: str, micro: int | None) -> Measure:
    return Measure(name=name, says=says, labels=("currency",), values={(settings.CURRENCY,): float(decimal(micro or 0))})


def _events(now: datetime) -> Iterator[Measure]:
    rows = list(EventDelivery.objects.filter(due_at__lte=now).order_by().values_list("consumer").annotate(Count("pk"), Min("due_at")))
    yield Measure(
        name="outbox_waiting",
        says=_("Events that wait to be handed on"),
        labels=("consumer",),
        values={(name,): count for name, count, _first in rows},
    )
    lag = max((_lag(now, first) for _name, _count, first in rows), default=0.0)
    yield _one("outbox_lag_seconds", _("How long the oldest event has waited to be handed on"), lag)
    count, webhook_lag_s = _webhooks(now)
    yield _one("webhooks_waiting", _("Webhooks that are due at endpoints without trouble"), count)
    yield _one("webhook_lag_seconds", _("How long the oldest of these webhooks has been due"), webhook_lag_s)
    messages = queue.waiting()
    yield Measure(
        name="queue_messages",
        says=_("Jobs that wait for a process of a worker"),
        labels=("cluster",),
        values={(cluster,): messages.get(cluster, 0) for cluster in queue.CLUSTERS},
    )


def _lag(now: datetime, first: datetime | None) -> float:
    return max((now - first).total_seconds(), 0.0) if first else 0.0


def _machines(now: datetime) -> Iterator[Measure]:
    alive = LiveWorker.objects.alive(now)
    yield _one("workers", _("Workers that reported in the last seconds"), alive.count())
    yield _one("workers_silent", _("Workers that stopped reporting without being stopped"), LiveWorker.objects.silent(now).count())
    yield _one("submit_processes", _("Processes that can send paid requests"), LiveWorker.objects.submit_processes(now))
    yield Measure(
        name="disk_free_bytes",
        says=_("Free space on the disks of this web process"),
        labels=("folder",),
        values={(str(folder),): float(size) for folder, size in free_bytes().items()},
    )


def _files(now: datetime) -> Iterator[Measure]:
    new = Video.objects.filter(pk__gte=first_id(now - LATELY)).aggregate(sum=Sum("size_bytes"))
    yield _one("downloaded_bytes_last_hour", _("Size of the videos that were saved in the last hour"), new["sum"] or 0)
    yield _one("videos_expiring", _("Finished videos that are not saved and end at the vendor soon"), count_expiring(now)[0])
    yield _one("files_lost", _("Stored files that are missing or changed"), LostFile.objects.count())
