"""A finished video in the media storage."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from uuid_utils.compat import uuid7

from access.callers import Caller
from access.rights import may
from generation.media.posters import MAIN_SIDE_PX, fitted
from generation.models.visibility import OwnedQuerySet, shared_with, team_index

CONTENT_TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm", ".mkv": "video/x-matroska"}
"""Media types by the suffix of a video's file (IANA; RFC 9559 for Matroska)."""


def first_title(prompt: str) -> str:
    """Return the title of a new video: the first line of its prompt, cut."""
    return prompt.strip().partition("\n")[0][:80]


class ReviewState(models.TextChoices):
    """What people decided about a video. Empty: nobody asked."""

    WANTED = "wanted", pgettext_lazy("review of a video", "Waits for review")
    APPROVED = "approved", pgettext_lazy("review of a video", "Approved")
    REJECTED = "rejected", pgettext_lazy("review of a video", "Rejected")


class VideoQuerySet(OwnedQuerySet["Video"]):
    """Videos; only those who ask for the bin get what is in it."""

    of_team: ClassVar[Q] = Q(deleted_at=None)

    def kept(self) -> Self:
        """Return those that nobody deleted."""
        return self.filter(deleted_at=None)

    def of_model(self, model: str, caller: Caller) -> Self:
        """Return those of one model. `video_by_model` has the videos of everybody, so it helps only callers who see all."""
        return self.filter(model=model) if may(caller, "see", self.model) else self.filter(Exact(Coalesce("model", Value("")), model))

    def change(self, **changes: Any) -> int:
        """Update what people see or look for, and let the library index the videos again. Return how many there were."""
        return self.update(to_index_at=Now(), **changes)

    def in_bin(self) -> Self:
        """Return those that were deleted and can be restored."""
        return self.filter(deleted_at__isnull=False, purged_at=None)

    def purged(self) -> Self:
        """Return those that were deleted for good and still have files that no remaining video shares."""
        shares = Q(pk=OuterRef("copy_of")) | Q(copy_of=OuterRef("pk")) | Q(copy_of=OuterRef("copy_of"))
        return self.filter(purged_at__isnull=False).exclude(Q(file="") | Exists(Video.objects.filter(shares, purged_at=None)))

    def visible_to(self, caller: Caller) -> Self:
        """Return what the caller may see and nobody deleted."""
        return super().visible_to(caller).kept()

    def binned_for(self, caller: Caller) -> Self:
        """Return the videos in the bin that the caller may see. Videos in the bin are not shared with teams."""
        binned = self.in_bin()
        return binned if may(caller, "see", self.model) else binned.filter(owner=caller.user)


class Video(models.Model):
    """One stored output with its facts. The row appears last, when every file is in storage; `file`, `poster`, `preview` are keys there.
    `other_posters` has the keys of the poster in other sizes, by width in pixels; it is empty for a video from before there were any.

    The row stays when its files are deleted: it says that the task's output was saved, so that it is never fetched or bought again. With
    `purged_at` it claims no files, so it is set before the first of them is deleted; the keys are emptied after the last one.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey("generation.GenerationTask", models.PROTECT, related_name="videos")
    copy_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="copies", db_index=False, editable=False)
    """The original whose files it shares; it is never a copy itself (docs/adr/0056)."""
    output_index = models.PositiveSmallIntegerField(default=0)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="videos", verbose_name=_("owner"))
    team = shared_with()
    """As its task's (`generation/actions/share.py`)."""
    model = models.CharField(_("model"), max_length=120)
    title = models.CharField(_("title"), max_length=200, blank=True)
    file = models.CharField(_("file"), max_length=200)
    poster = models.CharField(_("poster"), max_length=200)
    other_posters = models.JSONField(_("posters of other sizes"), default=dict, db_default={}, editable=False)
    preview = models.CharField(_("preview"), max_length=200)
    captions = models.JSONField(_("captions"), default=dict, db_default={}, editable=False)
    """The keys of its captions, WebVTT files, by language (BCP 47)."""
    colour = models.CharField(_("average colour"), max_length=7)
    sha256 = models.CharField(max_length=64)
    source_sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    duration_s = models.FloatField(_("length, seconds"))
    reported_duration_s = models.FloatField(_("length reported by the vendor, seconds"), null=True)
    width_px = models.PositiveIntegerField(_("width"))
    height_px = models.PositiveIntegerField(_("height"))
    fps = models.FloatField(_("frames per second"))
    codec = models.CharField(_("codec"), max_length=20)
    has_audio = models.BooleanField(_("sound"), default=False)
    playable = models.BooleanField(_("plays in browsers"), default=True)
    quality = models.JSONField(_("measured quality"), null=True)
    """What `generation/media/quality.py` measured; null: not measured. A key is missing where that part could not be measured.

    `black_s`, `frozen_s`: the longest time without a break in which the picture is black, or does not change while it is not black;
    `black_share`: of the whole length. `sharpness`: the median variance of the Laplacian at 320 px; null if all is black. `dhash`: 64 bits
    in hex of the first, the middle and the last picture that is not black (dHash: like pictures differ in few bits; zeros are a plain one).
    With a sound track: `silent`, `loudness_lufs` (integrated, EBU R128; null below -70), `peak_dbtp` (true peak; -120: digital silence).
    `sound_ordered`: whether the task's options ask for sound. `generation/quality.py` says what is worth a warning.
    """
    vendor_url = models.TextField(_("vendor's URL"), blank=True)
    vendor_url_expires_at = models.DateTimeField(_("vendor's URL expires"), null=True)
    actual_prompt = models.TextField(_("prompt as rewritten by the vendor"), blank=True)
    favourite = models.BooleanField(_("starred"), default=False)
    rating = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    """1 to 5; null: nobody rated it."""
    review_state = models.CharField(_("review"), max_length=10, choices=ReviewState.choices, blank=True, default="", db_default="")
    """What the newest decision says (`library/review.py`)."""
    chosen_at = models.DateTimeField(_("chosen for its content id"), null=True, blank=True)
    """When a person or program chose it among the videos of its content id; the last choice counts (`queries/content.py`)."""
    link_version = models.PositiveIntegerField(default=0, db_default=0)  # raised to end the addresses given out (delivery.links)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    stored_bytes = models.PositiveBigIntegerField(_("size of all files"), default=0, db_default=0)
    """The bytes that count toward the owner's quota: the video, its posters and its preview."""
    deleted_at = models.DateTimeField(_("in the bin since"), null=True, blank=True)
    purged_at = models.DateTimeField(_("deleted for good"), null=True, blank=True)

    to_index_at = models.DateTimeField(null=True, editable=False, db_default=Now())
    """Since when the library's index has to read it again (`library/index.py`); null: the index is up to date. New rows wait for it."""

    objects = VideoQuerySet.as_manager()

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["owner", "-id"], name="video_by_owner"),
            models.Index(fields=["model", "-id"], name="video_by_model", condition=Q(deleted_at__isnull=True)),
            models.Index(fields=["owner", "model", "-id"], name="video_by_owner_and_model", condition=Q(deleted_at__isnull=True)),
            models.Index(fields=["copy_of"], name="video_copies", condition=Q(copy_of__isnull=False)),
            models.Index(fields=["owner", "stored_bytes"], name="video_bytes_of_owner", condition=Q(purged_at__isnull=True)),
            models.Index(
                fields=["owner", "deleted_at"], name="video_in_bin", condition=Q(deleted_at__isnull=False, purged_at__isnull=True)
            ),
            team_index("video_by_team"),
            models.Index(fields=["id"], name="video_kept", condition=Q(deleted_at__isnull=True)),
            models.Index(fields=["review_state", "-id"], name="video_by_review"),
            models.Index(fields=["id"], name="video_to_index", condition=Q(to_index_at__isnull=False)),
            models.Index(fields=["purged_at"], name="video_to_purge", condition=Q(purged_at__isnull=False) & ~Q(file="")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task", "output_index"], name="video_once_per_output"),
            models.CheckConstraint(condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="video_rating_known"),
            models.CheckConstraint(condition=Q(review_state__in=["", *ReviewState.values]), name="video_review_state_known"),
            models.CheckConstraint(condition=Q(purged_at__isnull=True) | Q(deleted_at__isnull=False), name="video_purged_from_bin"),
        ]

    def __str__(self) -> str:
        return self.title or str(self.pk)

    @property
    def purge_at(self) -> datetime | None:
        """Return when it is deleted for good, if nobody restores it; None outside the bin, and when the bin keeps everything."""
        days = settings.BIN_DAYS
        return self.deleted_at + timedelta(days=days) if self.deleted_at and days and self.purged_at is None else None

    @property
    def suffix(self) -> str:
        """Return the suffix of the file's name, such as `.mp4`."""
        return PurePosixPath(self.file).suffix

    @property
    def content_type(self) -> str:
        """Return the media type of the file."""
        return CONTENT_TYPES[self.suffix]

    @property
    def keys(self) -> list[str]:
        """Return the keys of all its files."""
        return [self.file, self.preview, self.poster, *self.other_posters.values(), *self.captions.values()]

    @property
    def poster_mark(self) -> str:
        """Return what tells this poster from earlier ones: browsers keep a poster under its address. Empty for the first one."""
        return PurePosixPath(self.poster).stem.partition(".")[2]

    @property
    def posters(self) -> dict[int, str]:
        """Return the keys of its posters by their width in pixels, the narrowest first."""
        main = fitted(self.width_px, self.height_px, MAIN_SIDE_PX)[0]
        return dict(sorted(({int(width): key for width, key in self.other_posters.items()} | {main: self.poster}).items()))

    def poster_for(self, width: int) -> tuple[int, str]:
        """Return width and key of the narrowest poster that has so many pixels in width; of the widest if none has."""
        posters = list(self.posters.items())
        return next((poster for poster in posters if poster[0] >= width), posters[-1])

    @property
    def ratio(self) -> float:
        """Return width / height."""
        return self.width_px / self.height_px
