"""What must not stand in logs."""

from __future__ import annotations

import logging
import re

__all__ = ["CallbackKeys"]

KEY = re.compile(r"(/callbacks/[^/\s]+/[^/\s]+/)[^/\s?]+")


class CallbackKeys(logging.Filter):
    """Hides the last part of vendors' callback addresses in what Django says of refused requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(KEY.sub(r"\1•••", part) if isinstance(part, str) else part for part in record.args)
        return True
