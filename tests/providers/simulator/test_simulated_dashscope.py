"""DashScope: answers to sound hand-written requests, and refusals of unsound ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from tests.cases import in_one_test
from tests.pictures import as_data_uri
from tests.providers.simulator.simulator_callers import DashScopeCaller, bearer

DAY_S = 86_400
FAR = "https://example.com/taken-on-trust.png"


def refusal(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_submit_answers_pending(dashscope_api: DashScopeCaller) -> None:
    answer = dashscope_api.submit().json()

    assert answer.keys() == {"output", "request_id"}
    assert answer["output"].keys() == {"task_status", "task_id"}
    assert answer["output"]["task_status"] == "PENDING"


def test_states_follow_each_other_and_end_with_result(dashscope_api: DashScopeCaller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    task = dashscope_api.task("a fox", parameters={"size": "720*1280"})

    seen = [dashscope_api.poll(task).json()]
    for _ in range(2):
        simulator.advance(100)
        seen.append(dashscope_api.poll(task).json())

    pending, running, done = (answer["output"] for answer in seen)
    assert pending.keys() == {"task_id", "task_status", "submit_time"}
    assert pending["task_status"] == "PENDING"
    assert running["task_status"] == "RUNNING"
    assert done["task_status"] == "SUCCEEDED"
    assert done["orig_prompt"] == "a fox"
    assert done["actual_prompt"].startswith("a fox, ")
    assert seen[2]["usage"] == {"video_duration": 5, "video_ratio": "720*1280", "video_count": 1}
    times = [datetime.fromisoformat(done[name]) for name in ("submit_time", "scheduled_time", "end_time")]
    assert times[1] - times[0] == times[2] - times[1] == timedelta(seconds=100)


def test_times_are_beijing_without_zone(dashscope_api: DashScopeCaller) -> None:
    text = dashscope_api.poll(dashscope_api.task()).json()["output"]["submit_time"]

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", text)
    ahead = datetime.fromisoformat(text) - datetime.now(UTC).replace(tzinfo=None)
    assert timedelta(hours=7, minutes=59) < ahead < timedelta(hours=8, minutes=1)


def test_newer_model_answers_newer_usage_and_no_actual_prompt(dashscope_api: DashScopeCaller) -> None:
    task = dashscope_api.task(model="wan2.6-t2v", parameters={"size": "1280*720", "duration": 10})

    assert "actual_prompt" not in dashscope_api.finished(task)
    assert dashscope_api.poll(task).json()["usage"] == {
        "duration": 10,
        "size": "1280*720",
        "input_video_duration": 0,
        "output_video_duration": 10,
        "video_count": 1,
        "SR": "720",
    }


@pytest.mark.parametrize(("size", "expected"), [("960*960", "720"), ("1440*1440", "1080"), ("1080*1920", "1080")])
def test_newer_usage_names_the_sharpness_not_a_side(dashscope_api: DashScopeCaller, size: str, expected: str) -> None:
    task = dashscope_api.task(model="wan2.6-t2v", parameters={"size": size})

    dashscope_api.finished(task)

    assert dashscope_api.poll(task).json()["usage"]["SR"] == expected


def test_long_prompt_is_cut_silently(dashscope_api: DashScopeCaller) -> None:
    done = dashscope_api.finished(dashscope_api.task("y" * 900))

    assert done["orig_prompt"] == "y" * 800


def test_unknown_expired_and_foreign_tasks_are_unknown(dashscope_api: DashScopeCaller, simulator: SimulatorProcess) -> None:
    task = dashscope_api.task()
    stranger = DashScopeCaller(simulator.base("dashscope"), key="sk-somebody-else")

    for response in (dashscope_api.poll("no-such-task"), stranger.poll(task)):
        assert response.status_code == 200
        assert response.json()["output"]["task_status"] == "UNKNOWN"
    simulator.advance(DAY_S)
    assert dashscope_api.poll(task).json()["output"] == {"task_id": task, "task_status": "UNKNOWN"}


def test_workspace_that_the_key_may_not_use_is_refused(dashscope_api: DashScopeCaller, simulator: SimulatorProcess) -> None:
    answers = [dashscope_api.submit(headers={"X-DashScope-WorkSpace": workspace}) for workspace in ("ws-4711", "bad-ws")]

    assert answers[0].status_code == 200
    assert refusal(answers[1]) == (403, "Workspace.AccessDenied")
    assert simulator.ledger()["count"] == 1


@pytest.mark.parametrize("duration", [7, 15])
def test_regional_model_has_its_own_lengths(simulator: SimulatorProcess, duration: int) -> None:
    virginia = DashScopeCaller(simulator.base("dashscope-us"), key="sk-us-somebody")

    assert refusal(virginia.submit(model="wan2.6-t2v-us", parameters={"duration": duration})) == (400, "InvalidParameter")
    assert virginia.submit(model="wan2.6-t2v-us", parameters={"duration": 10}).status_code == 200


def test_cancel_is_for_pending_tasks_only(dashscope_api: DashScopeCaller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    early, late = dashscope_api.task("early"), dashscope_api.task("late")

    def cancel(task: str) -> requests.Response:
        return requests.post(f"{dashscope_api.api}/tasks/{task}/cancel", headers=bearer(), timeout=20)

    assert cancel(early).json().keys() == {"request_id"}
    simulator.advance(100)
    assert refusal(cancel(late)) == (400, "UnsupportedOperation")
    assert dashscope_api.poll(early).json()["output"]["task_status"] == "CANCELED"
    assert dashscope_api.poll(late).json()["output"]["task_status"] == "RUNNING"


def test_list_filters_and_pages(dashscope_api: DashScopeCaller, simulator: SimulatorProcess) -> None:
    tasks = [dashscope_api.task(f"{number}") for number in range(3)]
    dashscope_api.task("other", model="wanx2.1-t2v-plus")

    def listed(**query: Any) -> dict[str, Any]:
        return requests.get(f"{dashscope_api.api}/tasks", params=query, headers=bearer(), timeout=20).json()

    page = listed(model_name="wanx2.1-t2v-turbo", page_no=2, page_size=2)
    assert [row["task_id"] for row in page["data"]] == [tasks[0]]
    assert (page["total"], page["total_page"], page["page_no"], page["page_size"]) == (3, 2, 2, 2)
    assert listed(status="CANCELED")["total"] == 0
    assert listed(start_time="20200101000000", end_time="20200102000000")["total"] == 0
    assert listed(start_time="20200101000000", end_time="20990101000000")["total"] == 4
    assert listed(start_time="1577836800000")["total"] == 4


@in_one_test(
    ("fields", "expected"),
    [
        ({"headers": {"X-DashScope-Async": ""}}, (403, "AccessDenied")),
        ({"model": "wanx9"}, (404, "ModelNotFound")),
        ({"prompt": ""}, (400, "InvalidParameter")),
        ({"group": "image2video"}, (400, "InvalidParameter")),
        ({"model": "wanx2.1-kf2v-plus", "first_frame_url": as_data_uri()}, (400, "InvalidParameter")),
        ({"parameters": {"size": "1280x720"}}, (400, "InvalidParameter")),
        ({"parameters": {"size": "1920*1080"}}, (400, "InvalidParameter")),
        ({"parameters": {"seed": -1}}, (400, "InvalidParameter")),
        ({"parameters": {"seed": "7"}}, (400, "InvalidParameter")),
        ({"parameters": {"duration": "5"}}, (400, "InvalidParameter")),
        ({"model": "wan2.5-t2v-preview", "parameters": {"duration": 7}}, (400, "InvalidParameter")),
        ({"parameters": {"prompt_extend": "yes"}}, (400, "InvalidParameter")),
        ({"model": "wanx2.1-i2v-turbo"}, (400, "InvalidParameter")),
        ({"model": "wanx2.1-i2v-turbo", "img_url": as_data_uri().partition(",")[2]}, (400, "InvalidURL")),
        ({"model": "wanx2.1-i2v-turbo", "img_url": "oss://bucket/a.png"}, (400, "InvalidURL")),
        ({"model": "wanx2.1-i2v-turbo", "img_url": "data:image/png;base64,AAAA"}, (415, "UnsupportedFileFormat")),
        ({"model": "wanx2.1-i2v-turbo", "img_url": as_data_uri(mode="RGBA")}, (415, "UnsupportedFileFormat")),
        ({"model": "wanx2.1-i2v-turbo", "img_url": "http://127.0.0.1:9/none.png"}, (415, "InputDownloadFailed")),
        ({"model": "wanx2.1-i2v-turbo", "img_url": as_data_uri(300, 300)}, (400, "InvalidParameter")),
        (
            {"model": "wanx2.1-i2v-plus", "img_url": as_data_uri(), "parameters": {"resolution": "480P"}},
            (400, "InvalidParameter"),
        ),
        (
            {"model": "wanx2.1-kf2v-plus", "group": "image2video", "last_frame_url": as_data_uri()},
            (400, "InvalidParameter"),
        ),
        ({"model": "wanx2.1-i2v-turbo", "img_url": as_data_uri(), "template": "nonsense"}, (400, "InvalidParameter")),
        ({"model": "wan2.2-t2v-plus", "parameters": {"size": "1280*720"}}, (400, "InvalidParameter")),
        ({"model": "wan2.5-t2v-preview", "audio_url": "song.mp3"}, (400, "InvalidURL")),
        ({"model": "wan2.6-t2v", "parameters": {"duration": 16}}, (400, "InvalidParameter")),
        ({"model": "wan2.6-t2v-us"}, (404, "ModelNotFound")),
        ({"model": "wan2.1-t2v-turbo"}, (404, "ModelNotFound")),
        ({"model": "wan2.6-t2v", "parameters": {"shot_type": "triple"}}, (400, "InvalidParameter")),
        ({"model": "wan2.6-t2v", "parameters": {"shot_type": "multi", "prompt_extend": False}}, (400, "InvalidParameter")),
        ({"model": "wan2.6-i2v-flash", "img_url": as_data_uri(), "parameters": {"audio": "on"}}, (400, "InvalidParameter")),
        ({"model": "wan2.7-t2v", "parameters": {"resolution": "480P"}}, (400, "InvalidParameter")),
        ({"model": "wan2.7-t2v", "parameters": {"ratio": "21:9"}}, (400, "InvalidParameter")),
        ({"model": "wan2.7-i2v", "img_url": as_data_uri()}, (400, "InvalidParameter")),
        ({"model": "wan2.7-i2v", "media": [{"type": "last_frame", "url": as_data_uri()}]}, (400, "InvalidParameter")),
        ({"model": "wan2.7-i2v", "media": [{"type": "first_image", "url": as_data_uri()}]}, (400, "InvalidParameter")),
        ({"model": "wan2.7-i2v", "media": [{"type": "first_frame", "url": as_data_uri()}] * 2}, (400, "InvalidParameter")),
        (
            {"model": "wan2.7-i2v", "media": [{"type": "first_frame", "url": FAR}, {"type": "driving_audio", "url": "a.mp3"}]},
            (400, "InvalidURL"),
        ),
        ({"model": "wan2.7-i2v", "media": [{"type": "first_clip", "url": "clip.mp4"}]}, (400, "InvalidURL")),
        (
            {"model": "wan2.7-i2v", "media": [{"type": "first_clip", "url": FAR}, {"type": "first_frame", "url": FAR}]},
            (400, "InvalidParameter"),
        ),
        ({"model": "wan2.6-r2v", "reference_video_urls": [FAR] * 4}, (400, "InvalidParameter")),
        ({"model": "wan2.6-r2v", "reference_video_urls": FAR}, (400, "InvalidParameter")),
        ({"model": "wan2.6-r2v", "reference_video_urls": ["clip.mp4"]}, (400, "InvalidURL")),
        ({"model": "wan2.6-r2v-flash"}, (400, "InvalidParameter")),
        ({"model": "wan2.6-r2v-flash", "reference_urls": [FAR] * 6}, (400, "InvalidParameter")),
        ({"model": "wan2.6-r2v-flash", "reference_urls": [FAR], "parameters": {"duration": 11}}, (400, "InvalidParameter")),
        ({"model": "wan2.7-i2v", "media": [{"type": "first_frame", "url": as_data_uri(239, 400)}]}, (400, "InvalidParameter")),
        ({"model": "wan2.2-kf2v-flash", "first_frame_url": FAR}, (400, "InvalidParameter")),
    ],
)
def test_bad_request_is_refused_and_not_billed(
    dashscope_api: DashScopeCaller, simulator: SimulatorProcess, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refusal(dashscope_api.submit(**fields)) == expected
    assert simulator.ledger()["count"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"extend_prompt": True, "function": "video-synthesis", "parameters": {"resolution": "720P", "duration": 9}},
        {"model": "wanx2.1-i2v-turbo", "img_url": as_data_uri(kind="WEBP"), "prompt": "", "template": "squish"},
        {"model": "wanx2.1-i2v-plus", "img_url": "https://example.com/taken-on-trust.png"},
        {"model": "wanx2.1-kf2v-plus", "group": "image2video", "first_frame_url": as_data_uri()},
        {
            "model": "wan2.7-i2v",
            "media": [{"type": "first_frame", "url": as_data_uri()}],
            "parameters": {"resolution": "720P", "duration": 2},
        },
        {"model": "wan2.7-i2v", "media": [{"type": "first_frame", "url": as_data_uri(240, 1900)}]},
        {"model": "wan2.6-r2v-flash", "reference_urls": [FAR, FAR], "parameters": {"audio": False, "duration": 2}},
        {"model": "wan2.7-t2v", "parameters": {"resolution": "1080P", "ratio": "3:4"}},
        {"model": "wan2.5-t2v-preview", "audio_url": "https://example.com/song.mp3"},
        {"model": "wan2.6-t2v", "parameters": {"shot_type": "multi", "duration": 15}},
        {"model": "wan2.6-i2v-flash", "img_url": FAR, "parameters": {"audio": False, "duration": 10}},
        {
            "model": "wan2.7-i2v",
            "media": [
                {"type": "first_frame", "url": FAR},
                {"type": "last_frame", "url": as_data_uri()},
                {"type": "driving_audio", "url": "https://example.com/voice.wav"},
            ],
        },
        {"model": "wan2.7-i2v", "media": [{"type": "first_clip", "url": "https://example.com/clip.mp4"}]},
        {"model": "wan2.6-r2v", "reference_video_urls": [FAR, FAR, FAR], "parameters": {"duration": 10, "size": "1280*720"}},
        {"model": "wan2.2-kf2v-flash", "group": "image2video", "first_frame_url": FAR, "last_frame_url": FAR},
        {
            "model": "wanx2.1-i2v-plus",
            "img_url": "oss://bucket/a.png",
            "headers": {"X-DashScope-OssResourceResolve": "enable"},
        },
    ],
)
def test_good_request_is_accepted(dashscope_api: DashScopeCaller, fields: dict[str, Any]) -> None:
    assert dashscope_api.submit(**fields).json()["output"]["task_status"] == "PENDING"


@pytest.mark.parametrize(
    ("key", "expected"),
    [("bad-key", (401, "InvalidApiKey")), ("sk-bad-key", (401, "InvalidApiKey")), ("broke-key", (400, "Arrearage"))],
)
def test_key_decides(simulator: SimulatorProcess, key: str, expected: tuple[int, str]) -> None:
    assert refusal(DashScopeCaller(simulator.base("dashscope"), key=key).submit()) == expected


def test_missing_key_is_refused(dashscope_api: DashScopeCaller) -> None:
    assert refusal(requests.get(f"{dashscope_api.api}/tasks", timeout=20)) == (401, "InvalidApiKey")
