"""The forms of bills: a file to upload, and how its columns are read. `generation.bills` judges; its refusals appear at the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from access.preferences import zone_names
from generation.bills.columns import FIELDS, HERE, Columns
from generation.bills.reading import ENCODINGS, MOST_BYTES
from generation.errors import InvalidRequest
from generation.models import Bill
from providers.models import ProviderAccount
from providers.vendors import PROVIDERS
from web.presenters.words import account_label, vendor_label

__all__ = ["ReadForm", "UploadForm", "field_labels"]

DAY = {"type": "date"}


def field_labels() -> dict[str, Any]:
    """Return the labels of a row's fields."""
    return {
        "reference": gettext_lazy("Id of task or request"),
        "time": gettext_lazy("Time"),
        "model": gettext_lazy("Model"),
        "amount": gettext_lazy("Amount"),
        "currency": gettext_lazy("Currency, if a column names it"),
        "quantity": gettext_lazy("Quantity"),
        "product": gettext_lazy("Product"),
    }


class UploadForm(forms.Form):
    """A bill's file and its vendor."""

    vendor = forms.ChoiceField(label=gettext_lazy("Vendor"))
    file = forms.FileField(
        label=gettext_lazy("Bill as CSV"),
        help_text=gettext_lazy("The details of the bill as the vendor exports them, at most 10 MB. The same file is kept once."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vendor"].choices = _vendors()  # type: ignore[attr-defined]

    def content(self) -> bytes:
        """Return the file's bytes, as many as may be read and one more."""
        found: bytes = self.cleaned_data["file"].read(MOST_BYTES + 1)
        return found


class ReadForm(forms.Form):
    """How a bill is read: as suggested, or as a person chose."""

    vendor = forms.ChoiceField(label=gettext_lazy("Vendor"))
    account = forms.ChoiceField(label=gettext_lazy("Account"), required=False)
    first = forms.DateField(
        label=gettext_lazy("Bill from"), required=False, widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), input_formats=["%Y-%m-%d"]
    )
    last = forms.DateField(
        label=gettext_lazy("Bill to"),
        required=False,
        help_text=gettext_lazy("What was bought in these days must be on the bill. Empty: the months of its rows."),
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    zone = forms.ChoiceField(label=gettext_lazy("Time zone of the bill"))
    currency_name = forms.CharField(
        label=gettext_lazy("Currency or unit"),
        max_length=20,
        help_text=gettext_lazy("A code such as CNY, or the vendor's unit."),
    )
    sign = forms.ChoiceField(label=gettext_lazy("Decimal sign"))
    negative = forms.BooleanField(label=gettext_lazy("Charges are written as negative amounts"), required=False)
    only = forms.CharField(
        label=gettext_lazy("Only rows whose product contains"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("For bills with other products. Empty: all rows."),
    )
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=[(name, name) for name in ENCODINGS])

    def __init__(self, data: QueryDict | None, *, bill: Bill, heading: tuple[str, ...], columns: Columns) -> None:
        initial: dict[str, Any] = {
            "vendor": bill.vendor,
            "account": bill.account_id or "",
            "first": bill.first,
            "last": bill.last,
            "zone": columns.zone,
            "currency_name": columns.currency,
            "sign": columns.sign,
            "negative": columns.negative,
            "only": columns.only,
            "encoding": bill.encoding,
        }
        super().__init__(data, initial=initial)
        accounts = ProviderAccount.objects.filter(sandbox=False).order_by("label")
        self.accounts = {str(account.pk): account for account in accounts}
        fields: dict[str, Any] = self.fields
        fields["vendor"].choices = _vendors(bill.vendor)
        fields["account"].choices = [("", gettext_lazy("All billed accounts of the vendor")), *_named(self.accounts)]
        fields["zone"].choices = [(name, name) for name in dict.fromkeys((HERE, "UTC", *zone_names()))]
        fields["sign"].choices = [(".", gettext_lazy("Point: 1,234.50")), (",", gettext_lazy("Comma: 1.234,50"))]
        places = [("", gettext_lazy("None")), *((str(place), name or f"{place + 1}") for place, name in enumerate(heading))]
        for name, label in field_labels().items():
            chosen = columns.places.get(name)
            fields[f"column_{name}"] = forms.ChoiceField(
                label=label, choices=places, required=name == "amount", initial="" if chosen is None else str(chosen)
            )

    @property
    def column_fields(self) -> list[forms.BoundField]:
        """Return the fields that choose a column."""
        return [self[f"column_{name}"] for name in FIELDS]

    @property
    def other_fields(self) -> list[forms.BoundField]:
        """Return the others."""
        return [self[name] for name in self.fields if not name.startswith("column_")]

    def chosen(self) -> dict[str, Any]:
        """Return the arguments of `generation.bills.bills.read_as`."""
        data = self.cleaned_data
        places = {name: int(data[f"column_{name}"]) for name in FIELDS if data[f"column_{name}"]}
        facts = {name: data[name] for name in ("zone", "sign", "negative", "only")}
        columns = Columns(places=places, currency=data["currency_name"], **facts)
        others = {name: data[name] for name in ("vendor", "encoding", "first", "last")}
        return {**others, "account": self.accounts.get(data["account"]), "columns": columns}

    def refuse(self, refusal: InvalidRequest) -> None:
        """Show a refusal at its fields."""
        for name, words in refusal.fields.items():
            at = {"currency": "currency_name"}.get(name, f"column_{name}" if f"column_{name}" in self.fields else name)
            self.add_error(at if at in self.fields else None, words)


def _vendors(chosen: str = "") -> list[tuple[str, str]]:
    """Return the vendors that have billed accounts, or else all."""
    billed = set(ProviderAccount.objects.filter(sandbox=False).values_list("vendor", flat=True)) & PROVIDERS.keys()
    slugs = (billed | ({chosen} - {""})) if billed else set(PROVIDERS)
    return sorted(((slug, vendor_label(slug)) for slug in slugs), key=lambda one: one[1])


def _named(accounts: Mapping[str, ProviderAccount]) -> list[tuple[str, str]]:
    return [(pk, f"{vendor_label(account.vendor)} · {account_label(account)}") for pk, account in accounts.items()]
