"""Vidu: answers to sound hand-written requests, and refusals of unsound ones."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from providers.simulator.testing import SimulatorProcess
from tests.cases import in_one_test
from tests.pictures import as_data_uri

DAY_S = 86_400


class Caller:
    def __init__(self, base: str, key: str = "vda_simulator_tests") -> None:
        self.api = f"{base}/ent/v2"
        self.headers = {"Authorization": f"Token {key}"}

    def submit(self, kind: str = "text2video", prompt: str = "a paper boat", **fields: Any) -> requests.Response:
        body = {"model": "viduq3-turbo", "prompt": prompt, **fields}
        return requests.post(f"{self.api}/{kind}", json=body, headers=self.headers, timeout=20)

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt=prompt, **fields).json()["task_id"]

    def poll(self, name: str) -> dict[str, Any]:
        return requests.get(f"{self.api}/tasks/{name}/creations", headers=self.headers, timeout=20).json()

    def listed(self, **query: Any) -> dict[str, Any]:
        named = {name.replace("_", ".", 1): value for name, value in query.items()}
        return requests.get(f"{self.api}/tasks", params=named, headers=self.headers, timeout=20).json()

    def cancel(self, name: str) -> requests.Response:
        return requests.post(f"{self.api}/tasks/{name}/cancel", json={"id": name}, headers=self.headers, timeout=20)

    def credits(self) -> int:
        return requests.get(f"{self.api}/credits", headers=self.headers, timeout=20).json()["remains"][0]["credit_remain"]


@pytest.fixture
def vidu(simulator: SimulatorProcess) -> Caller:
    return Caller(simulator.base("vidu"))


def refusal(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["reason"]


def test_states_follow_each_other_and_end_with_file_and_cost(vidu: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=100, render_s=100)
    accepted = vidu.submit(payload="job-1", resolution="1080p").json()

    words = [accepted["state"]]
    for _ in range(4):
        simulator.advance(60)
        words.append(vidu.poll(accepted["task_id"])["state"])
    done = vidu.poll(accepted["task_id"])

    assert words == ["created", "queueing", "processing", "processing", "success"]
    assert (accepted["credits"], done["credits"], done["payload"], vidu.credits()) == (65, 65, "job-1", 10_000 - 65)
    assert requests.get(done["creations"][0]["url"], timeout=20).content[4:8] == b"ftyp"


def test_cancelled_task_is_failed_by_the_user_and_free(vidu: Caller, simulator: SimulatorProcess) -> None:
    simulator.settings(queue_s=30)
    waiting, rendering = vidu.task(), vidu.task()

    assert (vidu.cancel(waiting).status_code, vidu.cancel(waiting).json()["reason"]) == (200, "BadRequest")
    simulator.advance(31)
    late = vidu.cancel(rendering)

    assert {name: vidu.poll(waiting)[name] for name in ("state", "err_code", "credits")} == {
        "state": "failed",
        "err_code": "UserCancelled",
        "credits": 0,
    }
    assert (*refusal(late), late.json()["message"]) == (400, "BadRequest", "task state is scheduled, can not cancel")


def test_list_has_seven_days_in_pages(vidu: Caller, simulator: SimulatorProcess) -> None:
    names = [vidu.task(f"boat {n}", payload=f"job-{n}") for n in range(3)]

    first = vidu.listed(pager_pagesz=2)
    rest = vidu.listed(pager_pagesz=2, pager_page_token=first["next_page_token"])

    assert [task["id"] for task in first["tasks"] + rest["tasks"]] == names[::-1]
    assert (first["tasks"][0]["payload"], rest["next_page_token"]) == ("job-2", "")
    simulator.advance(7 * DAY_S)
    assert vidu.listed()["tasks"] == []


@in_one_test(
    ("kind", "fields", "refused"),
    [
        ("text2video", {"model": "viduq3"}, (400, "ModelUnavailable")),
        ("text2video", {"prompt": ""}, (400, "FieldLacking")),
        ("text2video", {"duration": 17}, (400, "FieldInvalid")),
        ("text2video", {"duration": "5"}, (400, "FieldInvalid")),
        ("text2video", {"images": []}, (400, "FieldUnwanted")),
        ("text2video", {"model": "viduq2", "audio": True}, (400, "FieldInvalid")),
        ("img2video", {}, (400, "FieldLacking")),
        ("img2video", {"images": [as_data_uri()] * 2}, (400, "FieldItemCountOutOfRange")),
        ("img2video", {"images": [as_data_uri()], "aspect_ratio": "16:9"}, (400, "FieldUnwanted")),
        ("img2video", {"images": [as_data_uri(500, 100)]}, (400, "PageSizeOutOfRange")),
        ("img2video", {"images": ["data:image/png;base64,AAAA"]}, (400, "ImageFormatInvalid")),
        ("start-end2video", {"images": [as_data_uri(400, 400), as_data_uri(800, 800)]}, (400, "PageSizeOutOfRange")),
        ("start-end2video", {"model": "viduq2-pro", "images": [as_data_uri()] * 2, "duration": 9}, (400, "FieldInvalid")),
        ("reference2video", {"images": [as_data_uri()], "duration": 2}, (400, "FieldInvalid")),
        ("reference2video", {"images": [as_data_uri(127, 127)]}, (400, "PageSizeOutOfRange")),
    ],
)
def test_what_the_pages_exclude_is_refused(vidu: Caller, simulator: SimulatorProcess, kind: str, fields: Any, refused: Any) -> None:
    assert refusal(vidu.submit(kind, **fields)) == refused
    assert simulator.ledger()["count"] == 0


def test_key_is_a_token_and_a_task_is_its_own(vidu: Caller, simulator: SimulatorProcess) -> None:
    task = vidu.task()
    bearer = requests.get(f"{vidu.api}/credits", headers={"Authorization": "Bearer vda_simulator_tests"}, timeout=20)

    assert refusal(bearer) == (401, "Unauthorized")
    assert Caller(simulator.base("vidu"), "vda_another_account").poll(task)["reason"] == "TaskNotFound"
