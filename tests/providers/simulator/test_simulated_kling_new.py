"""Kling's new API: answers to sound requests, and refusals of unsound ones."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import jwt
import pytest
import requests

from providers.simulator.callbacks import signature
from providers.simulator.testing import SimulatorProcess
from providers.simulator.vendors import kling_new_rules
from tests.cases import in_one_test
from tests.pictures import as_base64
from tests.providers.simulator.callback_listener import Listener
from tests.providers.simulator.simulator_callers import KEY, KlingCaller, bearer

T2V, I2V, OMNI, MOTION = "text-to-video", "image-to-video", "omni-video", "motion-control"
SECRETS = ("whsec_c2ltdWxhdG9yLXNlY3JldC0wMDAx", "whsec_c2ltdWxhdG9yLXNlY3JldC0wMDAy")


class Caller:
    def __init__(self, base: str, key: str = KEY) -> None:
        self.base = base
        self.key = key

    def submit(self, prompt: str = "a paper boat", model: str = "kling-3.0", **fields: Any) -> requests.Response:
        return self.post(f"/{T2V}/{model}", {"prompt": prompt, **fields})

    def post(self, path: str, body: Any) -> requests.Response:
        return requests.post(self.base + path, json=body, headers=bearer(self.key), timeout=20)

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["data"]["id"]

    def query(self, **fields: str) -> requests.Response:
        return requests.get(f"{self.base}/tasks", params=fields, headers=bearer(self.key), timeout=20)

    def rows(self, *ids: str) -> list[dict[str, Any]]:
        return self.query(task_ids=",".join(ids)).json()["data"]


@pytest.fixture
def new(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("kling"))


def frame(kind: str = "first_frame", url: str = "https://example.com/taken-on-trust.png") -> dict[str, Any]:
    return {"type": kind, "url": url}


def clip(kind: str = "base_video") -> dict[str, Any]:
    return frame(kind, "https://example.com/a.mp4")


def words(text: str = "she looks up") -> dict[str, Any]:
    return {"type": "prompt", "text": text}


def element(name: str = "cat") -> dict[str, Any]:
    return {"type": "element", "element_id": "e-1", "id": name}


def refusal(response: requests.Response) -> tuple[int, int]:
    return response.status_code, response.json()["code"]


def test_submit_answers_the_documented_envelope(new: Caller, simulator: SimulatorProcess) -> None:
    answer = new.submit(options={"external_task_id": "job-1"}).json()

    assert (answer["code"], answer["data"].keys()) == (0, {"id", "status", "create_time", "update_time", "external_id"})
    assert (answer["data"]["status"], answer["data"]["external_id"]) == ("submitted", "job-1")
    assert simulator.ledger()["by_reference"] == {"job-1": 1}


def test_states_follow_each_other_and_end_with_outputs_and_billing(new: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = new.task(settings={"duration": 10, "resolution": "1080p"})

    seen = new.rows(task)
    for _ in range(2):
        simulator.advance(100)
        seen += new.rows(task)

    assert [row["status"] for row in seen] == ["submitted", "processing", "succeeded"]
    assert [(row["outputs"], row["billing"]) for row in seen[:2]] == [([], [])] * 2
    done = seen[2]
    assert done["outputs"][0].keys() == {"type", "id", "url", "watermark_url", "duration"}
    assert (done["outputs"][0]["type"], done["outputs"][0]["duration"]) == ("video", "10")
    assert done["billing"] == [{"charge_type": "unit", "amount": "20", "package_type": "video"}]
    assert done["update_time"] == done["create_time"] + 200_000
    assert requests.get(done["outputs"][0]["url"], timeout=60).content[4:8] == b"ftyp"


def test_batch_leaves_out_what_it_does_not_know(new: Caller, simulator: SimulatorProcess) -> None:
    tasks = [new.task(f"boat {number}", options={"external_task_id": f"job-{number}"}) for number in range(2)]
    classic = KlingCaller(simulator.base("kling")).task()
    stranger = Caller(simulator.base("kling"), key="another-key-entirely")

    assert [row["id"] for row in new.rows(tasks[1], "8930", classic, tasks[0])] == [tasks[1], tasks[0]]
    by_reference = new.query(external_task_ids=f"job-0,nobody,{tasks[1]}").json()["data"]
    assert [row["id"] for row in by_reference] == [tasks[0]]
    assert new.rows("job-0") == []
    assert stranger.rows(*tasks) == []


def test_classic_api_does_not_know_tasks_of_the_new_one(new: Caller, simulator: SimulatorProcess) -> None:
    task = new.task()

    assert refusal(KlingCaller(simulator.base("kling")).poll(task)) == (404, 1203)


@pytest.mark.parametrize("fields", [{}, {"task_ids": "1", "external_task_ids": "2"}, {"task_ids": ",".join(map(str, range(21)))}])
def test_query_needs_one_list_of_at_most_twenty(new: Caller, fields: dict[str, str]) -> None:
    assert refusal(new.query(**fields)) == (400, 1201)


def test_one_failed_task_does_not_disturb_a_mixed_batch(new: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    tasks = [new.task("a boat #fault:fail-content"), new.task("a boat"), new.task("a boat #fault:expire")]

    failed, done = new.rows(*tasks)

    assert (failed["status"], failed["message"], failed["outputs"]) == ("failed", "content risk", [])
    assert done["status"] == "succeeded"


def test_reference_is_unique_over_both_apis(new: Caller, simulator: SimulatorProcess) -> None:
    KlingCaller(simulator.base("kling")).submit(external_task_id="job-1")

    assert refusal(new.submit(options={"external_task_id": "job-1"})) == (400, 1201)
    assert simulator.ledger()["count"] == 1


def test_slots_are_shared_by_both_apis(new: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(slots=1, queue_s=100)
    KlingCaller(simulator.base("kling")).task()

    assert refusal(new.submit()) == (429, 1303)


def test_list_walks_by_cursor_and_filters(new: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100)
    tasks = [new.task(f"boat {number}") for number in range(3)]
    KlingCaller(simulator.base("kling")).task()

    first = new.post("/tasks", {"limit": 2}).json()["data"]
    second = new.post("/tasks", {"limit": 2, "cursor": first["next_cursor"], "start_time": "9" * 13}).json()["data"]

    assert ([row["id"] for row in first["result"]], first["count"], first["has_more"]) == ([tasks[2], tasks[1]], 2, True)
    assert ([row["id"] for row in second["result"]], second["next_cursor"], second["has_more"]) == ([tasks[0]], "", False)
    assert new.post("/tasks", {"start_time": "9" * 13}).json()["data"]["result"] == []
    assert new.post("/tasks", {"filters": [{"key": "status", "values": ["succeeded"]}]}).json()["data"]["count"] == 0
    assert new.post("/tasks", {"filters": [{"key": "product_type", "values": ["video"]}]}).json()["data"]["count"] == 3


@in_one_test(
    "body", [{"limit": 501}, {"filters": [{"key": "colour", "values": []}]}, {"cursor": "?"}, {"start_time": 1}, {"filters": "all"}]
)
def test_list_refuses_what_it_does_not_know(new: Caller, body: dict[str, Any]) -> None:
    assert refusal(new.post("/tasks", body)) == (400, 1201)


@in_one_test(
    ("path", "body", "expected"),
    [
        (f"{T2V}/kling-9", {"prompt": "a"}, (404, 1203)),
        (f"{T2V}/kling-3.0-omni", {"prompt": "a"}, (404, 1203)),
        (f"{OMNI}/kling-3.0", {"contents": [words()]}, (404, 1203)),
        (f"{T2V}/kling-3.0", ["a"], (400, 1200)),
        (f"{T2V}/kling-3.0", {}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "y" * 3073}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "contents": [words()]}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "settings": {"duration": "5"}}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "settings": {"duration": 2}}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "settings": {"resolution": "720P"}}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "settings": {"aspect_ratio": "4:3"}}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "settings": {"audio": "on"}}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "settings": {"multi_shot": "yes"}}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "settings": {"mode": "pro"}}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "镜头 1, 3, 海; 镜头 2, 3, 山;"}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "镜头 1, 5, " + "海" * 513}, (400, 1201)),
        (f"{T2V}/kling-3.0", {"prompt": "a", "options": {"callback_url": "ftp://127.0.0.1/"}}, (400, 1201)),
        (f"{T2V}/kling-3.0-turbo", {"prompt": "a", "settings": {"resolution": "4k"}}, (400, 1201)),
        (f"{T2V}/kling-3.0-turbo", {"prompt": "a", "settings": {"audio": "off"}}, (400, 1201)),
        (f"{T2V}/kling-3.0-turbo", {"prompt": "a", "settings": {"multi_shot": True}}, (400, 1201)),
        (f"{T2V}/kling-2.6", {"prompt": "a", "settings": {"duration": 7}}, (400, 1201)),
        (f"{T2V}/kling-2.6", {"prompt": "a", "settings": {"audio": "native"}}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"prompt": "a", "contents": [frame()]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [words()]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame("last_frame")]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame(), frame()]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame(), frame("refer_image")]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame()], "settings": {"aspect_ratio": "16:9"}}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame(url="data:image/png;base64," + as_base64())]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame(url=as_base64(200, 400))]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame(url=as_base64(kind="BMP"))]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame(), words("a cat"), element()]}, (400, 1201)),
        (f"{I2V}/kling-3.0", {"contents": [frame(), words("@a @b @c @d"), *map(element, "abcd")]}, (400, 1201)),
        (f"{I2V}/kling-3.0-turbo", {"contents": [frame(), frame("last_frame")]}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [frame("refer_image")]}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), frame("base_video", "clip.mp4")]}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), clip(), frame()]}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), clip()], "settings": {"multi_shot": True}}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), clip()], "settings": {"audio": "native"}}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), clip("feature_video")], "settings": {"multi_shot": False}}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), clip("feature_video")], "settings": {"audio": "original"}}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), clip(), clip("feature_video")]}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), *[frame("refer_image")] * 8]}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), clip(), *[frame("refer_image")] * 5]}, (400, 1201)),
        (f"{OMNI}/kling-3.0-omni", {"contents": [words(), *[{**frame("refer_image"), "id": "a"}] * 2]}, (400, 1201)),
        (f"{OMNI}/kling-o1", {"contents": [words()], "settings": {"multi_shot": True}}, (400, 1201)),
        (f"{OMNI}/kling-o1", {"contents": [words()], "settings": {"audio": "native"}}, (400, 1201)),
        (f"{OMNI}/kling-o1", {"contents": [words()], "settings": {"duration": 7}}, (400, 1201)),
        (f"{OMNI}/kling-o1", {"contents": [words("y" * 2501)]}, (400, 1201)),
        (f"{OMNI}/kling-o1", {"contents": [words(), frame(), frame("last_frame"), frame("refer_image")]}, (400, 1201)),
        (f"{OMNI}/kling-o1", {"contents": [words(), frame(), frame("last_frame"), clip("feature_video")]}, (400, 1201)),
        (f"{I2V}/kling-2.6", {"contents": [words(), frame(), frame("last_frame")]}, (400, 1201)),
        (f"{I2V}/kling-2.5-turbo", {"contents": [words(), frame(), frame("last_frame")]}, (400, 1201)),
        (f"{I2V}/kling-3.0-turbo", {"contents": [words("y" * 2501), frame()]}, (400, 1201)),
        (f"{MOTION}/kling-3.0-omni", {"contents": [frame("image"), clip("video")]}, (404, 1203)),
        (f"{MOTION}/kling-3.0", {"contents": [frame("image"), clip("video")]}, (400, 1201)),
        (f"{MOTION}/kling-3.0", {"contents": [frame("image")], "settings": {"character_orientation": "video"}}, (400, 1201)),
        (
            f"{MOTION}/kling-2.6",
            {"contents": [words("@cat"), frame("image"), clip("video"), element()], "settings": {"character_orientation": "video"}},
            (400, 1201),
        ),
    ],
)
def test_bad_request_is_refused_and_not_billed(
    new: Caller, simulator: SimulatorProcess, path: str, body: Any, expected: tuple[int, int]
) -> None:
    assert refusal(new.post(f"/{path}", body)) == expected
    assert simulator.ledger()["count"] == 0


@in_one_test(
    ("kind", "model", "body", "expected"),
    [
        (T2V, "kling-3.0", {"prompt": "a"}, (1280, 720, 5)),
        (T2V, "kling-3.0", {"prompt": "a", "settings": {"resolution": "4k", "aspect_ratio": "1:1", "duration": 15}}, (2160, 2160, 15)),
        (T2V, "kling-3.0", {"prompt": "镜头 1, 3, 海; 镜头 2, 2, 山;", "settings": {"audio": "native"}}, (1280, 720, 5)),
        (T2V, "kling-3.0", {"prompt": "镜头 1, 3, 海;", "settings": {"multi_shot": False}}, (1280, 720, 5)),
        (T2V, "kling-3.0-turbo", {"prompt": "a", "settings": {"multi_shot": False, "resolution": "1080p"}}, (1920, 1080, 5)),
        (T2V, "kling-2.6", {"prompt": "a", "settings": {"audio": "native", "resolution": "1080p", "duration": 10}}, (1920, 1080, 10)),
        (I2V, "kling-3.0", {"contents": [frame(url=as_base64(400, 800)), frame("last_frame"), words()]}, (720, 1440, 5)),
        (I2V, "kling-3.0", {"contents": [frame(), words("@cat runs"), element()]}, (1280, 720, 5)),
        (OMNI, "kling-o1", {"contents": [words(), frame("refer_image")], "settings": {"duration": 7}}, (1280, 720, 7)),
        (T2V, "kling-2.5-turbo", {"prompt": "a", "settings": {"duration": 10}}, (1280, 720, 10)),
        (
            MOTION,
            "kling-3.0",
            {
                "contents": [words("@cat"), frame("image", as_base64(400, 800)), clip("video"), element()],
                "settings": {"character_orientation": "video", "audio": "original"},
            },
            (720, 1440, 5),
        ),
        (
            OMNI,
            "kling-3.0-omni",
            {
                "contents": [words(), frame("refer_image"), frame("refer_image"), clip()],
                "settings": {"audio": "original", "aspect_ratio": "9:16"},
            },
            (720, 1280, 5),
        ),
    ],
)
def test_good_request_becomes_a_video_of_this_size_and_length(
    kind: str, model: str, body: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    order = asyncio.run(kling_new_rules.read_order(kind, model, body))

    assert (order.width_px, order.height_px, order.duration_s) == expected


@pytest.mark.filterwarnings("ignore:.*HMAC key:jwt.InsecureKeyLengthWarning")
def test_key_decides_and_a_signed_token_is_not_a_key(simulator: SimulatorProcess) -> None:
    now = int(time.time())
    token = jwt.encode({"iss": "sim-access", "exp": now + 1800, "nbf": now - 5}, "sim-secret", algorithm="HS256")
    keys = ("bad-key", "broke-key", token)

    assert [refusal(Caller(simulator.base("kling"), key=key).submit()) for key in keys] == [(401, 1002), (429, 1101), (401, 1002)]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("refuse", (400, 1301)), ("rate-limit", (429, 1302)), ("rate-limit-200", (200, 1303)), ("5xx-before", (503, 5001))],
)
def test_fault_at_submit_is_refused_in_the_vendor_s_words(new: Caller, fault: str, expected: tuple[int, int]) -> None:
    assert refusal(new.submit(f"a boat #fault:{fault}")) == expected


def test_callbacks_have_the_new_shape_and_a_signature_by_each_secret(new: Caller, simulator: SimulatorProcess, listener: Listener) -> None:
    simulator.settings(webhook_secret=" ".join(SECRETS), webhook_age_s=301)
    task = new.task(options={"callback_url": listener.url, "external_task_id": "job-9"})

    assert listener.receives(3)

    bodies = listener.bodies
    assert [body["status"] for body in bodies] == ["submitted", "processing", "succeeded"]
    assert bodies[2] == new.rows(task)[0]
    headers, raw = listener.received[2]
    timestamp = int(headers["webhook-timestamp"])
    expected = " ".join(signature(secret, headers["webhook-id"], timestamp, raw) for secret in SECRETS)
    assert headers["webhook-signature"] == expected
    assert time.time() - timestamp > 300
