"""Bills of vendors, a tab of the Usage page: upload them, read them, compare them with purchases, take their amounts over."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.callers import caller_of
from access.rights import may
from delivery.csv_export import csv_lines
from generation.actions.decide import require_decider
from generation.bills import bills
from generation.bills.columns import Columns, suggested
from generation.bills.reading import ENCODINGS, BadBill, Table
from generation.bills.sentences import words_of
from generation.bills.take_over import take_over
from generation.errors import Conflict, InvalidRequest, NotAllowed, NotThere
from generation.models import Bill, GenerationTask
from web.bill_forms import ReadForm, UploadForm
from web.presenters.bills import bill_row, preview_of, take_page
from web.presenters.bills_csv import table_of_differences
from web.presenters.large_bills import page_of
from web.views.common import answer

__all__ = ["bill", "columns", "delete", "export", "listing", "take"]

MOST_SHOWN = 200
View = Callable[..., Any]


def _about_a_bill(view: View) -> View:
    """Find the bill for the view; answer 404 to callers who may not see all money."""

    @login_required
    @wraps(view)
    def wrapped(request: HttpRequest, pk: UUID) -> Any:
        try:
            return view(request, bills.the_bill(caller_of(request), pk))
        except NotThere as gone:
            raise Http404 from gone
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.message) from refusal

    return wrapped


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """List the bills, and upload one."""
    caller = caller_of(request)
    if not may(caller, "see", Bill):
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            row, is_new = bills.store(
                by=caller, vendor=form.cleaned_data["vendor"], file_name=form.cleaned_data["file"].name, content=form.content()
            )
        except InvalidRequest as refusal:
            for name, words in refusal.fields.items():
                form.add_error(name if name in form.fields else "file", words)
        except NotAllowed as refusal:
            raise PermissionDenied(refusal.message) from refusal
        else:
            if not is_new:
                messages.info(request, _("This file was uploaded before."))
            return redirect("bill" if row.result else "bill-columns", row.pk)
    rows = bills.seen_bills(caller)[:MOST_SHOWN]
    context = {"rows": [bill_row(row) for row in rows], "form": form if may(caller, "change", Bill) else None}
    return render(request, "bills/list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@_about_a_bill
def columns(request: HttpRequest, row: Bill) -> HttpResponse:
    """Show the meaning of the columns with the first rows, and read the bill by them."""
    caller = caller_of(request)
    bills.require_keeper(caller)
    chosen = request.POST.get("encoding", "")
    table, guess, problem = _table(row, chosen if chosen in ENCODINGS else "")
    form = ReadForm(request.POST or None, bill=row, heading=table.heading if table else (), columns=guess)
    if problem:
        form.errors.setdefault("encoding", form.error_class()).append(problem)
    elif request.method == "POST" and form.is_valid():
        facts = form.chosen()
        try:
            page_of(row, bills.read_as(row, by=caller, **facts))
        except InvalidRequest as refusal:
            form.refuse(refusal)
        else:
            return redirect("bill", row.pk)
        guess = facts["columns"]
    context = {"bill": row, "form": form, "preview": preview_of(table, guess) if table else None}
    return render(request, "bills/columns.html", context, status=422 if request.method == "POST" else 200)


def _table(row: Bill, encoding: str) -> tuple[Table | None, Columns, str]:
    """Return the cells, how they are read, and why they cannot be. Another encoding may reveal other headings."""
    kept = bills.columns_of(row)
    try:
        table = bills.table_of(row, encoding)
    except BadBill as error:
        return None, kept, words_of(error)
    is_other = encoding and encoding != row.encoding
    return table, suggested(table, kept.currency) if is_other else kept, ""


@require_safe
@_about_a_bill
def bill(request: HttpRequest, row: Bill) -> HttpResponse:
    """Show what agrees and what differs on either side."""
    if not row.result:
        return redirect("bill-columns", row.pk)
    caller = caller_of(request)
    context = {
        "bill": row,
        "page": page_of(row),
        "may_change": may(caller, "change", Bill),
        "may_decide": may(caller, "decide", GenerationTask),
    }
    return render(request, "bills/page.html", context)


@require_safe
@_about_a_bill
def export(request: HttpRequest, row: Bill) -> StreamingHttpResponse:  # noqa: ARG001
    """Send all differences as CSV."""
    response = StreamingHttpResponse(csv_lines(table_of_differences(row, bills.check_of(row))), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="differences-{row.vendor}-{row.first}-{row.last}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@_about_a_bill
def take(request: HttpRequest, row: Bill) -> HttpResponse:
    """Take over the bill's amount of one purchase, or of all whose amounts differ: of these a page asks first."""
    named = request.POST.get("purchase", "")
    if not named and "all" not in request.POST:
        require_decider(caller_of(request))
        return render(request, "bills/take.html", {"bill": row, "page": take_page(row, bills.check_of(row))})

    def act() -> str:
        done, refusals = take_over(row, by=caller_of(request), purchases=[_uuid(named)] if named else None)
        if refusals and not done:
            raise Conflict(refusals[0])
        words = ngettext("%(n)d amount taken over.", "%(n)d amounts taken over.", done) % {"n": done}
        return " ".join([words, *refusals[:1]])

    return answer(request, act, to=reverse("bill", args=[row.pk]))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


@require_POST
@_about_a_bill
def delete(request: HttpRequest, row: Bill) -> HttpResponse:
    """Delete the bill. Costs that were taken over from it stay."""

    def act() -> str:
        bills.delete(row, by=caller_of(request))
        return _("Bill deleted.")

    return answer(request, act, to=reverse("bills"))
