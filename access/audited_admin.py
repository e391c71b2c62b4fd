"""Pages of the admin whose changes are recorded in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from access.callers import caller_of
from events import audit

__all__ = ["AuditedAdmin"]


class AuditedAdmin:
    """A mixin in front of `ModelAdmin`: records each row that it adds, changes or deletes, in the same transaction.

    `audited_as` is the kind of row in actions: `price.changed`. Of a secret field only the fact is kept that it was typed in.
    """

    audited_as: ClassVar[str]
    opts: Options[Any]

    def changeform_view(self, request: HttpRequest, *args: Any, **facts: Any) -> HttpResponse:
        """Show or save the form. A second press that came too late to be refused by the form finds the list and a sentence."""
        try:
            return super().changeform_view(request, *args, **facts)  # type: ignore[misc, no-any-return]
        except IntegrityError:
            messages.error(request, _("Someone else saved this at the same time. This is what is stored now."))
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)  # type: ignore[misc]
            self.audit_save(request, obj, form, change)

    def audit_save(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Record a saved form. One that changed nothing is not recorded."""
        changed = [name for name in form.changed_data if name in form.cleaned_data]
        if change and not changed:
            return
        before, after = facts_of(form, form.initial, changed) if change else {}, facts_of(form, form.cleaned_data, changed)
        action = self.audit_action(form) if change else f"{self.audited_as}.created"
        audit.record(action, obj, by=caller_of(request), before=before, after=after)

    def audit_action(self, form: Any) -> str:  # noqa: ARG002
        """Return the action of a changed row."""
        return f"{self.audited_as}.changed"

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self._audit_deletion(request, obj)
            super().delete_model(request, obj)  # type: ignore[misc]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for obj in queryset:
                self._audit_deletion(request, obj)
            super().delete_queryset(request, queryset)  # type: ignore[misc]

    def _audit_deletion(self, request: HttpRequest, obj: models.Model) -> None:
        audit.record(f"{self.audited_as}.deleted", obj, by=caller_of(request))


def facts_of(form: forms.BaseForm, values: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the values of these fields; of a password field or a credential only that there is one."""
    return {name: "…" if is_secret(form, name) and values.get(name) else values.get(name) for name in names}


def is_secret(form: forms.BaseForm, name: str) -> bool:
    return isinstance(form.fields[name].widget, forms.PasswordInput) or name.startswith("credential_") or "password" in name
