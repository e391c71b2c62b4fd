"""The witness: the official `dashscope` package, unmodified, finds in the simulator the vendor that it knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dashscope
import pytest
import requests
from dashscope import VideoSynthesis
from PIL import Image

from providers.simulator.testing import SimulatorProcess

KEY = "sk-witness-0001"

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def sdk(simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[VideoSynthesis]]:
    monkeypatch.setattr(dashscope, "base_http_api_url", simulator.base("dashscope") + "/api/v1")
    monkeypatch.setattr(dashscope, "api_key", KEY)
    return VideoSynthesis


@pytest.fixture
def data_uri(tmp_path: Path) -> str:
    import base64

    path = tmp_path / "frame.jpg"
    Image.new("RGB", (640, 480), "navy").save(path)
    return "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode()


def test_text_to_video_by_call(sdk: type[VideoSynthesis]) -> None:
    response = sdk.call("wanx2.1-t2v-turbo", "a fox runs across snow", size="1280*720", seed=7)

    assert response.status_code == 200
    assert response.output.task_status == "SUCCEEDED"
    assert response.usage.video_duration == 5
    assert requests.get(response.output.video_url, timeout=20).headers["Content-Type"] == "video/mp4"


def test_text_to_video_by_submit_fetch_and_wait(sdk: type[VideoSynthesis], simulator: SimulatorProcess) -> None:
    submitted = sdk.async_call("wanx2.1-t2v-plus", "a boat", negative_prompt="blur", prompt_extend=False)
    fetched = sdk.fetch(submitted)
    done = sdk.wait(submitted.output.task_id)

    assert submitted.output.task_status == "PENDING"
    assert fetched.output.task_status in {"PENDING", "RUNNING"}
    assert done.output.task_status == "SUCCEEDED"
    entry = simulator.ledger()["entries"][0]
    assert entry["task_id"] == submitted.output.task_id
    assert entry["body"]["input"]["function"] == "video-synthesis"


def test_image_to_video(sdk: type[VideoSynthesis], data_uri: str) -> None:
    response = sdk.call("wanx2.1-i2v-turbo", "she looks up", img_url=data_uri, duration=4, resolution="480P")

    assert response.output.task_status == "SUCCEEDED"
    assert response.usage.video_duration == 4


def test_first_and_last_frame(sdk: type[VideoSynthesis], data_uri: str) -> None:
    response = sdk.call("wanx2.1-kf2v-plus", "dusk falls", first_frame_url=data_uri, last_frame_url=data_uri)

    assert response.output.task_status == "SUCCEEDED"


def test_list(sdk: type[VideoSynthesis]) -> None:
    submitted = sdk.async_call("wanx2.1-t2v-turbo", "listed")

    listed = sdk.list(model_name="wanx2.1-t2v-turbo", page_size=5)

    assert listed.status_code == 200
    assert [row["task_id"] for row in listed.output["data"]] == [submitted.output.task_id]
    assert listed.output["total"] == 1


def test_cancel(sdk: type[VideoSynthesis], simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100)
    submitted = sdk.async_call("wanx2.1-t2v-turbo", "not wanted")

    assert sdk.cancel(submitted).status_code == 200
    assert sdk.fetch(submitted).output.task_status == "CANCELED"


def test_refusals_reach_the_sdk_as_codes(sdk: type[VideoSynthesis]) -> None:
    wrong_size = sdk.async_call("wanx2.1-t2v-turbo", "a boat", size="1280x720")
    wrong_key = sdk.async_call("wanx2.1-t2v-turbo", "a boat", api_key="bad-key")

    assert (wrong_size.status_code, wrong_size.code) == (400, "InvalidParameter")
    assert (wrong_key.status_code, wrong_key.code) == (401, "InvalidApiKey")


def test_wait_outlives_transient_poll_faults(sdk: type[VideoSynthesis]) -> None:
    response = sdk.call("wanx2.1-t2v-turbo", "a boat #fault:poll-5xx:1 #fault:poll-unknown-state:1")

    assert response.output.task_status == "SUCCEEDED"


def test_failed_task_carries_its_code(sdk: type[VideoSynthesis]) -> None:
    response = sdk.call("wanx2.1-t2v-turbo", "a boat #fault:fail-content")

    assert response.status_code == 200
    assert response.output.task_status == "FAILED"
    assert response.output.code == "DataInspectionFailed"


def test_models_to_date(sdk: type[VideoSynthesis], data_uri: str) -> None:
    shots = sdk.call("wan2.6-t2v", "two scenes", size="1920*1080", duration=10, shot_type="multi")
    others = [
        sdk.async_call("wan2.5-i2v-preview", "she sings", img_url=data_uri, audio_url="https://example.com/song.mp3", resolution="720P"),
        sdk.async_call("wan2.2-kf2v-flash", "dusk falls", first_frame_url=data_uri, last_frame_url=data_uri, resolution="1080P"),
        sdk.async_call("wan2.6-i2v-flash", "she looks up", img_url=data_uri, audio=False, duration=5),
        sdk.async_call("wan2.7-t2v", "a pier", resolution="1080P", ratio="3:4", duration=2),
        sdk.async_call("wan2.7-i2v", "she runs", media=[{"type": "first_frame", "url": "https://example.com/a.png"}]),
    ]

    assert shots.output.task_status == "SUCCEEDED"
    assert shots.usage["output_video_duration"] == 10
    assert [(response.status_code, response.output.task_status) for response in others] == [(200, "PENDING")] * 5
