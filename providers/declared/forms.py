"""The form of a declared model. It asks only for what requests of the vendor can carry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from database import clock
from providers.accounts.currencies import currency_of
from providers.core.declared import FACTS
from providers.declared.models import DeclaredModel
from providers.vendors import PROVIDERS

__all__ = ["DeclaredModelForm", "ListField", "Seconds", "vendors_to_declare_at"]

MOST_VALUES = 60
LONGEST_S = 600
SEPARATORS = re.compile(r"[\s,;，、；]+")
RANGE = re.compile(r"(\d{1,3})(?:[-–~](\d{1,3}))?")


def vendors_to_declare_at() -> list[tuple[str, str]]:
    """Return the vendors whose models administrators may declare, with their names."""
    return [(slug, _(provider.label)) for slug, provider in PROVIDERS.items() if provider.declarable]


class ListField(forms.Field):
    """Turns `720p, 1080p` into a list of values and back; each must match the pattern."""

    widget = AdminTextInputWidget

    def __init__(self, *, pattern: str, **facts: Any) -> None:
        super().__init__(required=False, **facts)
        self.pattern = re.compile(pattern)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(one) for one in value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> list[Any]:
        """Return the values in their order, each once. Raise ValidationError for one that does not fit."""
        words = [word for word in SEPARATORS.split(str(value or "").replace("×", "x")) if word]
        found = list(dict.fromkeys(one for word in words for one in self._read(word)))
        if len(found) > MOST_VALUES:
            raise forms.ValidationError(_("At most %(most)d values.") % {"most": MOST_VALUES})
        return found

    def _read(self, word: str) -> Iterator[Any]:
        if not self.pattern.fullmatch(word):
            raise forms.ValidationError(_("“%(value)s” is not in the form of the example.") % {"value": word[:40]})
        yield word


class Seconds(ListField):
    """Turns `4, 8, 10-15` into a list of whole seconds and back."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(pattern=RANGE.pattern, **facts)

    def _read(self, word: str) -> Iterator[int]:
        for checked in super()._read(word):
            found = RANGE.fullmatch(checked)
            assert found is not None
            first, last = int(found[1]), int(found[2] or found[1])
            if not 1 <= first <= last <= LONGEST_S:
                raise forms.ValidationError(_("From 1 to %(most)d seconds.") % {"most": LONGEST_S})
            yield from range(first, last + 1)


class DeclaredModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A model at a gateway. The vendor is known before the form is shown; facts that its requests cannot carry have no field."""

    class Meta:
        model = DeclaredModel
        fields = ("model_id", "label", *FACTS, "max_prompt_chars", "amount", "unit", "currency", "retired")

    durations = Seconds(
        label=gettext_lazy("Durations, seconds"),
        help_text=gettext_lazy("For example 4, 8, 12 or 2-15. The first is the default. If empty, the gateway chooses."),
    )
    sizes = ListField(
        label=gettext_lazy("Sizes, pixels"), pattern=r"\d{2,5}x\d{2,5}", help_text=gettext_lazy("For example 1280x720, 720x1280.")
    )
    resolutions = ListField(
        label=gettext_lazy("Resolutions"), pattern=r"\d{3,4}[pP]|[1-8][kK]", help_text=gettext_lazy("For example 720p, 1080p, 4k.")
    )
    aspect_ratios = ListField(
        label=gettext_lazy("Aspect ratios"), pattern=r"\d{1,3}:\d{1,3}", help_text=gettext_lazy("For example 16:9, 9:16, 1:1.")
    )

    def clean_currency(self) -> str:
        return currency_of(str(self.cleaned_data["currency"]))

    def clean_model_id(self) -> str:
        """Return the name at the gateway. Raise ValidationError for one that the portal has."""
        found, vendor = str(self.cleaned_data["model_id"]), self.instance.vendor
        if found in PROVIDERS[vendor].models or DeclaredModel.objects.filter(vendor=vendor, model_id=found).exists():
            raise forms.ValidationError(_("The portal has this model already."))
        return found

    def clean_retired(self) -> date | None:
        """Return the day. One to come is refused: the model would be retired at once."""
        day: date | None = self.cleaned_data["retired"]
        if day and day > clock.now().date():
            raise forms.ValidationError(_("Not a day in the future."))
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse a last frame without a first one: no gateway takes it alone, as far as is known."""
        super().clean()
        if self.cleaned_data.get("last_frame") and not self.cleaned_data.get("first_frame"):
            self.add_error("last_frame", _("A last frame needs a first frame: tick that too."))
        return self.cleaned_data
