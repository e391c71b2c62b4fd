"""Ark: answers to sound hand-written requests, and refusals of unsound ones."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from providers.simulator.vendors import ark_rules
from tests.cases import in_one_test
from tests.pictures import as_data_uri
from tests.providers.simulator.callback_listener import Listener
from tests.providers.simulator.simulator_callers import KEY, bearer

DAY_S = 86_400
PRO = "doubao-seedance-1-5-pro-251215"
OLD_PRO = "doubao-seedance-1-0-pro-250528"
FAST = "doubao-seedance-1-0-pro-fast-251015"
TEXT_ONLY = "doubao-seedance-1-0-lite-t2v-250428"
IMAGE_ONLY = "doubao-seedance-1-0-lite-i2v-250428"
NEW = "doubao-seedance-2-0-260128"
NEW_FAST = "doubao-seedance-2-0-fast-260128"
NEWEST = "doubao-seedance-2-5-260628"


class Caller:
    def __init__(self, base: str, key: str = KEY) -> None:
        self.tasks = f"{base}/api/v3/contents/generations/tasks"
        self.key = key

    def ask(self, method: str, path: str = "", **more: Any) -> requests.Response:
        return requests.request(method, self.tasks + path, headers=bearer(self.key), timeout=20, **more)

    def submit(self, prompt: str = "a paper boat", **fields: Any) -> requests.Response:
        return self.ask("POST", json={"model": PRO, "content": [text(prompt)], **fields})

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["id"]

    def get(self, name: str) -> dict[str, Any]:
        return self.ask("GET", f"/{name}").json()


@pytest.fixture
def ark(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("ark"))


def text(words: str = "a paper boat") -> dict[str, Any]:
    return {"type": "text", "text": words}


def image(role: str | None = "first_frame", url: str = "https://example.com/taken-on-trust.jpg") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}, **({"role": role} if role else {})}


def clip(kind: str = "video") -> dict[str, Any]:
    return {"type": f"{kind}_url", f"{kind}_url": {"url": "https://example.com/clip"}, "role": f"reference_{kind}"}


def refusal(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_submit_answers_an_id_and_nothing_else(ark: Caller, simulator: SimulatorProcess) -> None:
    answer = ark.submit().json()

    assert answer.keys() == {"id"}
    assert answer["id"].startswith("cgt-")
    assert simulator.ledger()["by_prompt"] == {"a paper boat": 1}


def test_states_follow_each_other_and_end_with_result(ark: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = ark.task(resolution="480p", ratio="9:16", seed=11, return_last_frame=True, duration=4)

    seen = [ark.get(task)]
    for _ in range(2):
        simulator.advance(100)
        seen.append(ark.get(task))

    assert [answer["status"] for answer in seen] == ["queued", "running", "succeeded"]
    assert "content" not in seen[1]
    assert "usage" not in seen[1]
    done = seen[2]
    assert done["content"].keys() == {"video_url", "last_frame_url"}
    assert done["usage"]["completion_tokens"] == done["usage"]["total_tokens"] == 496 * 864 * 24 * 4 // 1024
    assert done["updated_at"] == done["created_at"] + 200
    expected = {"resolution": "480p", "ratio": "9:16", "duration": 4, "seed": 11, "framespersecond": 24, "generate_audio": True}
    assert done.items() >= expected.items()
    assert done["error"] is None
    assert requests.get(done["content"]["video_url"], timeout=60).content[4:8] == b"ftyp"


def test_failure_names_its_reason(ark: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)

    answers = [ark.get(ark.task(f"a boat #fault:{fault}")) for fault in ("fail-content", "fail-internal")]

    assert [answer["status"] for answer in answers] == ["failed", "failed"]
    assert [answer["error"]["code"] for answer in answers] == ["OutputVideoSensitiveContentDetected", "InternalServiceError"]


@pytest.mark.parametrize("render_s", [5000, 500_000])
def test_unfinished_task_expires_at_the_requested_time_and_frees_its_slot(
    ark: Caller, simulator: SimulatorProcess, render_s: float
) -> None:
    simulator.settings(slots=1, render_s=render_s)
    task = ark.task(execution_expires_after=3600)

    simulator.advance(3590)
    before = ark.get(task)["status"], ark.submit("no slot yet").status_code
    simulator.advance(10)

    after = ark.get(task)
    assert (before, after["status"]) == (("running", 429), "expired")
    assert after["updated_at"] == after["created_at"] + 3600
    assert ark.submit("a slot").status_code == 200
    simulator.advance(6000)
    assert ark.get(task)["status"] == "expired"


def test_url_lives_a_day_and_the_task_a_week(ark: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    task = ark.task()
    url = ark.get(task)["content"]["video_url"]

    simulator.advance(DAY_S + 1)

    assert requests.get(url, timeout=20).status_code == 403
    assert ark.get(task)["status"] == "succeeded"
    simulator.advance(6 * DAY_S)
    assert refusal(ark.ask("GET", f"/{task}")) == (404, "NotFound.Resource")


def test_foreign_task_is_not_found(ark: Caller, simulator: SimulatorProcess) -> None:
    stranger = Caller(simulator.base("ark"), key="sk-somebody-else")

    assert refusal(stranger.ask("GET", f"/{ark.task()}")) == (404, "NotFound.Resource")


def test_list_asks_for_many_by_repeated_ids(ark: Caller) -> None:
    tasks = [ark.task(f"boat {number}") for number in range(3)]

    answer = ark.ask("GET", params=[("filter.task_ids", tasks[0]), ("filter.task_ids", tasks[2]), ("filter.task_ids", "cgt-no")]).json()

    assert [item["id"] for item in answer["items"]] == [tasks[2], tasks[0]]
    assert answer["total"] == 2


def test_list_filters_and_pages(ark: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100)
    tasks = [ark.task(f"boat {number}") for number in range(3)]
    other = ark.task(model=OLD_PRO, service_tier="flex")

    def listed(**query: Any) -> dict[str, Any]:
        return ark.ask("GET", params=query).json()

    page = listed(page_num=2, page_size=3)
    assert ([item["id"] for item in page["items"]], page["total"]) == ([tasks[0]], 4)
    assert listed(**{"filter.model": OLD_PRO})["items"][0]["id"] == other
    assert listed(**{"filter.service_tier": "flex"})["total"] == 1
    assert listed(**{"filter.status": "succeeded"}) == {"items": [], "total": 0}
    assert refusal(ark.ask("GET", params={"page_size": 501})) == (400, "InvalidParameter")


def test_faults_of_one_task_strike_the_whole_list(ark: Caller, simulator: SimulatorProcess) -> None:
    tasks = [ark.task("a boat #fault:poll-unknown-state:1"), ark.task("a boat")]
    query = [("filter.task_ids", task) for task in tasks]

    seen = [{item["status"] for item in ark.ask("GET", params=query).json()["items"]} for _ in range(2)]

    assert seen[0] == {"rendering"}
    assert "rendering" not in seen[1]


def test_delete_cancels_refuses_or_deletes_by_state(ark: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    early, late = ark.task("early"), ark.task("late")

    cancelled = ark.ask("DELETE", f"/{early}", json={})
    simulator.advance(100)
    running = ark.ask("DELETE", f"/{late}")
    simulator.advance(100)
    deleted = ark.ask("DELETE", f"/{late}")

    assert (cancelled.status_code, cancelled.json()) == (200, {})
    assert ark.get(early)["status"] == "cancelled"
    assert refusal(ark.ask("DELETE", f"/{early}")) == (403, "OperationDenied.InvalidState")
    assert refusal(running) == (403, "OperationDenied.InvalidState")
    assert (deleted.status_code, deleted.json()) == (200, {})
    assert refusal(ark.ask("GET", f"/{late}")) == (404, "NotFound.Resource")
    assert refusal(ark.ask("DELETE", f"/{late}")) == (404, "NotFound.Resource")
    simulator.advance(DAY_S)
    assert ark.ask("GET").json() == {"items": [], "total": 0}


@in_one_test(
    ("fields", "expected"),
    [
        ({"model": None}, (400, "MissingParameter")),
        ({"model": "doubao-seedance-9"}, (404, "InvalidEndpointOrModel.NotFound")),
        ({"content": None}, (400, "MissingParameter")),
        ({"content": []}, (400, "MissingParameter")),
        ({"content": [text("")]}, (400, "InvalidParameter")),
        ({"content": [{"type": "poem"}]}, (400, "InvalidParameter")),
        ({"content": [text(), image(role="middle_frame")]}, (400, "InvalidParameter")),
        ({"content": [image(role="last_frame")]}, (400, "InvalidParameter")),
        ({"content": [image(), image()]}, (400, "InvalidParameter")),
        ({"content": [text(), image("reference_image")]}, (400, "InvalidParameter")),
        ({"content": [{"type": "image_url", "role": "first_frame"}]}, (400, "InvalidParameter")),
        ({"model": FAST, "content": [image(), image("last_frame")]}, (400, "InvalidParameter")),
        ({"model": TEXT_ONLY, "content": [text(), image()]}, (400, "InvalidParameter")),
        ({"model": IMAGE_ONLY}, (400, "InvalidParameter")),
        ({"model": IMAGE_ONLY, "content": [text(), *[image("reference_image")] * 5]}, (400, "InvalidParameter")),
        ({"model": IMAGE_ONLY, "content": [image(), image("reference_image")]}, (400, "InvalidParameter")),
        ({"model": IMAGE_ONLY, "content": [image("reference_image")], "resolution": "1080p"}, (400, "InvalidParameter")),
        ({"model": NEW, "content": [text(), *[image("reference_image")] * 10]}, (400, "InvalidParameter")),
        ({"model": NEW, "content": [text(), *[clip()] * 4]}, (400, "InvalidParameter")),
        ({"model": NEW, "content": [text(), clip("audio")]}, (400, "InvalidParameter")),
        ({"model": NEW, "output_format": "mov"}, (400, "InvalidParameter")),
        ({"model": NEW, "omni_reference_task_type": "edit"}, (400, "InvalidParameter")),
        ({"model": NEWEST, "content": [text(), *[clip()] * 11]}, (400, "InvalidParameter")),
        ({"model": NEWEST, "resolution": "4k"}, (400, "InvalidParameter")),
        ({"model": NEWEST, "draft": True}, (400, "InvalidParameter")),
        ({"model": NEWEST, "content": [text(), image()], "ratio": "16:9"}, (400, "InvalidParameter.TaskTypeConstraint")),
        ({"model": NEWEST, "omni_reference_task_type": "extend"}, (400, "InvalidParameter.TaskTypeConstraint")),
        (
            {"model": NEWEST, "content": [text(), clip()], "omni_reference_task_type": "edit", "duration": 5},
            (400, "InvalidParameter.TaskTypeConstraint"),
        ),
        ({"model": NEWEST, "content": [{"type": "draft_task", "draft_task": {"id": "cgt-1"}}]}, (400, "InvalidParameter")),
        ({"content": [text(), clip("audio")]}, (400, "InvalidParameter")),
        ({"content": [image(url="iVBORw0KGgo")]}, (400, "InvalidImageURL.InvalidFormat")),
        ({"content": [image(url="data:image/png;base64,AAAA")]}, (400, "InvalidImageURL.InvalidFormat")),
        ({"content": [image(url=as_data_uri(200, 400))]}, (400, "InvalidImageURL.InvalidFormat")),
        ({"content": [image(url=as_data_uri(1000, 300))]}, (400, "InvalidImageURL.InvalidFormat")),
        ({"resolution": "720P"}, (400, "InvalidParameter")),
        ({"model": NEW_FAST, "resolution": "1080p"}, (400, "InvalidParameter")),
        ({"ratio": "2:1"}, (400, "InvalidParameter")),
        ({"model": OLD_PRO, "ratio": "adaptive"}, (400, "InvalidParameter")),
        ({"model": IMAGE_ONLY, "content": [image("reference_image")], "ratio": "adaptive"}, (400, "InvalidParameter")),
        ({"duration": "5"}, (400, "InvalidParameter")),
        ({"duration": 3}, (400, "InvalidParameter")),
        ({"model": OLD_PRO, "duration": -1}, (400, "InvalidParameter")),
        ({"model": NEW, "duration": 16}, (400, "InvalidParameter")),
        ({"frames": 49}, (400, "InvalidParameter")),
        ({"model": OLD_PRO, "frames": 50}, (400, "InvalidParameter")),
        ({"seed": -2}, (400, "InvalidParameter")),
        ({"seed": 2**32}, (400, "InvalidParameter")),
        ({"watermark": "no"}, (400, "InvalidParameter")),
        ({"model": NEW, "camera_fixed": True}, (400, "InvalidParameter")),
        ({"model": IMAGE_ONLY, "content": [image("reference_image")], "camera_fixed": True}, (400, "InvalidParameter")),
        ({"model": OLD_PRO, "generate_audio": True}, (400, "InvalidParameter")),
        ({"service_tier": "express"}, (400, "InvalidParameter")),
        ({"model": NEW, "service_tier": "flex"}, (400, "InvalidParameter")),
        ({"execution_expires_after": 60}, (400, "InvalidParameter")),
        ({"draft": True}, (400, "InvalidParameter")),
        ({"model": OLD_PRO, "draft": True, "resolution": "480p"}, (400, "InvalidParameter")),
        ({"draft": True, "resolution": "480p", "return_last_frame": True}, (400, "InvalidParameter")),
        ({"tools": [{"type": "web_search"}]}, (400, "InvalidParameter")),
        ({"callback_url": "ftp://127.0.0.1/"}, (400, "InvalidParameter")),
    ],
)
def test_bad_request_is_refused_and_not_billed(
    ark: Caller, simulator: SimulatorProcess, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refusal(ark.submit(**fields)) == expected
    assert simulator.ledger()["count"] == 0


@in_one_test(
    ("fields", "expected"),
    [
        ({}, (1280, 720, 5)),
        ({"ratio": None, "frames": None, "tools": None, "priority": None}, (1280, 720, 5)),
        ({"model": "ep-20260101-abcde", "duration": 12, "ratio": "21:9"}, (1470, 630, 12)),
        ({"duration": -1, "ratio": "adaptive"}, (1280, 720, 5)),
        ({"model": OLD_PRO}, (1920, 1088, 5)),
        ({"model": OLD_PRO, "resolution": "720p", "frames": 289}, (1248, 704, 12)),
        ({"model": OLD_PRO, "content": [text("a boat --rs 480p --rt 1:1 --dur 10 --cf true")]}, (640, 640, 10)),
        ({"content": [image(None, as_data_uri(400, 800))], "resolution": "1080p"}, (1080, 1920, 5)),
        ({"content": [image(url=as_data_uri(kind="WEBP")), image("last_frame")]}, (1112, 834, 5)),
        ({"content": [image(url="asset://a-1")], "ratio": "3:4"}, (834, 1112, 5)),
        ({"content": [text()], "draft": True, "resolution": "480p"}, (864, 496, 5)),
        ({"content": [{"type": "draft_task", "draft_task": {"id": "cgt-1"}}]}, (1280, 720, 5)),
        ({"model": IMAGE_ONLY, "content": [text(), *[image("reference_image")] * 4]}, (1248, 704, 5)),
        ({"model": NEW, "content": [text(), *[image("reference_image")] * 9, clip(), clip("audio")], "duration": 15}, (1280, 720, 15)),
        ({"model": NEW, "tools": [{"type": "web_search"}], "generate_audio": False}, (1280, 720, 5)),
        ({"model": NEW, "content": [text(), image("reference_image"), clip("audio")], "resolution": "4k"}, (3840, 2160, 5)),
        ({"model": NEWEST, "content": [text(), *[image("reference_image")] * 30, *[clip()] * 10], "duration": 30}, (1280, 720, 30)),
        ({"model": NEWEST, "content": [text(), clip("audio")], "resolution": "480p"}, (854, 480, 5)),
    ],
)
def test_good_request_becomes_a_video_of_this_size_and_length(fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    order = asyncio.run(ark_rules.read_order({"model": PRO, "content": [text()], **fields}))

    assert (order.width_px, order.height_px, order.duration_s) == expected


@pytest.mark.slow
def test_draft_of_2_5_has_a_final_at_1080p_in_its_shape(ark: Caller, simulator: SimulatorProcess) -> None:
    def final(draft: str, **fields: Any) -> requests.Response:
        return ark.submit(model=NEWEST, content=[{"type": "draft_task", "draft_task": {"id": draft}}], **fields)

    draft, plain = (ark.task(model=NEWEST, resolution="480p", ratio="1:1", duration=8, draft=draft) for draft in (True, False))
    early = final(draft)
    simulator.advance(300)
    accepted, again, of_no_draft = final(draft, output_format="mov"), final(draft, duration=8), final(plain)
    simulator.advance(300)

    assert [refusal(answer) for answer in (early, again, of_no_draft)] == [(400, "InvalidParameter")] * 3
    done = ark.get(accepted.json()["id"])
    assert done.items() >= {"status": "succeeded", "resolution": "1080p", "ratio": "1:1", "duration": 8, "draft": False}.items()
    assert done["usage"]["completion_tokens"] == 1440 * 1440 * 24 * 8 // 1024
    assert requests.get(done["content"]["video_url"], timeout=60).headers["Content-Type"] == "video/quicktime"


@pytest.mark.parametrize(
    ("key", "expected"),
    [("bad-key", (401, "AuthenticationError")), ("sk-bad-key", (401, "AuthenticationError")), ("broke-key", (403, "AccountOverdueError"))],
)
def test_key_decides(simulator: SimulatorProcess, key: str, expected: tuple[int, str]) -> None:
    assert refusal(Caller(simulator.base("ark"), key=key).submit()) == expected


def test_quota_exceeded_has_two_meanings(ark: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(slots=1, queue_s=100)
    ark.task("first")

    full, over = ark.submit("second"), ark.submit("third #fault:trial-over")

    assert refusal(full) == refusal(over) == (429, "QuotaExceeded")
    assert "queued tasks" in full.json()["error"]["message"]
    assert "trial" in over.json()["error"]["message"]
    assert simulator.ledger()["count"] == 1


@in_one_test(
    ("fault", "expected"),
    [
        ("refuse", (400, "InputTextSensitiveContentDetected")),
        ("auth", (401, "AuthenticationError")),
        ("quota", (403, "AccountOverdueError")),
        ("rate-limit", (429, "ModelAccountRpmRateLimitExceeded")),
        ("5xx-before", (500, "InternalServiceError")),
    ],
)
def test_fault_at_submit_is_refused_in_the_vendor_s_words(
    ark: Caller, simulator: SimulatorProcess, fault: str, expected: tuple[int, str]
) -> None:
    response = ark.submit(f"a boat #fault:{fault}")

    assert refusal(response) == expected
    assert "Request ID: " in response.json()["error"]["message"]
    assert simulator.ledger()["count"] == 0


def test_callback_is_unsigned_and_tried_again_after_five_seconds(ark: Caller, simulator: SimulatorProcess, listener: Listener) -> None:
    simulator.settings(webhook_secret="whsec_c2ltdWxhdG9yLXNlY3JldC0wMDAx")
    refusals = [500]
    listener.answer = lambda body: (refusals.pop() if refusals and body["status"] == "succeeded" else 200, b"")
    task = ark.task(callback_url=listener.url)

    assert listener.receives(3)
    simulator.advance(5)
    assert listener.receives(1)

    assert [body["status"] for body in listener.bodies] == ["queued", "running", "succeeded", "succeeded"]
    assert listener.bodies[-1] == ark.get(task)
    assert not any(name.startswith("webhook-") for headers, _ in listener.received for name in headers)


def test_a_cancelled_task_is_not_called_back(ark: Caller, simulator: SimulatorProcess, listener: Listener) -> None:
    simulator.settings(queue_s=100)
    cancelled = ark.task(callback_url=listener.url)
    assert listener.receives(1)
    ark.ask("DELETE", f"/{cancelled}")

    simulator.advance(300)
    simulator.settings(queue_s=0)
    other = ark.task(callback_url=listener.url)

    assert listener.receives(3)
    assert [body["id"] for body in listener.bodies] == [cancelled, other, other, other]
