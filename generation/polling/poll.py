"""Polls an account's due tasks, hundreds of them at once.

A job stays for a while and leases batch after batch while the last ones are on the wire; when other accounts wait for a worker its turn is
short. A dead poller loses nothing, because leasing a row already schedules its next poll.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import quantiles
from uuid import UUID

from django.conf import settings

from database import clock
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.polling.outcome import is_old_news, observe
from generation.polling.schedule import ScheduledPoll, put_off, take_due_polls
from generation.scheduling.enqueue import POLL_LEASE, poll_again
from jobs.queue import POLL, is_crowded
from providers.accounts.poller import AccountPoller
from providers.accounts.sealing import SealBroken
from providers.core.errors import ProviderDown, ProviderError
from providers.core.messages import Message
from providers.core.polling import Answer
from providers.core.types import Snapshot
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

__all__ = ["Patience", "poll_account"]

log = logging.getLogger("generation.poll")

BATCH = 256
MOST_ON_THE_WIRE = 512
PAUSE_S = 0.1
"""Between leases, unless the last one was full: a lease costs as much as ten polls, however few rows it finds."""
NOTE_EVERY_S = 1.0
REPORT_EVERY_S = 10.0
LATE_S = 1.0
SANDBOX_POLL = timedelta(seconds=2)
UNKNOWN_MODEL_POLL = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a job stays with its account."""

    stay_s: float = 18.0
    turn_s: float = 3.0
    """Stay this long while others wait."""
    linger_s: float = 2.0
    """Leave when nothing has been due for this long."""
    hand_over_s: float = 3.0
    """Go on for at most this long until the next turn's job begins: a worker takes some tenths of a second for that."""
    last_answers_s: float = 2.0
    """Wait this long for what is still on the wire when the turn is over."""
    look_round_s: float = 0.5
    """Look this often whether others wait."""


USUAL = Patience()


@dataclass(kw_only=True)
class Report:
    """What a job did since its last line in the log; for people and benchmarks. The lag is the time from due to asked."""

    polls: int = 0
    writes: int = 0
    lags_s: list[float] = field(default_factory=list)

    def asked(self, rows: list[ScheduledPoll], at: datetime) -> None:
        self.polls += len(rows)
        self.lags_s.extend((at - row.due_at).total_seconds() for row in rows)

    def __str__(self) -> str:
        cuts = quantiles(self.lags_s, n=20) if len(self.lags_s) > 1 else [0.0] * 19
        late = sum(lag_s > LATE_S for lag_s in self.lags_s)
        return f"polls={self.polls} writes={self.writes} late={late} lag_p50_s={cuts[9]:.3f} lag_p95_s={cuts[18]:.3f}"


def poll_account(account_id: UUID | str, *, patience: Patience = USUAL) -> None:
    """Poll this account's due tasks until none has been due for a while, or the job's time is up."""
    account = ProviderAccount.objects.get(pk=account_id)
    try:
        with AccountPoller(account, at_once=BATCH) as poller:
            _note_why_not_asked(account, Message())
            is_idle = _Turn(account, poller, patience).take()
    except SealBroken as broken:
        account.note_error(str(broken))
        _note_why_not_asked(account, broken.words)
        log.error("account %s: %s", account.pk, broken)
        return  # the lease stays until its end: no need to look again sooner
    if is_idle:
        ProviderAccount.objects.filter(pk=account.pk).update(poll_lease_until=None)


def _note_why_not_asked(account: ProviderAccount, why: Message) -> None:
    """Let the account's renders say why nobody asks about them; empty when somebody does. Their rows are otherwise untouched."""
    others = GenerationTask.objects.filter(account=account, status=Status.RUNNING).exclude(wait_reason=why)
    others.update(wait_reason=why, updated_at=clock.now())


class _Turn:
    """One job's time with an account: it leases rows, asks and applies answers, again and again."""

    def __init__(self, account: ProviderAccount, poller: AccountPoller, patience: Patience) -> None:
        self.account, self.poller, self.patience, self.report = account, poller, patience, Report()
        self.on_the_wire: dict[str, ScheduledPoll] = {}
        self.polls = 0
        self.began = self.reported_at = time.monotonic()
        self.lease_at = self.renewed_at = self.looked_at = self.ok_noted_at = self.error_noted_at = 0.0
        self.crowded = False

    def take(self) -> bool:
        """Poll until the time is up. Return whether nothing was left to ask; otherwise the account's next turn is enqueued."""
        try:
            is_idle = self._stay()
            if not is_idle:
                self._hand_over()
                self._end()
        finally:
            self._log_report()
        return is_idle

    def _stay(self) -> bool:
        busy_at = time.monotonic()
        while time.monotonic() - self.began <= (self.patience.turn_s if self._others_wait() else self.patience.stay_s):
            self._keep_lease()
            if time.monotonic() - self.reported_at > REPORT_EVERY_S:
                self._log_report()
            leased = self._ask_next()
            if leased or self.on_the_wire:
                busy_at = time.monotonic()
            elif time.monotonic() - busy_at >= self.patience.linger_s:
                return True
            if leased < BATCH:
                self._apply_answers()
        return False

    def _hand_over(self) -> None:
        """Enqueue the account's next turn, and go on until it has begun, or somebody else wants this worker."""
        enqueued_until = poll_again(self.account)
        lease = ProviderAccount.objects.values_list("poll_lease_until", flat=True).filter(pk=self.account.pk)
        end = time.monotonic() + self.patience.hand_over_s
        while time.monotonic() < end and not self._others_wait() and lease.get() == enqueued_until:
            self._ask_next()
            self._apply_answers()

    def _end(self) -> None:
        """Take the last answers. While others wait, ask a vendor that gave none less often, so that it does not take turn after turn."""
        end = time.monotonic() + self.patience.last_answers_s
        while self.on_the_wire and time.monotonic() < end:
            self._apply_answers()
        if self._others_wait():
            silent = ProviderDown("No answer before others had to be asked.")
            self._apply([(row, silent) for row in self.on_the_wire.values()])

    def _log_report(self) -> None:
        if self.report.polls:
            log.info("account=%s %s", self.account.pk, self.report)
        self.report, self.reported_at = Report(), time.monotonic()

    def _others_wait(self) -> bool:
        if time.monotonic() - self.looked_at > self.patience.look_round_s:
            self.looked_at = time.monotonic()
            self.crowded = is_crowded(POLL)
        return self.crowded

    def _keep_lease(self) -> None:
        """Show the clocks that somebody polls this account; when this process dies, they find out within the lease."""
        if time.monotonic() - self.renewed_at > POLL_LEASE.total_seconds() / 4:
            self.renewed_at = time.monotonic()
            ProviderAccount.objects.filter(pk=self.account.pk).update(poll_lease_until=clock.now() + POLL_LEASE)

    def _ask_next(self) -> int:
        """Lease and send, unless it is too soon. Return how many rows were due."""
        allowed = int((time.monotonic() - self.began + 1.0) * self.account.polls_per_second) - self.polls
        room = min(BATCH, MOST_ON_THE_WIRE - len(self.on_the_wire), allowed)
        if time.monotonic() < self.lease_at or room <= 0:
            return 0
        now = clock.now()
        rows = take_due_polls(self.account, now=now, every=self._interval, limit=room)
        self.lease_at = time.monotonic() + (0.0 if len(rows) == BATCH else PAUSE_S)
        to_ask = [row for row in rows if row.submission_id not in self.on_the_wire]
        if to_ask:
            self.polls += len(to_ask)
            self.report.asked(to_ask, now)
            self.on_the_wire |= {row.submission_id: row for row in to_ask}
            self.poller.ask([row.submission for row in to_ask])
        return len(rows)

    def _interval(self, model: str) -> timedelta:
        if settings.POLL_EVERY_S:
            return timedelta(seconds=settings.POLL_EVERY_S)
        spec = ALL_MODELS.get(model)
        asked_for = spec.poll_every if spec else UNKNOWN_MODEL_POLL
        return min(asked_for, SANDBOX_POLL) if self.account.sandbox else asked_for

    def _apply_answers(self) -> None:
        """Apply the answers that have come; wait a little, until it is time for the next lease."""
        pause_s = self.lease_at - time.monotonic()
        answered = self.poller.answers(within_s=pause_s if pause_s > 0 else PAUSE_S)
        self._apply([(self.on_the_wire.pop(submission.id), answer) for submission, answer in answered])

    def _apply(self, answered: list[tuple[ScheduledPoll, Answer]]) -> None:
        self.report.writes += sum(_observed(row, answer) for row, answer in answered)
        if not settings.POLL_EVERY_S and not self.account.sandbox:  # there we ask more often than vendors would like
            delays = ((row, answer.ask_again_after) for row, answer in answered if isinstance(answer, Snapshot))
            longer = [(row.id, delay) for row, delay in delays if delay is not None and delay > self._interval(row.model)]
            put_off(longer, now=clock.now())
        self._note_health([answer for _, answer in answered])

    def _note_health(self, answers: list[Answer]) -> None:
        """Store good answers and errors now and then: they are for people, and ten such writes a second would cost too much."""
        now = time.monotonic()
        errors = [answer for answer in answers if isinstance(answer, ProviderError)]
        if len(errors) < len(answers) and now - self.ok_noted_at > NOTE_EVERY_S:
            self.ok_noted_at = now
            self.account.note_known()
        if errors and now - self.error_noted_at > NOTE_EVERY_S:
            self.error_noted_at = now
            self.account.note_error(str(errors[-1]))


def _observed(row: ScheduledPoll, answer: Answer) -> bool:
    """Apply one answer. Return whether the row was written. An error must not hold up other rows; the next poll comes back to this one."""
    try:
        return not is_old_news(row, answer) and observe(row.task(), answer)
    except Exception:
        log.exception("task %s: the answer could not be applied", row.id)
        return False
