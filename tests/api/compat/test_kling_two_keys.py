"""Clients of Kling's own API, which sign a JSON Web Token with an access key and a secret key."""

from __future__ import annotations

import time
from uuid import uuid4

import jwt
import pytest
from django.test import RequestFactory

from access.callers import Caller
from access.limits import Limits
from access.scopes import Scope
from access.tokens import issue
from access.two_keys import secret_key
from api.compat.tokens import NotAuthenticated, SignedToken
from delivery.waiting import WAITER, Waiter
from generation.lifecycle import Status
from generation.models import GenerationTask
from tests.api.compat.conftest import Program
from tests.task_rows import make_task

TEXT = "/kling/v1/videos/text2video"
NO_LIMITS = Limits()
BODY = {"model_name": "kling-v2-6", "prompt": "a red fox"}


def sign(access: str, secret: str, *, exp: int = 1800, nbf: int = -5) -> str:
    """Return what the vendor's example returns (Kling developer documents, "API authentication"; read 2026-11-29)."""
    now = int(time.time())
    headers = {"alg": "HS256", "typ": "JWT"}
    return jwt.encode({"iss": access, "exp": now + exp, "nbf": now + nbf}, secret, headers=headers)


@pytest.fixture
def signing(user):
    """`signing(exp=…)`: a program with a new signed token; `limits` are those of its token."""

    def make(limits: Limits = NO_LIMITS, **times: int) -> Program:
        row = issue(user, "two keys", limits=limits)[0]
        return Program(sign(row.public_id, secret_key(row), **times))

    return make


def test_a_client_orders_and_polls_with_two_keys(signing, any_model, user):
    made = signing().post(TEXT, BODY).json()
    task = GenerationTask.objects.get()

    assert made["code"] == 0
    assert made["data"]["task_id"] == str(task.pk)
    assert (task.owner, task.token.label) == (user, "two keys")
    done = make_task(user, status=Status.FAILED, error_code="content_rejected")
    assert signing().get(f"{TEXT}/{done.pk}").json()["data"]["task_status"] == "failed"


def test_a_client_with_two_keys_is_answered_at_once(signing, any_model, user, settings):
    settings.HELD_ANSWER_S = 30
    task = make_task(user)

    began = time.monotonic()
    answer = signing().get(f"{TEXT}/{task.pk}").json()

    assert time.monotonic() - began < 15
    assert answer["data"]["task_status"] == "submitted"


def test_refusals_have_the_vendors_codes(signing, any_model):
    cases = [
        (Program(), 401, 1001),
        (Program(sign("a" * 8, "nobody's")), 401, 1002),
        (Program("a.b.c"), 401, 1002),
        (signing(nbf=600), 401, 1003),
        (signing(exp=-600), 401, 1004),
        (signing(Limits(scopes=("read",))), 403, 1103),
        (signing(Limits(models_allowed=("vidu/viduq2",))), 403, 1103),
        (signing(Limits(networks=("10.0.0.0/8",))), 403, 1103),
    ]
    replies = [program.post(TEXT, BODY) for program, _status, _code in cases]

    assert [(reply.status_code, reply.json()["code"]) for reply in replies] == [(status, code) for _program, status, code in cases]
    assert "secret key" in replies[1].json()["message"]
    assert "expired" in replies[4].json()["message"]
    chinese = cases[4][0].post(TEXT, BODY, accept_language="zh-hans").json()["message"]
    assert "过期" in chinese
    assert not GenerationTask.objects.exists()


def test_the_tokens_rate_holds(signing, any_model):
    slow = signing(Limits(rate_per_minute=1))

    first, second = slow.get(TEXT), slow.get(TEXT)

    assert (first["RateLimit-Remaining"], second.json()["code"]) == ("0", 1302)


def test_nothing_else_takes_two_keys(signing):
    program = signing()

    addresses = ("/api/v1/tasks", "/v1/videos", f"/jimeng/tasks/{uuid4()}")
    assert [program.get(path).status_code for path in addresses] == [401, 401, 403]


def test_what_expires_while_its_request_waits_is_still_answered(user):
    row = issue(user, "two keys")[0]
    text = sign(row.public_id, secret_key(row), exp=-40)
    request = RequestFactory().get(TEXT)
    with pytest.raises(NotAuthenticated):
        SignedToken(Scope.READ).authenticate(request, text)
    waited = {"answer": lambda: None, "request_id": "", "carried": {}}
    request.META[WAITER] = Waiter(task_id=uuid4(), by=Caller(user=user, token=row), wait_s=50, until=0.0, **waited)

    assert SignedToken(Scope.READ).authenticate(request, text).token == row
