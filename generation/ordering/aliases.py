"""Which model an administrator's alias means. Aliases are read at most once a second, because every order asks."""

from __future__ import annotations

import time
from collections.abc import Mapping

from django.conf import settings

from generation.models import ModelAlias

__all__ = ["meant_by"]


class _Kept:
    aliases: tuple[float, Mapping[str, str]] | None = None
    """The models by the small letters of their aliases, with the time in seconds of the monotonic clock when they were read."""


def meant_by(name: str) -> str:
    """Return the model that the alias with this name means, `vendor/model`, or else the name itself. Letter case does not count."""
    kept = _Kept.aliases
    if kept is None or time.monotonic() - kept[0] > settings.POOL_STATE_KEPT_S:
        rows = ModelAlias.objects.values_list("name", "model")
        kept = _Kept.aliases = (time.monotonic(), {alias.lower(): model for alias, model in rows})
    return kept[1].get(name.lower(), name)
