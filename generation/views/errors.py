"""Pages for requests that are refused before they reach a view."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

__all__ = ["csrf_failure"]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """The form's protection is stale, usually after a long pause or a sign-out elsewhere."""
    return render(request, "403_csrf.html", status=403)
