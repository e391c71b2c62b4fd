"""Kling's classic API and the gateway: answers to sound requests, and refusals of unsound ones."""

from __future__ import annotations

import base64
import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from tests.cases import in_one_test
from tests.pictures import as_base64
from tests.providers.simulator.simulator_callers import KlingCaller, bearer, until


def refusal(response: requests.Response) -> tuple[int, int]:
    return response.status_code, response.json()["code"]


def test_submit_answers_the_documented_envelope(kling: KlingCaller) -> None:
    answer = kling.submit(external_task_id="job-1").json()

    assert answer["code"] == 0
    assert answer["message"] == "SUCCEED"
    assert answer["data"]["task_status"] == "submitted"
    assert answer["data"]["task_info"] == {"external_task_id": "job-1"}
    assert answer["data"]["created_at"] == answer["data"]["updated_at"]


def test_states_follow_each_other_and_end_with_a_url(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = kling.task(duration="10", mode="pro")

    seen = [kling.poll(task).json()["data"]]
    for _ in range(2):
        simulator.advance(100)
        seen.append(kling.poll(task).json()["data"])

    assert [data["task_status"] for data in seen] == ["submitted", "processing", "succeed"]
    assert seen[1].get("task_result") is None
    video = seen[2]["task_result"]["videos"][0]
    assert video["duration"] == "10.0"
    assert video["url"].startswith(f"{simulator.url}/media/{task}/")
    assert seen[2]["final_unit_deduction"] == "4"
    assert seen[2]["updated_at"] == seen[2]["created_at"] + 200_000


def test_task_is_found_by_external_id_and_only_by_its_owner(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    task = kling.task(external_task_id="job-2")

    stranger = KlingCaller(simulator.base("kling"), key="another-key-entirely")

    assert kling.poll("job-2").json()["data"]["task_id"] == task
    assert refusal(stranger.poll(task)) == (404, 1203)
    assert refusal(kling.poll(task, kind="image2video")) == (404, 1203)


def test_duplicate_external_id_is_refused_and_not_billed(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    kling.submit(external_task_id="job-3")

    assert refusal(kling.submit(external_task_id="job-3")) == (400, 1201)
    assert simulator.ledger()["by_reference"] == {"job-3": 1}


def test_list_pages_newest_first(kling: KlingCaller) -> None:
    tasks = [kling.task(f"prompt {number}") for number in range(3)]

    pages = [requests.get(f"{kling.videos}/text2video?pageNum={page}&pageSize=2", headers=bearer(), timeout=20).json() for page in (1, 2)]

    assert [[row["task_id"] for row in page["data"]] for page in pages] == [[tasks[2], tasks[1]], [tasks[0]]]


def test_costs_need_a_key_and_cost_nothing(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    url = simulator.base("kling") + "/account/costs?start_time=0&end_time=4102444800000"

    assert requests.get(url, headers=bearer(), timeout=20).json()["data"]["resource_pack_subscribe_infos"]
    assert refusal(requests.get(url, timeout=20)) == (401, 1001)


@in_one_test(
    ("fields", "expected"),
    [
        ({"prompt": ""}, (400, 1201)),
        ({"prompt": "x" * 2501}, (400, 1201)),
        ({"model_name": "kling-v9"}, (404, 1203)),
        ({"model_name": "kling-v1-5"}, (400, 1201)),
        ({"duration": 5}, (400, 1201)),
        ({"duration": "7"}, (400, 1201)),
        ({"aspect_ratio": "4:3"}, (400, 1201)),
        ({"mode": "ultra"}, (400, 1201)),
        ({"cfg_scale": 1.5}, (400, 1201)),
        ({"model_name": "kling-v2-5-turbo", "cfg_scale": 0.5}, (400, 1201)),
        ({"model_name": "kling-v2-6", "sound": "on"}, (400, 1201)),
        ({"camera_control": {"type": "sideways"}}, (400, 1201)),
        ({"camera_control": {"type": "simple"}}, (400, 1201)),
        ({"camera_control": {"type": "simple", "config": {"pan": 5, "tilt": 1}}}, (400, 1201)),
        ({"camera_control": {"type": "simple", "config": {"pan": 11}}}, (400, 1201)),
        ({"camera_control": {"type": "simple", "config": {"pan": 0}}}, (400, 1201)),
        ({"camera_control": {"type": "down_back", "config": {"pan": 5}}}, (400, 1201)),
        ({"callback_url": "ftp://127.0.0.1/"}, (400, 1201)),
    ],
)
def test_bad_field_is_refused_and_not_billed(
    kling: KlingCaller, simulator: SimulatorProcess, fields: dict[str, Any], expected: tuple[int, int]
) -> None:
    assert refusal(kling.submit(**fields)) == expected
    assert simulator.ledger()["count"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"camera_control": {"type": "simple", "config": {"horizontal": 0, "pan": -10, "zoom": 0}}},
        {"camera_control": {"type": "forward_up"}},
        {"model_name": "kling-v3", "duration": "15", "mode": "4k", "sound": "on"},
        {"model_name": "kling-v2-6", "mode": "pro", "sound": "on"},
        {"negative_prompt": "", "callback_url": "", "external_task_id": "", "cfg_scale": 0},
        {"an_unknown_field": 1},
    ],
)
def test_good_field_is_accepted(kling: KlingCaller, fields: dict[str, Any]) -> None:
    assert kling.submit(**fields).json()["code"] == 0


@in_one_test(
    "fields",
    [
        {},
        {"image": "data:image/png;base64," + as_base64()},
        {"image": "not base64 at all"},
        {"image": base64.b64encode(b"no picture").decode()},
        {"image": as_base64()[:400]},
        {"image": as_base64(200, 400)},
        {"image": as_base64(1000, 300)},
        {"image": as_base64(kind="BMP")},
        {"image": as_base64(), "image_tail": as_base64(), "mode": "std", "model_name": "kling-v1-6"},
        {"image": as_base64(), "image_tail": as_base64(), "camera_control": {"type": "forward_up"}},
        {"image_tail": as_base64()},
        {"image_tail": as_base64(), "mode": "pro", "model_name": "kling-v2-1"},
        {"image": as_base64(), "image_tail": as_base64(), "duration": "10"},
        {"image": as_base64(), "image_tail": as_base64(), "mode": "pro", "sound": "on", "model_name": "kling-v2-6"},
        {"image": as_base64(), "static_mask": as_base64(), "mode": "pro", "duration": "10", "model_name": "kling-v1-5"},
        {"image": "http://127.0.0.1:9/nobody-listens.png"},
    ],
)
def test_bad_picture_is_refused(kling: KlingCaller, fields: dict[str, Any]) -> None:
    assert refusal(kling.submit(kind="image2video", **fields)) == (400, 1201)


@pytest.mark.parametrize(
    "fields",
    [
        {"image": as_base64(kind="JPEG")},
        {"image": "https://example.com/taken-on-trust.jpg"},
        {"image": as_base64(), "image_tail": as_base64(), "mode": "pro", "model_name": "kling-v1-6"},
        {"image_tail": as_base64(), "mode": "pro", "model_name": "kling-v1-6"},
        {"image_tail": as_base64(), "mode": "pro", "model_name": "kling-v1-5"},
        {"image": as_base64(), "model_name": "kling-v2-1", "prompt": ""},
    ],
)
def test_good_picture_is_accepted(kling: KlingCaller, fields: dict[str, Any]) -> None:
    assert kling.submit(kind="image2video", **fields).json()["code"] == 0


def test_large_picture_is_taken_and_too_large_a_one_is_refused(kling: KlingCaller) -> None:
    large = as_base64(1200, 1000, compress_level=0)
    too_large = base64.b64encode(base64.b64decode(large) + bytes(7 * 1024 * 1024)).decode()

    assert len(large) > 4_000_000
    assert kling.submit(kind="image2video", image=large).status_code == 200
    assert refusal(kling.submit(kind="image2video", image=too_large)) == (400, 1201)


def token(access: str = "sim-access", secret: str = "sim-secret", **claims: Any) -> str:  # noqa: S107 - invented
    now = int(time.time())
    return jwt.encode({"iss": access, "exp": now + 1800, "nbf": now - 5, **claims}, secret, algorithm="HS256")


@pytest.mark.filterwarnings("ignore:.*HMAC key:jwt.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (token, (200, 0)),
        (lambda: token("ak-team", "sk-team"), (200, 0)),
        (lambda: token("ak-team", "sk-other"), (401, 1002)),
        (lambda: token("nobody", "sim-secret"), (401, 1002)),
        (lambda: token("ak-bad-1", "sk-bad-1"), (401, 1002)),
        (lambda: token(exp=int(time.time()) - 1), (401, 1004)),
        (lambda: token(nbf=int(time.time()) + 60), (401, 1003)),
        (lambda: token(exp=None), (401, 1002)),
        (lambda: "a.b.c", (401, 1002)),
        (lambda: "", (401, 1001)),
        (lambda: "bad-key", (401, 1002)),
        (lambda: "sk-bad-key", (401, 1002)),
        (lambda: "broke-key", (429, 1101)),
        (lambda: token("ak-broke-1", "sk-broke-1"), (429, 1101)),
    ],
)
def test_authorization(simulator: SimulatorProcess, make: Any, expected: tuple[int, int]) -> None:
    assert refusal(KlingCaller(simulator.base("kling"), key=make()).submit()) == expected


def test_gateway_takes_what_the_official_host_does_not(gateway: KlingCaller) -> None:
    assert gateway.submit(duration=10, model="kling-v1-6").json()["code"] == 0


def test_gateway_serves_the_published_example(simulator: SimulatorProcess) -> None:
    """The shape of the gateway's own sample code: http.client, every unset field an empty string."""
    connection = http.client.HTTPConnection(urlsplit(simulator.url).netloc, timeout=20)
    endpoint = "/hosts/dmxapi/kling/v1/videos/text2video"
    headers = {"Authorization": "Bearer sk-XXXXXXXXXXXXX", "Content-Type": "application/json"}
    body = {
        "model_name": "kling-v1",
        "prompt": "一只袋鼠举起一个牌子",
        "negative_prompt": "",
        "cfg_scale": 0.5,
        "mode": "std",
        "aspect_ratio": "16:9",
        "duration": "5",
        "callback_url": "",
        "external_task_id": "",
    }

    def ask(method: str, path: str, payload: str | None = None) -> dict[str, Any]:
        connection.request(method, path, payload, headers)
        return json.loads(connection.getresponse().read())

    task = ask("POST", endpoint, json.dumps(body))["data"]["task_id"]
    done = until(lambda: ask("GET", f"{endpoint}/{task}")["data"], "task_status", {"succeed"})
    connection.close()

    assert requests.get(done["task_result"]["videos"][0]["url"], timeout=20).headers["Content-Type"] == "video/mp4"
