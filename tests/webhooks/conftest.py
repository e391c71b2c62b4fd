"""Endpoints at a receiver on loopback, and a delivery job that does not stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User

from access.callers import Caller
from tests.webhooks.receiver import Receiver
from webhooks.actions import create
from webhooks.catalog import TYPES
from webhooks.deliver import Patience, deliver
from webhooks.models import Endpoint

HASTY = Patience(stay_s=20.0, linger_s=0.0, last_answers_s=2.0, round_s=0.02, threads=8, request_s=0.4)

MakeEndpoint = Callable[..., Endpoint]


@pytest.fixture(autouse=True)
def loopback_allowed(settings) -> None:
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as one:
        yield one


@pytest.fixture
def make_endpoint(receiver: Receiver) -> MakeEndpoint:
    """`make_endpoint(owner, path="/a", types=[...])`: a webhook at the receiver; `url` for another place."""

    def make(owner: User, *, path: str = "/hook", url: str = "", types=TYPES, **facts) -> Endpoint:
        endpoint, secret = create(by=Caller(user=owner), url=url or receiver.url + path, types=types, **facts)
        endpoint.secret = secret  # for the receiver
        return endpoint

    return make


@pytest.fixture
def run() -> Callable[[], None]:
    """Return what a worker does: tell what is due, until nothing is."""
    return lambda: deliver(patience=HASTY)
