"""OpenRouter: answers to sound hand-written requests, and refusals of unsound ones."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from providers.vendors.openrouter.catalog import LISTED
from tests.cases import in_one_test
from tests.pictures import as_data_uri


class Caller:
    def __init__(self, base: str, key: str = "sk-or-simulator-tests") -> None:
        self.api = f"{base}/api/v1"
        self.headers = {"Authorization": f"Bearer {key}"}

    def submit(self, **fields: Any) -> requests.Response:
        body = {"model": "google/veo-3.1", "prompt": "a paper boat", **fields}
        return requests.post(f"{self.api}/videos", json=body, headers=self.headers, timeout=20)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(f"{self.api}/{path}", headers=self.headers | headers, timeout=20)


@pytest.fixture
def openrouter(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("openrouter"))


def image(**more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": as_data_uri()}, **more}


def refusal(response: requests.Response) -> tuple[int, int]:
    return response.status_code, response.json()["error"]["code"]


def test_states_follow_each_other_and_end_with_file_and_cost(openrouter: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    accepted = openrouter.submit(duration=8)
    job = accepted.json()["id"]

    words = [accepted.json()["status"]]
    for _ in range(4):
        simulator.advance(60)
        words.append(openrouter.get(f"videos/{job}").json()["status"])
    done = openrouter.get(f"videos/{job}").json()

    assert (accepted.status_code, words) == (202, ["pending", "pending", "in_progress", "in_progress", "completed"])
    assert done["usage"] == {"cost": 0.8, "is_byok": False}
    assert done["polling_url"] == f"{openrouter.api}/videos/{job}"
    assert done["unsigned_urls"] == [f"{openrouter.api}/videos/{job}/content?index=0"]
    assert openrouter.get("key").json()["data"]["limit_remaining"] == pytest.approx(1000 - 0.8)


def test_file_needs_the_key_and_comes_whole(openrouter: Caller, simulator: SimulatorProcess) -> None:
    job = openrouter.submit().json()["id"]
    early = openrouter.get(f"videos/{job}/content")
    simulator.advance(60)

    whole = openrouter.get(f"videos/{job}/content?index=0", Range="bytes=0-3")
    bare = requests.get(f"{openrouter.api}/videos/{job}/content?index=0", timeout=20)
    foreign = Caller(simulator.base("openrouter"), "sk-or-another").get(f"videos/{job}/content?index=0")

    assert (whole.status_code, whole.content[4:8]) == (200, b"ftyp")
    assert [refusal(one) for one in (early, bare, foreign)] == [(404, 404), (401, 401), (404, 404)]


@in_one_test(
    ("fields", "refused"),
    [
        ({"model": "google/veo-9"}, (404, 404)),
        ({"prompt": ""}, (400, 400)),
        ({"duration": 5}, (400, 400)),
        ({"duration": "8"}, (400, 400)),
        ({"resolution": "480p"}, (400, 400)),
        ({"aspect_ratio": "1:1"}, (400, 400)),
        ({"seconds": 8}, (400, 400)),
        ({"generate_audio": "yes"}, (400, 400)),
        ({"model": "kwaivgi/kling-v3.0-pro", "seed": 7}, (400, 400)),
        ({"frame_images": [image()]}, (400, 400)),
        ({"model": "runway/gen-4.5", "frame_images": [image(frame_type="last_frame")]}, (400, 400)),
        ({"frame_images": [{"url": as_data_uri(), "frame_type": "first_frame"}]}, (400, 400)),
        ({"input_references": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}, (400, 400)),
        ({"callback_url": "http://portal.example/x"}, (400, 400)),
    ],
)
def test_what_the_list_of_models_does_not_have_is_refused(
    openrouter: Caller, simulator: SimulatorProcess, fields: Any, refused: Any
) -> None:
    assert refusal(openrouter.submit(**fields)) == refused
    assert simulator.ledger()["count"] == 0


def test_list_of_models_needs_no_key(openrouter: Caller) -> None:
    rows = requests.get(f"{openrouter.api}/videos/models", timeout=20).json()["data"]

    assert {row["id"]: row["supported_durations"] for row in rows}["google/veo-3.1"] == [4, 6, 8]


def test_built_in_models_are_as_the_list_has_them(openrouter: Caller) -> None:
    """The adapter's rows and the simulator's are written apart from each other."""
    rows = {row["id"]: row for row in requests.get(f"{openrouter.api}/videos/models", timeout=20).json()["data"]}

    for model in LISTED:
        row = rows[model.id]
        assert sorted(model.durations) == row["supported_durations"]
        assert set(model.resolutions) == set(row["supported_resolutions"])
        assert set(model.aspect_ratios) == set(row["supported_aspect_ratios"])
        assert ("last_frame" in row["supported_frame_images"]) == model.last_frame
        assert (model.sound, model.seed) == (bool(row["generate_audio"]), bool(row["seed"]))
