"""The rate of a token: exactly so many requests in a minute, whoever asks at once, and headers that say what is left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from access.limits import Limits
from access.models import TokenUse
from access.rates import take
from access.tokens import issue
from tests.cases import in_one_test

LIMIT, CALLERS = 100, 200


@pytest.fixture
def limited(user):
    raw = issue(user, "slow", limits=Limits(rate_per_minute=2))[1]
    return Client(headers={"authorization": f"Bearer {raw}"})


def a_minute_passes():
    TokenUse.objects.update(window_ms=TokenUse.objects.get().window_ms - 60_000)


def test_requests_beyond_the_rate_are_refused_until_the_minute_is_over(limited):
    replies = [limited.get("/api/v1/tasks"), limited.get("/api/v1/tasks/7")]
    refused = limited.get("/api/v1/tasks")

    assert [reply.status_code for reply in replies] == [200, 404]
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert [replies[-1][f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Policy")] == ["2", "0", "2;w=60"]
    assert [refused[f"RateLimit-{name}"] for name in ("Limit", "Remaining")] == ["2", "0"]
    assert refused["RateLimit-Reset"] == refused["Retry-After"]
    a_minute_passes()
    assert limited.get("/api/v1/tasks")["RateLimit-Remaining"] == "1"


def test_what_is_refused_later_counts_too(limited):
    assert limited.post("/api/v1/tasks", "{", content_type="application/json").status_code == 400
    assert limited.get(f"/api/v1/tasks/{uuid4()}").status_code == 404
    assert limited.get("/api/v1/tasks").status_code == 429


@in_one_test(("rate", "statements"), [(None, 1), (2, 2)])
def test_only_tokens_with_a_rate_pay_for_it(user, django_assert_num_queries, rate, statements):
    raw = issue(user, "shop", limits=Limits(rate_per_minute=rate))[1]
    client = Client(headers={"authorization": f"Bearer {raw}"})
    client.get("/api/v1/assets/7")  # notes the use

    with django_assert_num_queries(statements):
        reply = client.get("/api/v1/models/a/b")

    assert ("RateLimit-Limit" in reply) is (rate is not None)


def test_tokens_of_one_line_share_their_minute(user):
    line = uuid4()

    assert [take(line, 2).passed for _ in range(3)] == [True, True, False]
    assert take(uuid4(), 2).passed


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_of_200_callers_at_once_exactly_100_pass():
    line = uuid4()

    def call(_number):
        try:
            return take(line, LIMIT).passed
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        passed = list(pool.map(call, range(CALLERS)))

    assert sum(passed) == LIMIT
