"""Batches as their pages show them: lines of a list, sums with a bar, problems by repair, and rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.budgets import of_caller
from access.callers import Caller
from access.ledger_models import Budget, BudgetKind
from access.money import decimal
from batches.mapping import field_names
from batches.messages import words_of
from batches.models import Batch, BatchRow, RowState, State
from batches.progress import with_status
from batches.report import Repair, repairs_of
from database import clock
from generation.lifecycle import UNDER_WAY, Status
from generation.models import GenerationTask
from generation.queries.tasks import with_cards
from providers.vendors import find_model
from web.formatting import money
from web.param_text import choice_label, properties_of
from web.presenters.budgets import budget_card
from web.presenters.cards import Card, cards_of
from web.presenters.states import FACES, Face
from web.presenters.words import model_label, name_of

__all__ = [
    "KINDS",
    "BatchLine",
    "BudgetLine",
    "CheckRow",
    "Part",
    "Problem",
    "RunRow",
    "budget_lines",
    "check_rows",
    "cost_words",
    "defaults_line",
    "face_of_batch",
    "lines_of",
    "parts_of",
    "problems_of",
    "rows_of_kind",
    "run_rows",
    "tasks_of",
]

BATCH_FACES = {
    State.CHECKING: Face(label=State.CHECKING.label, tone="run", icon="spinner"),
    State.REFUSED: Face(label=State.REFUSED.label, tone="bad", icon="circle-x"),
    State.CHECKED: Face(label=gettext_lazy("Waits for you"), tone="warn", icon="hourglass"),
    State.RUNNING: Face(label=State.RUNNING.label, tone="run", icon="spinner"),
    State.PAUSED: Face(label=State.PAUSED.label, tone="off", icon="pause"),
    State.ENDED: Face(label=State.ENDED.label, tone="ok", icon="circle-check"),
}
ROW_FACES = {
    RowState.BAD: Face(label=RowState.BAD.label, tone="bad", icon="circle-alert"),
    RowState.READY: Face(label=RowState.READY.label, tone="ok", icon="circle-check"),
    RowState.LEFT_OUT: Face(label=RowState.LEFT_OUT.label, tone="warn", icon="copy"),
    RowState.WAITING: Face(label=RowState.WAITING.label, tone="wait", icon="clock"),
    RowState.REFUSED: Face(label=RowState.REFUSED.label, tone="bad", icon="circle-alert"),
    RowState.WITHDRAWN: Face(label=RowState.WITHDRAWN.label, tone="off", icon="circle-slash"),
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Rows that a page counts together: the statuses of their tasks, or their own states."""

    name: str
    label: str | Promise
    tone: str
    of: frozenset[str]


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(name="done", label=gettext_lazy("done"), tone="ok", of=frozenset({Status.SUCCEEDED.value})),
        Kind(name="running", label=gettext_lazy("in progress"), tone="run", of=frozenset(status.value for status in UNDER_WAY)),
        Kind(name="review", label=gettext_lazy("in review"), tone="warn", of=frozenset({Status.NEEDS_REVIEW.value})),
        Kind(name="waiting", label=gettext_lazy("waiting"), tone="wait", of=frozenset({Status.QUEUED.value, RowState.WAITING.value})),
        Kind(name="ready", label=gettext_lazy("ready"), tone="ok", of=frozenset({RowState.READY.value})),
        Kind(name="bad", label=gettext_lazy("need fixing"), tone="bad", of=frozenset({RowState.BAD.value})),
        Kind(name="failed", label=gettext_lazy("failed"), tone="bad", of=frozenset({Status.FAILED.value, RowState.REFUSED.value})),
        Kind(
            name="cancelled", label=gettext_lazy("cancelled"), tone="off", of=frozenset({Status.CANCELLED.value, RowState.WITHDRAWN.value})
        ),
        Kind(name="left_out", label=gettext_lazy("left out"), tone="warn", of=frozenset({RowState.LEFT_OUT.value})),
    )
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One kind of rows in the bar of a batch, with the address that shows them alone."""

    name: str
    label: str | Promise
    tone: str
    count: int
    href: str


@dataclass(frozen=True, kw_only=True)
class BatchLine:
    """A batch in the list. `percent` is None before it was accepted; `line_url`, where its line is read again, is empty when it is over."""

    href: str
    line_url: str
    tasks_url: str
    name: str
    face: Face
    note: str
    percent: int | None
    cost: str
    owner: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Rows that are mended in the same way."""

    words: str
    rows: str
    first: str
    is_bad: bool
    is_left_out: bool
    href: str


@dataclass(frozen=True, kw_only=True)
class BudgetLine:
    """A budget that counts the batch: what is left, or how much it lacks."""

    words: str
    missing: bool


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """A row of a file, with its check."""

    number: int
    prompt: str
    cells: Sequence[tuple[str, str]]
    face: Face
    words: str


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A row of an accepted batch, with the card of its task if it has one. `task_id` is known before the task exists."""

    number: int
    title: str
    content_id: str
    task_id: str
    state: str
    row_url: str
    card: Card | None
    face: Face
    words: str


def face_of_batch(batch: Batch) -> Face:
    return BATCH_FACES[State(batch.state)]


def lines_of(batches: Sequence[Batch]) -> list[BatchLine]:
    """Return lines of the list. Two queries, answered by indexes alone."""
    ids = [batch.pk for batch in batches]
    rows: dict[Any, dict[str, int]] = {}
    for pk, state, count in BatchRow.objects.filter(batch__in=ids).order_by().values_list("batch", "state").annotate(count=Count("pk")):
        rows.setdefault(pk, {})[state] = count
    done = GenerationTask.objects.filter(batch_id__in=ids, status=Status.SUCCEEDED).order_by().values_list("batch_id")
    videos = dict(done.annotate(count=Count("pk")))
    return [_line(batch, rows.get(batch.pk, {}), videos.get(batch.pk, 0)) for batch in batches]


def _line(batch: Batch, rows: Mapping[str, int], done: int) -> BatchLine:
    bad, out = rows.get(RowState.BAD, 0), rows.get(RowState.LEFT_OUT, 0)
    accepted = sum(rows.values()) - bad - out
    notes, percent = [], None
    if batch.state == State.CHECKED:
        notes = [_("%(n)d ready") % {"n": accepted}, *([_("%(n)d need fixing") % {"n": bad}] if bad else [])]
    elif batch.accepted_at:
        percent = done * 100 // accepted if accepted else 100
        notes = [_("%(done)d of %(all)d done") % {"done": done, "all": accepted}]
    return BatchLine(
        href=reverse("batch", args=[batch.pk]),
        line_url=reverse("activity-batch", args=[batch.pk]) if batch.state in (State.RUNNING, State.PAUSED) else "",
        tasks_url=reverse("activity", query={"batch": batch.pk}),
        name=batch.name,
        face=face_of_batch(batch),
        note=_(", ").join([*notes, *([_("%(n)d left out") % {"n": out}] if out else [])]),
        percent=percent,
        cost=money(decimal(batch.cost), settings.CURRENCY) if batch.cost else "",
        owner=name_of(batch.owner),
        created_at=batch.created_at,
    )


def parts_of(batch: Batch, counts: Mapping[str, int]) -> list[Part]:
    """Return the kinds of rows that there are, in the order of the bar."""
    found = []
    for kind in KINDS.values():
        if count := sum(counts.get(one, 0) for one in kind.of):
            href = reverse("batch", args=[batch.pk], query={"show": kind.name}, fragment="rows")
            found.append(Part(name=kind.name, label=kind.label, tone=kind.tone, count=count, href=href))
    return found


def cost_words(batch: Batch) -> tuple[str, str]:
    """Return what the good rows cost at most, and a note on rows without a price; both may be empty."""
    if not batch.cost:
        known = _("Price not published") if batch.unpriced else _("Sandbox, not billed")
        return ("" if batch.cost is None and not batch.unpriced else known), ""
    note = ngettext("%(n)d row without a known price", "%(n)d rows without a known price", batch.unpriced) % {"n": batch.unpriced}
    return _("at most %(amount)s") % {"amount": money(decimal(batch.cost), settings.CURRENCY)}, note if batch.unpriced else ""


def budget_lines(batch: Batch, caller: Caller) -> list[BudgetLine]:
    """Return the budgets that count the batch, for its owner."""
    if caller.user.pk != batch.owner_id or not batch.cost:
        return []
    budgets = of_caller(Caller(user=batch.owner, token=batch.token), clock.now())
    return [_budget_line(one, batch.cost) for one in budgets if batch.token or one.kind != BudgetKind.TOKEN]


def _budget_line(budget: Budget, cost: int) -> BudgetLine:
    card, missing = budget_card(budget), cost - budget.left
    words = {"title": card.title, "left": card.left, "missing": money(decimal(missing), budget.currency)}
    if missing > 0:
        return BudgetLine(words=_("%(title)s: %(left)s, %(missing)s too little for this batch") % words, missing=True)
    return BudgetLine(words=_("%(title)s: %(left)s") % words, missing=False)


def problems_of(batch: Batch) -> list[Problem]:
    """Return what there is to mend, the most frequent first."""
    return [_problem(batch, one) for one in repairs_of(batch)]


def _problem(batch: Batch, one: Repair) -> Problem:
    href = reverse("batch", args=[batch.pk], query={"repair": one.repair}, fragment="rows")
    return Problem(
        words=one.words,
        rows=ngettext("%(n)d row", "%(n)d rows", one.count) % {"n": one.count},
        first=_("row %(n)d") % {"n": one.first} if one.count == 1 else _("first in row %(n)d") % {"n": one.first},
        is_bad=one.state == RowState.BAD,
        is_left_out=one.state == RowState.LEFT_OUT,
        href=href,
    )


def defaults_line(batch: Batch) -> str:
    """Return what applies to all rows in one line: the model, 5 s, 16:9."""
    spec = find_model(batch.defaults.get("model", ""))
    if spec is None:
        return batch.defaults.get("model") or _("No model for all rows")
    properties = properties_of(spec.params)
    values = [
        choice_label(value, properties[name].get("unit", ""))
        for name, value in batch.defaults.get("params", {}).items()
        if name in properties and isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) < 20
    ]
    return _(", ").join([model_label(spec.name), *values])


def check_rows(batch: Batch, rows: Iterable[BatchRow], columns: Sequence[str]) -> list[CheckRow]:
    """Return rows of a checked file with the cells of these columns."""
    names = field_names(batch)
    return [
        CheckRow(
            number=row.number,
            prompt=str(row.order.get("prompt", "")),
            cells=[(name, row.cells.get(name, "")) for name in columns],
            face=ROW_FACES[RowState(row.state)],
            words=" ".join(words_of(one, names) for one in row.problems),
        )
        for row in rows
    ]


def tasks_of(rows: Iterable[BatchRow]) -> QuerySet[GenerationTask]:
    """Return the tasks of these rows with what their cards need."""
    return with_cards(GenerationTask.objects.filter(pk__in=[row.task_id for row in rows if row.task_id]))


def run_rows(batch: Batch, rows: Sequence[BatchRow], tasks: Iterable[GenerationTask], caller: Caller) -> list[RunRow]:
    """Return rows of an accepted batch with the cards of their tasks."""
    cards = {card.id: card for card in cards_of(tasks, caller, "row")}
    names = field_names(batch)
    return [_run_row(batch, row, cards.get(str(row.task_id)), names) for row in rows]


def _run_row(batch: Batch, row: BatchRow, card: Card | None, names: Mapping[str, str]) -> RunRow:
    face = ROW_FACES.get(RowState(row.state), FACES["queued"])
    return RunRow(
        number=row.number,
        title=card.title if card else str(row.order.get("prompt", "")) or next(iter(row.cells.values()), "–"),
        content_id=str(row.order.get("content_id", "")),
        task_id=str(row.task_id or ""),
        state=card.state if card else row.state,
        row_url=reverse("batch-row", args=[batch.pk], query={"number": row.number}),
        card=card,
        face=face,
        words=" ".join(words_of(one, names) for one in row.problems),
    )


def rows_of_kind(batch: Batch, kind: str) -> QuerySet[BatchRow]:
    """Return the rows of a kind; all for a name that is none."""
    rows: Any = with_status(batch.rows.all())
    return rows.filter(status__in=KINDS[kind].of) if kind in KINDS else batch.rows.all()
