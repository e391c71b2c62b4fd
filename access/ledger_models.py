"""The tables of money: one row for each purchase, one for each budget, and what foreign money is worth here (docs/adr/0029).

Amounts are in micro, millionths of PORTAL_CURRENCY, unless they say otherwise. Only `access.ledger` writes reservations, and only it and
`access.budgets` write what a budget counts.
"""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from access.money import decimal


class Basis(models.TextChoices):
    """What the settled amount was worked out from."""

    CHARGED = "charged", _("money that the vendor charged")
    UNITS = "units", _("units that the vendor charged")
    USAGE = "usage", _("usage that the vendor reported")
    REPORTED = "reported", _("length that the vendor reported")
    MEASURED = "measured", _("length of the stored videos")
    ASKED = "asked", _("what was ordered")
    NOTHING = "nothing", _("nothing was made")
    SANDBOX = "sandbox", _("sandbox, not billed")
    PERSON = "person", _("a person's decision")
    BILL = "bill", _("the vendor's bill")


class Reservation(models.Model):
    """One purchase: what is set aside for it while it may be charged, and what it cost in the end. Never deleted.

    Open while `closed_at` is null; then reserved = settled + released, which the database checks. `waits`: only a person or the vendor's
    bill can say whether it was charged. `number` is 1 for the order, 2 and up where a person sent it again. Its day and its budgets are
    those of `at`, the time of the order.

    `tariff` (`generation.tariff`), `currency` and `rate` are those of the order, so that no later change of a price alters it. `own_*` are
    in `currency`. Not `is_priced`: the model had no price or its currency no rate, and the purchase counts as nothing.
    `token_line` is `ApiToken.line_id`. Task and account are named by their ids: this room does not know their tables.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task_id = models.UUIDField(_("task"), editable=False)
    number = models.PositiveSmallIntegerField(_("number"), default=1, editable=False)
    sent_before = models.PositiveSmallIntegerField(default=0, editable=False)
    """How many requests had been sent for the task before; those after it are what this reservation pays for."""
    account_id = models.UUIDField(null=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False, editable=False, verbose_name=_("owner")
    )
    team = models.ForeignKey(
        "auth.Group", models.PROTECT, null=True, related_name="+", db_index=False, editable=False, verbose_name=_("team")
    )
    token_line = models.UUIDField(_("API token"), null=True, editable=False)
    model = models.CharField(_("model"), max_length=120, editable=False)
    vendor = models.CharField(_("vendor"), max_length=40, editable=False)
    content_id = models.CharField(_("content id"), max_length=200, blank=True, editable=False)
    at = models.DateTimeField(_("ordered"), editable=False)
    day = models.DateField(_("day"), editable=False)
    """The day of `at` in PORTAL_TIME_ZONE: one for everybody, as a bill has it."""

    tariff = models.JSONField(default=dict, editable=False)
    currency = models.CharField(_("currency"), max_length=3, blank=True, editable=False)
    rate = models.DecimalField(max_digits=18, decimal_places=8, null=True, editable=False)
    is_priced = models.BooleanField(_("has a price"), editable=False)
    reserved = models.BigIntegerField(editable=False)
    settled = models.BigIntegerField(null=True, editable=False)
    released = models.BigIntegerField(null=True, editable=False)
    own_reserved = models.BigIntegerField(null=True, editable=False)
    own_settled = models.BigIntegerField(null=True, editable=False)
    basis = models.CharField(_("worked out from"), max_length=10, choices=Basis.choices, blank=True, editable=False)
    waits = models.BooleanField(_("waits for a decision"), default=False, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["day"], name="reservation_by_day"),
            models.Index(fields=["owner", "day"], name="reservation_by_owner"),
            models.Index(fields=["team", "day"], name="reservation_by_team"),
            models.Index(fields=["token_line", "day"], name="reservation_by_token"),
            models.Index(fields=["at"], name="reservation_open", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["at"], name="reservation_waits", condition=Q(waits=True)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task_id", "number"], name="reservation_once"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="reservation_not_negative"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, settled__isnull=True, released__isnull=True)
                | Q(
                    closed_at__isnull=False,
                    settled__isnull=False,  # a comparison with NULL is not false, and a check passes unless it is false
                    released__isnull=False,
                    settled__gte=0,
                    released__gte=0,
                    reserved=F("settled") + F("released"),
                ),
                name="reservation_adds_up",
            ),
            models.CheckConstraint(condition=Q(waits=False) | Q(closed_at__isnull=True), name="reservation_waits_open"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.task_id}" + (f" #{self.number}" if self.number > 1 else "")

    @property
    def counts(self) -> int:
        """Return what it takes of a budget: all that is reserved and not released."""
        return self.reserved - (self.released or 0)

    @property
    def reserved_amount(self) -> Decimal:
        """Return what is set aside for it, in PORTAL_CURRENCY."""
        return decimal(self.reserved)

    @property
    def spent(self) -> Decimal | None:
        """Return what it cost in PORTAL_CURRENCY; None while it is open."""
        return None if self.settled is None else decimal(self.settled)


class BudgetKind(models.TextChoices):
    EVERYONE = "everyone", _("everyone together")
    TEAM = "team", _("a team")
    USER = "user", _("a person")
    TOKEN = "token", _("an API token")


class Budget(models.Model):
    """What may be spent in a day or a month: by everyone together, a team, a person or a line of tokens.

    `held` is what the purchases of the period from `starts_at` take, settled or not; `access.budgets.rebuild` works it out again from the
    reservations. It may exceed `limit`: a vendor may charge more than was reserved, and that is a fact. `warned` is the last share of
    which a warning was written: 0, 80 or 100 percent. `refusal_told`: one was written of an order that did not fit.
    """

    class Window(models.TextChoices):
        DAY = "day", _("a day")
        MONTH = "month", _("a month")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=BudgetKind.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person"))
    team = models.ForeignKey("auth.Group", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team"))
    token_line = models.UUIDField(_("API token"), null=True, blank=True)
    window = models.CharField(_("period"), max_length=5, choices=Window.choices)
    limit = models.BigIntegerField(_("limit"))
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    held = models.BigIntegerField(default=0, editable=False)
    starts_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    warned = models.PositiveSmallIntegerField(default=0, editable=False)
    refusal_told = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["kind", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="everyone", user__isnull=True, team__isnull=True, token_line__isnull=True)
                | Q(kind="team", user__isnull=True, team__isnull=False, token_line__isnull=True)
                | Q(kind="user", user__isnull=False, team__isnull=True, token_line__isnull=True)
                | Q(kind="token", user__isnull=True, team__isnull=True, token_line__isnull=False),
                name="budget_has_its_target",
            ),
            models.CheckConstraint(condition=Q(window__in=["day", "month"]), name="budget_window_known"),
            models.CheckConstraint(condition=Q(limit__gte=0) & Q(held__gte=0), name="budget_not_negative"),
            models.UniqueConstraint(fields=["window"], condition=Q(kind="everyone"), name="budget_of_everyone_once"),
            models.UniqueConstraint(fields=["team", "window"], condition=Q(kind="team"), name="budget_of_team_once"),
            models.UniqueConstraint(fields=["user", "window"], condition=Q(kind="user"), name="budget_of_user_once"),
            models.UniqueConstraint(fields=["token_line", "window"], condition=Q(kind="token"), name="budget_of_token_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.team or self.get_kind_display()}, {self.get_window_display()}"

    @property
    def left(self) -> int:
        """Return what may still be ordered in this period."""
        return max(self.limit - self.held, 0)

    def binds(self, *, owner_id: int, team_id: int | None, token_line: UUID | None) -> bool:
        """Return whether it counts what this person buys, for this team and by this line of tokens."""
        if self.kind == BudgetKind.EVERYONE:
            return True
        mine = {
            BudgetKind.USER: (self.user_id, owner_id),
            BudgetKind.TEAM: (self.team_id, team_id),
            BudgetKind.TOKEN: (self.token_line, token_line),
        }
        wanted, given = mine[BudgetKind(self.kind)]
        return wanted is not None and wanted == given


class Rate(models.Model):
    """What one unit of other money is worth in PORTAL_CURRENCY: of a currency where `vendor` is empty, else of this vendor's own units."""

    vendor = models.CharField(_("vendor"), max_length=40, blank=True)
    unit = models.CharField(_("unit"), max_length=20, help_text=_("A currency such as USD, or a unit of the vendor: credits, units."))
    rate = models.DecimalField(_("is worth"), max_digits=18, decimal_places=8, validators=[MinValueValidator(Decimal("0.00000001"))])
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("rate")
        verbose_name_plural = _("rates")
        ordering = ["vendor", "unit"]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "unit"], name="rate_once"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_is_worth_something"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.vendor, self.unit)))
