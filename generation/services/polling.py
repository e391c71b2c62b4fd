"""Claims an account's due tasks and has its vendor asked about hundreds of them at once.

A job stays for a while and claims batch after batch: the next one while the last is on the wire; when other accounts wait for a worker
its turn is short. A dead poller loses nothing, because a claim is already the row's next appointment.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from concurrent import futures
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import quantiles
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from generation.models import GenerationTask
from generation.queue import POLL, is_crowded
from generation.services.appointments import claim_polls
from generation.services.dispatch import POLL_LEASE, poll_again
from generation.services.observe import observe
from providers.core.errors import ProviderError
from providers.core.types import Snapshot
from providers.models import ProviderAccount
from providers.poller import AccountPoller, Answers
from providers.sealing import SealBroken

__all__ = ["poll_account"]

log = logging.getLogger("generation.poll")

STAY_S = 20.0
TURN_S = 3.0
"""Stay this long while others wait."""
LOOK_ROUND_S = 0.5
BATCH = 256
BATCHES_ON_THE_WIRE = 2
IDLE_S = 0.25
LEAVE_AFTER_IDLE_S = 2.0
SANDBOX_POLL = timedelta(seconds=2)
UNKNOWN_MODEL_POLL = timedelta(seconds=10)


@dataclass(kw_only=True)
class Report:
    """What one job did; logged at its end, for people and benchmarks."""

    polls: int = 0
    writes: int = 0
    lags_s: list[float] = field(default_factory=list)

    def asked(self, tasks: list[GenerationTask], at: datetime) -> None:
        self.polls += len(tasks)
        self.lags_s.extend((at - task.due_at).total_seconds() for task in tasks if task.due_at)

    def __str__(self) -> str:
        cuts = quantiles(self.lags_s, n=20) if len(self.lags_s) > 1 else [0.0] * 19
        return f"polls={self.polls} writes={self.writes} lag_p50_s={cuts[9]:.3f} lag_p95_s={cuts[18]:.3f}"


def poll_account(account_id: UUID | str, *, linger_s: float = LEAVE_AFTER_IDLE_S) -> None:
    """Poll this account's due tasks until none has been due for `linger_s`, or the job's time is up."""
    account, report = ProviderAccount.objects.get(pk=account_id), Report()
    is_idle = True
    try:
        with AccountPoller(account, at_once=BATCH) as poller:
            is_idle = _Round(account, poller, report).run(linger_s)
    except SealBroken as broken:
        account.note_error(str(broken))
        log.error("account %s: %s", account.pk, broken)
        return  # the lease stays until its end: no need to look again sooner
    finally:
        log.info("account=%s %s", account.pk, report)
    if is_idle:
        ProviderAccount.objects.filter(pk=account.pk).update(poll_lease_until=None)
    else:
        poll_again(account)


class _Round:
    """One job's loop: claim, send, collect."""

    def __init__(self, account: ProviderAccount, poller: AccountPoller, report: Report) -> None:
        self.account, self.poller, self.report = account, poller, report
        self.flying: deque[tuple[list[GenerationTask], Future[Answers]]] = deque()
        self.began = time.monotonic()
        self.renewed = self.looked_at = 0.0
        self.crowded = False

    def run(self, linger_s: float) -> bool:
        """Returns whether nothing was left to ask; otherwise the turn is over and the account wants another."""
        idle_since, is_idle = time.monotonic(), False
        while not is_idle and not self._turn_is_over():
            self._keep_lease()
            sent = self._send_next()
            if sent or self.flying:
                idle_since = time.monotonic()
            else:
                is_idle = time.monotonic() - idle_since >= linger_s
            self._collect(wait=not sent)
        while self.flying:
            self._collect(wait=True)
        return is_idle

    def _turn_is_over(self) -> bool:
        stayed_s = time.monotonic() - self.began
        if stayed_s - self.looked_at > LOOK_ROUND_S:
            self.looked_at = stayed_s
            self.crowded = is_crowded(POLL)
        return stayed_s > (TURN_S if self.crowded else STAY_S)

    def _keep_lease(self) -> None:
        """Tell the clocks that somebody polls this account; when this process dies, they find out within the lease."""
        if time.monotonic() - self.renewed > POLL_LEASE.total_seconds() / 4:
            self.renewed = time.monotonic()
            ProviderAccount.objects.filter(pk=self.account.pk).update(poll_lease_until=timezone.now() + POLL_LEASE)

    def _send_next(self) -> bool:
        room = min(BATCH, self._allowance())
        if len(self.flying) >= BATCHES_ON_THE_WIRE or room <= 0:
            return False
        now = timezone.now()
        tasks = claim_polls(self.account, now=now, every=self._interval, limit=room)
        if not tasks:
            return False
        self.report.asked(tasks, now)
        self.flying.append((tasks, self.poller.ask([task.submission for task in tasks])))
        return True

    def _allowance(self) -> int:
        """Polls that the account's rate leaves us: it may have sent that many a second since we began."""
        elapsed = time.monotonic() - self.began + 1.0
        return int(elapsed * self.account.polls_per_second) - self.report.polls

    def _interval(self, task: GenerationTask) -> timedelta:
        if settings.POLL_EVERY_S:
            return timedelta(seconds=settings.POLL_EVERY_S)
        asked_for = task.spec.poll_every if task.spec else UNKNOWN_MODEL_POLL
        return min(asked_for, SANDBOX_POLL) if self.account.sandbox else asked_for

    def _collect(self, *, wait: bool) -> None:
        if not self.flying:
            time.sleep(IDLE_S)
            return
        while wait and not self.flying[0][1].done():
            self._keep_lease()  # a vendor that hangs must not look like a dead job and get a second worker
            futures.wait([self.flying[0][1]], timeout=1.0)
        if not self.flying[0][1].done():
            return
        tasks, future = self.flying.popleft()
        answers = future.result()
        self.report.writes += sum(_observed(task, answer) for task, answer in zip(tasks, answers, strict=True))
        self._note_health(answers)

    def _note_health(self, answers: Answers) -> None:
        errors = [answer for answer in answers if isinstance(answer, ProviderError)]
        if len(errors) < len(answers):
            self.account.note_ok()
        if errors:
            self.account.note_error(str(errors[-1]))


def _observed(task: GenerationTask, answer: Snapshot | ProviderError) -> bool:
    """One row that cannot be written must not hold up the others; the poll comes back to it."""
    try:
        return observe(task, answer)
    except Exception:
        log.exception("task %s: the answer could not be applied", task.pk)
        return False
