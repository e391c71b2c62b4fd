"""What a token may do, as fields of a form: the same for the admin and for a person's own page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access.limits import Limits, Only, WrongLimits
from access.scopes import USUAL_SCOPES, Scope
from providers.vendors import ALL_MODELS

__all__ = ["LimitsFields"]


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
    models_allowed = Lines(
        label=_("Only these models"), required=False, help_text=_("One in each line, such as kling/kling-v2-6. Empty: any.")
    )
    networks = Lines(
        label=_("Only from these addresses"), required=False, help_text=_("One in each line, such as 192.0.2.7 or 10.0.0.0/8. Empty: any.")
    )
    rate_per_minute = forms.IntegerField(label=_("Requests per minute"), required=False, help_text=_("Empty: any number."))
    only = forms.ChoiceField(label=_("Rendered where"), required=False, choices=[("", _("Wherever the model is offered")), *Only.choices])
    limits: Limits

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or self.cleaned_data
        if not self.errors:
            names = [field for field in LimitsFields.base_fields if field in values]
            try:
                self.limits = Limits.checked(**{name: values[name] for name in names}, known_models=ALL_MODELS)
            except WrongLimits as wrong:
                for name, words in wrong.fields.items():
                    self.add_error(name, words)
            else:
                values |= self.limits.as_columns()
        return values
