"""Gives a refusal the shape of its address, for middleware and the web server, which refuse before a view is found."""

from __future__ import annotations

from django.http import JsonResponse

from api.compat.urls import dialect_at
from api.errors import Failure, shown

__all__ = ["for_programs", "refused"]


def for_programs(path: str) -> bool:
    """Return whether only programs call this address, with a token: /api/ or a dialect. Elsewhere are pages."""
    return path == "/api" or path.startswith("/api/") or dialect_at(path) is not None


def refused(path: str, failure: Failure) -> JsonResponse:
    """Return the failure as clients of this address expect it."""
    dialect = dialect_at(path)
    return dialect.refuse(failure) if dialect else shown(failure)
