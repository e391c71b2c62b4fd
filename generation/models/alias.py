"""What clients that cannot be changed call a model, by an administrator's choice."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

__all__ = ["LONGEST_ALIAS", "ModelAlias"]

LONGEST_ALIAS = 120
NAMES = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._:/@+ -]*$", _("Letters, digits, spaces and . _ : / @ + -"))


class ModelAlias(models.Model):
    """Programs that order by this name, in the API and every dialect, get this model, also if the catalog has a model of that name. Letter
    case does not count.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(
        _("name"), max_length=LONGEST_ALIAS, validators=[NAMES], help_text=_("As clients send it. The name of a dialect is its default.")
    )
    model = models.CharField(_("model"), max_length=120)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("model alias")
        verbose_name_plural = _("model aliases")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="alias_once", violation_error_message=_("This alias exists already.")),
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.model}"
