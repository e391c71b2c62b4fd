"""A program that speaks a dialect, over Django's test client."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.http import HttpResponse
from django.test import Client

from access.limits import Limits
from access.tokens import issue
from api.compat.urls import DIALECTS
from api.models import RepeatableCreate
from generation.models import GenerationTask, ModelAlias
from tests.api.compat.worlds import MODEL

LOWEST_TIME = 1_000_000
"""Lower tries of a create are counts of retries."""


class Program:
    """A client with a token, or with other headers instead. Bodies are JSON, unless they are bytes."""

    def __init__(self, token: str = "", **headers: str) -> None:
        given = {"authorization": f"Bearer {token}"} if token else {name.replace("_", "-"): value for name, value in headers.items()}
        self.token, self.client = token, Client(headers=given, raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None, content_type: str = "application/json", **headers: str) -> HttpResponse:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, path, content, content_type=content_type, headers=named)  # type: ignore[return-value]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, content_type: str = "application/json", **headers: str) -> HttpResponse:
        return self.ask("POST", path, body, content_type, **headers)


def aged(**by: float) -> None:
    """Let all tasks and creates be older, by `timedelta(**by)`."""
    ago = timedelta(**by)
    GenerationTask.objects.update(created_at=F("created_at") - ago)
    for row in RepeatableCreate.objects.all():
        row.created_at, row.seen_at = row.created_at - ago, row.seen_at - ago
        row.tries = [number if number < LOWEST_TIME else number - ago.total_seconds() for number in row.tries]
        row.save()


@pytest.fixture
def program(user: User) -> Program:
    return Program(issue(user, "program")[1])


@pytest.fixture
def other_program(other_user: User) -> Program:
    return Program(issue(other_user, "program")[1])


@pytest.fixture
def program_with(user: User) -> Callable[..., Program]:
    """`program_with(scopes=("read",))`: a program whose token has these limits."""
    return lambda **limits: Program(issue(user, "limited", limits=Limits(**limits))[1])


@pytest.fixture
def any_model(idle_account: Any, settings: Any) -> None:
    """Let every dialect order one model when no other is named, and hold no answer."""
    settings.HELD_ANSWER_S = 0
    ModelAlias.objects.bulk_create(ModelAlias(name=dialect.name, model=MODEL) for dialect in DIALECTS)
