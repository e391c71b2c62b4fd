"""One batch: its check, its acceptance, its run and its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from access.callers import Caller, caller_of
from access.rights import may
from batches import actions
from batches.accepting import accept
from batches.models import Batch, BatchRow, Source, State
from batches.progress import counts_of
from batches.recipes import variables_in
from batches.report import rejected_csv
from batches.results import KINDS, results_in
from batches.upload import change
from delivery.links import origin_of
from delivery.stored_file import file_name
from generation.errors import InvalidRequest, NotAllowed, PortalError
from providers.messages import translated
from web.batch_forms import ColumnsForm, TurnForm
from web.presenters import batches as shown
from web.presenters.variations import groups_of, left_out_words
from web.views.common import answer, text_in, the_batch

__all__ = ["accept_batch", "act", "batch", "columns", "progress", "rejected", "results", "row", "turn"]

Reply = TypeVar("Reply", bound=HttpResponseBase)
ROWS = 50
SAMPLES = 20
COLUMNS_SHOWN = 5
BEFORE = (State.CHECKING, State.REFUSED, State.CHECKED)


@login_required
@require_safe
def batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show how the batch is now: its check until it is accepted, then its run."""
    return _page(request, the_batch(request, pk))


def _page(request: HttpRequest, found: Batch, columns_form: ColumnsForm | None = None, status: int = 200) -> HttpResponse:
    context = _summary(request, found)
    if found.state in BEFORE:
        context |= _check_context(found, columns_form)
    if found.state not in {State.CHECKING, State.REFUSED}:
        context |= _rows_context(request, found, caller_of(request)) | {"turn": TurnForm(found)}
    run = "set" if found.source == Source.FORM else "run"
    name = {State.CHECKING: "checking", State.REFUSED: "refused", State.CHECKED: "checked"}.get(State(found.state), run)
    return render(request, f"batches/{name}.html", context, status=status)


def _summary(request: HttpRequest, found: Batch) -> dict[str, Any]:
    """Return what every page of a batch says above its rows."""
    counts = counts_of(found)
    parts = {part.name: part for part in shown.parts_of(found, counts)}
    ordered = sum(part.count for name, part in parts.items() if name not in {"bad", "left_out"})
    done = parts["done"].count if "done" in parts else 0
    cost, cost_note = shown.cost_words(found)
    return {
        "batch": found,
        "face": shown.face_of_batch(found),
        "parts": list(parts.values()),
        "count_of": {name: part.count for name, part in parts.items()},
        "rows": sum(counts.values()),
        "ordered": ordered,
        "percent": done * 100 // ordered if ordered else 100,
        "cost": cost,
        "cost_note": cost_note,
        "error": translated(found.error),
        "may_act": may(caller_of(request), "act", found),
    }


def _check_context(found: Batch, columns_form: ColumnsForm | None) -> dict[str, Any]:
    form = columns_form or ColumnsForm(found)
    samples = list(found.rows.order_by("number").values_list("cells", flat=True)[:SAMPLES])
    named = {target.removeprefix("variables.") for target in found.mapping.values() if target.startswith("variables.")}
    return {
        "columns": [(form[f"c{number}"], _sample(samples, name)) for number, name in enumerate(form.heading)],
        "mapped": sum(bool(target) for target in found.mapping.values()),
        "defaults_line": shown.defaults_line(found),
        "not_filled": [name for name in variables_in(str(found.defaults.get("prompt", ""))) if name not in named],
    }


def _sample(rows: Sequence[Mapping[str, str]], name: str) -> str:
    """Return the first cell of a column that is not empty."""
    return next((cells[name] for cells in rows if cells.get(name)), "")


def _rows_context(request: HttpRequest, found: Batch, caller: Caller) -> dict[str, Any]:
    if found.source == Source.FORM:
        shown_left_out = left_out_words(found.defaults.get("left_out", {}))
        return {"groups": groups_of(found, list(found.rows.all()), caller), "left_out": shown_left_out}
    kind, repair = request.GET.get("show", ""), text_in(request, "repair")
    after = int(text) if (text := request.GET.get("after", "")).isdecimal() and len(text) < 10 else 0
    rows = shown.rows_of_kind(found, kind)
    if repair:
        rows = rows.filter(repair=repair)
    page = list(rows.filter(number__gt=after).order_by("number")[: ROWS + 1])
    query = {name: value for name, value in (("show", kind), ("repair", repair)) if value}
    more = {**query, "after": str(page[ROWS - 1].number)} if len(page) > ROWS else {}
    context: dict[str, Any] = {
        "kind": kind if kind in shown.KINDS else "",
        "repair": repair,
        "next_url": reverse("batch", args=[found.pk], query=more, fragment="rows") if more else "",
        "first_url": reverse("batch", args=[found.pk], query=query, fragment="rows") if after else "",
    }
    if found.state != State.CHECKED:
        return context | {"run_rows": shown.run_rows(found, page[:ROWS], shown.tasks_of(page[:ROWS]), caller)}
    mapped = [name for name in found.heading if found.mapping.get(name, "") not in {"", "prompt"}][:COLUMNS_SHOWN]
    return context | {
        "headings": mapped,
        "check_rows": shown.check_rows(found, page[:ROWS], mapped),
        "problems": shown.problems_of(found),
        "budgets": shown.budget_lines(found, caller),
    }


@never_cache
@login_required
@require_safe
def progress(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the sums again. Reload the page if the state has changed."""
    found = the_batch(request, pk)
    if found.state != request.GET.get("state", ""):
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    name = "_checking" if found.state == State.CHECKING else "_summary"
    kind = request.GET.get("show", "")
    has_tabs = found.source != Source.FORM  # a set has none
    context = {**_summary(request, found), "kind": kind if kind in shown.KINDS else "", "outside": has_tabs}
    return render(request, f"batches/{name}.html", context)


@never_cache
@login_required
@require_safe
def row(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return one row of the run again; nothing if there is no such row."""
    found, number = the_batch(request, pk), request.GET.get("number", "")
    rows: list[BatchRow] = list(found.rows.filter(number=int(number))) if number.isdecimal() and len(number) < 10 else []
    if found.source == Source.FORM:
        return render(
            request, "sets/_cells.html", {"cells": [cell for group in groups_of(found, rows, caller_of(request)) for cell in group.cells]}
        )
    return render(request, "batches/_rows.html", {"run_rows": shown.run_rows(found, rows, shown.tasks_of(rows), caller_of(request))})


@login_required
@require_POST
def columns(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what the columns are; all rows are checked again."""
    found = the_batch(request, pk)
    form = ColumnsForm(found, request.POST)
    if form.is_valid():
        try:
            change(found, by=caller_of(request), mapping=form.mapping())
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.message) from refusal
        except InvalidRequest as wrong:
            form.show(wrong.fields)
        except PortalError:  # accepted in the meantime
            return redirect("batch", found.pk)
        else:
            return redirect("batch", found.pk)
    return _page(request, found, form, status=422) if found.state in BEFORE else redirect("batch", found.pk)


@login_required
@require_POST
def accept_batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Order the rows: all of them or none, or the good ones only."""
    found = the_batch(request, pk)

    def start() -> str:
        accept(found, by=caller_of(request), good_only=request.POST.get("good_only") == "1")
        return _("Started. You can close this page; the videos are made anyway.")

    return _done(request, found, start)


@login_required
@require_POST
def act(request: HttpRequest, pk: UUID, way: str) -> HttpResponse:
    """Pause, resume, cancel what waits, or retry what failed."""
    found, caller = the_batch(request, pk), caller_of(request)

    def cancel() -> str:
        count = actions.cancel_waiting(found, by=caller)
        return ngettext("%(n)d video was cancelled.", "%(n)d videos were cancelled.", count) % {"n": count}

    ways: dict[str, Callable[[], object]] = {
        "pause": lambda: actions.pause(found, by=caller) and _("Paused. What was sent goes on."),
        "resume": lambda: actions.resume(found, by=caller) and _("Batch resumed."),
        "cancel": cancel,
        "retry": lambda: actions.retry_failed(found, by=caller) and _("The failed videos are ordered again."),
    }
    return _done(request, found, lambda: str(ways[way]()))


@login_required
@require_POST
def turn(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change when the videos start, and when they are needed."""
    found, caller = the_batch(request, pk), caller_of(request)
    form = TurnForm(found, request.POST)

    def store() -> str:
        if not form.is_valid():
            raise InvalidRequest(_("Write a day and a time, such as 2026-12-24 09:00."))
        if form.cleaned_data["priority"] not in {"", found.priority}:
            actions.set_priority(found, form.cleaned_data["priority"], by=caller)
        if "needed_by" in form.fields and form.cleaned_data["needed_by"] != found.needed_by:
            actions.need_by(found, form.cleaned_data["needed_by"], by=caller)
        return _("Saved.")

    return _done(request, found, store)


def _done(request: HttpRequest, found: Batch, do: Callable[[], str]) -> HttpResponse:
    """Run the action and show the batch again, with the result or the refusal."""
    return answer(request, do, to=reverse("batch", args=[found.pk]))


@login_required
@require_safe
def rejected(request: HttpRequest, pk: UUID) -> StreamingHttpResponse:
    """Return the rows that need fixing, with what is wrong in each."""
    found = the_batch(request, pk)
    return _file(StreamingHttpResponse(rejected_csv(found), content_type="text/csv; charset=utf-8"), _name(found, _("to mend"), ".csv"))


@login_required
@require_safe
def results(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Return what came of each row, as CSV or XLSX, or all videos as a ZIP."""
    found, wanted = the_batch(request, pk), request.GET.get("format", "")
    kind = wanted if wanted in KINDS else "csv"
    what = _("videos") if kind == "zip" else _("results")
    return _file(results_in(kind, found, origin_of(request)), _name(found, what, f".{kind}"))


def _name(found: Batch, what: str, suffix: str) -> str:
    """Return the name of a file about the batch: "cups.xlsx" -> "cups results.csv"."""
    stem, _dot, end = found.name.rpartition(".")
    return file_name(f"{stem if stem and len(end) <= 5 else found.name} {what}", suffix)


def _file(reply: Reply, name: str) -> Reply:
    reply["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return reply
