"""The form of a recurring batch."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from access.callers import Caller
from access.preferences import zone_names
from batches.models import Batch, RecurringBatch, Source
from generation.errors import InvalidRequest
from web.money_field import MoneyField

__all__ = ["RecurringForm"]

OFFERED = 50


class RecurringForm(forms.Form):
    """Where the file is, when it is fetched, and what its batches have. Columns and settings come from a batch that was uploaded."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    url = forms.CharField(
        label=_("Address of the file"),
        max_length=2_000,
        widget=forms.URLInput(attrs={"autocomplete": "off", "placeholder": "https://"}),
        help_text=_("CSV, XLSX or JSON Lines. It is fetched for every run."),
    )
    batch = forms.ModelChoiceField(
        queryset=Batch.objects.none(),
        label=_("Columns and settings of"),
        help_text=_("A batch that you uploaded with the same columns."),
    )
    at = forms.TimeField(label=_("Every day at"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}), initial="02:00")
    time_zone = forms.ChoiceField(label=_("Time zone"))
    missing_only = forms.BooleanField(label=_("Only content ids that have no video yet"), required=False, initial=True)
    good_only = forms.BooleanField(
        label=_("Start the good rows if some need fixing"),
        required=False,
        help_text=_("Otherwise nothing is started, and you get a notice."),
    )
    most_cost = MoneyField(label=_("A run may cost at most"), required=False, help_text=_("Leave empty to be limited by budgets only."))
    team = forms.ModelChoiceField(queryset=Group.objects.none(), label=_("Share with"), required=False)

    def __init__(self, *args: Any, by: Caller, row: RecurringBatch | None = None, **kwargs: Any) -> None:
        if row is not None:
            kwargs["initial"] = {name: getattr(row, name) for name in self.base_fields if name not in {"batch", "team"}}
        super().__init__(*args, **kwargs)
        mine = Batch.objects.filter(owner=by.user, source__in=[Source.FILE, Source.API]).exclude(file_key="")
        newest = mine.order_by("-pk").values("pk")[:OFFERED]
        self.fields["batch"].queryset = Batch.objects.filter(pk__in=list(newest.values_list("pk", flat=True)))  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = [(name, name) for name in zone_names()]  # type: ignore[attr-defined]
        if row is None:
            self.fields["time_zone"].initial = timezone.get_current_timezone_name()
            self.fields["team"].queryset = Group.objects.filter(pk__in=by.teams).order_by("name")  # type: ignore[attr-defined]
        else:
            self.fields["batch"].required = False
            self.fields["batch"].empty_label = _("As they are")  # type: ignore[attr-defined]
        if row is not None or not by.teams:
            del self.fields["team"]

    def values(self) -> dict[str, Any]:
        """Return what `batches.recurring` stores of a valid form."""
        values = dict(self.cleaned_data)
        batch: Batch | None = values.pop("batch")
        if batch is not None:
            values |= {"mapping": batch.mapping, "defaults": batch.defaults}
        return values

    def show(self, wrong: InvalidRequest) -> None:
        """Put each error at its field, or above the form."""
        for name, words in wrong.fields.items():
            self.add_error(name if name in self.fields else None, words)
        if not wrong.fields:
            self.add_error(None, wrong.message)
