"""Computes the digest that orders for the same render share: of model, options, prompt, and images by their content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generation.ordering.order import digest_of
from generation.ordering.validate import Inputs

__all__ = ["fingerprint"]


def fingerprint(model: str, params: Mapping[str, Any], prompt: str, inputs: Inputs) -> str:
    """Return the digest of an order with these validated options. Options without a value are left out, so that one that a model gets later
    changes no older digest. A seed counts; two orders without one are the same.
    """
    given = {name: value for name, value in params.items() if value is not None}
    images = {slot: [asset.sha256 for asset in assets] for slot, assets in inputs.items() if assets}
    return digest_of(model, given, prompt, images)
