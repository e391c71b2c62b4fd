"""Templates and styles: list them, try one, write your own, take it to the Studio."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.callers import Caller, caller_of
from access.rights import may
from generation.errors import InvalidRequest, NotThere, PortalError
from generation.ordering.first_values import enabled_accounts, first_choice
from prompts.history import refusals_of
from prompts.lint import lint
from prompts.making import Made, make
from prompts.models import Category, Template
from prompts.platforms import PLATFORMS
from prompts.styles import STYLES
from prompts.templates import own
from prompts.templates.built_in import BUILT_IN
from prompts.templates.rendering import TemplateVersion
from providers.core.catalog import PORTAL_IMAGES, InputSlot
from providers.vendors import find_model
from web.recipe_form import MOST_LISTED, RecipeForm, reading_language
from web.template_forms import TemplateForm, lines_of
from web.views.common import text_in, wants_fragment
from web.views.compose import Place, place_of

__all__ = ["delete", "edit", "listing", "new", "template"]

FIELDS = ("name", "category", "language", "text", "negative_text")


@login_required
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show own templates and those of the portal by category, the styles and the platforms."""
    caller, language = caller_of(request), reading_language()
    wanted, text = request.GET.get("category", ""), text_in(request, "q")
    rows = Template.objects.filter(is_current=True).select_related("owner", "team")
    if text:
        rows = rows.filter(name__icontains=text) | rows.filter(text__icontains=text)
    mine = list(rows.first_for(caller, MOST_LISTED))
    built_in = [one for one in BUILT_IN.values() if one.language == language and text.casefold() in f"{one.name} {one.text}".casefold()]
    groups = [
        {
            "label": label,
            "mine": [row for row in mine if row.category == category],
            "built_in": [one for one in built_in if one.category == category],
        }
        for category, label in Category.choices
        if wanted in {"", category} and category != Category.STYLE
    ]
    has_styles = wanted in {"", Category.STYLE}
    styles = [
        {"id": one.id, "name": one.name[language], "words": one.words[language]}
        for one in STYLES.values()
        if has_styles and text.casefold() in f"{one.name[language]} {one.words[language]}".casefold()
    ]
    platforms = [
        {"id": one.id, "name": one.name[language], "words": one.words[language], "ratio": one.ratio, "duration_s": one.duration_s}
        for one in PLATFORMS.values()
        if not (wanted or text)
    ]
    context = {
        "groups": [group for group in groups if group["mine"] or group["built_in"]],
        "own_styles": [row for row in mine if has_styles and row.category == Category.STYLE],
        "styles": styles,
        "platforms": platforms,
        "categories": Category.choices,
        "wanted": wanted,
        "q": text,
    }
    return render(request, "prompts/list.html", context)


@login_required
@require_GET
def template(request: HttpRequest, template_id: str) -> HttpResponse:
    """Show a template with a form to fill it, the prompt that it makes and what the lint says of it. `?version=` is an earlier version."""
    caller = caller_of(request)
    version = request.GET.get("version", "")
    found = _found(caller, template_id, int(version) if version.isdecimal() and len(version) < 10 else None)
    row = None if (found.id, found.language) in BUILT_IN else own.the_row(caller, found.id, version=found.version)
    is_sent = "template" in request.GET
    form = RecipeForm(request.GET if is_sent else None, caller=caller, fixed=found)
    spec = find_model(request.GET.get("model", "")) or first_choice(caller.user, enabled_accounts())
    made = form.made(spec) if is_sent else _example(found)
    findings = []
    if made and is_sent:
        findings = lint(spec, made.text, negative_text=made.negative_text, params=made.params, refused=refusals_of(caller, spec))
    context = {
        "template": found,
        "row": row,
        "is_style": found.category == Category.STYLE,
        "form": form,
        "made": made,
        "is_example": not is_sent,
        "is_live": wants_fragment(request),
        "findings": findings,
        "model": spec,
        "may_change": row is not None and row.is_current and may(caller, "act", row),
        "slot": _slot(form),
    }
    is_wrong = is_sent and bool(form.errors) and not wants_fragment(request)
    return render(request, "prompts/template.html", context, status=422 if is_wrong else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Store a template; with `?from=`, the form starts as a copy of another."""
    caller = caller_of(request)
    initial: dict[str, Any] = {"language": reading_language(), "category": request.GET.get("category", "")}
    if copied := request.GET.get("from"):
        initial = _initial(_found(caller, copied))
    form = TemplateForm(request.POST or None, by=caller, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            row = own.create(by=caller, team=form.cleaned_data.get("team"), **_fields(form, form.declared()))
        except InvalidRequest as wrong:
            form.show(wrong)
        else:
            messages.success(request, _("Template saved."))
            return redirect("template", row.line)
    return render(request, "prompts/form.html", {"form": form, "template": None}, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, template_id: str) -> HttpResponse:
    """Store the next version of an own template."""
    caller = caller_of(request)
    row = _row(caller, template_id)
    form = TemplateForm(request.POST or None, by=caller, initial=_initial(own.value_of(row)) | {"team": row.team_id})
    if request.method == "POST" and form.is_valid():
        changes = _fields(form, form.declared(row.variables)) | ({"team": form.cleaned_data["team"]} if "team" in form.fields else {})
        try:
            own.change(row, by=caller, **changes)
        except InvalidRequest as wrong:
            form.show(wrong)
        except PortalError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Template saved as version %(version)d.") % {"version": row.version + 1})
            return redirect("template", row.line)
    return render(request, "prompts/form.html", {"form": form, "template": row}, status=422 if form.errors else 200)


@login_required
@require_POST
def delete(request: HttpRequest, template_id: str) -> HttpResponse:
    """Take an own template out of the lists."""
    caller = caller_of(request)
    try:
        own.delete(_row(caller, template_id), by=caller)
    except PortalError as error:
        messages.error(request, error.message)
        return redirect("template", template_id)
    messages.success(request, _("Template deleted. Videos that were made from it stay."))
    return redirect("templates")


def _example(found: TemplateVersion) -> Made | None:
    """Return the prompt with the examples of the template; None if it has none."""
    values = {one.name: one.example for one in found.variables if one.example}
    try:
        return make(language=found.language, template=found, values=values) if found.variables else None
    except InvalidRequest:
        return None


def _slot(form: RecipeForm) -> Place | None:
    """Return the place for the image of the template, with the one that was chosen; None if it takes none."""
    if form.image is None:
        return None
    field, label = form[f"v-{form.image.name}"], form.image.label or form.image.name
    image = UUID(field.value()) if form.is_bound and field.value() and not field.errors else None
    return place_of(InputSlot(name=field.name, title=label, rules=PORTAL_IMAGES), label, image=image)


def _found(caller: Caller, template_id: str, version: int | None = None) -> TemplateVersion:
    try:
        return own.find(caller, template_id, reading_language(), version=version)
    except NotThere as error:
        raise Http404 from error


def _row(caller: Caller, template_id: str) -> Template:
    try:
        return own.the_row(caller, template_id)
    except NotThere as error:
        raise Http404 from error


def _initial(found: TemplateVersion) -> dict[str, Any]:
    return {name: getattr(found, name) for name in FIELDS} | {"variables": lines_of(found)}


def _fields(form: TemplateForm, variables: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in FIELDS} | {"variables": variables}
