"""The Studio's buttons that let a language model write the prompt."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from access.callers import caller_of
from generation.ordering.first_values import enabled_accounts, first_choice
from prompts.enhance import Written, describe, enhance, translate
from prompts.instructions import language_of
from prompts.making import Made
from prompts.models import Purpose
from prompts.signed import carried, pack
from providers.messages import translated
from providers.vendors import find_model
from web.forms import ComposeForm, form_for

__all__ = ["write"]

MOST_CHARS = 20_000


@login_required
@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """Show what a language model makes of the form's prompt or first frame beside what it was. Nothing is ordered."""
    user = caller_of(request).user
    spec = find_model(request.POST.get("model", "")) or first_choice(user, enabled_accounts())
    form = form_for(spec)(request.POST, owner=user)
    form.is_valid()
    written = _written(form, request.POST.get("purpose", ""))
    reason = translated(written.reason) if written and written.reason else ""
    context = {
        "written": written,
        "reason": reason,
        "packed": _packed(form, written) if written and written.by else "",
        "prompt_id": form["prompt"].auto_id,
    }
    return render(request, "studio/_written.html", context)


def _packed(form: ComposeForm, written: Written) -> str:
    """Return what goes with the text; a template whose text was rewritten stays known."""
    before = carried(form.data.get("made_from", ""), written.original)
    made_from = {**before.made_from, **written.made_from}
    if "original" in before.made_from:
        made_from["original"] = before.made_from["original"]
    return pack(Made(text=written.text, made_from=made_from, own=before.own))


def _written(form: ComposeForm, purpose: str) -> Written | None:
    """Return what was written; None where there is nothing to write about."""
    text, owner, spec = str(form.data.get("prompt", "")).strip()[:MOST_CHARS], form.owner, form.spec
    match purpose:
        case Purpose.ENHANCE:
            return enhance(text, owner=owner, spec=spec) if text else None
        case Purpose.TRANSLATE:
            return translate(text, owner=owner, spec=spec) if text else None
        case Purpose.DESCRIBE:
            frames = form.pictures.get("first_frame")
            language = language_of(text) if text else (get_language() or "")
            return describe(frames[0], owner=owner, idea=text, language=language, spec=spec) if frames else None
    raise Http404
