"""Budgets and rates in the admin. What a budget counts is shown and never typed in."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access import budget_changes, exchange
from access.audited_admin import AuditedAdmin
from access.budgets import show_present, zone_of
from access.callers import caller_of
from access.ledger_models import Budget, Rate
from access.models import ApiToken
from access.money import decimal
from database import clock
from generation.queries.unpriced import unpriced
from providers.accounts.currencies import currency_of
from providers.vendors import PROVIDERS
from web.formatting import money
from web.money_field import MoneyField
from web.presenters.budgets import starts_again, target_of
from web.presenters.words import model_label, vendor_label

__all__ = ["BudgetAdmin", "RateAdmin"]

TARGETS = ("user", "team", "token_line")


class BudgetForm(forms.ModelForm):  # type: ignore[type-arg]
    """What may be changed of a budget."""

    limit = MoneyField(label=gettext_lazy("Limit"))


class NewBudgetForm(BudgetForm):
    """A new budget, also whose it is and its period, which stay."""

    token_line = forms.ModelChoiceField(
        label=gettext_lazy("API token"),
        queryset=ApiToken.objects.filter(first=None, revoked_at=None).select_related("owner"),
        required=False,
        help_text=gettext_lazy("Also counts what is ordered with the tokens that replace it."),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        wanted = {"user": "user", "team": "team", "token": "token_line"}.get(values.get("kind", ""), "")
        if wanted and not values.get(wanted) and wanted not in self.errors:
            self.add_error(wanted, _("Choose one."))
        for other in set(TARGETS) - {wanted}:
            values[other] = None
        if values.get("token_line"):
            values["token_line"] = values["token_line"].pk
        return values

    def validate_constraints(self) -> None:
        """Say in words that there is such a budget; the rest of the table's conditions are those of `clean`."""
        if budget_changes.twin_of(self.instance) is not None:
            self.add_error(None, _("There is one for this period already. Change that one."))


@admin.register(Budget)
class BudgetAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """What may be spent in a day or a month."""

    audited_as = "budget"
    list_display = ("whose", "window", "limit_words", "held_words", "left_words", "ends", "enabled", "note")
    list_filter = ("kind", "window", "enabled")
    list_select_related = ("user", "team")
    search_fields = ("user__username", "team__name", "note")
    facts: ClassVar[tuple[str, ...]] = ("whose", "window", "held_words", "left_words", "ends")
    change_list_template = "admin/access/budget/change_list.html"

    def get_form(self, request: HttpRequest, obj: Budget | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **{"form": BudgetForm if obj else NewBudgetForm, **kwargs})

    def get_fields(self, request: HttpRequest, obj: Budget | None = None) -> tuple[str, ...]:  # noqa: ARG002
        typed = ("limit", "enabled", "note")
        return ("kind", *TARGETS, "window", *typed) if obj is None else (*self.facts, *typed)

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> tuple[str, ...]:  # noqa: ARG002
        return () if obj is None else self.facts

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the budgets, and the models that no budget lets pass."""
        found = unpriced().models if Budget.objects.filter(enabled=True).exists() else []
        return super().changelist_view(request, {**(extra_context or {}), "unpriced": [model_label(spec.name) for spec in found]})

    def changeform_view(self, request: HttpRequest, *args: Any, **facts: Any) -> HttpResponse:
        """Show or save the form. Saving a budget that has been deleted leads to the list with a sentence."""
        try:
            return super().changeform_view(request, *args, **facts)
        except budget_changes.BudgetGone:
            messages.error(request, _("There is no such budget."))
            return HttpResponseRedirect(reverse("admin:access_budget_changelist"))

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:  # noqa: ARG002
        (budget_changes.change if change else budget_changes.make)(obj, by=caller_of(request))

    def delete_model(self, request: HttpRequest, obj: Budget) -> None:
        with suppress(budget_changes.BudgetGone):
            budget_changes.remove(obj, by=caller_of(request))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Budget]) -> None:
        for budget in queryset.order_by("pk"):  # the order in which all lock
            with suppress(budget_changes.BudgetGone):
                budget_changes.remove(budget, by=caller_of(request))

    @admin.display(description=gettext_lazy("Whose"), ordering="kind")
    def whose(self, budget: Budget) -> str:
        return target_of(budget)

    @admin.display(description=gettext_lazy("Limit"), ordering="limit")
    def limit_words(self, budget: Budget) -> str:
        return money(decimal(budget.limit), budget.currency)

    @admin.display(description=gettext_lazy("Used"), ordering="held")
    def held_words(self, budget: Budget) -> str:
        show_present(budget, clock.now())
        return money(decimal(budget.held), budget.currency)

    @admin.display(description=gettext_lazy("Left"))
    def left_words(self, budget: Budget) -> str:
        show_present(budget, clock.now())
        return money(decimal(budget.left), budget.currency)

    @admin.display(description=gettext_lazy("Starts again"), ordering="ends_at")
    def ends(self, budget: Budget) -> str:
        show_present(budget, clock.now())
        return starts_again(budget, zone_of(budget))


class RateForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a currency, or a vendor's own unit, is worth."""

    vendor = forms.ChoiceField(label=gettext_lazy("Whose unit"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "vendor" in self.fields:
            vendors = [(slug, vendor_label(slug)) for slug in PROVIDERS]
            self.fields["vendor"].choices = [("", _("A currency")), *vendors]  # type: ignore[attr-defined]
        if "rate" in self.fields:
            self.fields["rate"].help_text = _("In %(currency)s, for one.") % {"currency": settings.CURRENCY}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("vendor"):
            values["unit"] = str(values.get("unit", "")).strip()
        elif "unit" in values:
            try:
                values["unit"] = currency_of(values["unit"])
            except forms.ValidationError as error:
                self.add_error("unit", error)
            else:
                if values["unit"] == settings.CURRENCY:
                    self.add_error("unit", _("This is the portal's own currency."))
        return values


@admin.register(Rate)
class RateAdmin(AuditedAdmin, admin.ModelAdmin):  # type: ignore[type-arg]
    """What other money is worth here. An order keeps the rate of its day."""

    audited_as = "rate"
    form = RateForm
    fields = ("vendor", "unit", "rate")
    list_display = ("unit", "whose", "worth", "updated_at")
    change_list_template = "admin/access/rate/change_list.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "missing": sorted(unpriced().without_rate)})

    @admin.display(description=gettext_lazy("Whose unit"), ordering="vendor")
    def whose(self, row: Rate) -> str:
        return vendor_label(row.vendor) if row.vendor else _("A currency")

    @admin.display(description=gettext_lazy("is worth"), ordering="rate")
    def worth(self, row: Rate) -> str:
        return f"{row.rate.normalize():f} {settings.CURRENCY}"

    def save_model(self, request: HttpRequest, obj: Rate, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(exchange.forget)

    def delete_model(self, request: HttpRequest, obj: Rate) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(exchange.forget)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Rate]) -> None:
        super().delete_queryset(request, queryset)
        transaction.on_commit(exchange.forget)
