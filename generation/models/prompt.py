"""What goes in: prompts and images."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from access.callers import Caller
from generation.models.visibility import OwnedQuerySet


class TextDigest(models.CharField):  # type: ignore[type-arg]
    """The sha256 of the row's `text` in hex. Set at every insert, also by `bulk_create`, but not by `loaddata`, which keeps the dump's."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: ARG002 - Django's signature
        digest = hashlib.sha256(model_instance.text.encode()).hexdigest()  # type: ignore[attr-defined]
        setattr(model_instance, self.attname, digest)
        return digest


class Prompt(models.Model):
    """The text; immutable. One prompt, many tasks. Equal texts are found by `digest`: a text may be too long for an index."""

    class Source(models.TextChoices):
        TYPED = "typed", _("Typed")
        API = "api", _("API")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="prompts")
    text = models.TextField(_("text"), blank=True)
    digest = TextDigest(max_length=64, editable=False)
    negative_text = models.TextField(_("negative text"), blank=True)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices, default=Source.TYPED)
    made_from = models.JSONField(default=dict, db_default={}, editable=False)
    """How the text came to be (docs/adr/0051): `original`, `enhanced`, `translated`, `template`, `style`, `platform`. Empty: typed."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")
        ordering = ["-id"]
        indexes = [models.Index(fields=["owner", "digest"], name="prompt_by_digest")]

    def __str__(self) -> str:
        return self.text[:80]


class AssetQuerySet(OwnedQuerySet["Asset"]):
    def shown_to(self, caller: Caller) -> Q:
        """Return the caller's own, and those used in tasks that a team of theirs has or of which they were given a video."""
        inputs: Any = self.model._meta.get_field("uses").related_model  # noqa: SLF001 - public in Django
        uses = inputs.objects.filter(asset=OuterRef("pk"))
        seen = Q(task__videos__owner=caller.user)
        return Q(owner=caller.user) | Q(Exists(uses.filter(seen | Q(task__team__in=sorted(caller.teams)) if caller.teams else seen)))

    def one_for(self, caller: Caller, pk: Any) -> Asset | None:
        """Return the image if the caller may see it. The owner's own costs no question about teams and tasks."""
        return super().one_for(caller, pk) or self.visible_to(caller).filter(pk=pk).first()


class Asset(models.Model):
    """An image that may go into a slot: checked, re-encoded, without metadata. One row per owner and content; `file` is a key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="assets")
    file = models.CharField(_("file"), max_length=200)
    content_type = models.CharField(_("type"), max_length=40)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    width_px = models.PositiveIntegerField(_("width"))
    height_px = models.PositiveIntegerField(_("height"))
    has_transparency = models.BooleanField(default=False)
    of_video = models.ForeignKey(
        "generation.Video", models.SET_NULL, null=True, blank=True, related_name="frames", verbose_name=_("frame of")
    )
    """The video that it is a picture of, `at_s` seconds from its start; `at_s` null: the last picture."""
    at_s = models.FloatField(_("at second"), null=True, blank=True)
    cut_from = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="cuts", verbose_name=_("made from"))
    """The image that it is a part of, or a smaller size of."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["-id"]
        indexes = [models.Index(fields=["owner", "-id"], name="asset_by_owner")]
        constraints = [
            models.UniqueConstraint(fields=["owner", "sha256"], name="asset_once_per_owner"),
            models.CheckConstraint(condition=Q(width_px__gte=1, height_px__gte=1), name="asset_has_pixels"),
        ]

    def __str__(self) -> str:
        return f"{self.width_px}×{self.height_px} {self.content_type}"
