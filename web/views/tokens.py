"""Settings, Tokens: a person makes, changes, replaces and revokes their own. A text is in the answer to the press, and nowhere else."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access import tokens as own
from access.budget_changes import limits_of_token
from access.callers import caller_of
from access.limits import WrongLimits
from access.models import ApiToken
from access.two_keys import secret_key
from web.presenters.tokens import token_card, token_cards
from web.token_form import NewTokenForm, TokenForm

__all__ = ["new_token", "revoke", "roll", "token", "tokens"]

OVERLAPS_H = (0, 1, 24, 168)


@login_required
@require_GET
def tokens(request: HttpRequest) -> HttpResponse:
    """Show the person's tokens, newest first, also those that no longer work."""
    rows = ApiToken.objects.filter(owner=caller_of(request).user)
    return render(request, "tokens/page.html", {"cards": token_cards(list(rows))})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show its text."""
    by = caller_of(request)
    form = NewTokenForm(request.POST or None, by=by)
    if request.method == "POST" and form.is_valid():
        life = timedelta(days=form.cleaned_data["days"]) if form.cleaned_data["days"] else None
        try:
            with transaction.atomic():
                row, text = own.issue(by.user, form.cleaned_data["label"], by=by, limits=form.limits, expires_in=life)
                own.limit(row, form.budgets, by=by)
        except WrongLimits as wrong:
            _show_in(form, wrong)
        else:
            return _issued(request, row, text)
    return render(request, "tokens/new.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def token(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one token, and change its label and limits."""
    by = caller_of(request)
    row = _own(request, pk)
    form = TokenForm(request.POST or None, by=by, token=row)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                own.change(row, by=by, label=form.cleaned_data["label"], limits=form.limits, expires_at=row.expires_at)
                own.limit(row, form.budgets, by=by)
        except IntegrityError:
            form.add_error(None, _("Someone else saved this at the same time. This is what is stored now."))
        except WrongLimits as wrong:
            _show_in(form, wrong)
        else:
            messages.success(request, _("Saved."))
            return redirect("token", pk)
    facts = {"form": form, "token": row, "card": token_card(ApiToken.objects.get(pk=pk), limits_of_token(row)), "overlaps": _overlaps()}
    return render(request, "tokens/token.html", facts, status=422 if form.errors else 200)


@login_required
@require_POST
def roll(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Replace the token and show the text of the new one."""
    row, hours = _own(request, pk), request.POST.get("hours", "")
    if hours not in {str(hours) for hours in OVERLAPS_H}:
        messages.error(request, _("Choose for how long the old token goes on working."))
        return redirect("token", pk)
    try:
        issued = own.roll(row, by=caller_of(request), overlap=timedelta(hours=int(hours)))
    except own.CannotRoll:
        messages.error(request, _("This token was replaced already, or no longer works. Make a new one."))
        return redirect("token", pk)
    return _issued(request, *issued)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Refuse the token from now on."""
    if own.revoke(_own(request, pk), by=caller_of(request)):
        messages.success(request, _("Revoked. The token is refused from now on."))
    return redirect("tokens")


def _own(request: HttpRequest, pk: UUID) -> ApiToken:
    return get_object_or_404(ApiToken.objects.select_related("owner"), pk=pk, owner=caller_of(request).user)


def _show_in(form: TokenForm, wrong: WrongLimits) -> None:
    for name, words in wrong.fields.items():
        form.add_error("days" if name == "expires_at" and "days" in form.fields else name if name in form.fields else None, words)


def _issued(request: HttpRequest, row: ApiToken, text: str) -> HttpResponse:
    facts = {"card": token_card(row, limits_of_token(row)), "text": text, "access_key": row.public_id, "secret_key": secret_key(row)}
    page = render(request, "tokens/issued.html", facts, status=201)
    page["Cache-Control"] = "no-store"
    return page


def _overlaps() -> list[tuple[int, str]]:
    words = [_("Ends at once"), _("One more hour"), _("One more day"), _("Seven more days")]
    return list(zip(OVERLAPS_H, words, strict=True))
