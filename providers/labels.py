"""What vendors call their models, in the reader's language: the name stays, what follows a comma is translated."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from providers.core.catalog import ModelSpec

__all__ = ["label_of", "listed"]


def label_of(spec: ModelSpec) -> str:
    name, *parts = spec.label.split(", ")
    return listed([name, *(_(part) for part in parts)])


def listed(parts: Iterable[str]) -> str:
    """What is not empty, with the commas of the reader's language."""
    comma = _(", ")
    return comma.join(part for part in parts if part)
