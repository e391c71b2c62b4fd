"""The form of a provider account, whose surface decides which credentials are asked for (secrets go in and never come out); the form of
a model's price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from database import clock
from providers.accounts.base_urls import UnusableAddress, is_header_text, usable_address
from providers.accounts.clients import set_credentials
from providers.accounts.currencies import currency_of
from providers.accounts.given import where_it_is_set
from providers.accounts.model_names import NamesField
from providers.accounts.models import ModelPrice
from providers.accounts.sealing import SealBroken, unseal
from providers.core.base import CredentialField, Provider, Surface
from providers.core.catalog import ModelSpec
from providers.core.conditions import UnusableCondition, choices_of, conditions_for, conditions_written
from providers.labels import label_of, with_own
from providers.messages import translated
from providers.vendors import ALL_MODELS, PROVIDERS, models_of

__all__ = ["PriceForm", "account_form", "credential_names"]

PREFIX = "credential_"
MOST_AMOUNT = 1_000_000
MOST_CONNECT_S, MOST_READ_S = 30, 240
NO_MORE = "-"
"""Typed for an optional value, it removes the stored one."""


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """Made for one surface by `account_form`. An empty secret keeps the one that is stored."""

    provider_class: ClassVar[type[Provider]]
    surface: ClassVar[Surface]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored_url = self.instance.base_url
        self.credentials: Mapping[str, str] | None = None
        if not self.instance.vendor:
            self.instance.vendor, self.instance.surface = self.provider_class.slug, self.surface.slug
            for name, value in {"base_url": self.surface.base_url, **asdict(self.surface.limits)}.items():
                self.initial.setdefault(name, value)
        self._keep_stored_models()
        if self.instance.source:
            self._show_where_it_is_set()
            return
        for field in self.surface.credentials:
            self._describe(field)

    def _keep_stored_models(self) -> None:
        """Offer models that the account is limited to and that left the surface: without a tick of theirs it would have all models."""
        shown = self.fields.get("models_allowed")
        if isinstance(shown, forms.MultipleChoiceField):
            known, models = dict(shown.choices), models_of(self.provider_class.slug)  # type: ignore[arg-type]
            gone = [model for model in self.instance.models_allowed if model not in known]
            labels = [_model_words(models[model]) if model in models else model for model in gone]
            shown.choices = [*shown.choices, *zip(gone, labels, strict=True)]  # type: ignore[misc]

    def _show_where_it_is_set(self) -> None:
        """Show address and credentials of an account that the environment gives, which nobody can change here."""
        words = _("Comes from the environment (%(origin)s). Change it there and restart web and workers.")
        note = words % {"origin": where_it_is_set(self.instance)}
        for name, kept in [(PREFIX + field.name, self.instance.tails.get(field.name)) for field in self.surface.credentials]:
            if name in self.fields:
                field = forms.CharField(label=self.fields[name].label, widget=AdminTextInputWidget, required=False, help_text=note)
                field.disabled, field.initial = True, kept or _("not set")
                self.fields[name] = field
        if "base_url" in self.fields:
            self.fields["base_url"].disabled = True
            self.fields["base_url"].help_text = note

    def _describe(self, field: CredentialField) -> None:
        """Show a stored credential by its last characters; nothing more of it can be read."""
        shown = self.fields.get(PREFIX + field.name)
        kept = self.instance.tails.get(field.name)
        if shown is None or not (self.instance.sealed and kept):
            return
        shown.required = False
        words = _("Stored: %(tail)s. Leave empty to keep it.") % {"tail": kept}
        shown.help_text = _("%(stored)s A single - removes it.") % {"stored": words} if field.optional else words

    def clean_base_url(self) -> str:
        try:
            return usable_address(str(self.cleaned_data["base_url"]), has_key=bool(self.surface.credentials))
        except UnusableAddress as problem:
            raise forms.ValidationError(translated(problem.words)) from problem

    def clean_connect_timeout_s(self) -> int:
        return self._seconds("connect_timeout_s", MOST_CONNECT_S)

    def clean_read_timeout_s(self) -> int:
        return self._seconds("read_timeout_s", MOST_READ_S)

    def _seconds(self, name: str, most: int) -> int:
        """Return the timeout. 0 would send nothing; a request longer than `most` would outlive its process."""
        seconds = int(self.cleaned_data[name])
        if not 1 <= seconds <= most:
            raise forms.ValidationError(_("From 1 to %(most)d seconds.") % {"most": most})
        return seconds

    def clean(self) -> dict[str, Any]:
        super().clean()
        self._require_known_models()
        if self.instance.source:
            return self.cleaned_data
        typed = {field.name: str(self.cleaned_data.get(PREFIX + field.name) or "").strip() for field in self.surface.credentials}
        missing = [field.name for field in self.surface.credentials if not typed[field.name] and not field.optional]
        unfit = [name for name, value in typed.items() if not is_header_text(value)]
        self._refuse(unfit, _("Only plain letters, digits and marks, in one line."))
        spoilt = any(PREFIX + name in self.errors for name in missing)
        self.credentials = None if spoilt else self._with_kept(typed, missing)
        return self.cleaned_data

    def _require_known_models(self) -> None:
        """Refuse a newly ticked model that is neither known at this surface nor named."""
        names, models = self.cleaned_data.get("model_names"), models_of(self.provider_class.slug)
        if names is None:
            return
        kept = self.initial.get("models_allowed") or ()
        ticked = [models[model] for model in self.cleaned_data.get("models_allowed", ()) if model not in kept]
        for spec in ticked:
            if not spec.is_at(self.surface.slug) and spec.id not in names:
                words = _("“%(model)s” is not known to be there. Write its name at the vendor below, or untick it.")
                self.add_error("models_allowed", words % {"model": label_of(spec)})

    def _with_kept(self, typed: Mapping[str, str], missing: list[str]) -> Mapping[str, str] | None:
        """Return the stored credentials with the typed ones over them, or None when a missing one cannot be kept."""
        try:
            kept = self._stored()
        except forms.ValidationError as reason:
            if missing:
                self._refuse(missing, str(reason.message))
                return None
            open_fields = [field.name for field in self.surface.credentials if not field.secret]  # stored in clear, so they may go anywhere
            kept = {name: self.instance.tails[name] for name in open_fields if name in self.instance.tails}
        dropped = {field.name for field in self.surface.credentials if field.optional and typed[field.name] == NO_MORE}
        whole = {**kept, **{name: value for name, value in typed.items() if value}}
        return {name: value for name, value in whole.items() if name not in dropped}

    def _stored(self) -> Mapping[str, str]:
        """Return the stored credentials. Raise ValidationError for an account that moved to another host, or a damaged text."""
        asked = self.cleaned_data.get("base_url", self.stored_url)
        if urlsplit(asked)[:2] != urlsplit(self.stored_url)[:2]:
            words = _("The address leads to another host: type this in again, so that a stored key is not sent there.")
            raise forms.ValidationError(words)
        try:
            return unseal(self.instance.pk, self.instance.sealed)
        except SealBroken as broken:
            raise forms.ValidationError(translated(broken.words)) from broken

    def _refuse(self, names: list[str], message: str) -> None:
        for name in names:
            self.add_error(PREFIX + name, message)

    @property
    def replaces_credentials(self) -> bool:
        """Return whether a credential was typed in."""
        return any(name.startswith(PREFIX) for name in self.changed_data)

    def columns(self) -> list[str]:
        """Return the columns that saving the form writes."""
        typed = [name for name in self.cleaned_data if not name.startswith(PREFIX)]
        if self.instance.source:
            return [*(name for name in typed if name != "base_url"), "edited_at"]
        return [*typed, "sealed", "tails", "changed_at", "edited_at"]

    def save(self, commit: bool = True) -> Any:
        if self.credentials is not None:
            set_credentials(self.instance, self.credentials)
        if self.replaces_credentials or "base_url" in self.changed_data:
            self.instance.lock_for_leasing()  # so that the change is later than what was sent before
            self.instance.changed_at = clock.now()
        if self.replaces_credentials and "credentials_expire_on" not in self.changed_data:
            self.instance.credentials_expire_on = None  # it was the day of the old ones
        self.instance.edited_at = clock.now()
        return super().save(commit)


def credential_names(surface: Surface) -> list[str]:
    """Return the names of the form's fields for this surface's credentials."""
    return [PREFIX + field.name for field in surface.credentials]


def account_form(provider_class: type[Provider], surface: Surface) -> type[AccountForm]:
    """Return the form class for accounts of this surface."""
    fields: dict[str, Any] = {PREFIX + field.name: _credential_input(field) for field in surface.credentials}
    fields["base_url"] = forms.URLField(
        label=gettext_lazy("Base URL"),
        assume_scheme="https",
        max_length=300,
        help_text=_(surface.help),
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )
    fields["models_allowed"] = forms.MultipleChoiceField(
        label=gettext_lazy("Models allowed"),
        help_text=gettext_lazy("None ticked: all of them."),
        required=False,
        choices=_model_choices(provider_class, surface),
        widget=forms.CheckboxSelectMultiple,
    )
    if surface.takes_names:
        fields["model_names"] = NamesField(
            label=gettext_lazy("Names at the vendor"),
            help_text=_(
                "One on each line: model = its name there. For an endpoint of your own, or where the vendor calls a model otherwise than "
                "this portal. A model that is named here counts as one that this account has. The models are: %(models)s."
            )
            % {"models": ", ".join(provider_class.models)},
            provider_class=provider_class,
            surface=surface,
        )
    return type("SurfaceAccountForm", (AccountForm,), {**fields, "provider_class": provider_class, "surface": surface})


def _credential_input(field: CredentialField) -> forms.CharField:
    quiet = {"autocomplete": "new-password", "spellcheck": "false"}
    widget: forms.Widget = AdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"})
    if field.secret:
        widget = forms.PasswordInput(attrs={"class": "vTextField", **quiet}, render_value=False)
    label, help_text = _(field.label), _(field.help)
    return forms.CharField(label=label, max_length=4_000, widget=widget, required=not field.optional, help_text=help_text)


def _model_choices(provider_class: type[Provider], surface: Surface) -> list[tuple[str, str]]:
    """Return the models of the surface and, where an account may name models, the others too."""
    specs = models_of(provider_class.slug).values()
    others = [spec for spec in specs if not spec.is_at(surface.slug)] if surface.takes_names else []
    named = [(spec.id, _("%(model)s (only with a name at the vendor)") % {"model": _model_words(spec)}) for spec in others]
    return [*((spec.id, _model_words(spec)) for spec in specs if spec.is_at(surface.slug)), *named]


def _model_words(spec: ModelSpec) -> str:
    label = label_of(spec)
    return _("%(model)s (retired on %(day)s)") % {"model": label, "day": spec.retired} if spec.retired else label


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A model of the catalog, by vendor, and what it costs here: always, or where some of its options have these values."""

    class Meta:
        model = ModelPrice
        fields = ("model", "when", "unit", "amount", "currency")
        widgets: ClassVar[dict[str, Any]] = {"model": forms.Select, "when": AdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "model" in self.fields:
            self.fields["model"] = forms.ChoiceField(label=self.fields["model"].label, choices=self._models())
        if "when" in self.fields:
            self.fields["when"].help_text = self._explanation()

    def _models(self) -> list[Any]:
        """Return the models, and the row's own, which may have left the catalog."""
        vendors = ((vendor, models_of(vendor.slug).values()) for vendor in PROVIDERS.values())
        known = [(_(vendor.label), [(spec.name, _model_words(spec)) for spec in specs]) for vendor, specs in vendors]
        return with_own(self.instance.model, known)

    def _explanation(self) -> str:
        """Return what may be typed as a condition."""
        words = _("Empty: always, unless another price of the model fits better. Or the settings at which it holds: %(example)s.")
        words = words % {"example": "resolution=1080p, service_tier=flex"}
        spec = ALL_MODELS.get(self.instance.model)
        if spec is None:
            return words
        offered = "; ".join(f"{name}={' | '.join(values)}" for name, values in choices_of(spec).items())
        return f"{words} {_('This model has: %(options)s.') % {'options': offered}}" if offered else words

    def clean_amount(self) -> Decimal:
        """Return the amount. More would not fit the column of costs for the longest video."""
        amount = Decimal(self.cleaned_data["amount"])
        if amount > MOST_AMOUNT:
            raise forms.ValidationError(_("At most %(most)s.") % {"most": MOST_AMOUNT})
        return amount

    def clean_currency(self) -> str:
        return currency_of(str(self.cleaned_data["currency"]))

    def clean_when(self) -> str:
        """Return the conditions in their one form. Those of a model that left the catalog stay as they are."""
        typed, spec = str(self.cleaned_data["when"]), ALL_MODELS.get(self.cleaned_data.get("model", ""))
        if spec is None:
            return typed
        try:
            return conditions_written(conditions_for(spec, typed))
        except UnusableCondition as fault:
            raise forms.ValidationError(_condition_words(fault)) from fault

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            self._check_beside_the_others()
        return self.cleaned_data

    def _check_beside_the_others(self) -> None:
        """Refuse a second price for the same case, a second currency, and a price of tokens alone: an order could not be estimated."""
        data = self.cleaned_data
        others = list(ModelPrice.objects.filter(model=data["model"]).exclude(pk=self.instance.pk))
        is_of_tokens = data["unit"] == ModelPrice.Unit.TOKEN
        if any(row.when == data["when"] and (row.unit == ModelPrice.Unit.TOKEN) == is_of_tokens for row in others):
            self.add_error("when", _("This model already has such a price. Change that one, or say with which settings this one holds."))
        currency = next((row.currency for row in others if row.currency != data["currency"]), "")
        if currency:
            words = _("The model's other prices are in %(currency)s. All prices of a model need the same currency.")
            self.add_error("currency", words % {"currency": currency})
        if is_of_tokens and not any(row.unit != ModelPrice.Unit.TOKEN for row in others):
            words = _("Add a price per second or per video first: how many tokens a video takes is known only when it is done.")
            self.add_error("unit", words)


def _condition_words(fault: UnusableCondition) -> str:
    if not fault.choices:
        words = _("“%(part)s” is not a condition. Write name=value, several with commas between them, each name once.")
        return words % {"part": fault.part}
    facts = {"part": fault.part, "option": fault.option, "choices": ", ".join(fault.choices)}
    if fault.option:
        return _("“%(part)s” is not a value of %(option)s. It has: %(choices)s.") % facts
    return _("This model has no setting “%(part)s” that a price may depend on. It has: %(choices)s.") % facts
