"""`Prefer: wait` authenticates once and answers much later: a token that ends meanwhile is refused then."""

from __future__ import annotations

import time
from threading import Thread

import pytest
from django.db import connection
from django.test import Client

from access.callers import Caller
from access.limits import Limits
from access.models import ApiToken
from access.tokens import issue, revoke

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def test_a_request_that_waits_is_answered_401_within_a_second(user, idle_account):
    token, raw = issue(user, "shop", limits=Limits(scopes=("generate",)))
    client = Client(headers={"authorization": f"Bearer {raw}", "prefer": "wait=30"})
    replies = []

    def order():
        replies.append(client.post("/api/v1/tasks", {"model": "kling/kling-v2-6", "prompt": "a fox"}, content_type="application/json"))
        connection.close()

    waiting = Thread(target=order)
    waiting.start()
    until = time.monotonic() + 20
    while ApiToken.objects.get().last_used_at is None and time.monotonic() < until:
        time.sleep(0.02)
    revoke(token, by=Caller(user=user))
    revoked_at = time.monotonic()
    waiting.join(25)

    assert (replies[0].status_code, replies[0].json()["error"]["code"]) == (401, "not_authenticated")
    assert time.monotonic() - revoked_at < 20  # not the end of the wait; how fast it is, on a free machine, is for the trial
