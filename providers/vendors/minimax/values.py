"""The small things that both generations of MiniMax's API say alike."""

from __future__ import annotations

import base64
import logging

from providers.core.types import InputFile

__all__ = ["data_uri", "log"]

log = logging.getLogger("providers.minimax")


def data_uri(file: InputFile) -> str:
    return f"data:{file.content_type};base64,{base64.b64encode(file.content).decode()}"
