"""The small things that both generations of MiniMax's API say alike."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping
from typing import Any

from providers.core.errors import UnexpectedReply
from providers.core.types import InputFile, State

__all__ = ["data_uri", "state_of", "text_of"]

log = logging.getLogger("providers.minimax")


def data_uri(file: InputFile) -> str:
    return f"data:{file.content_type};base64,{base64.b64encode(file.content).decode()}"


def state_of(word: str, states: Mapping[str, State]) -> State:
    """Ours for the vendor's word. A word that is not documented counts as running."""
    state = states.get(word)
    if state is None:
        log.warning("undocumented task status %r; the task counts as running", word[:80])
        return State.RUNNING
    return state


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A text that must be there; ids also come as numbers."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not value:
        raise UnexpectedReply(f"MiniMax's answer has no “{name}”.")
    return str(value)
