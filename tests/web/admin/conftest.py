"""The admin as others than a superuser see it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def clerk(user: User) -> Client:
    """Staff without a single permission."""
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    return client
