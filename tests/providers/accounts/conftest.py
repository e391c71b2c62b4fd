"""A fixture of the tests of accounts."""

from __future__ import annotations

import pytest

from providers.accounts.given import read_again
from tests.providers.accounts.given_environment import Environment


@pytest.fixture
def environment(monkeypatch, settings, tmp_path):
    settings.ENVIRONMENT_ACCOUNTS = True
    ours = Environment(monkeypatch, settings, tmp_path)
    ours.set()
    yield ours
    settings.ENVIRONMENT_ACCOUNTS = False
    read_again()
