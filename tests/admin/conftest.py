"""The admin as a superuser sees it."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture(scope="session", autouse=True)
def static_root() -> None:
    """The middleware that serves static files warns about a folder that is not there."""
    settings.STATIC_ROOT.mkdir(exist_ok=True)


@pytest.fixture
def desk(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def clerk(user: User) -> Client:
    """Staff without a single permission."""
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    return client
