"""An account that is billed, a price, and nothing that sends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from providers.models import ModelPrice, ProviderAccount
from tests.batches.batch_rows import KLING


@pytest.fixture
def real(make_account: Callable[..., ProviderAccount]) -> ProviderAccount:
    """A video of 5 s costs 5."""
    ModelPrice.objects.create(model=KLING, unit="second", amount=1)
    return make_account("kling", "official-key", "http://127.0.0.1:9")
