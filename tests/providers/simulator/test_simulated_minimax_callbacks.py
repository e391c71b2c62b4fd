"""MiniMax's callbacks, which begin with a challenge."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.simulator.testing import SimulatorProcess
from tests.providers.simulator.callback_listener import Listener
from tests.providers.simulator.test_simulated_minimax import Caller


@pytest.fixture
def minimax(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("minimax"))


def echo(body: dict[str, Any]) -> tuple[int, bytes]:
    return 200, json.dumps(body).encode() if "challenge" in body else b""


def test_callbacks_follow_an_echoed_challenge(minimax: Caller, listener: Listener) -> None:
    listener.answer = echo
    task = minimax.task(callback_url=listener.url)

    assert listener.receives(3)

    challenge, running, done = listener.bodies
    assert challenge.keys() == {"challenge"}
    assert (running["task_id"], running["status"], done["status"]) == (task, "processing", "success")
    assert done["file_id"] == minimax.query(task)["file_id"]


def test_nothing_is_called_back_when_the_challenge_is_not_echoed(minimax: Caller, simulator: SimulatorProcess, listener: Listener) -> None:
    silent = minimax.task_2("silent", callback_url=listener.url)
    assert listener.receives(1)

    listener.answer = echo
    minimax.task_2("heard", callback_url=listener.url)
    assert listener.receives(3)

    assert {body["task"]["id"] for body in listener.bodies if "task" in body}.isdisjoint({silent})
    assert [body["task"]["status"] for body in listener.bodies if "task" in body] == ["running", "succeeded"]
