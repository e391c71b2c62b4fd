"""The list of batches, the upload, and what applies to all rows."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from access.callers import caller_of
from access.rights import may
from batches.mapping import named_in
from batches.models import Batch, State
from batches.recipes import variables_of
from batches.upload import change, upload
from delivery.csv_export import csv_lines
from generation.errors import InvalidRequest, NotAllowed, PortalError
from generation.ordering.first_values import enabled_accounts, first_choice
from generation.ordering.prices import current
from providers.core.catalog import ModelSpec
from providers.vendors import find_model
from web.batch_forms import RECIPE, DefaultsForm, UploadForm, defaults_shown
from web.forms import form_with_settings
from web.param_text import properties_of
from web.presenters.batches import lines_of
from web.presenters.models import model_groups
from web.views.common import the_batch, uuid_in
from web.views.compose import compose_context

__all__ = ["defaults", "example", "listing", "model_part", "new"]

LISTED = 30
IN_EXAMPLE = ("duration_s", "aspect_ratio")


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """List the batches that this person may see, newest first."""
    caller = caller_of(request)
    mine = request.GET.get("who") == "mine" or not caller.sees_others
    found = Batch.objects.select_related("owner")
    if before := uuid_in(request, "before"):
        found = found.filter(pk__lt=before)
    rows = list(found.filter(owner=caller.user).order_by("-pk")[: LISTED + 1] if mine else found.first_for(caller, LISTED + 1))
    who = {"who": "mine"} if mine and caller.sees_others else {}
    context = {
        "lines": lines_of(rows[:LISTED]),
        "next_url": reverse("batches", query={**who, "before": str(rows[LISTED - 1].pk)}) if len(rows) > LISTED else "",
        "mine": mine,
        "sees_others": caller.sees_others,
        "whose_url": reverse("batches", query={} if mine else {"who": "mine"}),
        "first_page": before is None,
    }
    return render(request, "batches/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Upload a file. `?from=` names a batch whose model and settings the form begins with: its mended rows."""
    caller = caller_of(request)
    source = the_batch(request, pk) if (pk := uuid_in(request, "from")) else None
    spec = _model(request, source)
    if request.method != "POST":
        shown = defaults_shown(source, spec) if source else {}
        return _upload_page(request, form_with_settings(spec, UploadForm)(owner=caller.user, **shown), source)
    form = form_with_settings(spec, UploadForm)(request.POST, request.FILES, owner=caller.user)
    if form.is_valid():
        data = form.cleaned_data
        kept = {name: value for name, value in source.defaults.items() if name not in {"prompt", "inputs", *RECIPE}} if source else {}
        try:
            batch = upload(
                by=caller,
                file=data["file"],
                file_name=data["file"].name or "",
                archive=data["archive"],
                name=data["name"],
                defaults=kept | form.defaults(),
                team=data.get("team"),
                language=get_language() or "",
            )
        except InvalidRequest as wrong:
            for name, words in wrong.fields.items():
                form.add_error({"images": "archive"}.get(name, name) if name in {"file", "images"} else None, words)
        except PortalError as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("batch", batch.pk)
    return _upload_page(request, form, source, status=422)


def _upload_page(request: HttpRequest, form: UploadForm, source: Batch | None, status: int = 200) -> HttpResponse:
    context = {**_settings_context(form, reverse("batch-new")), "source": source}
    return render(request, "batches/new.html", context, status=status)


@login_required
@require_GET
def model_part(request: HttpRequest) -> HttpResponse:
    """Return the settings of another model, with the values of the form that fit it."""
    spec = _model(request, None)
    form_class = form_with_settings(spec, DefaultsForm)
    fields = form_class(owner=caller_of(request).user).fields
    values = {}
    for name in {*form_class.front, *form_class.rest} & request.GET.keys():
        try:
            values[name] = fields[name].clean(request.GET[name])
        except ValidationError:
            continue
    form = form_class(owner=caller_of(request).user, initial=values)
    return render(request, "batches/_settings.html", _settings_context(form, reverse("batch-new")))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def defaults(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what applies to all rows of a batch that is not accepted; all rows are checked again."""
    batch, caller = the_batch(request, pk), caller_of(request)
    if not may(caller, "act", batch):
        raise PermissionDenied(_("This batch belongs to someone else. Ask its owner, or an administrator who may change batches."))
    if batch.state not in {State.CHECKED, State.CHECKING, State.REFUSED}:
        return redirect("batch", batch.pk)
    spec = _model(request, batch)
    form = form_with_settings(spec, DefaultsForm)(owner=batch.owner, **defaults_shown(batch, spec))
    status = 200
    if request.method == "POST":
        form, status = form_with_settings(spec, DefaultsForm)(request.POST, request.FILES, owner=batch.owner), 422
        form.fields.pop("team", None)
        if form.is_valid():
            try:
                kept = {name: value for name, value in batch.defaults.items() if name not in RECIPE}
                batch.defaults = kept | form.defaults()
                change(batch, by=caller, mapping=named_in(batch, variables_of(batch)), defaults=batch.defaults)
            except NotAllowed as refusal:
                raise PermissionDenied(refusal.message) from refusal
            except PortalError as refusal:
                form.add_error(None, refusal.message)
            else:
                return redirect("batch", batch.pk)
    form.fields.pop("team", None)
    context = {**_settings_context(form, reverse("batch-defaults", args=[batch.pk])), "batch": batch}
    return render(request, "batches/defaults.html", context, status=status)


@login_required
@require_safe
def example(request: HttpRequest) -> StreamingHttpResponse:
    """Return a table to begin with, in the reader's language, that fits the model."""
    spec = _model(request, None)
    properties = properties_of(spec.params)
    fitting = [name for name in IN_EXAMPLE if name in properties]
    values = [_example_value(properties[name]) for name in fitting]
    prompts = [
        _("A white ceramic cup on a wooden table, steam rising, morning light"),
        _("A red backpack turns slowly on a grey ground, studio light"),
        _("Running shoes on wet asphalt, close to the ground, evening"),
    ]
    heading = [_("Content id"), _("Prompt"), *(_(properties[name]["title"]) for name in fitting)]
    rows = [[f"sku-{number}", prompt, *values] for number, prompt in enumerate(prompts, start=1)]
    answer = StreamingHttpResponse(csv_lines(iter([heading, *rows])), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="batch-example.csv"'
    return answer


def _example_value(schema: dict[str, Any]) -> str:
    """Return the option's own value, or the first that it may have."""
    parts = [schema, *schema.get("anyOf", [])]
    offered = [value for part in parts for value in part.get("enum", [part["const"]] if "const" in part else [])]
    value = schema.get("default")
    return str(value if value not in (None, "") else next(iter(offered), ""))


def _model(request: HttpRequest, source: Batch | None) -> ModelSpec:
    """Return the model that the form is of: the one that was chosen, that of the batch, or the usual first choice."""
    asked = request.POST.get("model", "") or request.GET.get("model", "") or (source.defaults.get("model", "") if source else "")
    return find_model(asked) or first_choice(caller_of(request).user, enabled_accounts())


def _settings_context(form: DefaultsForm, page_url: str) -> dict[str, Any]:
    """Return everything of batches/_settings.html and of the list of models. Without script a model is a link to the page with it."""
    accounts, prices = enabled_accounts(), current()
    context = compose_context(cast("Any", form), accounts, prices)
    return {**context, "models": model_groups(form.spec, accounts, prices, page_url), "page_url": page_url}
