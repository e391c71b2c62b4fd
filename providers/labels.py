"""Labels of models in the reader's language: the name stays, the parts after a comma are translated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.utils.translation import gettext as _

from providers.core.catalog import ModelSpec
from providers.vendors import ALL_MODELS

__all__ = ["label_of", "listed", "sentences", "with_own"]

Choices = TypeVar("Choices")


def label_of(spec: ModelSpec) -> str:
    name, *parts = spec.label.split(", ")
    return listed([name, *(_(part) for part in parts)])


def listed(parts: Iterable[str]) -> str:
    """Join the parts that are not empty with the commas of the reader's language."""
    comma = _(", ")
    return comma.join(part for part in parts if part)


def sentences(parts: Iterable[str]) -> str:
    """Join the sentences that are not empty. A Chinese full stop needs no space after it."""
    return " ".join(part for part in parts if part).replace("。 ", "。")


def with_own(own: str, known: Iterable[Choices]) -> list[tuple[str, str] | Choices]:
    """Return the choices for a row that names this model or none yet; the model may have left the catalog."""
    lost = [(own, own)] if own and own not in ALL_MODELS else []
    return [("", "---------"), *lost, *known]
