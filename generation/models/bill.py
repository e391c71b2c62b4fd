"""Bills of vendors and their rows, as they were uploaded (docs/adr/0035)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

__all__ = ["Bill", "BillLine"]


class Bill(models.Model):
    """A file of a vendor, and how it is read. `sha256` is unique: the same file is one bill.

    Until a person has looked at the columns, `checked_at` is null and there are no rows. `total` is in millionths of `currency`, which may
    be units of the vendor. `result` is the outcome of the last check, for the lists, and empty if a process ended before the first; the
    page of the bill compares again.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    vendor = models.CharField(_("vendor"), max_length=40)
    account = models.ForeignKey(
        "providers.ProviderAccount", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    file_name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    content = models.BinaryField(editable=False)
    """The file itself, compressed with zlib."""
    size_bytes = models.PositiveIntegerField(_("size"), editable=False)
    encoding = models.CharField(_("encoding"), max_length=20)
    heading = models.JSONField(_("heading"), default=list)
    columns = models.JSONField(_("columns"), default=dict)
    """`generation.bills.columns.Columns` as JSON."""
    currency = models.CharField(_("currency"), max_length=20, blank=True)
    first = models.DateField(_("from"), null=True)
    last = models.DateField(_("to"), null=True)
    rows = models.PositiveIntegerField(_("rows"), default=0)
    others = models.PositiveIntegerField(default=0)
    """Rows of other products, which were left out."""
    total = models.BigIntegerField(null=True)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("uploaded"))
    checked_at = models.DateTimeField(_("checked"), null=True)

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_at=None) | Q(first__isnull=False, last__isnull=False, total__isnull=False),
                name="bill_checked_has_days",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class BillLine(models.Model):
    """A row of a bill, as its columns were read. `row` is its number in the file; `amount` is in millionths of the bill's currency."""

    id = models.BigAutoField(primary_key=True)
    bill = models.ForeignKey(Bill, models.CASCADE, related_name="lines")
    row = models.PositiveIntegerField(_("row"))
    reference = models.CharField(_("id"), max_length=255, blank=True)
    model = models.CharField(_("model"), max_length=255, blank=True)
    amount = models.BigIntegerField(_("amount"))
    quantity = models.CharField(_("quantity"), max_length=40, blank=True)
    begins = models.DateTimeField(_("begins"), null=True)
    ends = models.DateTimeField(_("ends"), null=True)

    class Meta:
        verbose_name = _("row of a bill")
        verbose_name_plural = _("rows of bills")
        ordering = ["row"]
        constraints = [models.UniqueConstraint(fields=["bill", "row"], name="bill_line_once")]

    def __str__(self) -> str:
        return f"{self.bill_id} {self.row}"
