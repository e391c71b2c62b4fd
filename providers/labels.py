"""What vendors call their models, in the reader's language: the name stays, what follows a comma is translated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.utils.translation import gettext as _

from providers.core.catalog import ModelSpec
from providers.vendors import ALL_MODELS

__all__ = ["label_of", "listed", "with_own"]

Choices = TypeVar("Choices")


def label_of(spec: ModelSpec) -> str:
    name, *parts = spec.label.split(", ")
    return listed([name, *(_(part) for part in parts)])


def listed(parts: Iterable[str]) -> str:
    """What is not empty, with the commas of the reader's language."""
    comma = _(", ")
    return comma.join(part for part in parts if part)


def with_own(own: str, known: Iterable[Choices]) -> list[tuple[str, str] | Choices]:
    """Choices of a model for a row that names this one, which the catalog may have lost, or none yet."""
    lost = [(own, own)] if own and own not in ALL_MODELS else []
    return [("", "---------"), *lost, *known]
