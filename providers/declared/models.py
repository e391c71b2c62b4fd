"""`DeclaredModel`: a model at a gateway as an administrator describes it. Edited in the admin."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.accounts.models import ModelPrice
from providers.core.catalog import ModelSpec, Price
from providers.core.declared import FACTS, Declaration
from providers.vendors import PROVIDERS

__all__ = ["DeclaredModel"]

UNITS = [(unit.value, unit.label) for unit in (ModelPrice.Unit.SECOND, ModelPrice.Unit.VIDEO)]
LONGEST_ID = 90
"""With the vendor's slug before it, it fits the columns of model names."""
MOST_REFERENCES = 16
MOST_PROMPT_CHARS = 100_000
IDS = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$", _("Letters, digits and . _ : / @ + - without spaces, as the gateway writes it."))


class DeclaredModel(models.Model):
    """What a model at a gateway is called and can do. Forms, the API and prices follow from it as they do from a package's models.

    Tasks name their model, so vendor and id never change, and a model that has tasks is retired instead of deleted.
    """

    vendor = models.CharField(_("vendor"), max_length=40)
    model_id = models.CharField(_("name at the gateway"), max_length=LONGEST_ID, validators=[IDS])
    label = models.CharField(_("label"), max_length=80)
    durations = models.JSONField(_("durations, seconds"), default=list, blank=True)
    sizes = models.JSONField(_("sizes, pixels"), default=list, blank=True)
    resolutions = models.JSONField(_("resolutions"), default=list, blank=True)
    aspect_ratios = models.JSONField(_("aspect ratios"), default=list, blank=True)
    sound = models.BooleanField(_("sound can be switched"), default=False)
    seed = models.BooleanField(_("takes a seed"), default=False)
    first_frame = models.BooleanField(_("takes a first frame"), default=False)
    last_frame = models.BooleanField(_("takes a last frame"), default=False)
    references = models.PositiveSmallIntegerField(_("reference images"), default=0, validators=[MaxValueValidator(MOST_REFERENCES)])
    max_prompt_chars = models.PositiveIntegerField(
        _("longest prompt, characters"), default=4_000, validators=[MinValueValidator(1), MaxValueValidator(MOST_PROMPT_CHARS)]
    )
    amount = models.DecimalField(
        _("list price"), max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(Decimal("0.0001"))]
    )
    unit = models.CharField(_("unit"), max_length=10, choices=UNITS, default=ModelPrice.Unit.SECOND)
    currency = models.CharField(_("currency"), max_length=3, default="USD", help_text=_("Three letters of ISO 4217: CNY, USD."))
    retired = models.DateField(
        _("retired on"), null=True, blank=True, help_text=_("After that it can no longer be ordered. Its videos stay.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("declared model")
        verbose_name_plural = _("declared models")
        ordering = ["vendor", "model_id"]
        constraints = [
            models.UniqueConstraint(
                "vendor", "model_id", name="declared_once", violation_error_message=_("This model is declared already.")
            ),
            models.CheckConstraint(condition=Q(amount__gt=0) | Q(amount=None), name="declared_price_costs_something"),
        ]

    def __str__(self) -> str:
        return self.label

    @classmethod
    def of(cls, vendor: str, model: Declaration) -> DeclaredModel:
        """Return an unsaved row with these facts."""
        facts = {name: list(value) if isinstance(value := getattr(model, name), tuple) else value for name in FACTS}
        price = {"amount": model.price.amount, "unit": model.price.unit, "currency": model.price.currency} if model.price else {}
        return cls(vendor=vendor, model_id=model.id, label=model.label[:80], max_prompt_chars=model.max_prompt_chars, **facts, **price)

    @property
    def is_fit(self) -> bool:
        """Return whether the facts that a gateway's list gave may be stored."""
        try:
            self.clean_fields()
        except ValidationError:
            return False
        return True

    @property
    def name(self) -> str:
        """Return the model's name in the portal, `vendor/veo-3`."""
        return f"{self.vendor}/{self.model_id}"

    @property
    def declaration(self) -> Declaration:
        """Return what the vendor's adapter makes a model from."""
        facts: dict[str, Any] = {name: tuple(value) if isinstance(value := getattr(self, name), list) else value for name in FACTS}
        return Declaration(
            id=self.model_id,
            label=self.label,
            declared_on=self.created_at.date(),
            max_prompt_chars=self.max_prompt_chars,
            price=Price(amount=self.amount, unit=self.unit, currency=self.currency) if self.amount else None,
            retired=self.retired,
            **facts,
        )

    @property
    def spec(self) -> ModelSpec | None:
        """Return the model; None when the catalog no longer has the vendor."""
        provider = PROVIDERS.get(self.vendor)
        return provider.declared(self.declaration) if provider and provider.declarable else None
