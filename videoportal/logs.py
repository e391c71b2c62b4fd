"""Keeps secrets out of logs, and each record on one line."""

from __future__ import annotations

import logging
import re
from typing import Any

__all__ = ["CallbackKeys", "OneRecordALine"]

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
KEY = re.compile(r"(/callbacks/[^/\s]+/[^/\s]+/|/v/)[^/\s?]+")


class CallbackKeys(logging.Filter):
    """Hides the last part of vendors' callback addresses, and tokens of links, in Django's messages about refused requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(KEY.sub(r"\1•••", part) if isinstance(part, str) else part for part in record.args)
        return True


class OneRecordALine(logging.Formatter):
    """Writes control characters of a message as escapes and indents tracebacks, so that a vendor's text cannot look like a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return "\n".join(f"    {CONTROL.sub('?', line)}" for line in super().formatException(ei).splitlines())
