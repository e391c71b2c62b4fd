"""Tokens in the admin: issued once with their text on the page, revoked, never read back."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.audited_admin import AuditedAdmin
from access.callers import caller_of
from access.models import ApiToken
from access.people_admin import PeopleAdmin, RightsOfGroupsAdmin
from access.rights import may
from access.tokens import issue, revoke

__all__ = ["PeopleAdmin", "RightsOfGroupsAdmin"]


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form of a token: its owner, label and expiry."""

    def clean_expires_at(self) -> Any:
        end = self.cleaned_data["expires_at"]
        if end is not None and end <= timezone.now() and "expires_at" in self.changed_data:
            raise forms.ValidationError(_("Choose a time that is still to come, or revoke the token."))
        return end


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """Tokens: their text is on one page, once, their digest on none.

    A token acts in its owner's name, so only superusers make, see and change those of others.
    """

    audited_as = "token"
    form = TokenForm
    fields = ("owner", "label", "expires_at")
    list_display = ("label", "owner", "public_id", "state", "created_at", "expires_at", "last_used_at")
    list_filter = ("revoked_at", "owner")
    list_select_related = ("owner",)
    search_fields = ("label", "public_id", "owner__username")
    actions = ("revoke",)
    facts: ClassVar[tuple[str, ...]] = ("public_id", "state", "created_at", "revoked_at", "last_used_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        tokens: QuerySet[ApiToken] = super().get_queryset(request)
        return tokens if may(caller_of(request), "see", ApiToken) else tokens.filter(owner=request.user)  # type: ignore[misc]

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:
        if obj is None and not request.user.is_superuser:
            return tuple(name for name in self.fields if name != "owner")
        return self.fields if obj is None else (*self.fields, *self.facts)

    def get_list_filter(self, request: HttpRequest) -> tuple[str, ...]:
        return self.list_filter if request.user.is_superuser else ("revoked_at",)

    def get_readonly_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else ("owner", *self.facts)

    @admin.display(description=gettext_lazy("State"))
    def state(self, token: ApiToken) -> str:
        if token.revoked_at is not None:
            return _("Revoked")
        expired = token.expires_at is not None and token.expires_at <= timezone.now()
        return _("Expired") if expired else _("Good")

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Issue a new token through access.tokens; its text exists in this request only."""
        if change:
            super().save_model(request, obj, form, change)
            return
        life = obj.expires_at - timezone.now() if obj.expires_at else None
        if not request.user.is_superuser:
            obj.owner = request.user  # type: ignore[assignment]
        row, obj.issued_text = issue(obj.owner, obj.label, by=caller_of(request), expires_in=life)  # type: ignore[attr-defined]
        obj.pk, obj.public_id, obj.digest, obj.created_at, obj.expires_at = (
            row.pk,
            row.public_id,
            row.digest,
            row.created_at,
            row.expires_at,
        )

    def response_add(self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        context = {
            **self.admin_site.each_context(request),
            "title": _("The token “%(label)s”") % {"label": obj.label},
            "opts": self.opts,
            "token": obj,
            "text": obj.issued_text,  # type: ignore[attr-defined]
        }
        page = TemplateResponse(request, "admin/access/apitoken/issued.html", context)
        page["Cache-Control"] = "no-store"
        return page

    @admin.action(description=gettext_lazy("Revoke: refused from now on, for good"), permissions=["change"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        count = 0
        for token in tokens:
            if revoke(token, by=caller_of(request)):
                self.log_change(request, token, [{"changed": {"fields": ["revoked_at"]}}])
                count += 1
        words = ngettext("%(count)d token revoked.", "%(count)d tokens revoked.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
