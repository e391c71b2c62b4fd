"""What the Studio keeps of a person: presets of its form, and the history of their prompts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.callers import caller_of
from generation.errors import InvalidRequest, NotThere, PortalError
from generation.models import Asset
from generation.ordering.first_values import MOST_VIDEOS, enabled_accounts, first_choice
from generation.ordering.page_keys import new_key
from prompts import presets
from prompts.history import earlier_prompts
from prompts.models import Preset
from providers.vendors import find_model
from web.forms import ComposeForm, form_for
from web.presenters.kept import earlier_of
from web.variations_form import VariationsForm
from web.views.common import text_in, uuid_in
from web.views.sets import varied

__all__ = ["change_preset", "delete_preset", "history", "preset_list", "with_preset"]

ON_A_PAGE = 20


@login_required
@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """List earlier prompts of this person that have the words of the search."""
    words = text_in(request, "q")
    found, more = earlier_prompts(caller_of(request).user, words=words, before=uuid_in(request, "before"), most=ON_A_PAGE)
    return render(request, "studio/_history.html", {"found": earlier_of(found), "more": more, "words": words})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preset_list(request: HttpRequest) -> HttpResponse:
    """List the presets of this person. A POST keeps the Studio's form, which comes with it, under a name."""
    user, error = caller_of(request).user, ""
    if request.method == "POST":
        spec = find_model(request.POST.get("model", "")) or first_choice(user, enabled_accounts())
        form, vary = form_for(spec)(request.POST, owner=user), varied(request)
        form.is_valid()
        vary.is_valid()
        error = _tried(lambda: presets.create(user, request.POST.get("preset-name", ""), _values(form, vary)))
    return _listed(request, error)


@login_required
@require_POST
def change_preset(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Give a preset another name."""
    row = _the_preset(request, pk)
    return _listed(request, _tried(lambda: presets.change(row, name=request.POST.get("name", ""))))


@login_required
@require_POST
def delete_preset(request: HttpRequest, pk: UUID) -> HttpResponse:
    presets.delete(_the_preset(request, pk))
    return _listed(request, "")


def with_preset(request: HttpRequest, pk: UUID) -> tuple[ComposeForm, dict[str, Any]]:
    """Return the Studio's form filled from a preset, and what else the page shows."""
    caller, accounts = caller_of(request), enabled_accounts()
    values = _the_preset(request, pk).values
    spec = find_model(values.get("model", ""))
    if spec is None:
        messages.warning(request, _("The model of this preset is no longer available. Choose another one."))
        spec = first_choice(caller.user, accounts)
    wanted = {slot: ids for slot, ids in values.get("inputs", {}).items() if spec.slot(slot)}
    found = {str(one.pk): one for one in Asset.objects.visible_to(caller).filter(pk__in=[pk for ids in wanted.values() for pk in ids])}
    pictures = {slot: [found[pk] for pk in ids if pk in found] for slot, ids in wanted.items()}
    if sum(map(len, pictures.values())) < sum(map(len, wanted.values())):
        messages.warning(request, _("An image of this preset is no longer available. Choose it again."))
    params = {name: value for name, value in values.get("params", {}).items() if name in spec.params.model_fields}
    first = params | {"prompt": values.get("prompt", ""), "count": min(max(values.get("count", 1), 1), MOST_VIDEOS), "key": new_key()}
    form = form_for(spec)(owner=caller.user, pictures=pictures, initial=first)
    chosen = {name: values[name] for name in ("styles", "models", "drafts") if name in values}
    filled = ["settings", "images", "count", *(["prompt"] if first["prompt"] else [])]
    return form, {"filled": ",".join(filled), "vary": VariationsForm(caller=caller, accounts=accounts, initial=chosen)}


def _values(form: ComposeForm, vary: VariationsForm) -> dict[str, Any]:
    """Return what the form says now, as far as it can be read."""
    return {
        "model": form.spec.name,
        "prompt": str(form.data.get("prompt", "")).replace("\x00", ""),
        "params": {name: value for name, value in form.params.items() if value not in (None, "", [])},
        "inputs": {slot: [str(asset.pk) for asset in assets] for slot, assets in form.pictures.items() if assets},
        "count": form.cleaned_data.get("count") or 1,
    } | {name: value for name, value in vary.cleaned_data.items() if value}


def _tried(act: Callable[[], object]) -> str:
    """Run the change. Return why it was refused, or an empty text."""
    try:
        act()
    except InvalidRequest as wrong:
        return next(iter(wrong.fields.values()), wrong.message)
    except PortalError as refusal:
        return refusal.message
    return ""


def _listed(request: HttpRequest, error: str) -> HttpResponse:
    context = {"presets": presets.of(caller_of(request).user), "error": error}
    return render(request, "studio/_presets.html", context, status=422 if error else 200)


def _the_preset(request: HttpRequest, pk: UUID) -> Preset:
    try:
        return presets.the_preset(caller_of(request).user, pk)
    except NotThere as gone:
        raise Http404 from gone
