"""What is true of every vendor's callbacks: a slow receiver delays no other, and nothing undocumented is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.providers.simulator.callback_listener import Listener, listening
from tests.providers.simulator.simulator_callers import KlingCaller


@pytest.fixture
def slow() -> Iterator[Listener]:
    """Answers when the test is over."""
    over = threading.Event()
    with listening() as listener:
        listener.answer = lambda _body: (200, str(over.wait(30)).encode())
        yield listener
        over.set()


def test_a_slow_receiver_delays_nobody_else(kling: KlingCaller, slow: Listener, listener: Listener) -> None:
    kling.task("slow", callback_url=slow.url)
    kling.task("quick", callback_url=listener.url)

    assert listener.receives(3)

    assert [body["task_status"] for body in listener.bodies] == ["submitted", "processing", "succeed"]
    assert len(slow.received) == 1
