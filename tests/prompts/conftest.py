"""The language model that the simulator plays."""

from __future__ import annotations

import pytest

from prompts.chat import ensure_sandbox_endpoint


@pytest.fixture
def endpoint(db, simulator):
    return ensure_sandbox_endpoint(simulator.url)
