"""The delivery job: it fans events out, takes lanes, and sends what is due, many requests at once.

Requests are made in threads without a database; every row is read and written in the job's own thread, so a request that hangs takes a
thread and no database connection. A dead job loses nothing: its lanes' leases end, and what it had not written is sent again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User

from database import clock
from providers.accounts.sealing import SealBroken
from webhooks import secrets
from webhooks.fan_out import BATCH, fan_out
from webhooks.kinds.chats import PRODUCTS, Product, judged
from webhooks.kinds.mail import MOST_BYTES, send_mail
from webhooks.kinds.text import subject_and_text
from webhooks.lanes import LEASE, Lane, claim, renew
from webhooks.models import Delivery, Endpoint, Kind
from webhooks.outcome import record, settle, wait_for_secret
from webhooks.sender import TIMEOUT_S, Answer, Request, policy_for, send
from webhooks.shapes import NO_SHAPES, Shapes

__all__ = ["Patience", "deliver"]

log = logging.getLogger("webhooks.deliver")

USER_AGENT = "VideoPortal/1 (+webhooks)"


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a job runs, and how much it does at once."""

    stay_s: float = 18.0
    linger_s: float = 2.0
    """End when nothing has been due for this long."""
    last_answers_s: float = TIMEOUT_S + 2.0
    """Wait this long for open requests when the turn is over. The next job has the other lanes by then."""
    round_s: float = 0.25
    threads: int = 64
    request_s: float = TIMEOUT_S


USUAL = Patience()


@dataclass(kw_only=True)
class _Running:
    """A lane with its open requests, and the answers that have arrived."""

    lane: Lane
    open: int = 0
    answers: list[Answer] = field(default_factory=list)


def deliver(*, patience: Patience = USUAL, shapes: Shapes = NO_SHAPES) -> None:
    """Fan out and send until nothing has been due for a while, or the job's time is up. `shapes`: see `fan_out`."""
    _Turn(patience, shapes).take()


class _Turn:
    """One run of the job."""

    def __init__(self, patience: Patience, shapes: Shapes) -> None:
        self.patience, self.shapes = patience, shapes
        self.pool = ThreadPoolExecutor(max_workers=patience.threads, thread_name_prefix="deliver")
        self.on_the_wire: dict[Future[Answer], tuple[_Running, list[Delivery]]] = {}
        self.sent = 0
        self.look_at = self.renewed_at = 0.0

    def take(self) -> None:
        began = busy_at = time.monotonic()
        try:
            while time.monotonic() - began <= self.patience.stay_s:
                if self._fan_out() | bool(self._send_next()) or self.on_the_wire:
                    busy_at = time.monotonic()
                elif time.monotonic() - busy_at >= self.patience.linger_s:
                    return
                self._take_answers(self.patience.round_s if time.monotonic() < self.look_at else 0.0)
            until = time.monotonic() + self.patience.last_answers_s
            while self.on_the_wire and time.monotonic() < until:
                self._take_answers(self.patience.round_s)
            self._give_up()
        finally:
            self.pool.shutdown(wait=False, cancel_futures=True)  # a name server that hangs holds its thread longer than any deadline
            if self.sent:
                log.info("requests=%d seconds=%.1f", self.sent, time.monotonic() - began)

    def _fan_out(self) -> bool:
        """Fan events out, unless that was just done: it takes SQLite's only write lock. Return whether there were any events."""
        if time.monotonic() < self.look_at:
            return False
        count = fan_out(BATCH, shapes=self.shapes)
        if count < BATCH:
            self.look_at = time.monotonic() + self.patience.round_s
        return bool(count)

    def _send_next(self) -> int:
        """Take lanes for the free threads, and send what is due there. Return how many lanes."""
        free = self.patience.threads - len(self.on_the_wire)
        if free <= 0:
            return 0
        now = clock.now()
        lanes = claim(free, now=now)
        for lane in lanes:
            self._send(lane, now)
        return len(lanes)

    def _send(self, lane: Lane, now: datetime) -> None:
        running = _Running(lane=lane)
        try:
            requests = requests_of(lane, now, self.patience.request_s)
        except SealBroken:
            log.error("endpoint %s waits: CREDENTIAL_KEYS cannot decrypt its secret", lane.endpoint.pk)
            wait_for_secret(lane, now)
            return
        except Exception:  # one body that cannot be read must not end the job for every endpoint
            log.exception("endpoint %s: its requests could not be made", lane.endpoint.pk)
            requests = [(lane.deliveries, partial(Answer, code="unexpected"))]
        for deliveries, act in requests:
            running.open += 1
            self.sent += 1
            self.on_the_wire[self.pool.submit(act)] = running, deliveries
        if not running.open:
            settle(lane, [], now)

    def _keep_leases(self) -> None:
        """Renew the leases of lanes that wait for an answer. When this process dies, they end soon."""
        if self.on_the_wire and time.monotonic() - self.renewed_at > LEASE.total_seconds() / 4:
            self.renewed_at = time.monotonic()
            renew(list({id(running): running.lane for running, _ in self.on_the_wire.values()}.values()), clock.now())

    def _take_answers(self, within_s: float) -> None:
        """Write the answers that have arrived; wait a little for the first."""
        self._keep_leases()
        if not self.on_the_wire:
            time.sleep(within_s)
            return
        for future in wait(self.on_the_wire, timeout=within_s, return_when=FIRST_COMPLETED).done:
            self._write(future, _answer_of(future))

    def _give_up(self) -> None:
        """Write requests that are still open as failures. A mail server that is slow in every step, or a name server that hangs, outlasts
        the job, and a try that is never written would be repeated for ever.
        """
        late = Answer(code="no_answer_in_time", ms=round(self.patience.last_answers_s * 1000))
        for future in list(self.on_the_wire):
            self._write(future, _answer_of(future) if future.done() else late)

    def _write(self, future: Future[Answer], answer: Answer) -> None:
        running, deliveries = self.on_the_wire.pop(future)
        now = clock.now()
        record(deliveries, answer, now)
        running.answers.append(answer)
        running.open -= 1
        if not running.open:
            settle(running.lane, running.answers, now)


def _answer_of(future: Future[Answer]) -> Answer:
    try:
        return future.result()
    except Exception:
        log.exception("a request could not be made")
        return Answer(code="unexpected")


Act = Callable[[], Answer]


def requests_of(lane: Lane, now: datetime, request_s: float) -> list[tuple[list[Delivery], Act]]:
    """Return the requests to make: one for each delivery to programs, one for all deliveries to people. Raise `SealBroken`."""
    endpoint, rows = lane.endpoint, lane.deliveries
    if not rows:
        return []
    if endpoint.kind == Kind.EMAIL:
        return [(rows, _mail(endpoint.owner, endpoint, rows))]
    if endpoint.kind in PRODUCTS:
        return [(rows, _chat(PRODUCTS[endpoint.kind], endpoint, rows, now, request_s))]
    return [([row], _signed(endpoint, row, now, request_s)) for row in rows]


def _signed(endpoint: Endpoint, row: Delivery, now: datetime, request_s: float) -> Act:
    url = row.url or endpoint.url
    headers = {"User-Agent": USER_AGENT, **secrets.headers_of(endpoint, row.event_id, row.body, now)}
    return partial(send, Request(url=url, headers=headers, body=row.body), policy=policy_for(url), total_s=request_s)


def _chat(product: Product, endpoint: Endpoint, rows: Sequence[Delivery], now: datetime, request_s: float) -> Act:
    known = secrets.values(endpoint)
    _, text = subject_and_text(endpoint, rows, most_bytes=product.most_bytes)
    request = product.request(known["address"], known.get("key", ""), text, now)
    policy = policy_for(request.url)
    return lambda: judged(product, send(request, policy=policy, total_s=request_s))


def _mail(owner: User, endpoint: Endpoint, rows: Sequence[Delivery]) -> Act:
    subject, text = subject_and_text(endpoint, rows, most_bytes=MOST_BYTES)
    if not owner.email:
        return partial(Answer, code="no_address")
    return partial(send_mail, owner.email, subject, text)
