"""Jimeng's official API: signed hand-written requests, answers and refusals."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from providers.simulator.vendors import volcvisual_rules
from tests.cases import in_one_test
from tests.pictures import as_base64

HOUR_S = 3600
FAR = "https://example.com/taken-on-trust.jpg"
ACCESS, SECRET = "sim-access", "sim-secret"
NAMES = "content-type;host;x-content-sha256;x-date"


class Caller:
    def __init__(self, base: str, access: str = ACCESS, secret: str = SECRET) -> None:
        self.base = base
        self.access = access
        self.secret = secret

    def act(self, action: str, body: dict[str, Any], **how: Any) -> requests.Response:
        query = f"Action={action}&Version=2022-08-31"
        raw = json.dumps(body).encode()
        headers = {**self.signed(query, raw, **how), **how.get("headers", {})}
        return requests.post(f"{self.base}/?{query}", data=raw, headers=headers, timeout=20)

    def signed(self, query: str, raw: bytes, path: str = "/hosts/volcvisual/", ahead_s: float = 0, **how: Any) -> dict[str, str]:
        moment = (datetime.now(UTC) + timedelta(seconds=ahead_s)).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(raw).hexdigest()
        sent = {"content-type": "application/json", "host": urlsplit(self.base).netloc, "x-content-sha256": digest, "x-date": moment}
        names = how.get("names", NAMES)
        lines = "".join(f"{name}:{sent[name]}\n" for name in names.split(";"))
        canonical = f"POST\n{path}\n{query}\n{lines}\n{names}\n{digest}"
        scope = f"{moment[:8]}/{how.get('region', 'cn-north-1')}/cv/request"
        key = self.secret.encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = f"HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        bearer = f"HMAC-SHA256 Credential={self.access}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {"Content-Type": "application/json", "X-Date": moment, "X-Content-Sha256": digest, "Authorization": bearer}

    def submit(self, prompt: str = "a paper boat", **fields: Any) -> requests.Response:
        how = {name: fields.pop(name) for name in ("path", "ahead_s", "names", "region", "headers") if name in fields}
        return self.act("CVSync2AsyncSubmitTask", {"req_key": "jimeng_t2v_v30", "prompt": prompt, **fields}, **how)

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["data"]["task_id"]

    def poll(self, name: str, req_key: str = "jimeng_t2v_v30") -> requests.Response:
        return self.act("CVSync2AsyncGetResult", {"req_key": req_key, "task_id": name})


@pytest.fixture
def visual(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("volcvisual"))


def refusal(response: requests.Response) -> tuple[int, int | str]:
    body = response.json()
    return response.status_code, body["code"] if "code" in body else body["ResponseMetadata"]["Error"]["Code"]


def test_submit_answers_a_task(visual: Caller) -> None:
    answer = visual.submit().json()

    assert answer.keys() == {"code", "data", "message", "request_id", "status", "time_elapsed"}
    assert (answer["code"], answer["status"], answer["message"]) == (10000, 10000, "Success")
    assert answer["data"].keys() == {"task_id"}


def test_states_follow_each_other_and_end_with_result(visual: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = visual.task()

    seen = [visual.poll(task).json()["data"]]
    for _ in range(2):
        simulator.advance(100)
        seen.append(visual.poll(task).json()["data"])

    assert [data["status"] for data in seen] == ["in_queue", "generating", "done"]
    assert [bool(data["video_url"]) for data in seen] == [False, False, True]
    assert requests.get(seen[2]["video_url"], timeout=60).content[4:8] == b"ftyp"


def test_result_lives_an_hour_and_the_task_twelve(visual: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    task = visual.task()
    url = visual.poll(task).json()["data"]["video_url"]

    simulator.advance(HOUR_S + 1)
    assert requests.get(url, timeout=20).status_code == 403
    assert visual.poll(task).json()["data"]["status"] == "done"
    simulator.advance(11 * HOUR_S)
    assert visual.poll(task).json()["data"] == {"status": "expired", "video_url": ""}


def test_unknown_and_foreign_tasks_are_not_found(visual: Caller, simulator: SimulatorProcess) -> None:
    stranger = Caller(simulator.base("volcvisual"), "ak-stranger", "sk-stranger")

    for response in (visual.poll("7600000000000000001"), stranger.poll(visual.task())):
        assert response.json()["code"] == 10000
        assert response.json()["data"]["status"] == "not_found"


def test_failure_is_done_with_another_code(visual: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)

    answers = [visual.poll(visual.task(f"a boat #fault:{fault}")).json() for fault in ("fail-content", "fail-internal")]

    assert [(answer["code"], answer["data"]["status"]) for answer in answers] == [(50511, "done"), (50501, "done")]


def test_result_is_asked_for_with_the_same_req_key(visual: Caller) -> None:
    assert refusal(visual.poll(visual.task(), "jimeng_ti2v_v30_pro")) == (400, 50215)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"headers": {"Authorization": ""}}, "InvalidAuthorization"),
        ({"headers": {"Authorization": "Bearer sk-something"}}, "InvalidAuthorization"),
        ({"headers": {"X-Content-Sha256": "0" * 64}}, "SignatureDoesNotMatch"),
        ({"headers": {"Content-Type": "text/plain"}}, "SignatureDoesNotMatch"),
        ({"headers": {"X-Date": "yesterday"}}, "InvalidTimestamp"),
        ({"ahead_s": -1000}, "InvalidTimestamp"),
        ({"ahead_s": 1000}, "InvalidTimestamp"),
        ({"names": "content-type;x-date"}, "SignatureDoesNotMatch"),
        ({"region": "cn-south-1"}, "InvalidCredential"),
        ({"path": "/elsewhere"}, "SignatureDoesNotMatch"),
    ],
)
def test_signature_must_match_what_arrived(visual: Caller, simulator: SimulatorProcess, how: dict[str, Any], expected: str) -> None:
    assert refusal(visual.submit(**how)) == (401, expected)
    assert simulator.ledger()["count"] == 0


def test_signature_over_the_vendor_s_own_path_is_right_too(visual: Caller) -> None:
    assert visual.submit(path="/").json()["code"] == 10000


@pytest.mark.parametrize(
    ("access", "secret", "expected"),
    [
        ("sim-access", "another-secret", (401, "SignatureDoesNotMatch")),
        ("somebody", "sim-secret", (401, "InvalidAccessKey")),
        ("ak-bad-key", "sk-bad-key", (401, "InvalidAccessKey")),
        ("ak-broke-key", "sk-broke-key", (403, "AccountOverdue")),
    ],
)
def test_key_decides(simulator: SimulatorProcess, access: str, secret: str, expected: tuple[int, str]) -> None:
    assert refusal(Caller(simulator.base("volcvisual"), access, secret).submit()) == expected


@in_one_test(
    "fields",
    [
        {"req_key": "jimeng_t2v_v99"},
        {"prompt": ""},
        {"prompt": 7},
        {"seed": -2},
        {"seed": "7"},
        {"frames": 120},
        {"frames": "121"},
        {"aspect_ratio": "2:1"},
        {"image_urls": [FAR]},
        {"req_key": "jimeng_i2v_first_v30"},
        {"req_key": "jimeng_i2v_first_v30", "image_urls": FAR},
        {"req_key": "jimeng_i2v_first_v30", "image_urls": [FAR, FAR]},
        {"req_key": "jimeng_i2v_first_v30", "image_urls": ["oss://bucket/a.png"]},
        {"req_key": "jimeng_i2v_first_v30", "binary_data_base64": ["data:image/png;base64," + as_base64()]},
        {"req_key": "jimeng_i2v_first_v30", "binary_data_base64": [as_base64(kind="WEBP")]},
        {"req_key": "jimeng_i2v_first_tail_v30", "image_urls": [FAR]},
        {"req_key": "jimeng_i2v_recamera_v30", "image_urls": [FAR], "template_id": "robo_arm"},
        {"req_key": "jimeng_i2v_recamera_v30", "image_urls": [FAR], "template_id": "fly", "camera_strength": "weak"},
        {"req_key": "jimeng_i2v_first_tail_v30", "image_urls": [FAR], "binary_data_base64": [as_base64()]},
    ],
)
def test_bad_request_is_refused_and_not_billed(visual: Caller, simulator: SimulatorProcess, fields: dict[str, Any]) -> None:
    assert refusal(visual.submit(**fields)) == (400, 50215)
    assert simulator.ledger()["count"] == 0


@in_one_test(
    ("fields", "expected"),
    [
        ({"req_key": "jimeng_t2v_v30"}, (1248, 704, 5)),
        ({"req_key": "jimeng_t2v_v30_1080p", "aspect_ratio": "9:16", "frames": 241, "seed": 7}, (1088, 1920, 10)),
        ({"req_key": "jimeng_i2v_first_v30", "binary_data_base64": [as_base64(400, 300)], "prompt": ""}, (1120, 832, 5)),
        ({"req_key": "jimeng_i2v_first_v30_1080", "image_urls": [FAR], "aspect_ratio": "1:1"}, (1440, 1440, 5)),
        ({"req_key": "jimeng_i2v_first_tail_v30", "image_urls": [FAR, FAR]}, (1248, 704, 5)),
        ({"req_key": "jimeng_i2v_first_tail_v30_1080", "binary_data_base64": [as_base64(kind="JPEG")] * 2}, (1664, 1248, 5)),
        ({"req_key": "jimeng_ti2v_v30_pro", "aspect_ratio": "21:9"}, (2176, 928, 5)),
        ({"req_key": "jimeng_ti2v_v30_pro", "image_urls": [FAR], "frames": 241}, (1920, 1088, 10)),
        ({"req_key": "jimeng_i2v_recamera_v30", "image_urls": [FAR], "template_id": "handheld", "camera_strength": "weak"}, (1248, 704, 5)),
        ({"req_key": "jimeng_vgfm_t2v_l20", "seed": -1}, (1248, 704, 5)),
    ],
)
def test_good_request_becomes_a_video_of_this_size_and_length(fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    order = asyncio.run(volcvisual_rules.read_order({"prompt": "a boat", **fields}))

    assert (order.width_px, order.height_px, order.duration_s) == expected


REFUSALS: dict[str, tuple[int, int | str]] = {
    "refuse": (400, 50412),
    "auth": (401, "InvalidAccessKey"),
    "quota": (403, "AccountOverdue"),
    "bad-param": (400, 50215),
    "rate-limit": (429, 50429),
    "rate-limit-200": (200, 50429),
    "5xx-before": (500, 50500),
    "not-opened": (400, 50400),
}


@in_one_test(("fault", "expected"), REFUSALS.items())
def test_fault_refuses_and_bills_nothing(visual: Caller, simulator: SimulatorProcess, fault: str, expected: tuple[int, int | str]) -> None:
    assert refusal(visual.submit(f"a boat #fault:{fault}")) == expected
    assert simulator.ledger()["count"] == 0


def test_error_of_the_service_may_come_with_a_task_that_continues(visual: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=60)
    task = visual.task("a boat #fault:poll-busy-code:1")

    replies = [visual.poll(task) for _ in range(2)]

    assert [(reply.status_code, reply.json()["code"], reply.json()["data"]["status"]) for reply in replies] == [
        (200, 50430, "in_queue"),
        (200, 10000, "in_queue"),
    ]


def test_second_task_waits_for_a_free_slot(visual: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(slots=1)
    visual.task("first")

    assert refusal(visual.submit("second")) == (429, 50430)


def test_unknown_action_is_refused(visual: Caller) -> None:
    assert refusal(visual.act("CVProcess", {})) == (404, "InvalidActionOrVersion")
