"""MiniMax's two APIs: answers to sound hand-written requests, and refusals of unsound ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from providers.simulator.vendors import minimax_rules, minimax_v2_rules
from tests.cases import in_one_test
from tests.pictures import as_data_uri
from tests.providers.simulator.simulator_callers import KEY, bearer

HOUR_S = 3600
FAR = "https://example.com/taken-on-trust.jpg"


class Caller:
    def __init__(self, base: str, key: str = KEY) -> None:
        self.base = base
        self.key = key

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, self.base + path, headers=bearer(self.key), timeout=20, **more)

    def submit(self, prompt: str = "a paper boat", **fields: Any) -> requests.Response:
        return self.ask("POST", "/v1/video_generation", json={"model": "MiniMax-Hailuo-02", "prompt": prompt, **fields})

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["task_id"]

    def query(self, name: str) -> dict[str, Any]:
        return self.ask("GET", f"/v1/query/video_generation?task_id={name}").json()

    def submit_2(self, prompt: str = "a paper boat", **fields: Any) -> requests.Response:
        return self.ask("POST", "/v2/video_generation", json={**SECOND, "content": [text(prompt)], **fields})

    def task_2(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit_2(prompt, **fields).json()["task_id"]

    def query_2(self, name: str) -> dict[str, Any]:
        return self.ask("GET", f"/v2/query/video_generation/{name}").json()["task"]


@pytest.fixture
def minimax(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("minimax"))


def text(words: str = "a paper boat") -> dict[str, Any]:
    return {"type": "text", "text": words}


def medium(role: str, kind: str = "image", url: str = FAR) -> dict[str, Any]:
    return {"type": f"{kind}_url", f"{kind}_url": {"url": url}, "role": role}


SECOND = {"model": "MiniMax-H3", "content": [text()], "resolution": "768P", "duration": 5, "ratio": "16:9"}


def refusal(response: requests.Response) -> tuple[int, int]:
    return response.status_code, response.json()["base_resp"]["status_code"]


def refusal_2(response: requests.Response) -> tuple[int, str, str]:
    error = response.json()["error"]
    assert error["http_code"] == str(response.status_code)
    return response.status_code, error["type"], error["message"].rpartition("(")[2].rstrip(")")


def test_states_follow_each_other_and_the_address_is_a_second_question(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = minimax.task(resolution="768P")

    seen = [minimax.query(task)]
    for seconds in (60, 50, 100):
        simulator.advance(seconds)
        seen.append(minimax.query(task))

    assert [answer["status"] for answer in seen] == ["Queueing", "Preparing", "Processing", "Success"]
    assert [answer["base_resp"]["status_code"] for answer in seen] == [0, 0, 0, 0]
    assert (seen[3]["video_width"], seen[3]["video_height"]) == (1366, 768)
    file_id = seen[3]["file_id"]
    assert isinstance(file_id, str)
    file = minimax.ask("GET", f"/v1/files/retrieve?file_id={file_id}").json()["file"]
    assert file["file_id"] == int(file_id)
    content = requests.get(file["download_url"], timeout=60).content
    assert (content[4:8], len(content)) == (b"ftyp", file["bytes"])
    assert minimax.ask("GET", f"/v1/files/retrieve_content?file_id={file_id}").content == content


def test_address_lives_an_hour_and_can_be_asked_for_again(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    file_id = minimax.query(minimax.task())["file_id"]

    def url() -> str:
        return minimax.ask("GET", f"/v1/files/retrieve?file_id={file_id}").json()["file"]["download_url"]

    first = url()
    simulator.advance(HOUR_S)

    assert requests.get(first, timeout=20).status_code == 403
    assert requests.get(url(), timeout=20).status_code == 200


def test_file_of_an_unfinished_or_foreign_task_does_not_exist(minimax: Caller, simulator: SimulatorProcess) -> None:
    task = minimax.task("a boat #fault:never")
    stranger = Caller(simulator.base("minimax"), key="somebody-else")

    assert refusal(minimax.ask("GET", f"/v1/files/retrieve?file_id={int(task) + 9}")) == (200, 2013)
    assert refusal(minimax.ask("GET", "/v1/files/retrieve?file_id=x")) == (200, 2013)
    assert stranger.query(task)["base_resp"]["status_code"] == 2013
    assert "task_id" not in minimax.query("1")


def test_failure_carries_its_reason(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)

    answers = [minimax.query(minimax.task(f"a boat #fault:{fault}")) for fault in ("fail-content", "fail-internal")]

    assert [answer["status"] for answer in answers] == ["Fail", "Fail"]
    assert [answer["base_resp"]["status_code"] for answer in answers] == [1027, 0]
    assert answers[1]["base_resp"]["status_msg"] == "video generation failed"


@in_one_test(
    "fields",
    [
        {"model": "MiniMax-Hailuo-9"},
        {"prompt": ""},
        {"prompt": "y" * 2001},
        {"resolution": "720P"},
        {"resolution": "512P"},
        {"duration": 5},
        {"duration": "6"},
        {"resolution": "1080P", "duration": 10},
        {"prompt_optimizer": "yes"},
        {"last_frame_image": FAR},
        {"first_frame_image": as_data_uri().partition(",")[2]},
        {"first_frame_image": "data:image/png;base64,AAAA"},
        {"first_frame_image": as_data_uri(300, 400)},
        {"first_frame_image": as_data_uri(1000, 310)},
        {"first_frame_image": as_data_uri(kind="BMP")},
        {"model": "MiniMax-Hailuo-2.3-Fast"},
        {"model": "MiniMax-Hailuo-2.3", "first_frame_image": FAR, "last_frame_image": FAR},
        {"model": "T2V-01", "first_frame_image": FAR},
        {"model": "T2V-01", "resolution": "1080P"},
        {"model": "T2V-01", "fast_pretreatment": True},
        {"model": "I2V-01"},
        {"model": "S2V-01"},
        {"model": "S2V-01", "subject_reference": [{"type": "animal", "image": [FAR]}]},
        {"model": "S2V-01", "subject_reference": [{"type": "character", "image": [FAR]}], "duration": 6},
        {"callback_url": "ftp://127.0.0.1/"},
    ],
)
def test_bad_request_is_refused_with_http_200_and_not_billed(minimax: Caller, simulator: SimulatorProcess, fields: dict[str, Any]) -> None:
    assert refusal(minimax.submit(**fields)) == (200, 2013)
    assert simulator.ledger()["count"] == 0


@in_one_test(
    ("fields", "expected"),
    [
        ({}, (1366, 768, 6)),
        ({"model": "MiniMax-Hailuo-2.3", "duration": 10, "fast_pretreatment": True}, (1366, 768, 10)),
        ({"resolution": "1080P", "prompt_optimizer": False, "aigc_watermark": False}, (1920, 1080, 6)),
        ({"resolution": "512P", "first_frame_image": as_data_uri(512, 512)}, (512, 512, 6)),
        ({"first_frame_image": as_data_uri(400, 800), "last_frame_image": FAR, "prompt": ""}, (768, 1536, 6)),
        ({"model": "T2V-01-Director", "prompt": "a cat walks [Pan left]"}, (1280, 720, 6)),
        ({"model": "I2V-01-live", "first_frame_image": as_data_uri(kind="WEBP")}, (960, 720, 6)),
        ({"model": "S2V-01", "subject_reference": [{"type": "character", "image": [FAR]}]}, (1280, 720, 6)),
    ],
)
def test_good_request_becomes_a_video_of_this_size_and_length(fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    order = asyncio.run(minimax_rules.read_order({"model": "MiniMax-Hailuo-02", "prompt": "a boat", **fields}))

    assert (order.width_px, order.height_px, order.duration_s) == expected


@pytest.mark.parametrize(
    ("key", "first", "second"),
    [("bad-key", 1004, (401, "authorized_error", "1004")), ("broke-key", 1008, (402, "insufficient_balance_error", "1008"))],
)
def test_key_decides(simulator: SimulatorProcess, key: str, first: int, second: tuple[int, str, str]) -> None:
    caller = Caller(simulator.base("minimax"), key=key)

    assert refusal(caller.submit()) == (200, first)
    assert refusal_2(caller.submit_2()) == second


@in_one_test(
    ("fault", "first", "second"),
    [
        ("refuse", 1026, (422, "unprocessable_entity_error", "1026")),
        ("quota", 1008, (402, "insufficient_balance_error", "1008")),
        ("rate-limit", 1002, (429, "rate_limit_error", "1002")),
        ("5xx-before", 1024, (500, "server_error", "1000")),
        ("overloaded", 1002, (529, "overloaded_error", "1000")),
        ("plan-used-up", 2056, (429, "rate_limit_error", "2056")),
    ],
)
def test_fault_at_submit_is_refused_in_the_vendor_s_words(
    minimax: Caller, simulator: SimulatorProcess, fault: str, first: int, second: tuple[int, str, str]
) -> None:
    assert refusal(minimax.submit(f"a boat #fault:{fault}")) == (200, first)
    assert refusal_2(minimax.submit_2(f"a second boat #fault:{fault}")) == second
    assert simulator.ledger()["count"] == 0


def test_slots_are_one_account_s_over_both_apis(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(slots=1, queue_s=100)
    minimax.task()

    assert refusal(minimax.submit("second")) == (200, 1041)
    assert refusal_2(minimax.submit_2("third")) == (429, "rate_limit_error", "1041")


def test_second_api_follows_its_states(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = minimax.task_2(ratio="9:16")

    seen = [minimax.query_2(task)]
    for _ in range(2):
        simulator.advance(100)
        seen.append(minimax.query_2(task))

    assert [answer["status"] for answer in seen] == ["queued", "running", "succeeded"]
    assert "content" not in seen[1]
    assert seen[2]["usage"] == {"total_seconds": 5, "input_seconds": 0, "output_seconds": 5}
    expected = {"ratio": "9:16", "resolution": "768P", "duration": 5, "task_type": "text_to_video", "modality": "video"}
    assert seen[2].items() >= expected.items()
    assert requests.get(seen[2]["content"]["url"], timeout=60).content[4:8] == b"ftyp"


def test_second_api_says_why_a_task_failed_and_knows_only_its_own(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)

    failed = minimax.query_2(minimax.task_2("a boat #fault:fail-content"))

    assert (failed["status"], failed["error"]["code"]) == ("failed", "1027")
    assert refusal_2(minimax.ask("GET", f"/v2/query/video_generation/{minimax.task()}")) == (400, "bad_request_error", "2013")


@pytest.mark.parametrize(
    "join", [lambda ids: [("filter.task_ids", ",".join(ids))], lambda ids: [("filter.task_ids", name) for name in ids]]
)
def test_second_api_lists_by_ids_either_way(minimax: Caller, join: Callable[[list[str]], list[tuple[str, str]]]) -> None:
    tasks = [minimax.task_2(f"boat {number}") for number in range(3)]
    minimax.task("of the first API")

    answer = minimax.ask("GET", "/v2/query/video_generation", params=join([tasks[0], tasks[2], "unknown"])).json()

    assert ([item["id"] for item in answer["items"]], answer["total"]) == ([tasks[2], tasks[0]], 2)


def test_list_may_refuse_the_filter_or_not_know_it(minimax: Caller, simulator: SimulatorProcess) -> None:
    tasks = [minimax.task_2(f"boat {number}") for number in range(3)]
    query = {"page_size": 2, "filter.task_ids": tasks[0]}

    simulator.faults("minimax", "poll-list-refused")
    refused = minimax.ask("GET", "/v2/query/video_generation", params=query)
    simulator.faults("minimax", "poll-list-unfiltered")
    unfiltered = minimax.ask("GET", "/v2/query/video_generation", params=query).json()

    assert refusal_2(refused) == (400, "bad_request_error", "2013")
    assert [item["id"] for item in unfiltered["items"]] == [tasks[2], tasks[1]]


def test_second_api_filters_and_pages(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100)
    tasks = [minimax.task_2(f"boat {number}") for number in range(3)]

    def listed(**query: Any) -> dict[str, Any]:
        return minimax.ask("GET", "/v2/query/video_generation", params=query).json()

    page = listed(page_num=2, page_size=2)
    assert ([item["id"] for item in page["items"]], page["total"]) == ([tasks[0]], 3)
    assert listed(**{"filter.status": "succeeded"}) == {"items": [], "total": 0}
    assert listed(**{"filter.model": "MiniMax-H3-Max"})["total"] == 0


def test_second_api_deletes_by_state(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    early, late = minimax.task_2("early"), minimax.task_2("late")

    def delete(task: str) -> requests.Response:
        return minimax.ask("DELETE", f"/v2/video_generation/{task}")

    assert delete(early).json() == {"task_id": early, "action": "cancelled", "status": "cancelled"}
    assert minimax.query_2(early)["status"] == "cancelled"
    simulator.advance(100)
    assert [refusal_2(delete(task))[0] for task in (early, late)] == [400, 400]
    simulator.advance(100)
    assert delete(late).json() == {"task_id": late, "action": "deleted", "status": "succeeded"}
    assert refusal_2(delete(late))[0] == 400


@in_one_test(
    "fields",
    [
        {"model": "MiniMax-H9"},
        {"content": []},
        {"content": [text(""), medium("first_frame")]},
        {"content": [text("y" * 7001)]},
        {"content": [text(), medium("middle_frame")]},
        {"content": [text(), medium("last_frame")]},
        {"content": [text(), medium("first_frame"), medium("reference_image")]},
        {"content": [text(), *[medium("reference_image")] * 10]},
        {"content": [text(), *[medium("reference_video", "video")] * 4]},
        {"content": [text(), medium("reference_audio", "audio")]},
        {"content": [text(), medium("base_video", "video")]},
        {"aigc_watermark": "yes"},
        {
            "content": [
                text(),
                *[medium("reference_image")] * 9,
                *[medium("reference_audio", "audio")] * 2,
                *[medium("reference_video", "video")] * 2,
            ]
        },
        {"content": [text(), medium("first_frame", url=as_data_uri(200, 400))]},
        {"content": [text(), medium("first_frame", url="nonsense")]},
        {"resolution": "480P"},
        {"resolution": None},
        {"duration": None},
        {"duration": 3},
        {"duration": "5"},
        {"model": "MiniMax-H3-Max", "duration": 4},
        {"model": "MiniMax-H3-Max", "resolution": "2K"},
        {"ratio": "adaptive"},
        {"ratio": "2:1"},
        {"extra": {"prompt_expansion_mode": "balanced"}},
        {"model": "MiniMax-H3-Max", "extra": {"prompt_expansion_mode": "wild"}},
    ],
)
def test_second_api_refuses_a_bad_request(minimax: Caller, simulator: SimulatorProcess, fields: dict[str, Any]) -> None:
    assert refusal_2(minimax.submit_2(**fields)) == (400, "bad_request_error", "2013")
    assert simulator.ledger()["count"] == 0


@in_one_test(
    ("fields", "expected"),
    [
        ({}, (1366, 768, 5)),
        ({"resolution": "2K", "duration": 15, "ratio": "21:9"}, (3360, 1440, 15)),
        ({"model": "MiniMax-H3-Max", "resolution": "480P", "extra": {"prompt_expansion_mode": "quality"}}, (854, 480, 5)),
        ({"content": [text(), medium("first_frame", url=as_data_uri(512, 512)), medium("last_frame")], "ratio": "adaptive"}, (768, 768, 5)),
        ({"content": [text(), *[medium("reference_image")] * 9, *[medium("reference_video", "video")] * 3]}, (1366, 768, 5)),
        ({"content": [text(), medium("reference_image", url="mm_file://170000")], "ratio": "1:1"}, (768, 768, 5)),
        ({"content": [text(), medium("reference_audio", "audio"), medium("reference_video", "video")]}, (1366, 768, 5)),
        ({"aigc_watermark": True}, (1366, 768, 5)),
    ],
)
def test_second_api_makes_a_video_of_this_size_and_length(fields: dict[str, Any], expected: tuple[int, int, int]) -> None:
    order = asyncio.run(minimax_v2_rules.read_order({**SECOND, **fields}))

    assert (order.width_px, order.height_px, order.duration_s) == expected


AGAIN = {"model": "MiniMax-H3", "content": [text(), medium("reference_image"), medium("base_video", "video")], "resolution": "2K"}


def test_regeneration_is_a_task_like_others(minimax: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=100)

    task = minimax.ask("POST", "/v2/video_regeneration", json=AGAIN | {"aigc_watermark": True}).json()["task_id"]

    seen = minimax.query_2(task)
    assert (seen["status"], seen["task_type"], seen["ratio"], seen["resolution"]) == ("running", "regeneration", "", "2K")
    assert simulator.ledger()["count"] == 1


@in_one_test(
    "fields",
    [
        {"model": "MiniMax-H3-Max"},
        {"resolution": "768P"},
        {"content": [text()]},
        {"content": [medium("base_video", "video")]},
        {"content": [text(), *[medium("base_video", "video")] * 2]},
        {"content": [text(), medium("reference_audio", "audio"), medium("base_video", "video")]},
        {"content": [text(), medium("base_video", "video", "draft.mp4")]},
    ],
)
def test_bad_regeneration_is_refused(minimax: Caller, simulator: SimulatorProcess, fields: dict[str, Any]) -> None:
    assert refusal_2(minimax.ask("POST", "/v2/video_regeneration", json=AGAIN | fields)) == (400, "bad_request_error", "2013")
    assert simulator.ledger()["count"] == 0
