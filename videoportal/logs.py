"""Keeps secrets out of logs, and each record on one line, which names the request that it is about."""

from __future__ import annotations

import logging
import re
from typing import Any

from delivery.request_ids import current_id

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
    """Writes control characters of a message as escapes and indents tracebacks, so that a vendor's text cannot look like a record. A record
    of a request ends with its id; Django logs refusals when the request is over, with the request itself.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        line = CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), super().formatMessage(record))
        request_id = current_id() or getattr(getattr(record, "request", None), "request_id", "")
        return f"{line} [request {request_id}]" if request_id else line

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return "\n".join(f"    {CONTROL.sub('?', line)}" for line in super().formatException(ei).splitlines())
