"""See tests/admin/conftest.py: the same admin."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def desk(staff: User) -> Client:
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    client = Client()
    client.force_login(staff)
    return client
