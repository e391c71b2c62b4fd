"""Rows of prompt craft (docs/adr/0051): chat endpoints, instructions for them, templates, presets of the form."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from uuid_utils.compat import uuid7

from generation.models.visibility import OwnedQuerySet

__all__ = ["Category", "ChatEndpoint", "Instruction", "Preset", "Purpose", "Template"]


class Category(models.TextChoices):
    """What a template is for. A style has words that any prompt may get."""

    PRODUCT = "product", _("Product")
    REAL_ESTATE = "real_estate", _("Real estate")
    FOOD = "food", _("Food")
    SOCIAL = "social", _("Social media")
    EVENT = "event", pgettext_lazy("occasion", "Event")
    EDUCATION = "education", _("Education")
    STYLE = "style", _("Style")


class Purpose(models.TextChoices):
    """What a chat endpoint is asked to do."""

    ENHANCE = "enhance", _("Enrich a prompt")
    TRANSLATE = "translate", _("Translate a prompt into English")
    DESCRIBE = "describe", _("Describe a first frame")
    CAPTION = "caption", _("Write a caption")


class ChatEndpoint(models.Model):
    """A language model behind the usual `/chat/completions`, which follows `base_url`. The enabled one with the lowest `priority` is used.

    `is_local`: it runs on our own machines, so prompts do not leave. Otherwise it is used only once `agreed_at` is set.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=100)
    base_url = models.CharField(_("address"), max_length=500)
    model = models.CharField(_("model"), max_length=200)
    sealed_key = models.TextField(editable=False, blank=True)
    sees_images = models.BooleanField(_("sees images"), default=False)
    is_local = models.BooleanField(_("on our own machines"), default=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    priority = models.PositiveSmallIntegerField(_("priority"), default=1)
    timeout_s = models.PositiveSmallIntegerField(_("timeout in seconds"), default=20)
    agreed_at = models.DateTimeField(_("prompts may be sent since"), null=True, blank=True, editable=False)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("chat endpoint")
        verbose_name_plural = _("chat endpoints")
        ordering = ["priority", "id"]

    def __str__(self) -> str:
        return self.name


class Instruction(models.Model):
    """An administrator's system prompt, in place of ours, for a purpose, a language and a family of models (empty: all others)."""

    id = models.BigAutoField(primary_key=True)
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    family = models.CharField(_("family of models"), max_length=40, blank=True)
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("instruction")
        verbose_name_plural = _("instructions")
        ordering = ["purpose", "language", "family"]
        constraints = [models.UniqueConstraint(fields=["purpose", "language", "family"], name="instruction_once")]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.language} {self.family}".strip()


class Template(models.Model):
    """A version of a template or style of a person or a team; built-in ones are code. An edit is a new row of the same `line`.

    `text` has variables in braces: "A video about {title}". `variables` is a list of `{"name", "label", "kind", "choices", "default"}`;
    kinds are "text", "number", "choice" and "image".
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    line = models.UUIDField(default=uuid7, editable=False)
    version = models.PositiveIntegerField(_("version"), default=1)
    is_current = models.BooleanField(default=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="templates", verbose_name=_("owner"))
    team = models.ForeignKey("auth.Group", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("team"))
    category = models.CharField(_("category"), max_length=12, choices=Category.choices)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    name = models.CharField(_("name"), max_length=100)
    text = models.TextField(_("text"))
    negative_text = models.TextField(_("negative text"), blank=True)
    variables = models.JSONField(_("variables"), default=list)
    created_at = models.DateTimeField(_("created"))

    objects = OwnedQuerySet["Template"].as_manager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = ["-id"]
        indexes = [models.Index(fields=["owner", "-id"], name="template_by_owner", condition=Q(is_current=True))]
        constraints = [
            models.UniqueConstraint(fields=["line", "version"], name="template_version_once"),
            models.UniqueConstraint(fields=["line"], condition=Q(is_current=True), name="template_one_current"),
        ]

    def __str__(self) -> str:
        return self.name


class Preset(models.Model):
    """The values of the Studio's form that a person keeps under a name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="presets", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=100)
    values = models.JSONField(_("values"), default=dict)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OwnedQuerySet["Preset"].as_manager()

    class Meta:
        verbose_name = _("preset")
        verbose_name_plural = _("presets")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="preset_name_once")]

    def __str__(self) -> str:
        return self.name
