"""The OpenAI Videos API: answers to sound hand-written requests, and refusals of unsound ones."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from tests.pictures import as_data_uri, picture
from tests.providers.simulator.simulator_callers import KEY, bearer

HOUR_S = 3600


class Caller:
    def __init__(self, base: str, key: str = KEY) -> None:
        self.api = f"{base}/v1"
        self.key = key

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, self.api + path, headers=bearer(self.key), timeout=20, **more)

    def form(self, prompt: str = "a paper boat", file: tuple[str, bytes, str] | None = None, **fields: str) -> requests.Response:
        """Multipart, with or without a file."""
        parts: dict[str, Any] = {name: (None, value) for name, value in {"prompt": prompt, **fields}.items()}
        return self.ask("POST", "/videos", files=parts | ({"input_reference": file} if file else {}))

    def submit(self, prompt: str = "a paper boat", **fields: Any) -> requests.Response:
        return self.ask("POST", "/videos", json={"prompt": prompt, **fields})

    def video(self, prompt: str = "a paper boat", **fields: str) -> str:
        return self.form(prompt, **fields).json()["id"]

    def get(self, name: str) -> dict[str, Any]:
        return self.ask("GET", f"/videos/{name}").json()


@pytest.fixture
def openai(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("openai"))


def content_of(width: int = 1280, height: int = 720, kind: str = "PNG") -> bytes:
    return picture((width, height), kind).getvalue()


def refusal(response: requests.Response) -> tuple[int, str, str | None]:
    error = response.json()["error"]
    return response.status_code, error["code"], error["param"]


def test_form_answers_the_whole_object(openai: Caller) -> None:
    answer = openai.form(model="sora-2", seconds="8", size="1280x720").json()

    assert answer == {
        "id": answer["id"],
        "object": "video",
        "model": "sora-2",
        "status": "queued",
        "progress": 0,
        "created_at": answer["created_at"],
        "completed_at": None,
        "expires_at": None,
        "prompt": "a paper boat",
        "seconds": "8",
        "size": "1280x720",
        "error": None,
        "remixed_from_video_id": None,
    }


def test_states_follow_each_other_with_progress_and_advice(openai: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    video = openai.video(model="sora-2")

    replies = [openai.ask("GET", f"/videos/{video}")]
    for seconds in (150, 50):
        simulator.advance(seconds)
        replies.append(openai.ask("GET", f"/videos/{video}"))

    seen = [reply.json() for reply in replies]
    assert [answer["status"] for answer in seen] == ["queued", "in_progress", "completed"]
    assert seen[0]["progress"] == 0
    assert 49 <= seen[1]["progress"] <= 50
    assert seen[2]["progress"] == 100
    assert seen[2]["expires_at"] == seen[2]["completed_at"] + HOUR_S
    assert [reply.headers.get("openai-poll-after-ms") for reply in replies] == ["1000", "1000", None]


def test_poll_delay_is_as_set_unless_something_changes_sooner(openai: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=100, poll_after_s=60)
    video = openai.video(model="sora-2")

    first = openai.ask("GET", f"/videos/{video}")
    simulator.advance(90)
    second = openai.ask("GET", f"/videos/{video}")

    assert first.headers["openai-poll-after-ms"] == "60000"
    assert int(second.headers["openai-poll-after-ms"]) <= 10_000


def test_content_needs_the_key_and_a_finished_video(openai: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=100)
    video = openai.video(model="sora-2")

    early = openai.ask("GET", f"/videos/{video}/content")
    simulator.advance(100)
    whole = openai.ask("GET", f"/videos/{video}/content")
    part = requests.get(f"{openai.api}/videos/{video}/content", headers=bearer(openai.key, Range="bytes=4-7"), timeout=20)

    assert refusal(early) == (404, "not_found", None)
    assert whole.headers["Content-Type"] == "video/mp4"
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert requests.get(f"{openai.api}/videos/{video}/content", timeout=20).status_code == 401
    assert openai.ask("GET", f"/videos/{video}/content?variant=thumbnail").headers["Content-Type"] == "image/webp"
    assert openai.ask("GET", f"/videos/{video}/content?variant=spritesheet").headers["Content-Type"] == "image/jpeg"
    assert refusal(openai.ask("GET", f"/videos/{video}/content?variant=gif")) == (400, "invalid_value", "variant")


def test_content_may_redirect_to_a_signed_address(openai: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    video = openai.video("a boat #fault:content-redirect")

    answer = openai.ask("GET", f"/videos/{video}/content", allow_redirects=False)

    assert answer.status_code == 302
    assert requests.get(answer.headers["Location"], timeout=60).content[4:8] == b"ftyp"


def test_media_faults_strike_the_content_too(openai: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    video = openai.video("a boat #fault:media-html:1 #fault:media-404:1")

    answers = [openai.ask("GET", f"/videos/{video}/content") for _ in range(3)]

    assert answers[0].content.startswith(b"<!DOCTYPE html>")
    assert [answer.status_code for answer in answers] == [200, 404, 200]


def test_video_and_record_expire_together(openai: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    video = openai.video()

    simulator.advance(HOUR_S)

    for path in (f"/videos/{video}", f"/videos/{video}/content"):
        assert refusal(openai.ask("GET", path)) == (404, "not_found", None)
    assert openai.ask("GET", "/videos").json()["data"] == []


def test_failure_names_its_reason(openai: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)

    answer = openai.get(openai.video("a boat #fault:fail-content"))

    assert (answer["status"], answer["error"]["code"]) == ("failed", "moderation_blocked")


def test_list_pages_by_cursor_in_either_order(openai: Caller) -> None:
    videos = [openai.video(f"boat {number}") for number in range(3)]

    first = openai.ask("GET", "/videos?limit=2").json()
    second = openai.ask("GET", f"/videos?limit=2&after={first['last_id']}").json()
    upwards = openai.ask("GET", "/videos?order=asc&limit=1").json()

    assert [row["id"] for row in first["data"]] == [videos[2], videos[1]]
    assert (first["object"], first["first_id"], first["has_more"]) == ("list", videos[2], True)
    assert ([row["id"] for row in second["data"]], second["has_more"]) == ([videos[0]], False)
    assert upwards["data"][0]["id"] == videos[0]
    assert refusal(openai.ask("GET", "/videos?limit=0"))[0] == 400


def test_delete_and_foreign_keys(openai: Caller, simulator: SimulatorProcess) -> None:
    video = openai.video()
    stranger = Caller(simulator.base("openai"), key="sk-somebody-else")

    assert refusal(stranger.ask("GET", f"/videos/{video}")) == (404, "not_found", None)
    assert refusal(stranger.ask("DELETE", f"/videos/{video}")) == (404, "not_found", None)
    assert openai.ask("DELETE", f"/videos/{video}").json() == {"id": video, "object": "video.deleted", "deleted": True}
    assert refusal(openai.ask("GET", f"/videos/{video}")) == (404, "not_found", None)


def test_remix_takes_over_all_but_the_words(openai: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=0, render_s=0)
    video = openai.video(model="sora-2", seconds="12", size="1280x720")

    answer = openai.ask("POST", f"/videos/{video}/remix", json={"prompt": "the same at night"}).json()

    assert (answer["seconds"], answer["size"], answer["remixed_from_video_id"]) == ("12", "1280x720", video)
    assert simulator.ledger()["by_prompt"] == {"a paper boat": 1, "the same at night": 1}


def test_file_is_taken_and_not_kept_in_the_ledger(openai: Caller, simulator: SimulatorProcess) -> None:
    content = content_of()
    response = openai.form(model="sora-2", size="1280x720", file=("a.png", content, "image/png"))

    assert response.status_code == 200
    logged = simulator.ledger()["entries"][0]["body"]["input_reference"]
    assert logged == {"filename": "a.png", "content_type": "image/png", "size_bytes": len(content)}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({"seconds": "7"}, "seconds"),
        ({"size": "1280*720"}, "size"),
        ({"size": "1920x1080"}, "size"),
        ({"file": ("a.png", content_of(640, 480), "image/png")}, "input_reference"),
        ({"file": ("a.png", b"no picture", "image/png")}, "input_reference"),
        ({"file": ("a.bmp", content_of(720, 1280, "BMP"), "image/bmp")}, "input_reference"),
    ],
)
def test_bad_form_is_refused_by_parameter_and_not_billed(
    openai: Caller, simulator: SimulatorProcess, fields: dict[str, Any], param: str
) -> None:
    status, _, named = refusal(openai.form(**{"model": "sora-2", **fields}))

    assert (status, named) == (400, param)
    assert simulator.ledger()["count"] == 0


def test_unknown_model_and_bad_bodies_are_refused(openai: Caller) -> None:
    assert refusal(openai.form(model="sora-9")) == (404, "model_not_found", "model")
    assert refusal(openai.submit(model="sora-2", seconds=8)) == (400, "invalid_value", "seconds")
    assert refusal(openai.submit(input_reference="not an object")) == (400, "invalid_value", "input_reference")
    assert refusal(openai.ask("POST", "/videos", data=b"{")) == (400, "invalid_request", None)
    assert refusal(openai.ask("POST", "/videos/edits", json={})) == (404, "unknown_url", None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("house-video-1", "5", "1280x720")),
        ({"seconds": "60", "size": "640x640"}, ("house-video-1", "60", "640x640")),
        ({"model": "sora-2"}, ("sora-2", "4", "720x1280")),
        ({"model": "sora-2-pro", "size": "1920x1080", "seconds": "20"}, ("sora-2-pro", "20", "1920x1080")),
        ({"input_reference": {"file_id": "file-1"}}, ("house-video-1", "5", "1280x720")),
        (
            {"input_reference": {"image_url": as_data_uri(300, 300)}},
            ("house-video-1", "5", "1280x720"),
        ),
    ],
)
def test_json_is_taken_as_well(openai: Caller, fields: dict[str, Any], expected: tuple[str, str, str]) -> None:
    answer = openai.submit(**fields).json()

    assert (answer["model"], answer["seconds"], answer["size"]) == expected


def test_models_are_listed_to_a_good_key_only(openai: Caller, simulator: SimulatorProcess) -> None:
    assert "sora-2" in [row["id"] for row in openai.ask("GET", "/models").json()["data"]]
    assert refusal(Caller(simulator.base("openai"), key="bad-key").ask("GET", "/models")) == (401, "invalid_api_key", None)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("refuse", (400, "moderation_blocked", None)),
        ("auth", (401, "invalid_api_key", None)),
        ("quota", (429, "insufficient_quota", None)),
        ("rate-limit", (429, "rate_limit_exceeded", None)),
        ("5xx-before", (503, "server_error", None)),
    ],
)
def test_fault_at_submit_is_refused_in_the_vendor_s_words(
    openai: Caller, simulator: SimulatorProcess, fault: str, expected: tuple[int, str, None]
) -> None:
    assert refusal(openai.form(f"a boat #fault:{fault}")) == expected
    assert simulator.ledger()["count"] == 0
