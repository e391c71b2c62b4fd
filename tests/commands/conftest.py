"""Commands as a person types them."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import call_command


@pytest.fixture
def run() -> Callable[..., str]:
    """`run("doctor", "--no-vendors")`: what it prints. Raises what it raises."""

    def run(*arguments: str) -> str:
        out = io.StringIO()
        call_command(*arguments, stdout=out, no_color=True)
        return out.getvalue()

    return run
