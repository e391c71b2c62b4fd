"""Staff with exactly the permissions that a test gives them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from providers.models import ProviderAccount

MakeStaff = Callable[..., Client]


@pytest.fixture
def staff_who_may(db: None) -> MakeStaff:
    """`staff_who_may("access.add_apitoken")`: signed in, `is_staff`, with these permissions and no other."""

    def make(*names: str, username: str = "clerk") -> Client:
        person = User.objects.create_user(username, password="a long enough password", is_staff=True)
        for name in names:
            app, codename = name.split(".")
            person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client = Client()
        client.force_login(person)
        return client

    return make


@pytest.fixture
def kling(make_account: Callable[..., ProviderAccount]) -> ProviderAccount:
    """Makes a model available; nothing is ever sent, as no worker runs."""
    return make_account("kling", "official-key", "http://127.0.0.1:9")
