"""How the portal works now, as the System page shows it: figures, a chart, vendors, accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Alert
from generation.lifecycle import Status
from generation.models.attempt import Dispatch
from generation.models.status_labels import STATUS_CHOICES
from generation.queries.hours import Hour
from providers.core.messages import Message
from providers.messages import translated
from providers.models import ProviderAccount
from web.formatting import duration, moment, money, size
from web.measures import Measure
from web.presenters.charts import Chart, Stack, bars_of
from web.presenters.usage import Figure
from web.presenters.words import account_label, plain_number, vendor_label

__all__ = [
    "AccountRow",
    "AlertRow",
    "FigureRow",
    "VendorRow",
    "accounts_of",
    "alerts_of",
    "chart_of",
    "figures_of",
    "rows_of",
    "vendors_of",
]

Measures = Mapping[str, Measure]
LATE_S = 120
"""Events and webhooks that wait for longer are worth a look."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRow:
    """Something that is wrong now, and since when."""

    id: str
    words: str
    since: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorRow:
    """What a vendor did in the last hour, in words; – where nothing is known."""

    label: str
    accepted: str
    not_accepted: str
    unknown: str
    answer: str
    render: str
    done: str
    failed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRow:
    """An enabled account: its slots, and `percent` of them that are taken."""

    label: str
    vendor: str
    used: int
    slots: int
    percent: int
    rests: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureRow:
    """One figure in full: its name for Prometheus, what it is, of what, and how much."""

    name: str
    says: str
    of: str
    value: str


def alerts_of(alerts: Iterable[Alert]) -> list[AlertRow]:
    """Return what is wrong, in words."""
    return [AlertRow(id=str(alert.pk), words=translated(Message.of(alert.message)), since=moment(alert.since)) for alert in alerts]


def figures_of(measures: Measures) -> list[Figure]:
    """Return the figures at the top; those that need a look are marked."""
    tasks = measures["tasks"].values

    def count(*states: Status) -> str:
        return _number(sum(tasks[(state.value,)] for state in states))

    overdue, workers = measures["tasks_overdue"].value, measures["workers"].value
    lag, doubt = max(measures["outbox_lag_seconds"].value, measures["webhook_lag_seconds"].value), measures["requests_in_doubt"].value
    return [
        Figure(
            label=_("Workers"),
            value=_number(workers),
            note=ngettext("%(n)d process sends requests", "%(n)d processes send requests", int(measures["submit_processes"].value))
            % {"n": measures["submit_processes"].value},
            warn=not workers or measures["workers_silent"].value > 0,
        ),
        Figure(label=_("Waiting"), value=count(Status.QUEUED), note=_oldest(measures, Status.QUEUED)),
        Figure(label=_("At the vendors"), value=count(Status.SUBMITTING, Status.RUNNING), note=_oldest(measures, Status.RUNNING)),
        Figure(label=_("Being saved"), value=count(Status.INGESTING), note=_oldest(measures, Status.INGESTING)),
        Figure(
            label=_("Needs review"),
            value=count(Status.NEEDS_REVIEW),
            note=_("%(amount)s in doubt") % {"amount": _money(measures["money_in_doubt"].value)} if doubt else "",
            warn=bool(tasks[(Status.NEEDS_REVIEW.value,)]),
        ),
        Figure(label=_("Overdue"), value=_number(overdue), note=_("due, and no worker has them"), warn=overdue > 0),
        Figure(label=_("Events wait"), value=duration(lag), note=_("until webhooks and notices are sent"), warn=lag > LATE_S),
        Figure(
            label=_("Free disk space"),
            value=size(int(min(measures["disk_free_bytes"].values.values(), default=0))),
            note=_("of this web process"),
            warn=min(measures["disk_free_bytes"].values.values(), default=0) < settings.MIN_FREE_BYTES,
        ),
    ]


def _oldest(measures: Measures, state: Status) -> str:
    age = measures["oldest_task_seconds"].values.get((state.value,))
    return _("the oldest for %(time)s") % {"time": duration(age)} if age is not None else ""


def chart_of(hours: Sequence[Hour]) -> Chart:
    """Return a bar for each hour: what ended well, and what failed."""
    stacks = [_stack(hour) for hour in hours]
    top = _number(max(stack.lower + stack.upper for stack in stacks))
    ends = {"first": stacks[0].label, "last": stacks[-1].label, "top": top}
    return Chart(
        heading=_("Tasks that ended, by hour"),
        summary=_("Tasks that ended from %(first)s to %(last)s; most in an hour: %(top)s. The table below has the numbers.") % ends,
        column=_("Hour"),
        lower=_("Done"),
        upper=_("Failed"),
        bars=bars_of(stacks),
        top=top,
    )


def _stack(hour: Hour) -> Stack:
    label = date_format(hour.at, "H:i")
    words = {"hour": label, "done": _number(hour.succeeded), "failed": _number(hour.failed)}
    return Stack(
        label=label,
        title=_("%(hour)s: %(done)s done, %(failed)s failed") % words,
        lower=hour.succeeded,
        upper=hour.failed,
        lower_text=words["done"],
        upper_text=words["failed"],
    )


def vendors_of(measures: Measures) -> list[VendorRow]:
    """Return the vendors that were asked for something, or ended something, in the last hour."""
    submits, ended = measures["submits_last_hour"].values, measures["tasks_ended_last_hour"].values
    names = sorted({vendor for vendor, _word in (*submits, *ended)}, key=vendor_label)
    return [
        VendorRow(
            label=vendor_label(name),
            accepted=_number(submits.get((name, Dispatch.ACCEPTED.value), 0)),
            not_accepted=_number(submits.get((name, Dispatch.REJECTED.value), 0)),
            unknown=_number(submits.get((name, Dispatch.UNKNOWN.value), 0)),
            answer=_times(measures["vendor_answer_seconds"], name),
            render=_times(measures["render_seconds"], name),
            done=_number(ended.get((name, Status.SUCCEEDED.value), 0)),
            failed=_number(ended.get((name, Status.FAILED.value), 0)),
        )
        for name in names
    ]


def _times(measure: Measure, vendor: str) -> str:
    """Return the median and the 95th percentile."""
    median, most = (measure.values.get((vendor, quantile)) for quantile in ("0.5", "0.95"))
    if median is None or most is None:
        return "–"
    return f"{_short(median)} / {_short(most)}"


def _short(seconds: float) -> str:
    return _("%(s)s s") % {"s": number_format(seconds, 1, use_l10n=True)} if seconds < 10 else duration(seconds)


def accounts_of(measures: Measures, accounts: Iterable[ProviderAccount]) -> list[AccountRow]:
    """Return these enabled accounts, those with the fewest free slots first."""
    used = measures["account_slots_used"].values
    rows = []
    for account in accounts:
        taken = int(used.get((account.vendor, account.label), 0))
        rows.append(
            AccountRow(
                label=account_label(account),
                vendor=vendor_label(account.vendor),
                used=taken,
                slots=account.max_in_flight,
                percent=min(100, 100 * taken // account.max_in_flight),
                rests=account.cooldown_until is not None,
            )
        )
    return sorted(rows, key=lambda row: (-row.percent, row.vendor, row.label))


def rows_of(measures: Measures) -> list[FigureRow]:
    """Return every figure as /metrics has it."""
    states = {str(value): str(label) for value, label in STATUS_CHOICES}
    return [
        FigureRow(
            name=f"portal_{one.name}",
            says=_(one.says),
            of=" · ".join(_label(name, word, states) for name, word in zip(one.labels, key, strict=True)),
            value=_value(one.name, value),
        )
        for one in measures.values()
        for key, value in sorted(one.values.items())
    ]


def _label(name: str, word: str, states: Mapping[str, str]) -> str:
    if name == "vendor":
        return vendor_label(word)
    return states.get(word, word) if name == "state" else word


def _value(name: str, value: float) -> str:
    if name.endswith("_seconds"):
        return _short(value)
    if "bytes" in name:
        return size(int(value))
    return _money(value) if name.startswith("money_") else _number(value)


def _money(amount: float) -> str:
    return money(Decimal(str(amount)), settings.CURRENCY)


def _number(value: float) -> str:
    return plain_number(value)
