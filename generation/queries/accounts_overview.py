"""What an administrator checks first when videos do not start: what each account is doing, and what stops all of them. Read only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from generation.lifecycle import Status
from generation.models import GenerationTask, LiveWorker
from generation.models.switch import Stop
from generation.scheduling.concurrency import Usage, usage_of
from generation.scheduling.stop_switch import current_stop
from providers.core.catalog import vendor_of
from providers.models import ProviderAccount

__all__ = ["AccountsOverview", "overview_of"]


@dataclass(frozen=True, kw_only=True)
class AccountsOverview:
    """The state of all accounts. `waiting` are queued tasks by vendor; `workers` is the number of processes that take submits now."""

    usage: dict[UUID, Usage]
    waiting: Counter[str]
    workers: int
    stop: Stop | None


def overview_of(accounts: Sequence[ProviderAccount], now: datetime) -> AccountsOverview:
    """Read the overview in seven queries, however many accounts and tasks there are."""
    waiting: Counter[str] = Counter()
    rows = GenerationTask.objects.filter(status=Status.QUEUED).order_by().values("model").annotate(count=Count("pk"))
    for model, count in rows.values_list("model", "count"):
        waiting[vendor_of(model)] += count
    return AccountsOverview(
        usage=usage_of(accounts, now),
        waiting=waiting,
        workers=LiveWorker.objects.submit_processes(now),
        stop=current_stop(),
    )
