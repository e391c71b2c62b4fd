"""Collects the purchases that may be on a bill."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from access.exchange import rate_of
from access.ledger_models import Basis, Reservation
from access.money import EXACT, decimal, micro
from generation.bills.matching import Purchase
from generation.bills.reading import plain_name
from generation.lifecycle import Status
from generation.models import Attempt, Bill, GenerationTask
from generation.models.attempt import Dispatch
from providers.core.catalog import vendors_id_of
from providers.labels import label_of
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS

__all__ = ["Worth", "purchases_of", "worth_of"]

AROUND = timedelta(days=3)
"""How far outside the bill's days requests are considered: a row may be billed a day later."""
AT_ONCE = 500
KEYS_AT_ONCE = 5_000
"""No index has the ids of attempts: each question for some of them reads all."""
OF_TASK = ("model", "status", "submission_id", "rendered_at", "finished_at", "charged_amount", "charged_unit")
OF_ATTEMPT = ("task", "account", "number", "dispatch", "submission_id", "reference", "reply", "started_at")
OF_RESERVATION = (
    *("task_id", "number", "sent_before", "model", "vendor", "at", "currency", "rate", "basis", "waits", "closed_at"),
    *("reserved", "settled", "own_reserved", "own_settled"),
)
"""What is asked of them: a bill has up to 50,000 rows."""
UNANSWERED = (Dispatch.SENDING, Dispatch.UNKNOWN)
REQUEST_IDS = frozenset({"requestid", "xrequestid", "traceid", "logid"})
USUAL_RENDER = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Worth:
    """The value of one unit of the bill's currency in PORTAL_CURRENCY, for one purchase; `rate` is None if it is not known."""

    currency: str
    rate: Decimal | None

    def in_bill(self, amount: int | None, own: int | None, own_currency: str) -> int | None:
        """Return an amount in the bill's currency, in micro: `own` if it is in that currency, otherwise `amount` converted."""
        if own is not None and own_currency == self.currency:
            return own
        if amount is None or not amount:
            return amount
        return None if self.rate is None else micro(EXACT.divide(decimal(amount), self.rate))


def worth_of(row: Reservation, currency: str) -> Worth:
    """Return the value of the bill's currency: by the rate of the order if it was in that currency, otherwise by today's."""
    if currency == settings.CURRENCY:
        return Worth(currency=currency, rate=Decimal(1))
    if row.currency == currency and row.rate is not None:
        return Worth(currency=currency, rate=row.rate)
    found = rate_of(currency)
    return Worth(currency=currency, rate=found if found is not None else rate_of(currency, vendor=row.vendor))


@dataclass(kw_only=True)
class _Sent:
    """The requests of one reservation."""

    keys: set[str] = field(default_factory=set)
    begins: datetime | None = None
    last: datetime | None = None
    is_unanswered: bool = False


def purchases_of(bill: Bill, keys: Collection[str], begins: datetime, ends: datetime) -> list[Purchase]:
    """Return the purchases at the bill's vendor, or its account: those of its days, and those of any time that have one of these ids.
    Renders of a sandbox are left out.
    """
    accounts = ProviderAccount.objects.filter(vendor=bill.vendor, sandbox=False)
    accounts = accounts.filter(pk=bill.account_id) if bill.account_id else accounts
    renamed = {account.pk: account.model_names for account in accounts}
    sent = Attempt.objects.filter(account__in=renamed).order_by()
    near = sent.filter(started_at__gte=begins - AROUND, started_at__lt=ends + AROUND).exclude(dispatch=Dispatch.REJECTED)
    ids, known = set[UUID](), set[str]()
    for task_id, *names in near.values_list("task_id", "submission_id", "reference"):
        ids.add(task_id)
        known.update(names)
    unknown = set(keys) - known
    mine = GenerationTask.objects.filter(account__in=renamed).exclude(submission_id="")  # the condition of the index
    for part in _parts(unknown, KEYS_AT_ONCE):
        ids.update(sent.filter(Q(submission_id__in=part) | Q(reference__in=part)).values_list("task_id", flat=True))
    for part in _parts(unknown, AT_ONCE):
        ids.update(mine.filter(submission_id__in=part).values_list("pk", flat=True))
    return list(_purchases(bill, ids, renamed))


def _parts(ids: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(sorted(ids))
    while part := list(islice(left, size)):
        yield part


def _purchases(bill: Bill, ids: Collection[UUID], renamed: Mapping[UUID, Mapping[str, str]]) -> Iterator[Purchase]:
    named: dict[tuple[str, frozenset[UUID]], frozenset[str]] = {}
    for part in _parts(ids, AT_ONCE):
        tasks = {task.pk: task for task in GenerationTask.objects.filter(pk__in=part).only(*OF_TASK)}
        rows: dict[UUID, list[Reservation]] = defaultdict(list)
        for row in Reservation.objects.filter(task_id__in=part).only(*OF_RESERVATION).order_by("task_id", "number"):
            rows[row.task_id].append(row)
        attempts: dict[UUID, list[Attempt]] = defaultdict(list)
        for attempt in Attempt.objects.filter(task_id__in=part, account__in=renamed).only(*OF_ATTEMPT).order_by("task_id", "number"):
            attempts[attempt.task_id].append(attempt)
        for task_id, reserved in rows.items():
            task, sent = tasks.get(task_id), _sent(reserved, attempts[task_id])
            if task is None:
                continue
            _add_task_id(task, reserved, attempts[task_id], sent)
            at = frozenset(attempt.account_id for attempt in attempts[task_id])
            if (task.model, at) not in named:
                named[task.model, at] = _names(task.model, [renamed[account] for account in at])
            for row in reserved:
                if row.pk in sent and row.basis != Basis.SANDBOX:
                    yield _purchase(bill, task, row, sent[row.pk], named[task.model, at])


def _sent(rows: Sequence[Reservation], attempts: Sequence[Attempt]) -> dict[UUID, _Sent]:
    """Return the requests by the reservation that pays for them: the last one that was made before the request."""
    found: dict[UUID, _Sent] = defaultdict(_Sent)
    for attempt in attempts:
        row = next((one for one in reversed(rows) if one.sent_before < attempt.number), None)
        if row is None:
            continue
        sent = found[row.pk]
        sent.keys |= {attempt.submission_id, attempt.reference, *_request_ids(attempt.reply)} - {""}
        sent.begins = min(filter(None, (sent.begins, attempt.started_at)))
        sent.last = attempt.started_at
        sent.is_unanswered |= attempt.dispatch in UNANSWERED
    return dict(found)


def _add_task_id(task: GenerationTask, rows: Sequence[Reservation], attempts: Sequence[Attempt], sent: Mapping[UUID, _Sent]) -> None:
    """Add the task's vendor id, which a person may have entered, to its last reservation, unless an attempt has it."""
    if task.submission_id and rows[-1].pk in sent and all(task.submission_id != attempt.submission_id for attempt in attempts):
        sent[rows[-1].pk].keys.add(task.submission_id)


def _request_ids(reply: Any) -> Iterator[str]:
    """Yield the ids of the request in the vendor's answer, wherever they are."""
    if isinstance(reply, Mapping):
        for name, value in reply.items():
            if isinstance(value, str) and plain_name(str(name)) in REQUEST_IDS:
                yield value
            else:
                yield from _request_ids(value)
    elif isinstance(reply, list):
        for one in reply:
            yield from _request_ids(one)


def _names(model: str, renamed: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Return the names that a bill may have for the model."""
    at_vendor = vendors_id_of(model)
    spec = ALL_MODELS.get(model)
    names = {model, at_vendor, *(given[at_vendor] for given in renamed if at_vendor in given)}
    return frozenset(map(plain_name, names | ({label_of(spec)} if spec else set())))


def _purchase(bill: Bill, task: GenerationTask, row: Reservation, sent: _Sent, names: frozenset[str]) -> Purchase:
    worth, is_closed = worth_of(row, bill.currency), row.closed_at is not None
    ours = worth.in_bill(row.settled, row.own_settled, row.currency) if is_closed else None
    if is_closed and task.charged_amount is not None and task.charged_unit == bill.currency != row.currency and row.basis == Basis.UNITS:
        ours = micro(task.charged_amount)
    begins = sent.begins or row.at
    rendered = task.rendered_at or task.finished_at or (sent.last or begins) + USUAL_RENDER
    return Purchase(
        pk=row.pk,
        task_id=task.pk,
        model=row.model,
        names=names,
        keys=frozenset(sent.keys),
        begins=begins,
        ends=max(rendered, begins),
        ours=ours,
        most=worth.in_bill(row.reserved, row.own_reserved, row.currency),
        is_closed=is_closed,
        waits=row.waits,
        is_unknown=row.waits or (not is_closed and (sent.is_unanswered or task.state is Status.NEEDS_REVIEW)),
    )
