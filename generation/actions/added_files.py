"""Files that people add to a stored video, such as captions or another poster: their names, and how much room they take."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from uuid_utils.compat import uuid7

from generation import store
from generation.models import Video

__all__ = ["bytes_of", "new_stem"]


def new_stem(video: Video, part: str = "") -> str:
    """Return how a new key begins: as the video's, so that the sweep knows whose it is."""
    return f"{video.file.removesuffix(video.suffix)}.{part}{uuid7().hex[-10:]}"


def bytes_of(keys: Iterable[str]) -> int:
    """Return how large the files with these keys are together, as far as they are there."""
    total = 0
    for key in keys:
        with suppress(store.ObjectMissing):
            total += store.size(key)
    return total
