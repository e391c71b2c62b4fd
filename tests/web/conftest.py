"""People who are signed in, and accounts that nobody calls."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.test import Client

from providers.models import ProviderAccount


@pytest.fixture(autouse=True)
def _nothing_remembered():
    caches["process"].clear()


@pytest.fixture
def visitor(client: Client, user) -> Client:
    """Return a browser of `user`, without script."""
    client.force_login(user)
    return client


@pytest.fixture
def staff_visitor(staff_client: Client) -> Client:
    """Return the browser of a superuser."""
    return staff_client


@pytest.fixture
def kling(make_account) -> ProviderAccount:
    return make_account("kling", "official-key", "http://127.0.0.1:9", max_in_flight=2)


@pytest.fixture
def wan(make_account) -> ProviderAccount:
    return make_account("dashscope", "beijing", "http://127.0.0.1:9")


@pytest.fixture
def accounts(kling, wan) -> list[ProviderAccount]:
    return [kling, wan]
