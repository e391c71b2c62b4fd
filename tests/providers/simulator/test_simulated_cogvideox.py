"""A local CogVideoX-2b service: submit and status, the variant that waits, what it cannot hold in memory."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from providers.simulator.vendors import cogvideox_rules
from tests.cases import in_one_test


class Caller:
    """No key, as the service asks for none."""

    def __init__(self, base: str) -> None:
        self.api = f"{base}/api/v1"

    def submit(self, prompt: str | None = "a paper boat", **fields: Any) -> requests.Response:
        headers = fields.pop("headers", {})
        return requests.post(f"{self.api}/generate", json={"prompt": prompt, **fields}, headers=headers, timeout=20)

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["task_id"]

    def poll(self, name: str) -> requests.Response:
        return requests.get(f"{self.api}/status/{name}", timeout=20)


@pytest.fixture
def local(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("cogvideox"))


@pytest.fixture
def waiting(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("cogvideox-sync"))


def test_states_follow_each_other_and_end_with_result(local: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    submitted = local.submit()
    task = submitted.json()["task_id"]

    seen = [local.poll(task).json()]
    for _ in range(2):
        simulator.advance(100)
        seen.append(local.poll(task).json())

    assert submitted.json() == {"task_id": task}
    assert seen[:2] == [{"status": "processing"}] * 2
    assert seen[2].keys() == {"status", "video_url"}
    assert seen[2]["status"] == "completed"
    assert requests.get(seen[2]["video_url"], timeout=60).content[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("fail-memory", "CUDA out of memory. Tried to allocate 2.64 GiB"),
        ("fail-timeout", "generation timeout after 600 seconds"),
        ("fail-internal", "RuntimeError: the pipeline stopped unexpectedly"),
    ],
)
def test_failure_says_why(local: Caller, waiting: Caller, simulator: SimulatorProcess, fault: str, error: str) -> None:
    simulator.settings(queue_s=0, render_s=0)

    assert local.poll(local.task(f"a boat #fault:{fault}")).json() == {"status": "failed", "error": error}
    assert waiting.submit(f"a boat #fault:{fault}").json() == {"success": False, "error": error}


def test_order_larger_than_the_card_runs_out_of_memory(local: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)

    answer = local.poll(local.task(width=1280, height=720, num_frames=50)).json()

    assert answer == {"status": "failed", "error": "CUDA out of memory. Tried to allocate 2.64 GiB"}


def test_waiting_variant_answers_with_the_video(waiting: Caller, simulator: SimulatorProcess) -> None:
    answer = waiting.submit().json()

    assert answer.keys() == {"success", "video_url"}
    assert answer["success"] is True
    assert requests.get(answer["video_url"], timeout=60).content[4:8] == b"ftyp"
    assert simulator.ledger()["count"] == 1


def test_waiting_variant_may_lose_its_answer(waiting: Caller, simulator: SimulatorProcess) -> None:
    assert waiting.submit("a boat #fault:502-after").status_code == 502
    assert simulator.ledger()["count"] == 1


def test_waiting_variant_gives_up_in_the_end(waiting: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(hang_s=0.1)

    assert waiting.submit("a boat #fault:never").status_code == 504


def test_unknown_task_is_not_found(local: Caller) -> None:
    response = local.poll("c2b-none")

    assert (response.status_code, response.json()) == (404, {"detail": "Task c2b-none not found"})


def test_undocumented_state_passes(local: Caller) -> None:
    task = local.task("a boat #fault:poll-unknown-state:1")

    assert [local.poll(task).json()["status"] for _ in range(2)] == ["offloading", "processing"]


@in_one_test(
    "fields",
    [
        {"prompt": ""},
        {"prompt": None},
        {"width": "512"},
        {"width": 500},
        {"height": 4096},
        {"num_frames": 0},
        {"num_inference_steps": 1.5},
        {"content_id": 7},
        {"metadata": "none"},
        {"guidance_scale": "6"},
    ],
)
def test_bad_request_is_refused_and_not_accepted(local: Caller, simulator: SimulatorProcess, fields: dict[str, Any]) -> None:
    response = local.submit(**fields)

    assert response.status_code == 422
    assert response.json().keys() == {"detail"}
    assert simulator.ledger()["count"] == 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (512, 512, 2)),
        ({"num_frames": 49, "width": 720, "height": 480, "num_inference_steps": 50}, (720, 480, 6)),
        ({"num_frames": 48, "fps": 16, "guidance_scale": 6, "seed": 7}, (512, 512, 3)),
        ({"content_id": "sku-1", "metadata": {"source": "portal"}}, (512, 512, 2)),
    ],
)
def test_good_request_becomes_a_video_of_this_size_and_length(fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    order = cogvideox_rules.read_order({"prompt": "a boat", **fields})

    assert (order.width_px, order.height_px, order.duration_s) == expected


def test_content_id_marks_the_ledger_and_may_come_twice(local: Caller, simulator: SimulatorProcess) -> None:
    for number in range(2):
        local.task(f"variation {number}", content_id="sku-1")

    assert simulator.ledger()["by_reference"] == {"sku-1": 2}
    assert local.poll("sku-1").status_code == 404


@in_one_test(
    ("fault", "status"),
    [("refuse", 400), ("auth", 401), ("bad-param", 422), ("rate-limit", 429), ("rate-limit-200", 200), ("5xx-before", 503)],
)
def test_fault_refuses_and_accepts_nothing(local: Caller, simulator: SimulatorProcess, fault: str, status: int) -> None:
    response = local.submit(f"a boat #fault:{fault}")

    assert response.status_code == status
    assert "task_id" not in response.json()
    assert simulator.ledger()["count"] == 0


def test_third_task_finds_the_card_busy(local: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(slots=2)
    answers = [local.submit(f"{number}") for number in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 503]


def test_key_is_not_needed_and_a_bad_one_is_refused(local: Caller) -> None:
    assert local.submit(headers={"Authorization": "Bearer bad-key"}).status_code == 401
    assert local.submit(headers={"Authorization": "Bearer any-key"}).status_code == 200


def test_fault_of_another_vendor_is_unknown(local: Caller) -> None:
    response = local.submit("a boat #fault:done-status-10")

    assert (response.status_code, response.json()) == (400, {"error": "cogvideox cannot have the fault 'done-status-10'; jimeng can"})
