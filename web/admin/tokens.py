"""Tokens in the admin: issued once with their text on the page, changed, replaced, revoked, never read back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.budget_changes import limit_token
from access.callers import Caller, caller_of
from access.models import ApiToken, TokenState
from access.rights import may
from access.scopes import Scope
from access.tokens import CannotRoll, issue, revoke, roll, usual_days, why_not
from access.tokens import change as change_token
from access.two_keys import secret_key
from web.token_form import BudgetFields, LimitsFields, budgets_shown

__all__ = ["ApiTokenAdmin"]

FIELDS = ("owner", "label", *LimitsFields.base_fields, *BudgetFields.base_fields, "expires_at")
LONG_UNUSED = timedelta(days=90)


class TokenForm(LimitsFields, BudgetFields, forms.ModelForm):  # type: ignore[type-arg]
    """The form of a token: its owner, label, limits and end."""

    by: ClassVar[Caller]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.digest:
            self.initial.update(budgets_shown(self.instance))

    def clean_expires_at(self) -> Any:
        end = self.cleaned_data["expires_at"]
        if end is not None and end <= timezone.now() and "expires_at" in self.changed_data:
            raise forms.ValidationError(_("Choose a time in the future, or revoke the token."))
        return end

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            old = ApiToken.objects.select_related("owner").get(pk=self.instance.pk) if self.instance.digest else None
            owner = old.owner if old else values.get("owner", self.by.user)
            for name, words in why_not(owner, self.limits, values["expires_at"], by=self.by, old=old).items():
                self.add_error(name, words)
        return values


class StateFilter(admin.SimpleListFilter):
    """Tokens that work, those that do not, and those that nobody needs."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return [*TokenState.choices, ("unused", gettext_lazy("Good, and unused for 90 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:  # noqa: ARG002
        now = timezone.now()
        works = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
        unused = Q(last_used_at=None, created_at__lt=now - LONG_UNUSED) | Q(last_used_at__lt=now - LONG_UNUSED)
        wanted = {
            "good": works & Q(rolled_to=None),
            "rolled": works & Q(rolled_to__isnull=False),
            "expired": Q(revoked_at=None, expires_at__lte=now),
            "revoked": Q(revoked_at__isnull=False),
            "unused": works & unused,
        }.get(self.value() or "")
        return queryset.filter(wanted) if wanted else queryset


class ScopeFilter(admin.SimpleListFilter):
    title = gettext_lazy("may")
    parameter_name = "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return list(Scope.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> QuerySet[ApiToken]:  # noqa: ARG002
        if self.value() not in Scope.values:
            return queryset
        return queryset.annotate(scopes_text=Cast("scopes", TextField())).filter(scopes_text__contains=f'"{self.value()}"')


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens: their text is on one page, once, their digest on none. They are revoked, not deleted, so that history keeps their names.

    A token acts in its owner's name, so only superusers make, see and change those of others.
    """

    form = TokenForm
    fields = FIELDS
    list_display = ("label", "owner", "public_id", "state", "created_at", "expires_at", "last_used_at", "last_used_ip")
    list_filter: ClassVar[tuple[Any, ...]] = (StateFilter, ScopeFilter, "only", "owner")
    list_select_related = ("owner",)
    search_fields = ("label", "public_id", "owner__username")
    actions = ("roll", "revoke")
    facts: ClassVar[tuple[str, ...]] = ("public_id", "state", "created_at", "revoked_at", "last_used_at", "last_used_ip", "rolled_to")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        tokens: QuerySet[ApiToken] = super().get_queryset(request)
        return tokens if may(caller_of(request), "see", ApiToken) else tokens.filter(owner=request.user)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:  # noqa: ARG002
        return False

    def get_form(self, request: HttpRequest, obj: ApiToken | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"by": caller_of(request)})

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_at": timezone.now() + timedelta(days=usual_days())} | super().get_changeform_initial_data(request)

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        if obj is None and not request.user.is_superuser:
            return tuple(name for name in FIELDS if name != "owner")
        return FIELDS if obj is None else (*FIELDS, *self.facts)

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        return self.list_filter if request.user.is_superuser else self.list_filter[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("owner", *self.facts)

    @admin.display(description=gettext_lazy("State"))
    def state(self, token: ApiToken) -> str:
        return str(token.state(timezone.now()).label)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Issue a new token, whose text exists in this request only, or change one."""
        by, label, end = caller_of(request), form.cleaned_data["label"], form.cleaned_data["expires_at"]
        if change:
            stored = ApiToken.objects.select_related("owner").get(pk=obj.pk)
            change_token(stored, by=by, label=label, limits=form.limits, expires_at=end)
            limit_token(stored, form.budgets, by=by)
            return
        owner = form.cleaned_data.get("owner", by.user)
        life = end - timezone.now() if end else None
        row, obj.issued_text = issue(owner, label, by=by, limits=form.limits, expires_in=life)  # type: ignore[attr-defined]
        obj.__dict__.update({name: value for name, value in vars(row).items() if name != "_state"})
        limit_token(row, form.budgets, by=by)

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        return self._issued(request, obj, obj.issued_text)  # type: ignore[attr-defined]

    def _issued(self, request: HttpRequest, token: ApiToken, text: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The token “%(label)s”") % {"label": token.label},
            "opts": self.opts,
            "token": token,
            "text": text,
            "secret_key": secret_key(token),
        }
        page = TemplateResponse(request, "admin/access/apitoken/issued.html", context)
        page["Cache-Control"] = "no-store"
        return page

    @admin.action(description=gettext_lazy("Replace by a new one; the old one works for another day"), permissions=["change"])
    def roll(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> HttpResponse | None:
        if len(tokens) != 1:
            self.message_user(request, _("Choose one token: the text of the new one is shown once."), messages.ERROR)
            return None
        (token,) = tokens
        try:
            row, text = roll(token, by=caller_of(request), overlap=timedelta(days=1))
        except CannotRoll:
            self.message_user(request, _("This token was replaced already, or no longer works. Make a new one."), messages.ERROR)
            return None
        self.log_change(request, token, [{"changed": {"fields": ["rolled_to"]}}])
        return self._issued(request, row, text)

    @admin.action(description=gettext_lazy("Revoke (cannot be undone)"), permissions=["change"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        count = 0
        for token in tokens:
            if revoke(token, by=caller_of(request)):
                self.log_change(request, token, [{"changed": {"fields": ["revoked_at"]}}])
                count += 1
        words = ngettext("%(count)d token revoked.", "%(count)d tokens revoked.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
