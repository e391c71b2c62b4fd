"""Zhipu: answers to sound hand-written requests, and refusals of unsound ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from providers.simulator.vendors import zhipu_rules
from tests.cases import in_one_test
from tests.pictures import as_data_uri
from tests.providers.simulator.simulator_callers import KEY, bearer

DAY_S = 86_400
FAR = "https://example.com/taken-on-trust.jpg"


class Caller:
    def __init__(self, base: str, key: str = KEY) -> None:
        self.api = f"{base}/api/paas/v4"
        self.key = key

    def submit(self, prompt: str | None = "a paper boat", **fields: Any) -> requests.Response:
        headers = {**bearer(self.key), **fields.pop("headers", {})}
        body = {"model": "cogvideox-3", "prompt": prompt, **fields}
        return requests.post(f"{self.api}/videos/generations", json=body, headers=headers, timeout=20)

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["id"]

    def poll(self, name: str) -> requests.Response:
        return requests.get(f"{self.api}/async-result/{name}", headers=bearer(self.key), timeout=20)


@pytest.fixture
def zhipu(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("zhipu"))


def test_international_site_has_no_cogvideox_2(simulator: SimulatorProcess) -> None:
    abroad = Caller(simulator.base("zai"))

    answers = [abroad.submit(model=model) for model in ("cogvideox-2", "cogvideox-flash")]

    assert [refusal(answer) for answer in answers] == [(400, "1211")] * 2
    assert abroad.submit(model="cogvideox-3").status_code == 200
    assert simulator.ledger()["count"] == 1


def heavy_picture() -> str:
    """A sound PNG of more than 5 MB."""
    content = base64.b64decode(as_data_uri().partition(",")[2]) + bytes(5 * 1024 * 1024)
    return "data:image/png;base64," + base64.b64encode(content).decode()


def refusal(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def token(key_id: str, secret: str, expires_in_s: int = 60, **head: str) -> str:
    now = int(time.time() * 1000)
    parts = [{"alg": "HS256", "sign_type": "SIGN", **head}, {"api_key": key_id, "exp": now + expires_in_s * 1000, "timestamp": now}]
    signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def test_submit_answers_processing_with_the_caller_s_reference(zhipu: Caller, simulator: SimulatorProcess) -> None:
    answer = zhipu.submit(request_id="job-1").json()

    assert answer == {"id": answer["id"], "model": "cogvideox-3", "request_id": "job-1", "task_status": "PROCESSING"}
    assert simulator.ledger()["by_reference"] == {"job-1": 1}


def test_states_follow_each_other_and_end_with_result(zhipu: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = zhipu.task(request_id="job-2")

    seen = [zhipu.poll(task).json()]
    for _ in range(2):
        simulator.advance(100)
        seen.append(zhipu.poll(task).json())

    head = {"model": "cogvideox-3", "request_id": "job-2"}
    assert seen[:2] == [{**head, "task_status": "PROCESSING"}] * 2
    done = seen[2]
    assert done.keys() == {"model", "request_id", "task_status", "video_result"}
    assert done["task_status"] == "SUCCESS"
    assert done["video_result"][0].keys() == {"url", "cover_image_url"}
    assert requests.get(done["video_result"][0]["url"], timeout=60).content[4:8] == b"ftyp"


def test_result_expires_before_the_task_does(zhipu: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    task = zhipu.task()
    url = zhipu.poll(task).json()["video_result"][0]["url"]

    simulator.advance(DAY_S + 1)

    assert requests.get(url, timeout=20).status_code == 403
    assert zhipu.poll(task).json()["task_status"] == "SUCCESS"


def test_unknown_foreign_and_referenced_tasks_are_not_found(zhipu: Caller, simulator: SimulatorProcess) -> None:
    task = zhipu.task(request_id="only-a-reference")
    stranger = Caller(simulator.base("zhipu"), key="id.somebody-else")

    for response in (zhipu.poll("880000000000000001"), zhipu.poll("only-a-reference"), stranger.poll(task)):
        assert refusal(response) == (404, "1211")


def test_null_fields_count_as_not_sent(zhipu: Caller) -> None:
    nulls = dict.fromkeys(
        ["image_url", "request_id", "user_id", "style", "aspect_ratio", "off_peak", "movement_amplitude", "size", "duration"]
    )

    assert zhipu.submit(**nulls).json()["task_status"] == "PROCESSING"


def test_failure_comes_with_and_without_a_reason(zhipu: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)

    content, internal = (zhipu.poll(zhipu.task(f"a boat #fault:{fault}")).json() for fault in ("fail-content", "fail-internal"))

    assert (content["task_status"], content["error"]["code"]) == ("FAIL", "1301")
    assert internal.keys() == {"model", "request_id", "task_status"}
    assert internal["task_status"] == "FAIL"


@in_one_test(
    ("fields", "expected"),
    [
        ({"model": "cogvideox-9"}, (400, "1211")),
        ({"model": None}, (400, "1213")),
        ({"prompt": ""}, (400, "1213")),
        ({"prompt": "y" * 513}, (400, "1261")),
        ({"duration": "5"}, (400, "1214")),
        ({"duration": 7}, (400, "1214")),
        ({"model": "cogvideox-2", "duration": 5}, (400, "1210")),
        ({"size": "720x480"}, (400, "1214")),
        ({"size": "1920*1080"}, (400, "1214")),
        ({"fps": 24}, (400, "1214")),
        ({"quality": "best"}, (400, "1214")),
        ({"with_audio": "yes"}, (400, "1214")),
        ({"with_audio": 1}, (400, "1214")),
        ({"style": "anime"}, (400, "1210")),
        ({"user_id": "short"}, (400, "1214")),
        ({"request_id": 7}, (400, "1214")),
        ({"image_url": [FAR]}, (400, "1214")),
        ({"image_url": [FAR, FAR, FAR]}, (400, "1214")),
        ({"image_url": as_data_uri(kind="WEBP")}, (400, "1214")),
        ({"image_url": "data:image/png;base64,AAAA"}, (400, "1214")),
        ({"image_url": heavy_picture()}, (400, "1214")),
        ({"image_url": "http://127.0.0.1:9/none.png"}, (400, "1214")),
        ({"model": "cogvideox-2", "image_url": [FAR, FAR]}, (400, "1214")),
        ({"model": "viduq1-text", "prompt": ""}, (400, "1213")),
        ({"model": "viduq1-text", "image_url": FAR}, (400, "1210")),
        ({"model": "viduq1-text", "size": "1080x1920"}, (400, "1214")),
        ({"model": "viduq1-text", "style": "noir"}, (400, "1214")),
        ({"model": "viduq1-text", "aspect_ratio": "4:3"}, (400, "1214")),
        ({"model": "viduq1-text", "fps": 30}, (400, "1210")),
        ({"model": "viduq1-text", "with_audio": True}, (400, "1210")),
        ({"model": "viduq1-image"}, (400, "1213")),
        ({"model": "viduq1-image", "image_url": FAR, "duration": 4}, (400, "1214")),
        ({"model": "viduq1-image", "image_url": as_data_uri(900, 200)}, (400, "1214")),
        ({"model": "vidu2-image", "image_url": FAR, "movement_amplitude": "huge"}, (400, "1214")),
        ({"model": "vidu2-start-end", "image_url": [FAR]}, (400, "1214")),
        ({"model": "vidu2-start-end", "image_url": [as_data_uri(640, 480), as_data_uri(480, 480)]}, (400, "1214")),
        ({"model": "vidu2-reference", "image_url": [FAR] * 4}, (400, "1214")),
        ({"model": "vidu2-reference", "image_url": [as_data_uri(300, 100)]}, (400, "1214")),
    ],
)
def test_bad_request_is_refused_and_not_billed(
    zhipu: Caller, simulator: SimulatorProcess, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refusal(zhipu.submit(**fields)) == expected
    assert simulator.ledger()["count"] == 0


@in_one_test(
    ("fields", "expected"),
    [
        ({"model": "cogvideox-3"}, (1920, 1080, 5)),
        ({"model": "cogvideox-3", "size": "2048x1080", "duration": 10, "fps": 60, "quality": "quality"}, (2048, 1080, 10)),
        ({"model": "cogvideox-3", "image_url": [as_data_uri(600, 400), as_data_uri(300, 300)], "with_audio": True}, (1620, 1080, 5)),
        ({"model": "cogvideox-2", "size": "720x480", "watermark_enabled": False}, (720, 480, 6)),
        ({"model": "cogvideox-2", "prompt": "", "image_url": as_data_uri(400, 800).partition(",")[2]}, (1080, 2160, 6)),
        ({"model": "cogvideox-2", "image_url": as_data_uri(100, 1000)}, (384, 3840, 6)),
        ({"model": "cogvideox-flash", "image_url": FAR, "size": "960x1280"}, (960, 1280, 6)),
        ({"model": "viduq1-text", "style": "anime", "aspect_ratio": "9:16", "movement_amplitude": "large"}, (1080, 1920, 5)),
        ({"model": "viduq1-text", "size": "1920x1080", "duration": 5, "aspect_ratio": "1:1"}, (1080, 1080, 5)),
        ({"model": "viduq1-image", "prompt": "", "image_url": [as_data_uri(kind="WEBP")]}, (1920, 1080, 5)),
        ({"model": "viduq1-start-end", "image_url": [FAR, FAR], "with_audio": True}, (1920, 1080, 5)),
        ({"model": "vidu2-image", "image_url": heavy_picture(), "size": "1280x720", "duration": 4}, (1280, 720, 4)),
        ({"model": "vidu2-start-end", "image_url": [as_data_uri(), as_data_uri(480, 640)], "size": "480x360"}, (480, 360, 4)),
        ({"model": "vidu2-reference", "image_url": [FAR] * 3, "aspect_ratio": "9:16", "with_audio": False}, (720, 1280, 4)),
    ],
)
def test_good_request_becomes_a_video_of_this_size_and_length(fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    order = asyncio.run(zhipu_rules.read_order({"prompt": "a boat", **fields}))

    assert (order.width_px, order.height_px, order.duration_s) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [("bad-id.secret", (401, "1000")), ("sk-bad-key", (401, "1000")), ("", (401, "1001")), ("broke-id.secret", (429, "1113"))],
)
def test_key_decides(simulator: SimulatorProcess, key: str, expected: tuple[int, str]) -> None:
    assert refusal(Caller(simulator.base("zhipu"), key=key).submit()) == expected


def test_signed_token_and_raw_key_are_one_account(simulator: SimulatorProcess) -> None:
    raw, signed = (Caller(simulator.base("zhipu"), key=key) for key in ("simid.simsecret0000000000", token("simid", "simsecret0000000000")))

    assert signed.poll(raw.task()).status_code == 200


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: token("simid", "another-secret"), (401, "1000")),
        (lambda: token("simid", "simsecret0000000000", sign_type="JWT"), (401, "1000")),
        (lambda: token("simid", "simsecret0000000000", expires_in_s=-1), (401, "1003")),
        (lambda: token("bad-id", "secret-of-bad-id"), (401, "1000")),
        (lambda: "a.b.c", (401, "1000")),
    ],
)
def test_token_is_checked(simulator: SimulatorProcess, make: Callable[[], str], expected: tuple[int, str]) -> None:
    shown = make()  # here and not above: a token is short-lived, and tests are collected long before they run
    assert refusal(Caller(simulator.base("zhipu"), key=shown).submit()) == expected


def test_second_task_waits_for_a_free_slot(zhipu: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(slots=1, queue_s=0, render_s=100)
    zhipu.task("first")

    assert refusal(zhipu.submit("second")) == (429, "1302")
    simulator.advance(100)
    assert zhipu.submit("second").status_code == 200


def test_reference_may_be_used_once(zhipu: Caller) -> None:
    answers = [zhipu.submit(request_id="same") for _ in range(2)]

    assert answers[0].status_code == 200
    assert refusal(answers[1]) == (400, "1214")


REFUSALS = {
    "refuse": (400, "1301"),
    "auth": (401, "1000"),
    "quota": (429, "1113"),
    "bad-param": (400, "1214"),
    "rate-limit": (429, "1302"),
    "rate-limit-200": (200, "1302"),
    "5xx-before": (500, "1234"),
    "overloaded": (429, "1305"),
    "plan-used-up": (429, "1308"),
}


@in_one_test(("fault", "expected"), REFUSALS.items())
def test_fault_refuses_and_bills_nothing(zhipu: Caller, simulator: SimulatorProcess, fault: str, expected: tuple[int, str]) -> None:
    assert refusal(zhipu.submit(f"a boat #fault:{fault}")) == expected
    assert simulator.ledger()["count"] == 0


@pytest.mark.parametrize(("fault", "start"), [("poll-html", "<!DOCTYPE"), ("poll-empty", ""), ("poll-badjson", '{"model"')])
def test_poll_fault_passes(zhipu: Caller, simulator: SimulatorProcess, fault: str, start: str) -> None:
    task = zhipu.task(f"a boat #fault:{fault}:1")

    answers = [zhipu.poll(task) for _ in range(2)]

    assert answers[0].text.startswith(start)
    with pytest.raises(requests.JSONDecodeError):
        answers[0].json()
    assert answers[1].json()["model"] == "cogvideox-3"


def test_undocumented_state_passes(zhipu: Caller) -> None:
    task = zhipu.task("a boat #fault:poll-unknown-state:1")

    assert [zhipu.poll(task).json()["task_status"] for _ in range(2)] == ["REVIEWING", "PROCESSING"]
