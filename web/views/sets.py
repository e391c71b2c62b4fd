"""Sets of variations: their order from the Studio's form, and finishing a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from access.callers import caller_of
from batches.finishing import Finish, draft_row, finish, plan_finish
from batches.messages import words_of
from batches.models import Batch, BatchRow
from batches.variations import Plan, place_from_page, plan
from generation.errors import InvalidRequest, PortalError
from generation.models import GenerationTask
from generation.ordering.first_values import enabled_accounts, first_choice
from library.collections import to_fill
from providers.vendors import find_model
from web.forms import ComposeForm, form_with_settings, is_wide
from web.presenters.models import Quote
from web.presenters.variations import budget_words, cost_of, left_out_words, model_choices, set_quote
from web.presenters.videos import tile_of
from web.presenters.words import model_label
from web.variations_form import FinishForm, VariationsForm
from web.views.common import ORDERED_ALREADY, page_key, the_task, toast

__all__ = ["finish_quote", "finish_task", "into_of", "place_set", "set_context", "varied"]


def varied(request: HttpRequest) -> VariationsForm:
    """Return the variations that were sent with the form."""
    return VariationsForm(request.POST, caller=caller_of(request), accounts=enabled_accounts())


def place_set(request: HttpRequest, form: ComposeForm, vary: VariationsForm) -> Batch | None:
    """Order the variations. Return None if the form has errors, or if it leaves out a setting that the page has not shown yet."""
    if find_model(form.data.get("model", "")) is not form.spec:  # another model is never ordered instead
        form.add_error(None, _("This model is no longer available. Choose another one. Your text is kept."))
    into = into_of(request, form)
    if not form.is_valid() or not vary.is_valid():
        return None
    caller, wanted = caller_of(request), replace(vary.wanted(form), collection_id=into)
    try:
        planned = plan(wanted, by=caller, team=form.cleaned_data.get("team"))
        if _seen(planned.left_out) - set(request.POST.getlist("vary-seen")):
            form.add_error(
                None, _("Some models do not take all of these settings. See under Variations what is left out, then press Generate again.")
            )
        elif vary.is_valid():
            batch, is_new = place_from_page(wanted, planned, by=caller, page=page_key(request))
            if not is_new:
                messages.info(request, str(ORDERED_ALREADY))
            return batch
    except InvalidRequest as wrong:
        for words in dict.fromkeys(wrong.fields.values() or [wrong.message]):
            form.add_error(None, words)
    except PortalError as error:
        form.add_error(None, error.message)
    return None


def into_of(request: HttpRequest, form: ComposeForm) -> UUID | None:
    """Return the collection that was chosen for the videos. A wrong one is an error of the form."""
    chosen = request.POST.get("collection", "")
    if not chosen:
        return None
    try:
        return to_fill(caller_of(request), UUID(chosen)).pk
    except (PortalError, ValueError):
        form.add_error(None, _("This collection is gone. Choose again."))
        return None


def set_context(form: ComposeForm, vary: VariationsForm) -> dict[str, Any]:
    """Return what the form shows of the set: its cost, and what models do not take. Empty where nothing varies."""
    if not vary.is_used or not vary.is_valid():
        return {"vary": vary}
    try:
        planned = plan(vary.wanted(form), by=form.caller)
    except InvalidRequest as wrong:
        return {"vary": vary, "quote": Quote(cost=_("Too many"), detail=wrong.message)}
    return {
        "vary": vary,
        "quote": set_quote(planned, form.caller),
        "left_out": left_out_words(planned.left_out),
        "seen": sorted(_seen(planned.left_out)),
        "problems": _problems(planned, form),
    }


def _problems(planned: Plan, form: ComposeForm) -> list[str]:
    """Return what keeps the further models from being ordered; that of the form's own model is at its fields."""
    if not str(form.data.get("prompt", "")).strip():
        return []
    others = [row for row in planned.rows if row.order["model"] != form.spec.name]
    return list(dict.fromkeys(f"{model_label(row.order['model'])}: {words_of(one)}" for row in others for one in row.problems))


def _seen(left_out: Mapping[str, Any]) -> set[str]:
    return {f"{model} {one.field}" for model, ones in left_out.items() for one in ones}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def finish_task(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show what a draft becomes on a model, and order that."""
    task = the_task(request, pk)
    try:
        row = draft_row(task)
        if request.method == "POST" and (done := _finished(request, row)):
            return done
        return render(request, "sets/finish.html", _finish_context(request, task, row), status=422 if request.method == "POST" else 200)
    except PortalError as refusal:  # it has no video, or no batch
        messages.error(request, refusal.message)
        return redirect("task", task.pk)


@login_required
@require_POST
def finish_quote(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the cost, and what the model does not take, of the form as it is now."""
    task = the_task(request, pk)
    try:
        return render(request, "sets/_finish_quote.html", _finish_context(request, task, draft_row(task)))
    except PortalError as refusal:  # it has no video, or no batch
        return toast(refusal.message, messages.ERROR, refusal.status)


def _finished(request: HttpRequest, row: BatchRow) -> HttpResponse | None:
    """Order it and return where to go. None if the page has to say something first."""
    form, planned = _planned(request, row)
    if not form.is_valid() or planned.problems or {one.field for one in planned.left_out} - set(request.POST.getlist("seen")):
        return None
    try:
        _row, is_new = finish(planned, by=caller_of(request))
    except PortalError as refusal:
        messages.error(request, refusal.message)
        return None
    messages.success(request, _("Ordered. It appears beside its draft.") if is_new else str(ORDERED_ALREADY))
    return redirect("batch", row.batch_id)


def _planned(request: HttpRequest, row: BatchRow) -> tuple[FinishForm, Finish]:
    """Return the form of the chosen model, and what it would order."""
    given = request.POST if request.method == "POST" else request.GET
    spec = find_model(given.get("model", "") or row.order.get("model", "")) or first_choice(caller_of(request).user, enabled_accounts())
    kind = form_with_settings(spec, FinishForm)
    if request.method != "POST":
        planned = plan_finish(row, spec)
        return kind(owner=caller_of(request).user, initial=planned.row.order["params"]), planned
    form = kind(request.POST, owner=caller_of(request).user)
    form.is_valid()
    return form, plan_finish(row, spec, form.changed)


def _finish_context(request: HttpRequest, task: GenerationTask, row: BatchRow) -> dict[str, Any]:
    form, planned = _planned(request, row)
    videos = task.kept_videos()
    return {
        "task": task,
        "batch": row.batch,
        "tile": tile_of(videos[0], caller_of(request)) if videos else None,
        "draft": row,
        "seed": planned.row.order["params"].get("seed"),
        "form": form,
        "spec": form.spec,
        "models": model_choices(enabled_accounts()),
        "fields": [(form[name], "wide" if is_wide(form.fields[name]) else "") for name in form.offered],
        "cost": cost_of([planned.cost]),
        "budget": budget_words(caller_of(request)) if planned.cost else "",
        "left_out": left_out_words({form.spec.name: planned.left_out}),
        "seen": sorted({one.field for one in planned.left_out}),
        "problems": list(dict.fromkeys(planned.problems.values())),
    }
