"""Errors of the log, also sent to Sentry: what failed and where, without variables, requests or persons."""

from __future__ import annotations

import logging
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.logging import EventHandler
from structlog.contextvars import get_contextvars

__all__ = ["reporter"]


def reporter(dsn: str) -> logging.Handler:
    """Connect to the Sentry of this address and return the handler that sends it errors. Only the log is hooked, and a process that ends
    waits two seconds at most for what is not sent yet.
    """
    sentry_sdk.init(
        dsn=dsn,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[AtexitIntegration(callback=lambda _pending, _timeout: None)],
        include_local_variables=False,
        max_breadcrumbs=0,
        before_send=_without_values,
    )
    return EventHandler(level=logging.ERROR)


def _without_values(event: Any, _hint: Any) -> Any:
    """Leave out what a record carries besides its message, a request for example; name the request or the job as a tag."""
    for name in ("extra", "request", "user"):
        event.pop(name, None)
    return event | {"tags": dict(get_contextvars())}
