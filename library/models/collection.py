"""Collections: videos that somebody put together."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from generation.models import Video
from generation.models.visibility import OwnedQuerySet, shared_with, team_index


class Collection(models.Model):
    """A named set of videos in an order by hand, private or shared with one team. Who sees it sees its videos as far as they may."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="collections", verbose_name=_("owner"))
    team = shared_with()
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("inside"))
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=1_000, blank=True)
    cover = models.ForeignKey(Video, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("cover"))
    is_hidden = models.BooleanField(_("hidden from the wall"), default=False)
    """Its videos are not on the wall unless it is asked for."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = OwnedQuerySet["Collection"].as_manager()

    class Meta:
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["owner", "-id"], name="collection_by_owner"), team_index("collection_by_team")]
        constraints = [models.CheckConstraint(condition=~Q(parent=models.F("id")), name="collection_not_in_itself")]

    def __str__(self) -> str:
        return self.name


class CollectionItem(models.Model):
    """A video in a collection. `position` is its place in the order by hand, lowest first, with gaps."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="items", db_index=False)
    video = models.ForeignKey(Video, models.CASCADE, related_name="collected")
    position = models.BigIntegerField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["collection", "position", "id"], name="item_in_order")]
        constraints = [models.UniqueConstraint(fields=["collection", "video"], name="item_once_in_collection")]

    def __str__(self) -> str:
        return f"{self.collection_id} {self.video_id}"
