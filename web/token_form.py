"""What a token may do, as fields of a form: the same for the admin and for a person's own page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from access.budget_changes import limits_of_token
from access.callers import Caller
from access.ledger_models import Budget
from access.limits import Limits, Only, WrongLimits
from access.models import ApiToken
from access.scopes import USUAL_SCOPES, Scope
from access.tokens import usual_days
from providers.vendors import ALL_MODELS
from web.money_field import MoneyField

__all__ = ["BudgetFields", "LimitsFields", "NewTokenForm", "TokenForm", "budgets_shown"]

LIVES = (7, 30, 90, 180, 365)
"""What the form offers, in days, as far as PORTAL_TOKEN_LONGEST_DAYS allows."""


class Lines(forms.Field):
    """A list of texts, one in each line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> list[str]:
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)


class LimitsFields(forms.Form):
    """The fields of `Limits`. A valid form has them as `limits`."""

    scopes = forms.MultipleChoiceField(label=_("May"), choices=Scope.choices, initial=USUAL_SCOPES, widget=forms.CheckboxSelectMultiple)
    models_allowed = Lines(label=_("Only these models"), required=False, help_text=_("One in each line, as vendor/model. Empty: any."))
    networks = Lines(
        label=_("Only from these addresses"), required=False, help_text=_("One in each line, such as 192.0.2.7 or 10.0.0.0/8. Empty: any.")
    )
    rate_per_minute = forms.IntegerField(
        label=_("Requests per minute"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Empty: any number."),
    )
    only = forms.ChoiceField(label=_("Rendered where"), required=False, choices=[("", _("Wherever the model is offered")), *Only.choices])
    cache = forms.BooleanField(
        label=_("Stored videos will do"),
        required=False,
        help_text=_("An order that equals an earlier one gets that order's stored videos at once. Nothing is bought."),
    )
    limits: Limits

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            names = [field for field in LimitsFields.base_fields if field in values]
            known = {*ALL_MODELS, *(self.initial.get("models_allowed") or ())}  # a model may have left the catalog since
            try:
                self.limits = Limits.checked(**{name: values[name] for name in names}, known_models=known)
            except WrongLimits as wrong:
                for name, words in wrong.fields.items():
                    self.add_error(name, words)
            else:
                values |= self.limits.as_columns()
        return values


class BudgetFields(forms.Form):
    """What a token may spend. All tokens of its line count together."""

    budget_day = MoneyField(label=_("Budget for a day"), required=False)
    budget_month = MoneyField(
        label=_("Budget for a month"), required=False, help_text=_("Spending limit of this token. Empty: no separate limit.")
    )

    @property
    def budgets(self) -> dict[str, int | None]:
        """Return the amounts of a valid form, in micro, by period."""
        return {window: self.cleaned_data.get(f"budget_{window}") for window in Budget.Window.values}


def budgets_shown(token: ApiToken) -> dict[str, int]:
    """Return what `BudgetFields` show of a token."""
    return {f"budget_{window}": limit for window, limit in limits_of_token(token).items()}


class TokenForm(LimitsFields, BudgetFields):
    """A person's own token, on their page. Who is not staff is not offered the scope of administrators, unless the token has it."""

    label = forms.CharField(label=_("What it is for"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, by: Caller, token: ApiToken | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = {"label": token.label, **token.limits.as_columns(), **budgets_shown(token)} if token else {}
        super().__init__(*args, **kwargs)
        if not by.user.is_staff and not (token and Scope.ADMIN in token.scopes):
            self.fields["scopes"].choices = [choice for choice in Scope.choices if choice[0] != Scope.ADMIN]  # type: ignore[attr-defined]

    def narrowing(self) -> list[forms.BoundField]:
        """Return the fields that few tokens need."""
        return [self[name] for name in ("budget_day", "budget_month", "models_allowed", "networks", "rate_per_minute", "only", "cache")]

    def is_narrowed(self) -> bool:
        """Return whether one of them is used, or wrong."""
        return any(field.value() or field.errors for field in self.narrowing())


class NewTokenForm(TokenForm):
    """The same, and how long the token works."""

    days = forms.TypedChoiceField(label=_("Works for"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, by: Caller, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        usual, longest = usual_days(), settings.TOKEN_LONGEST_DAYS
        lives = sorted(life for life in {*LIVES, usual} if not longest or life <= longest)
        endless = [] if longest and not by.user.is_superuser else [("", _("Never expires"))]
        days = [(life, ngettext("%(days)d day", "%(days)d days", life) % {"days": life}) for life in lives]
        self.fields["days"].choices = [*days, *endless]  # type: ignore[attr-defined]
        self.fields["days"].required = not endless
        self.fields["days"].initial = usual
