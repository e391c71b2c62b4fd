"""Accounts whose vendors call, on a portal that may be called."""

from __future__ import annotations

import pytest

from tests.callbacks.called_rows import PUBLIC, SECRET


@pytest.fixture(autouse=True)
def public(settings):
    settings.PUBLIC_URL = PUBLIC


@pytest.fixture
def kling(make_account):
    """Signs its callbacks."""
    return make_account("kling", "official-key", "https://kling.example", credentials={"api_key": "sk-1", "webhook_secret": SECRET})


@pytest.fixture
def unsigned(make_account):
    return make_account("kling", "official-key", "https://kling.example", label="unsigned", credentials={"api_key": "sk-2"})


@pytest.fixture
def ark(make_account):
    return make_account("ark", "volcengine", "https://ark.example")


@pytest.fixture
def minimax(make_account):
    return make_account("minimax", "china", "https://minimax.example")
