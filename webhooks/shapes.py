"""Bodies for the callback addresses of tasks that were ordered through another API: those of that API (docs/adr/0044)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from generation.models import GenerationTask, Video

__all__ = ["NO_SHAPES", "CallbackShape", "Shapes"]


class CallbackShape(NamedTuple):
    """How callbacks of another API look. `types`: the public types of events to send. `body` returns the JSON object about a task, from the
    status and the time of the event and the stored videos with the addresses at which they play. It must not have the prompt.
    """

    types: Collection[str]
    body: Callable[[GenerationTask, str, datetime, Sequence[tuple[Video, str]]], Mapping[str, Any]]


Shapes = Mapping[str, CallbackShape]
NO_SHAPES: Shapes = MappingProxyType({})
