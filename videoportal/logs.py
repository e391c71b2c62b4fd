"""Keeps secrets out of logs, and each record on one line or in one JSON object, which names the request or the job that it is about."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import Any

from structlog.contextvars import get_contextvars
from structlog.processors import JSONRenderer, format_exc_info
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict

__all__ = ["CallbackKeys", "OneRecordALine", "one_object_a_record"]

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
        line = CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), super().formatMessage(record))
        return " ".join([line, *(f"[{name} {value}]" for name, value in _context_of(record).items())])

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return "\n".join(f"    {CONTROL.sub('?', line)}" for line in super().formatException(ei).splitlines())


def one_object_a_record() -> logging.Formatter:
    """Return the formatter for programs that collect logs: `time`, `level`, `name`, `message`, `request` or `job`, `exception`."""
    return ProcessorFormatter(processors=[_facts_of, format_exc_info, JSONRenderer()])


def _facts_of(_logger: Any, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    facts = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "name": record.name,
        "message": event["event"],
    }
    return facts | _context_of(record) | {"exc_info": event.get("exc_info")}


def _context_of(record: logging.LogRecord) -> dict[str, str]:
    """Return which request or job the record is about. Django logs refusals when the request is over, with the request itself."""
    context = get_contextvars()
    if not context and (request_id := getattr(getattr(record, "request", None), "request_id", "")):
        return {"request": request_id}
    return context
