"""Checks that there is room for another video: the owner's quota, and the free space of the disks.

Asked when an order is placed, and never afterwards: a render that was paid for is always saved.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from access.budgets import buyers
from generation import store
from generation.errors import PortalError
from generation.models import Video

__all__ = ["GB", "QuotaReached", "StorageLow", "Use", "free_bytes", "quotas_of", "require_free_disk", "use_of", "with_use"]

GB = 1000**3
"""A decimal gigabyte, as on bills; pages use it too."""


class QuotaReached(PortalError):
    """The owner's videos fill the quota. 403 and not 507: trying again does not help, and clients try a 5xx again."""

    code = "quota_reached"
    status = 403


class StorageLow(PortalError):
    """A disk has less free space than the portal keeps for what is under way."""

    code = "storage_low"
    status = 507


@dataclass(frozen=True, kw_only=True)
class Use:
    """What a person's videos take, those in the bin included, and how much they may take; a quota of 0 means no limit. `team_id` pays for
    what they order.
    """

    used_bytes: int
    quota_bytes: int
    binned_bytes: int = 0
    team_id: int | None = None

    @property
    def is_full(self) -> bool:
        return bool(self.quota_bytes) and self.used_bytes >= self.quota_bytes

    @property
    def percent(self) -> int:
        """Return how much of the quota is used, 100 at most; 0 without a quota."""
        return min(100, 100 * self.used_bytes // self.quota_bytes) if self.quota_bytes else 0

    def require_room(self) -> None:
        """Raise `QuotaReached` if nothing more may be ordered."""
        if self.is_full:
            words = _(
                "The storage quota is reached: %(used)s of %(quota)s GB. Empty the bin or delete videos, or ask an administrator for more."
            )
            raise QuotaReached(words % {"used": f"{self.used_bytes / GB:.1f}", "quota": f"{self.quota_bytes / GB:g}"})


def with_use(people: QuerySet[User]) -> QuerySet[User]:
    """Add `quota_gb`, and `used_bytes`: a sum over an index, for each of these people."""
    return _with_quota(people).annotate(used_bytes=_sum_of(Video.objects.filter(purged_at=None)))


def use_of(user: User) -> Use:
    """Return what this person's videos take."""
    binned = _sum_of(Video.objects.in_bin())
    row = with_use(User.objects.filter(pk=user.pk)).annotate(binned=binned).values("used_bytes", "quota_gb", "binned").get()
    return Use(used_bytes=row["used_bytes"], quota_bytes=row["quota_gb"] * GB, binned_bytes=row["binned"])


def quotas_of(owners: Iterable[int]) -> dict[int, Use]:
    """Return the use and the paying teams of these people. Without a quota no sum is made, because every order calls this."""
    found = buyers(owners)
    quotas = {pk: settings.QUOTA_GB_PER_USER if one.quota_gb is None else one.quota_gb for pk, one in found.items()}
    limited, used = [pk for pk, quota in quotas.items() if quota], {}
    if limited:
        kept = Video.objects.filter(owner__in=limited, purged_at=None).order_by().values("owner")
        used = dict(kept.values_list("owner", Sum("stored_bytes")))
    return {pk: Use(used_bytes=used.get(pk, 0), quota_bytes=quotas[pk] * GB, team_id=one.team_id) for pk, one in found.items()}


def _with_quota(people: QuerySet[User]) -> QuerySet[User]:
    return people.annotate(quota_gb=Coalesce(F("preference__quota_gb"), Value(settings.QUOTA_GB_PER_USER)))


def _sum_of(videos: QuerySet[Video]) -> Coalesce:
    sums = videos.filter(owner=OuterRef("pk")).order_by().values("owner").annotate(total=Sum("stored_bytes")).values("total")
    return Coalesce(Subquery(sums), 0, output_field=BigIntegerField())


def require_free_disk() -> None:
    """Raise `StorageLow` if a disk of this machine has less than `MIN_FREE_BYTES`. What is under way goes on, and waits if need be."""
    if any(free < settings.MIN_FREE_BYTES for free in free_bytes().values()):
        raise StorageLow(
            _("The disk is almost full, so no new videos are started. Those under way go on. Ask an administrator to free space.")
        )


def free_bytes() -> dict[Path, int]:
    """Return the free space for the media storage, if it is on a disk, and for temporary files, by folder."""
    found = {}
    for folder in filter(None, (store.folder(), settings.SCRATCH_DIR)):
        with suppress(OSError):  # a disk that does not answer is not a full one; saving will say what is wrong with it
            found[folder] = shutil.disk_usage(_existing(folder)).free
    return found


def _existing(folder: Path) -> Path:
    """Return the folder, or the closest one above it: folders are made when something is written."""
    return next(one for one in (folder, *folder.parents) if one.exists())
