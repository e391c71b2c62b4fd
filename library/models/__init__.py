"""What people do with finished videos (docs/adr/0058)."""

from library.models.bulk import BulkJob, BulkState, Obstacle
from library.models.collection import Collection, CollectionItem
from library.models.entry import Entry
from library.models.month import MonthCount
from library.models.review import Comment, Decision
from library.models.tag import VideoTag
from library.models.vote import Vote

__all__ = [
    "BulkJob",
    "BulkState",
    "Collection",
    "CollectionItem",
    "Comment",
    "Decision",
    "Entry",
    "MonthCount",
    "Obstacle",
    "VideoTag",
    "Vote",
]
