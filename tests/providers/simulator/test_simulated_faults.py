"""Faults, asked for by prompt, by header and by control: what the caller sees, and what the ledger has booked."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from tests.cases import in_one_test
from tests.providers.simulator.simulator_callers import DashScopeCaller, KlingCaller, bearer, until

KLING_REFUSALS = {
    "refuse": (400, 1301),
    "auth": (401, 1000),
    "quota": (429, 1101),
    "bad-param": (400, 1201),
    "rate-limit": (429, 1302),
    "rate-limit-200": (200, 1303),
    "5xx-before": (503, 5001),
}
DASHSCOPE_REFUSALS = {
    "refuse": (400, "DataInspectionFailed"),
    "auth": (401, "InvalidApiKey"),
    "quota": (400, "Arrearage"),
    "bad-param": (400, "InvalidParameter"),
    "rate-limit": (429, "Throttling.RateQuota"),
    "rate-limit-200": (200, "Throttling.RateQuota"),
    "5xx-before": (503, "ModelUnavailable"),
}
POLL_FAULTS = ["poll-429", "poll-5xx", "poll-html", "poll-empty", "poll-badjson", "poll-reset", "poll-unknown-state"]


@in_one_test(("fault", "expected"), KLING_REFUSALS.items())
def test_kling_refuses_and_bills_nothing(kling: KlingCaller, simulator: SimulatorProcess, fault: str, expected: tuple[int, int]) -> None:
    response = kling.submit(f"a boat #fault:{fault}")

    assert (response.status_code, response.json()["code"]) == expected
    assert simulator.ledger()["count"] == 0


@in_one_test(("fault", "expected"), DASHSCOPE_REFUSALS.items())
def test_dashscope_refuses_and_bills_nothing(
    dashscope_api: DashScopeCaller, simulator: SimulatorProcess, fault: str, expected: tuple[int, str]
) -> None:
    response = dashscope_api.submit(f"a boat #fault:{fault}")

    assert (response.status_code, response.json()["code"]) == expected
    assert simulator.ledger()["count"] == 0


def test_rate_limit_ends_after_two_submits_of_that_prompt(kling: KlingCaller) -> None:
    answers = [kling.submit("a boat #fault:rate-limit") for _ in range(3)]
    other = kling.submit("another boat #fault:rate-limit")

    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert other.status_code == 429


def test_count_in_the_prompt_says_how_often(kling: KlingCaller) -> None:
    answers = [kling.submit("a boat #fault:5xx-before:1") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 200]


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ("502-after", 502, "<!DOCTYPE html>"),
        ("html-200", 200, "<!DOCTYPE html>"),
        ("empty-body", 200, ""),
        ("bad-json", 200, '{"code":0'),
    ],
)
def test_answer_goes_astray_after_the_task_was_billed(
    kling: KlingCaller, simulator: SimulatorProcess, fault: str, status: int, start: str
) -> None:
    response = kling.submit(f"a boat #fault:{fault}", external_task_id="ref-1")

    assert response.status_code == status
    assert response.text.startswith(start)
    with pytest.raises(requests.JSONDecodeError):
        response.json()
    assert simulator.ledger()["by_reference"] == {"ref-1": 1}
    assert kling.poll("ref-1").json()["data"]["task_info"] == {"external_task_id": "ref-1"}


def test_connection_is_reset_after_the_task_was_billed(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    with pytest.raises(requests.ConnectionError):
        kling.submit("a boat #fault:reset-after-accept")

    assert simulator.ledger()["count"] == 1


def test_answer_hangs_after_the_task_was_billed(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{kling.videos}/text2video", json={"prompt": "#fault:hang-after-accept"}, headers=bearer(), timeout=(20, 0.3))

    until(simulator.ledger, "count", {1})  # it may read the request after its caller has left


@pytest.mark.parametrize("fault", ["reset-before", "hang-before"])
def test_silence_may_also_mean_that_nothing_was_accepted(kling: KlingCaller, simulator: SimulatorProcess, fault: str) -> None:
    simulator.settings(hang_s=0.2)

    with pytest.raises(requests.ConnectionError):
        kling.submit(f"a boat #fault:{fault}", external_task_id="lost")

    assert simulator.ledger()["count"] == 0
    assert kling.poll("lost").status_code == 404


def test_poll_may_hang(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    simulator.settings(hang_s=0.2)
    task = kling.task("a boat #fault:poll-hang:1")

    with pytest.raises(requests.ConnectionError):
        kling.poll(task)

    assert kling.poll(task).status_code == 200


def test_same_prompt_paid_twice_is_shown(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    for _ in range(2):
        kling.submit("a boat #fault:502-after")

    assert simulator.ledger()["paid_twice"] == ["a boat #fault:502-after"]


def test_gateway_may_answer_in_another_style(gateway: KlingCaller, simulator: SimulatorProcess) -> None:
    refused = gateway.submit("a boat #fault:openai-error")
    flat = gateway.submit("a boat #fault:task-id-top-level")

    assert refused.status_code == 400
    assert refused.json()["error"].keys() == {"message", "type", "code"}
    assert flat.json()["object"] == "video"
    assert flat.json()["task_id"] == simulator.ledger()["entries"][0]["task_id"]


@pytest.mark.parametrize("fault", POLL_FAULTS)
def test_poll_fault_lasts_two_polls(kling: KlingCaller, dashscope_api: DashScopeCaller, simulator: SimulatorProcess, fault: str) -> None:
    simulator.settings(render_s=60.0)
    for caller, field in ((kling, "data"), (dashscope_api, "output")):
        task = caller.task(f"a boat #fault:{fault}")
        troubled = [seen_by(caller, task) for _ in range(2)]

        assert troubled[0] == troubled[1] != "sound"
        assert caller.poll(task).json()[field]["task_status"] in {"submitted", "processing", "PENDING", "RUNNING"}


def seen_by(caller: KlingCaller | DashScopeCaller, task: str) -> object:
    """What a poll looks like from outside, in one comparable value."""
    try:
        response = caller.poll(task)
        body: dict[str, Any] = response.json()
    except requests.JSONDecodeError:
        return "not json"
    except requests.ConnectionError:
        return "reset"
    if response.status_code != 200:
        return response.status_code
    word = (body.get("data") or body.get("output"))["task_status"]
    return word if word in {"upscaling", "POSTPROCESSING"} else "sound"


def test_tasks_end_as_the_prompt_wants(kling: KlingCaller, dashscope_api: DashScopeCaller) -> None:
    content = kling.finished(kling.task("#fault:fail-content"))
    internal = dashscope_api.finished(dashscope_api.task("#fault:fail-internal"))
    expired = dashscope_api.finished(dashscope_api.task("#fault:expire"))

    assert (content["task_status"], content["task_status_msg"]) == ("failed", "Failure to pass the risk control system")
    assert (internal["task_status"], internal["code"]) == ("FAILED", "InternalError.Algo")
    assert expired["task_status"] == "UNKNOWN"


def test_task_may_never_end(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    task = kling.task("#fault:never")

    simulator.advance(29 * 86_400)

    assert kling.poll(task).json()["data"]["task_status"] == "processing"


@pytest.mark.parametrize(
    ("fault", "status"),
    [("media-html", 200), ("media-404", 404), ("media-expired", 403), ("media-empty", 200), ("media-short", 200)],
)
def test_download_goes_wrong(kling: KlingCaller, fault: str, status: int) -> None:
    sound, faulty = download(kling, ""), download(kling, f"#fault:{fault}")

    assert faulty.status_code == status
    assert faulty.content != sound.content
    assert int(faulty.headers["Content-Length"]) == len(faulty.content)


def download(caller: KlingCaller, tokens: str) -> requests.Response:
    done = caller.finished(caller.task(f"a boat {tokens}"))
    return requests.get(done["task_result"]["videos"][0]["url"], timeout=20)


def test_download_is_cut_at_half(kling: KlingCaller) -> None:
    whole = len(download(kling, "").content)
    url = kling.finished(kling.task("#fault:media-cut:1"))["task_result"]["videos"][0]["url"]

    with requests.get(url, stream=True, timeout=20) as response:
        received, was_cut = drained(response)

    assert was_cut
    assert int(response.headers["Content-Length"]) == whole
    assert 0 < len(received) <= whole // 2
    assert len(requests.get(url, timeout=20).content) == whole


def drained(response: requests.Response) -> tuple[bytes, bool]:
    """What came, and whether the line went dead before all of it had."""
    received = b""
    try:
        for block in response.iter_content(256):
            received += block
    except requests.exceptions.ChunkedEncodingError:
        return received, True
    return received, False


def test_download_drips(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    simulator.settings(drip_s=3600)
    url = kling.finished(kling.task("#fault:media-slow:2"))["task_result"]["videos"][0]["url"]
    with requests.get(url, stream=True, timeout=20) as begun:
        assert begun.raw.read(8)[4:] == b"ftyp"

    simulator.settings(drip_s=0.2)
    assert len(requests.get(url, timeout=20).content) == int(begun.headers["Content-Length"])


def test_download_without_ranges(kling: KlingCaller) -> None:
    url = kling.finished(kling.task("#fault:media-no-range"))["task_result"]["videos"][0]["url"]

    answer = requests.get(url, headers={"Range": "bytes=0-9"}, timeout=20)

    assert answer.status_code == 200
    assert "Accept-Ranges" not in answer.headers


def test_file_with_its_index_at_the_end_is_sound(kling: KlingCaller) -> None:
    content = download(kling, "#fault:media-not-faststart").content

    assert content.index(b"moov") > content.index(b"mdat")


def test_mislabelled_file_is_whole_behind_wrong_headers(kling: KlingCaller) -> None:
    url = kling.finished(kling.task("#fault:media-mislabelled"))["task_result"]["videos"][0]["url"]

    with requests.get(url, stream=True, timeout=20) as answer:
        body = gzip.decompress(answer.raw.read(decode_content=False))

    assert (answer.headers["Content-Type"], answer.headers["Content-Encoding"]) == ("text/plain; charset=utf-8", "gzip,aws-chunked")
    assert (body[4:8], body[-2:]) == (b"ftyp", b"\r\n")


def test_header_asks_for_a_fault_of_one_request(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    assert kling.submit(headers={"X-Sim-Fault": "5xx-before"}).status_code == 503

    task = kling.submit(headers={"X-Sim-Fault": "fail-content"}).json()["data"]["task_id"]
    assert kling.finished(task)["task_status"] == "failed"
    assert simulator.requests()["requests"][0]["fault"] == "5xx-before"


def test_control_asks_for_the_next_requests_of_one_vendor(
    kling: KlingCaller, dashscope_api: DashScopeCaller, simulator: SimulatorProcess
) -> None:
    simulator.faults("kling", "refuse", count=2)
    simulator.faults("dashscope", "poll-5xx")

    assert [kling.submit().status_code for _ in range(3)] == [400, 400, 200]
    task = dashscope_api.task()
    assert [dashscope_api.poll(task).status_code for _ in range(2)] == [503, 200]


def test_control_decides_the_fate_of_the_next_task(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    simulator.faults("kling", "fail-internal")
    first, second = kling.task("one"), kling.task("two")

    assert kling.finished(first)["task_status"] == "failed"
    assert kling.finished(second)["task_status"] == "succeed"


def test_misspelt_fault_is_loud(kling: KlingCaller, simulator: SimulatorProcess) -> None:
    assert kling.submit("a boat #fault:no-such").json()["error"].startswith("unknown fault 'no-such'")
    with pytest.raises(ValueError, match="unknown fault"):
        simulator.faults("kling", "no-such")
    assert simulator.ledger()["count"] == 0
