"""Decides for pages and the API alike which database errors a request may survive."""

from __future__ import annotations

import logging

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest

from database.errors import is_cut_off, is_held_lock

__all__ = ["is_passing"]

log = logging.getLogger("delivery.database_trouble")


def is_passing(request: HttpRequest, error: BaseException | None) -> bool:
    """Return whether the same request may succeed in a moment: a lock was held for too long, or the connection was lost.

    A lost connection is marked on the request: `web.views.errors.HeldLocks` then repeats what only reads.
    """
    if isinstance(error, OperationalError) and is_held_lock(error):
        log.warning("%s %s waited too long for a lock: %s", request.method, request.path, error)
        return True
    if isinstance(error, (DatabaseError, InterfaceError)) and is_cut_off(error):
        log.warning("%s %s lost the database connection: %s", request.method, request.path, error)
        request.connection_lost = True  # type: ignore[attr-defined]
        return True
    return False
