"""Remembers how far a walk has come."""

from __future__ import annotations

from datetime import datetime

from database import clock
from generation.models import Walk

__all__ = ["ended", "ended_at", "position", "reached"]


def position(name: str) -> str:
    """Return where the walk continues; empty: at the start."""
    return Walk.objects.filter(pk=name).values_list("position", flat=True).first() or ""


def ended_at(name: str) -> datetime | None:
    """Return when the walk last came to its end."""
    return Walk.objects.filter(pk=name).values_list("ended_at", flat=True).first()


def reached(name: str, where: str) -> None:
    """Store that everything up to `where` is done."""
    Walk.objects.update_or_create(pk=name, defaults={"position": where})


def ended(name: str) -> None:
    """Store that the walk came to its end; the next one begins at the start."""
    Walk.objects.update_or_create(pk=name, defaults={"position": "", "ended_at": clock.now()})
