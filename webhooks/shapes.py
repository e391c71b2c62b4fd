"""What the callback address of a task gets if the task was ordered in the words of another API: that API's own body (docs/adr/0044)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from generation.models import GenerationTask, Video

__all__ = ["NO_SHAPES", "CallbackShape", "Shapes"]


class CallbackShape(NamedTuple):
    """`types` are the public types of events that it is told; `body` returns the JSON object about a task: with the status and the time of
    the event, and the stored videos with the addresses at which they play. Never the prompt.
    """

    types: Collection[str]
    body: Callable[[GenerationTask, str, datetime, Sequence[tuple[Video, str]]], Mapping[str, Any]]


Shapes = Mapping[str, CallbackShape]
NO_SHAPES: Shapes = MappingProxyType({})
