"""What vendors call their models, in the reader's language: the name stays, what follows a comma is translated."""

from __future__ import annotations

from django.utils.translation import gettext as _

from providers.core.catalog import ModelSpec

__all__ = ["label_of"]


def label_of(spec: ModelSpec) -> str:
    name, *parts = spec.label.split(", ")
    return ", ".join([name, *(_(part) for part in parts)])
