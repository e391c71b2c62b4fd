"""`ProviderAccount`: one set of credentials of a vendor at one endpoint; `ModelPrice`: what a model costs here. Edited in the admin.

The only vendor data outside code.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from database import clock
from events import audit, outbox
from events.audit import Actor
from providers.accounts.circuit_breaker import USUAL, Breaker, BreakerState, Pace, cooldown_s
from providers.accounts.sealing import SealBroken
from providers.core.base import Provider, Surface
from providers.core.catalog import ModelSpec, Tier
from providers.core.conditions import conditions_read
from providers.core.messages import Message, Sentence
from providers.core.transport import Timeouts
from providers.core.types import Balance
from providers.messages import MessageField, translated
from providers.vendors import ALL_MODELS, PROVIDERS

MOST_LEFT = Decimal(10) ** 13
"""The column has no room for more; a larger balance is stored as this."""
KNOWN_LATELY = timedelta(minutes=2)
"""Shorter than a task's denials take, so that a render counts as found only if it was found between them."""
SOURCE_SENTENCES = frozenset({"variable_gone", "entry_gone", "given_differs"})
"""Why an account that the environment gives cools down without its credentials."""
MOST_COOLDOWNS = 1000
"""The count stops here: a cooldown is at its longest long before."""


class AccountQuerySet(models.QuerySet["ProviderAccount"]):
    def enabled(self) -> Self:
        """Return the accounts that a person has enabled."""
        return self.filter(enabled=True)

    def usable(self) -> Self:
        """Return the enabled accounts with a closed breaker, best first."""
        return self.enabled().filter(cooldown_until=None).order_by("priority", "-weight", "id")

    def for_model(self, spec: ModelSpec) -> list[ProviderAccount]:
        """Return the accounts that offer the model."""
        return [account for account in self.filter(vendor=spec.provider) if account.offers(spec)]


class ProviderAccount(models.Model):
    """Endpoint, encrypted credentials, limits and health. A sandbox account points at the simulator: nothing is billed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    vendor = models.CharField(_("vendor"), max_length=40)
    surface = models.CharField(_("surface"), max_length=40)
    label = models.CharField(_("label"), max_length=100, unique=True)
    base_url = models.URLField(_("base URL"), max_length=300)
    source = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    """Where its credentials are read at each start, for an account that the environment gives (`given.py`); empty for one typed in."""
    fingerprint = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    """The HMAC of credentials that the environment gives; they are not stored."""
    sealed = models.TextField(editable=False, default="")
    tails = models.JSONField(editable=False, default=dict)
    enabled = models.BooleanField(_("enabled"), default=True)
    sandbox = models.BooleanField(_("sandbox"), default=False, help_text=_("Points at the simulator; nothing is billed."))
    on_our_machines = models.BooleanField(
        _("on our own machines"),
        default=False,
        db_default=False,
        help_text=_("What is sent there stays with us: tokens that stay local use only such accounts."),
    )
    credentials_expire_on = models.DateField(
        _("credentials expire on"),
        null=True,
        blank=True,
        help_text=_("If the vendor named a day, or for a cookie: administrators are told a week before. New credentials empty this field."),
    )
    models_allowed = models.JSONField(
        _("models allowed"), default=list, blank=True, help_text=_("Model ids of this vendor; empty means all of them.")
    )
    model_names = models.JSONField(_("names at the vendor"), default=dict, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=10, help_text=_("Lower goes first."))
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, help_text=_("Accounts of one priority share the work in proportion to their weights.")
    )
    max_in_flight = models.PositiveIntegerField(
        _("slots"), default=5, help_text=_("Renders at the vendor at one time: what your plan allows.")
    )
    submits_per_minute = models.PositiveIntegerField(_("submits per minute"), default=60)
    submits_per_second = models.PositiveSmallIntegerField(
        _("submits per second"), null=True, blank=True, help_text=_("Never more in any second; empty means no such limit.")
    )
    polls_per_second = models.PositiveIntegerField(_("polls per second"), default=20)
    connect_timeout_s = models.PositiveSmallIntegerField(_("connect timeout, seconds"), default=5)
    read_timeout_s = models.PositiveSmallIntegerField(_("answer timeout, seconds"), default=30)
    cooldown_until = models.DateTimeField(_("cooling down until"), null=True, blank=True)
    cooldown_reason = MessageField(_("because"))
    cooling_since = models.DateTimeField(_("cooling down since"), null=True, blank=True, editable=False)
    cooldowns = models.PositiveSmallIntegerField(_("cooldowns since the last accepted submit"), default=0, editable=False)
    closed_at = models.DateTimeField(_("answered again"), null=True, blank=True, editable=False)
    probe_lease_until = models.DateTimeField(null=True, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)
    """When address or credentials were last changed."""
    known_at = models.DateTimeField(null=True, editable=False)
    """When a poll last found a render of ours."""
    last_ok_at = models.DateTimeField(_("last good answer"), null=True, editable=False)
    last_error_at = models.DateTimeField(_("last error"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=500, blank=True, editable=False)
    balance = models.DecimalField(_("balance"), max_digits=16, decimal_places=2, null=True, editable=False)
    balance_unit = models.CharField(max_length=20, blank=True, editable=False)
    balance_at = models.DateTimeField(_("balance told"), null=True, editable=False)
    poll_lease_until = models.DateTimeField(null=True, editable=False)
    leases = models.PositiveBigIntegerField(default=0, editable=False)
    """Raised by `lock_for_leasing` to lock the row; the number means nothing."""
    edited_at = models.DateTimeField(null=True, editable=False)
    """When a person last changed it; the portal's own notes do not count."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("provider account")
        verbose_name_plural = _("provider accounts")
        ordering = ["vendor", "priority", "label"]
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=~Q(source=""), name="account_source_once"),
            models.CheckConstraint(condition=Q(max_in_flight__gte=1), name="account_has_a_slot"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="account_has_weight"),
            models.CheckConstraint(condition=Q(submits_per_minute__gte=1), name="account_may_submit"),
            models.CheckConstraint(condition=Q(submits_per_second=None) | Q(submits_per_second__gte=1), name="account_may_submit_now"),
            models.CheckConstraint(condition=Q(polls_per_second__gte=1), name="account_may_poll"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def known_surface(self) -> Surface | None:
        """Return the surface, or None when the catalog no longer has it or its vendor: then nothing is sent, polled or cancelled there."""
        provider = PROVIDERS.get(self.vendor)
        return provider.surfaces.get(self.surface) if provider else None

    @property
    def provider_class(self) -> type[Provider]:
        """Return the vendor's adapter. Raise `SealBroken` when the catalog no longer has it."""
        if self.known_surface is None:
            raise SealBroken("vendor_removed")
        return PROVIDERS[self.vendor]

    @property
    def can_cancel(self) -> bool:
        """Return whether the vendor can be asked to stop a render."""
        return self.known_surface is not None and self.provider_class.can_cancel

    @property
    def can_look_up(self) -> bool:
        """Return whether the vendor can be asked about our reference."""
        return self.known_surface is not None and self.provider_class.can_look_up

    @property
    def timeouts(self) -> Timeouts:
        return Timeouts(connect_s=self.connect_timeout_s, read_s=self.read_timeout_s)

    def offers(self, spec: ModelSpec) -> bool:
        """Return whether the account is of the model's vendor and may be used for it."""
        if self.vendor != spec.provider or self.known_surface is None:
            return False
        is_there = spec.is_at(self.surface) or spec.id in self.model_names
        return is_there and (not self.models_allowed or spec.id in self.models_allowed)

    def takes(self, spec: ModelSpec) -> bool:
        """Return whether the account is enabled and offers the model. It may be in cooldown."""
        return self.enabled and self.offers(spec)

    def models_offered(self) -> list[str]:
        """Return the names of the models that it may be used for."""
        return [name for name, spec in ALL_MODELS.items() if self.offers(spec)]

    def models_taken_once(self) -> list[str]:
        """Return the names of the models for which the vendor refuses, at this surface, a reference that it already has."""
        known = {name: spec.id for name, spec in ALL_MODELS.items() if self.known_surface and spec.provider == self.vendor}
        return [name for name, model in known.items() if self.provider_class.takes_reference_once(self.surface, model)]

    def breaker(self, now: datetime) -> Breaker:
        """Return whether paid submits may start here; if not, since when, until when and why, in the reader's language."""
        if self.cooldown_until is None:
            return Breaker(state=BreakerState.CLOSED)
        state = BreakerState.OPEN if self.cooldown_until > now else BreakerState.HALF_OPEN
        return Breaker(state=state, reason=translated(self.cooldown_reason), since=self.cooling_since, until=self.cooldown_until)

    def is_cooling_down(self, now: datetime) -> bool:
        return self.cooldown_until is not None and self.cooldown_until > now

    @property
    def may_start(self) -> bool:
        """Return whether paid submits may start here."""
        return self.enabled and self.cooldown_until is None

    def cool_down_for(self, seconds: float, reason: Message) -> None:
        """Start no paid submit for this long; then a free call decides. A cooldown that ends later stays."""
        now = clock.now()
        until = now + timedelta(seconds=seconds)
        self._cool(Q(cooldown_until__lt=until), now, until, reason)

    def cool_down(self, reason: Message, *, at_least_s: float = 0.0, pace: Pace = USUAL) -> None:
        """Cool down for longer each time until a submit is accepted. Change nothing during a cooldown."""
        now = clock.now()
        awake = ProviderAccount.objects.filter(Q(cooldown_until=None) | Q(cooldown_until__lte=now), pk=self.pk)
        cooldowns = awake.values_list("cooldowns", flat=True).first()
        if cooldowns is not None:
            until = now + timedelta(seconds=max(cooldown_s(cooldowns, pace), at_least_s))
            self._cool(Q(cooldown_until__lte=now), now, until, reason, cooldowns=cooldowns)

    @transaction.atomic
    def _cool(self, and_if: Q, now: datetime, until: datetime, reason: Message, *, cooldowns: int | None = None) -> None:
        """Begin a cooldown, which is an event, or prolong one for which `and_if` is true. `cooldowns` is the count that was read."""
        changes: dict[str, Any] = {"cooldown_until": until, "probe_lease_until": None, "cooldown_reason": reason}
        row = ProviderAccount.objects.filter(pk=self.pk)
        if cooldowns is not None:
            row, changes["cooldowns"] = row.filter(cooldowns=cooldowns), min(cooldowns + 1, MOST_COOLDOWNS)
        if row.filter(cooldown_until=None).update(**changes, cooling_since=now):
            outbox.write("account.cooldown", subject=self.pk, at=now, facts={"until": until})
        else:
            row.filter(and_if).update(**changes)

    def close_breaker(self) -> None:
        """Let submits start again, as the account answers. A newer cooldown stays."""
        self._wake(Q(cooldown_until__lte=clock.now()))

    @transaction.atomic
    def end_cooldown(self, *, by: Actor) -> bool:
        """End the cooldown, by a person. Return whether there was one."""
        ended = self._wake(Q(cooldown_until__isnull=False), edited_at=clock.now())
        if ended:
            audit.record("account.rest_ended", self, by=by, before={"until": self.cooldown_until, "reason": str(self.cooldown_reason)})
        return ended

    def end_wait_for_source(self) -> None:
        """Let submits start again, as the environment gives its credentials again. Other cooldowns stay."""
        if any(isinstance(part, Sentence) and part.code in SOURCE_SENTENCES for part in self.cooldown_reason.parts):
            self._wake(Q(cooldown_until=self.cooldown_until))

    @transaction.atomic
    def _wake(self, cooling: Q, **changes: Any) -> bool:
        now = clock.now()
        changes |= {"cooldown_until": None, "cooldown_reason": Message(), "cooling_since": None, "probe_lease_until": None}
        matched = ProviderAccount.objects.filter(cooling, pk=self.pk).update(closed_at=now, **changes)
        if matched:
            outbox.write("account.recovered", subject=self.pk, at=now, facts={})
        return bool(matched)

    @transaction.atomic
    def switch(self, *, enabled: bool, by: Actor | None) -> bool:
        """Enable or disable the account, by a person, or None for the portal itself. Return whether that changed anything."""
        now = clock.now()
        changed = ProviderAccount.objects.filter(pk=self.pk, enabled=not enabled).update(enabled=enabled, edited_at=now)
        if changed:
            action = self.report_switch(enabled, now)
            audit.record(action, self, by=by, before={"enabled": not enabled}, after={"enabled": enabled})
        return bool(changed)

    def report_switch(self, enabled: bool, at: datetime) -> str:
        """Write the event of being enabled or disabled, in the transaction of the change. Return its type."""
        what = "account.enabled" if enabled else "account.disabled"
        outbox.write(what, subject=self.pk, at=at, facts={})
        return what

    def note_accepted(self) -> None:
        """Note an accepted submit: the next cooldown is short again."""
        ProviderAccount.objects.filter(pk=self.pk, cooldowns__gt=0, cooldown_until=None).update(cooldowns=0)

    def note_ok(self) -> None:
        """Note a good answer, at most every few seconds, so that polls do not become writes."""
        now = clock.now()
        stale = Q(last_ok_at=None) | Q(last_ok_at__lt=now - timedelta(seconds=10))
        ProviderAccount.objects.filter(stale, pk=self.pk).update(last_ok_at=now)

    def note_known(self) -> None:
        """Note that a poll found a render of ours: address and key lead to where our renders are."""
        now = clock.now()
        stale = Q(known_at=None) | Q(known_at__lt=now - timedelta(seconds=10))
        ProviderAccount.objects.filter(stale, pk=self.pk).update(known_at=now, last_ok_at=now)

    def led_elsewhere(self, at: datetime) -> bool:
        """Return whether address or credentials were changed since: then its answers say nothing about what was sent before."""
        return self.changed_at is not None and self.changed_at >= at

    def may_deny(self, accepted_at: datetime | None, now: datetime) -> bool:
        """Return whether its "no such render" counts for a render accepted then: not after its address or credentials were changed, and not
        while it denies every render. A restarted simulator forgets all renders, and nothing was paid there.
        """
        is_the_same = self.changed_at is None or (accepted_at is not None and accepted_at > self.changed_at)
        knows_others = self.known_at is not None and self.known_at > now - KNOWN_LATELY
        return self.sandbox or (is_the_same and knows_others)

    def note_error(self, message: str) -> None:
        """Store the last error, which is shown until the next one; `message` holds no secret."""
        ProviderAccount.objects.filter(pk=self.pk).update(last_error_at=clock.now(), last_error=message[:500])

    def note_balance(self, left: Balance) -> None:
        """Store the balance that the vendor reports, and the time."""
        self.balance, self.balance_unit, self.balance_at = min(left.amount, MOST_LEFT), left.unit[:20], clock.now()
        self.save(update_fields=["balance", "balance_unit", "balance_at"])

    def lock_for_leasing(self) -> None:
        """Make leases on this account's slots, paid requests and changes of its address or credentials wait for one another. Call inside a
        transaction.
        """
        ProviderAccount.objects.filter(pk=self.pk).update(leases=F("leases") + 1)


class ModelPrice(models.Model):
    """What a model costs this installation. A model's own prices override the catalog's wherever a cost is shown or counted.

    `when` has the options at which it holds, as `providers.core.conditions` writes them; empty for a price that always holds.
    """

    class Unit(models.TextChoices):
        SECOND = "second", _("per second")
        VIDEO = "video", _("per video")
        TOKEN = "token", _("per million tokens")

    model = models.CharField(_("model"), max_length=100)
    when = models.CharField(_("only with"), max_length=200, blank=True, default="", db_default="")
    unit = models.CharField(_("unit"), max_length=10, choices=Unit.choices)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=4, validators=[MinValueValidator(Decimal("0.0001"))])
    currency = models.CharField(_("currency"), max_length=3, default="CNY", help_text=_("Three letters of ISO 4217: CNY, USD."))
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("model price")
        verbose_name_plural = _("model prices")
        ordering = ["model", "when"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="price_costs_something"),
            models.CheckConstraint(condition=Q(unit__in=["second", "video", "token"]), name="price_has_a_known_unit"),
            models.UniqueConstraint(fields=["model", "when"], name="price_once", condition=~Q(unit="token")),
            models.UniqueConstraint(fields=["model", "when"], name="price_of_tokens_once", condition=Q(unit="token")),
        ]

    def __str__(self) -> str:
        return f"{self.model} ({self.when})" if self.when else self.model

    @property
    def tier(self) -> Tier:
        """Return the price as a value."""
        return Tier(amount=self.amount, unit=self.unit, when=conditions_read(self.when))
