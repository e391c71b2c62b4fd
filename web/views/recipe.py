"""The Studio's template, style and platform, whose words go into the form's prompt; and what the lint says of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from access.callers import caller_of
from generation.models import Asset
from generation.ordering.first_values import enabled_accounts
from generation.ordering.prices import current
from prompts.instructions import language_of
from prompts.making import Made, without
from prompts.signed import carried, pack
from prompts.styles import joined
from web.forms import PICKERS, ComposeForm, form_for
from web.recipe_form import RecipeForm
from web.views.common import wants_fragment
from web.views.compose import findings_of, studio_context
from web.views.sets import varied
from web.views.studio import page, sent

__all__ = ["lint_prompt", "recipe"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def recipe(request: HttpRequest) -> HttpResponse:
    """Show the variables of the template that was chosen, or put the prompt and settings into the form. Nothing is ordered."""
    if request.method != "POST":
        chosen = {name.removeprefix(f"{PICKERS}-"): value for name, value in request.GET.items() if value}
        return render(request, "studio/_recipe.html", {"recipe": RecipeForm(caller=caller_of(request), prefix=PICKERS, initial=chosen)})
    typed = sent(request)
    typed.is_valid()
    prompt = str(typed.data.get("prompt", ""))
    before = carried(typed.data.get("made_from", ""), prompt)
    picked = RecipeForm(request.POST, caller=typed.caller, prefix=PICKERS)
    made = picked.made(typed.spec, prompt, before, [slot for slot, images in typed.pictures.items() if images])
    form = _filled(typed, before, made)
    more: dict[str, Any] = {
        "recipe": picked,
        "vary": varied(request),
        "settles": request.POST.get("settles", ""),
        "undo": prompt if made else None,
    }
    if made:
        more["filled"] = "prompt,settings" + (",images" if made.inputs else "")
    status = 200 if made else 422
    if wants_fragment(request):
        return render(request, "studio/_compose.html", studio_context(form, enabled_accounts(), current()) | more, status=status)
    return page(request, form, enabled_accounts(), status, **more)


@login_required
@require_POST
def lint_prompt(request: HttpRequest) -> HttpResponse:
    """Return what the lint says of the form as it is now."""
    form = sent(request)
    form.is_valid()
    return render(request, "prompts/_findings.html", {"findings": findings_of(form, form.params)})


def _filled(typed: ComposeForm, before: Made, made: Made | None) -> ComposeForm:
    """Return the form with what was typed, and over that the prompt and the settings that were made. Errors are for the order itself."""
    values: dict[str, Any] = {name: typed.data.get(name, "") for name in typed.fields if typed[name].widget_type != "checkbox"}
    values |= {name: value for name, value in typed.cleaned_data.items() if name in {*typed.front, *typed.rest, "count"}}
    pictures = dict(typed.pictures)
    if made:
        values |= {**made.params, "prompt": made.text, "made_from": pack(made)}
        if "negative_prompt" in typed.fields:
            mine = without(str(typed.data.get("negative_prompt", "")), before.negative_text)
            values["negative_prompt"] = joined([mine, made.negative_text], language_of(mine or made.negative_text))
        for slot, ids in made.inputs.items():
            pictures[slot] = list(Asset.objects.visible_to(typed.caller).filter(pk__in=ids))
    return form_for(typed.spec)(owner=typed.owner, pictures=pictures, initial=values)
