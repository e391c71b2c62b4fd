"""What every page's frame needs: theme, counts for the navigation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from generation.models import GenerationTask, Video

__all__ = ["shell"]

THEMES = ("system", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Counts are lazy, so that pages without navigation ask nothing."""
    user = getattr(request, "user", None)
    theme = request.COOKIES.get("theme", "system")
    found: dict[str, Any] = {"theme": theme if theme in THEMES else "system"}
    if user is not None and user.is_authenticated:
        found["nav_counts"] = {
            "videos": Video.objects.visible_to(user).count,
            "mine": GenerationTask.objects.filter(owner=user).live().count,
        }
    return found
