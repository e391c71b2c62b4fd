"""Tokens for programs, what people prefer, and values that processes share; people are Django's own users. Money: ledger_models."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from uuid_utils.compat import uuid7

from access.ledger_models import Basis, Budget, Rate, Reservation  # noqa: F401 - Django looks for tables here
from access.limits import Limits, Only
from access.scopes import Scope


class Preference(models.Model):
    """What a person chose for all of their browsers, what an administrator allows, and whether they have left.

    `time_zone` is an IANA name; empty: that of the browser. `quota_gb` is what their videos may take; empty: the setting's; 0: any.
    `default_team` is what the Studio's *Share with* shows at first. `left_to` gets the videos of who has left, also those to come.
    `team` pays for what they order, while they are in it; else their only team, or of several the first by name. `language` and `theme`
    empty: those of the browser. `page_notices` is what a page does when a task of theirs ended (`access.preferences.WISHES`); None: as
    for a new person. `tile_size` is how large the wall's tiles are (`access.preferences.TILE_SIZES`); empty: as for a new person.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preference")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    quota_gb = models.PositiveIntegerField(_("storage quota, GB"), null=True, blank=True)
    default_team = models.ForeignKey("auth.Group", models.SET_NULL, null=True, blank=True, related_name="+")
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    left_to = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="heir_of")
    team = models.ForeignKey("auth.Group", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("team that pays"))
    language = models.CharField(_("language"), max_length=16, blank=True, default="", db_default="")
    theme = models.CharField(_("theme"), max_length=8, blank=True, default="", db_default="")
    page_notices = models.JSONField(_("notices in the page"), null=True, blank=True)
    file_names = models.CharField(_("names of downloads"), max_length=100, blank=True, default="", db_default="")
    """The pattern of `delivery/file_names.py`; empty: the title."""
    tile_size = models.CharField(_("size of tiles"), max_length=8, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.CheckConstraint(condition=Q(left_to__isnull=True) | Q(left_at__isnull=False), name="preference_heir_of_who_left")
        ]

    def __str__(self) -> str:
        return str(self.user)


class TeamRules(models.Model):
    """What a team demands of its videos, by an administrator's choice. A team without a row demands nothing."""

    team = models.OneToOneField("auth.Group", models.CASCADE, primary_key=True, related_name="rules", verbose_name=_("team"))
    approved_by_another = models.BooleanField(
        _("another person approves"),
        default=False,
        help_text=_("The owner of a video of this team cannot approve it."),
    )
    shares_approved_only = models.BooleanField(
        _("share approved videos only"),
        default=False,
        help_text=_("A link to a video of this team works only while the video is approved."),
    )

    class Meta:
        verbose_name = _("rules of a team")
        verbose_name_plural = _("rules of teams")

    def __str__(self) -> str:
        return str(self.team)


class SharedValue(models.Model):
    """A value that all processes share until it expires. Only Django's default cache reads and writes it: its columns are that cache's."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class TokenState(models.TextChoices):
    GOOD = "good", pgettext_lazy("token", "Good")
    ROLLED = "rolled", pgettext_lazy("token", "Replaced, still works")
    EXPIRED = "expired", pgettext_lazy("token", "Expired")
    REVOKED = "revoked", pgettext_lazy("token", "Revoked")


class ApiToken(models.Model):
    """A token with which a program acts in its owner's name. See access.tokens for the format; the secret is not stored.

    `scopes` to `only` are its `Limits`. `first` is the first token of its line, None for that one itself: a token that was rolled, or made
    by another, belongs to a line, and rate, budget and ledger count by `line_id`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("owner"))
    label = models.CharField(_("label"), max_length=100)
    public_id = models.CharField(_("public id"), max_length=8, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    last_used_ip = models.CharField(_("last used from"), max_length=45, blank=True, default="", db_default="", editable=False)
    scopes = models.JSONField(_("may"), default=list, db_default=Scope.values)
    models_allowed = models.JSONField(_("models allowed"), default=list, db_default=[], blank=True)
    networks = models.JSONField(_("addresses allowed"), default=list, db_default=[], blank=True)
    rate_per_minute = models.PositiveIntegerField(_("requests per minute"), null=True, blank=True)
    only = models.CharField(_("rendered where"), max_length=8, choices=Only.choices, blank=True, default="", db_default="")
    cache = models.BooleanField(_("stored videos will do"), default=False, db_default=False)
    first = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    rolled_to = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+", editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(only__in=["", *Only.values]), name="token_only_known"),
            models.CheckConstraint(condition=Q(rate_per_minute=None) | Q(rate_per_minute__gte=1), name="token_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.label} (vp_{self.public_id}_…)"

    def state(self, now: datetime) -> TokenState:
        """Return what has become of it at this time. A token that was rolled works until its end."""
        if self.revoked_at is not None:
            return TokenState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return TokenState.EXPIRED
        return TokenState.ROLLED if self.rolled_to_id else TokenState.GOOD

    @property
    def line_id(self) -> UUID:
        """Return the id of the first token of its line, its own as a rule."""
        return self.first_id or self.pk

    def may_order(self, model: str) -> bool:
        """Return whether the token is for the model with this name, `vendor/model`."""
        return not self.models_allowed or model in self.models_allowed

    @property
    def limits(self) -> Limits:
        return Limits(
            scopes=tuple(self.scopes),
            models_allowed=tuple(self.models_allowed),
            networks=tuple(self.networks),
            rate_per_minute=self.rate_per_minute,
            only=self.only,
            cache=self.cache,
        )


class TokenUse(models.Model):
    """The requests of a line of tokens in its running minute (access/rates.py). Only lines with a rate have a row."""

    line_id = models.UUIDField(primary_key=True)
    window_ms = models.BigIntegerField()
    """When the minute began, in milliseconds since 1970: raw SQL compares numbers alike on both databases."""
    used = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("requests of a token")
        verbose_name_plural = _("requests of tokens")

    def __str__(self) -> str:
        return str(self.line_id)
