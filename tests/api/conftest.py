"""A caller of the API over Django's test client, in the name of a token."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from access.tokens import issue
from generation.models import Asset
from generation.ordering.assets import store_asset
from tests.pictures import picture


class Api:
    """Answers are Django's; bodies are JSON."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"authorization": f"Bearer {token}"})
        self.client.raise_request_exception = False

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.client.get(f"/api/v1{path}", headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.raw(path, b"" if body is None else json.dumps(body).encode(), **headers)

    def raw(self, path: str, content: bytes, content_type: str = "application/json", **headers: str) -> HttpResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/api/v1{path}", content, content_type=content_type, headers=named)


@pytest.fixture
def api(user: User) -> Api:
    return Api(issue(user, "tests")[1])


@pytest.fixture
def admin_api(staff: User) -> Api:
    return Api(issue(staff, "tests")[1])


@pytest.fixture
def other_api(other_user: User) -> Api:
    return Api(issue(other_user, "tests")[1])


@pytest.fixture
def idle_account(make_account: Callable[..., Any]) -> Any:
    """Makes Kling's models available; nothing is ever sent, as no worker runs."""
    return make_account("kling", "official-key", "http://127.0.0.1:9")


@pytest.fixture
def make_asset() -> Callable[..., Asset]:
    def make(owner: User, colour: str = "red", size: tuple[int, int] = (640, 640)) -> Asset:
        return store_asset(owner=owner, file=picture(size, colour=colour))

    return make
