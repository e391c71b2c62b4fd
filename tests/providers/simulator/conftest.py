"""One running simulator for all tests of this folder, as new before each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from providers.simulator.testing import SimulatorProcess
from tests.providers.simulator.callback_listener import Listener, listening
from tests.providers.simulator.simulator_callers import DashScopeCaller, KlingCaller


@pytest.fixture(scope="session")
def running() -> Iterator[SimulatorProcess]:
    with SimulatorProcess() as simulator:
        yield simulator


@pytest.fixture
def simulator(running: SimulatorProcess) -> SimulatorProcess:
    running.reset()
    return running


@pytest.fixture
def kling(simulator: SimulatorProcess) -> KlingCaller:
    return KlingCaller(simulator.base("kling"))


@pytest.fixture
def gateway(simulator: SimulatorProcess) -> KlingCaller:
    return KlingCaller(simulator.base("dmxapi") + "/kling")


@pytest.fixture
def dashscope_api(simulator: SimulatorProcess) -> DashScopeCaller:
    return DashScopeCaller(simulator.base("dashscope"))


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as somebody:
        yield somebody
