"""Thousands of answers in the shapes that gateways give, changed at random: none crashes a reader, ends a render that did not fail, refuses
one that was accepted, or leaves one running that is done. `-s` shows the counts.
"""

from __future__ import annotations

import copy
import random
from collections import Counter
from typing import Any

import pytest

from providers.core.errors import GenerationFailed, ProviderError, Uncertain
from providers.core.types import Snapshot, State, Submission
from tests.providers.vendors.vendor_samples import make_provider, make_request, outcome, reply_of

pytestmark = pytest.mark.slow

SEED, MANY = 20261129, 10_000
ID = "task_AbCdEfGhIjKlMnOpQrStUvWxYz012345"
URL = "https://files.example/a.mp4"
OWN = f"http://localhost:3000/v1/videos/{ID}/content"
SURFACES = {
    "kling": ("gateway", "kling/kling-v1-6", Submission(id=ID, model="kling-v1-6", kind="text2video")),
    "volcvisual": ("gateway", "volcvisual/jimeng_t2v_v30", Submission(id=ID, model="jimeng_t2v_v30")),
    "openai-videos": ("compatible", "openai-videos/gateway-model", Submission(id=ID, model="gateway-model")),
}
DONE = [
    "success",
    "succeed",
    "succeeded",
    "completed",
    "complete",
    "done",
    "finished",
    "task_status_succeed",
    "generation_completed",
    "成功",
]
GOING = ["queued", "in_progress", "processing", "not_start", "submitted", "unknown", "post_processing", "paused", "review", "审核中", ""]
ODD = [
    None,
    "",
    0,
    -1,
    7,
    1e308,
    True,
    False,
    [],
    {},
    [None],
    {"a": 1},
    "x",
    "\x00",
    "NaN",
    " a b ",
    "../../x?y#z",
    "http://[::1",
    "data:,",
]
KINDS_OF_CASE = [str, str.lower, str.upper, str.title, str.swapcase, lambda word: word.replace("_", "-"), lambda word: f" {word}\n"]
PLACES = [
    lambda task, url: task | {"result_url": url},
    lambda task, url: task | {"url": url},
    lambda task, url: task | {"video_url": f" {url} "},
    lambda task, url: task | {"video": {"url": url, "duration": 5}},
    lambda task, url: task | {"data": [{"url": url}]},
    lambda task, url: task | {"output": {"url": url}},
    lambda task, url: task | {"output": {"videos": [{"url": url}]}},
    lambda task, url: task | {"result": {"url": [url]}},
    lambda task, url: task | {"metadata": {"url": [url]}},
    lambda task, url: task | {"fail_reason": url},
    lambda task, url: task | {"data": {"code": 0, "data": {"task_result": {"videos": [{"id": "1", "url": url, "duration": "5"}]}}}},
    lambda task, url: task | {"content": {"video_url": url}},
    lambda task, _url: task,
]
HARMLESS = {
    "error": None,
    "message": "",
    "msg": "ok",
    "created_at": 1764300000,
    "usage": {"total_tokens": 5},
    "seconds": "5",
    "prompt": "an error, failed",
    "model": "failed-model",
    "progress": "100%",
    "request_id": "r-1",
    "cover_url": "https://files.example/a.jpg",
    "properties": {"input": "failed"},
    "quota": 1,
}


def task_of(source: random.Random, word: str) -> dict[str, Any]:
    """Return an answer to a poll, in one of the shapes that gateways give."""
    url = source.choice([URL, OWN, "/files/a.mp4"])
    field = source.choice(["status", "status", "task_status", "state"])
    name = source.choice(["id", "task_id"])
    extras = {key: HARMLESS[key] for key in source.sample(sorted(HARMLESS), k=source.randint(0, 4))}
    shape = source.randrange(4)
    if shape == 0:  # new-api at /v1/videos
        task = {**extras, "id": ID, "object": source.choice(["video", "video.generation"]), "status": word}
        return source.choice(PLACES)(task, url)
    task = source.choice(PLACES)({**extras, name: ID, field: word}, url)
    if shape == 1:
        return task
    outer = source.choice(
        [{"code": "success", "message": ""}, {"code": 200, "msg": "ok"}, {"code": 0}, {"success": True}, {"code": "OK"}, {}]
    )
    holder = source.choice(["data", "data", "data", "task", "output", "result"])
    return {**outer, holder: source.choice([task, task, [task]])}


def spelled(source: random.Random, word: str) -> str:
    return source.choice(KINDS_OF_CASE)(word)


def damaged(source: random.Random, value: Any) -> Any:
    """Return the answer with one of its values replaced, dropped, nested or renamed."""
    if isinstance(value, dict) and value and source.random() < 0.85:
        name = source.choice(sorted(value))
        changed = dict(value)
        match source.randrange(6):
            case 0:
                del changed[name]
            case 1:
                changed[source.choice(["x", name.upper(), f"{name}_2", "code", "error", "detail"])] = changed.pop(name)
            case 2:
                changed[name] = source.choice([[changed[name]], {"value": changed[name]}])
            case 3:
                changed[source.choice(["code", "error", "message", "detail", "success", "data", "id"])] = source.choice(ODD)
            case _:
                changed[name] = damaged(source, value[name])
        return changed
    if isinstance(value, list) and value and source.random() < 0.7:
        return [damaged(source, value[0]), *value[1:]]
    return copy.copy(source.choice(ODD))


@pytest.mark.parametrize("vendor", SURFACES)
def test_changed_answers_to_polls(vendor):
    surface, _model, submission = SURFACES[vendor]
    provider, source, counts = make_provider(vendor, surface), random.Random(SEED), Counter()

    def poll(body: Any, status: int = 200) -> Snapshot | ProviderError:
        raw = reply_of(body if isinstance(body, (dict, list)) else b"null", status)
        return outcome(provider, provider.poll(submission), raw)

    for number in range(MANY):
        is_done = number % 2 == 0
        body = task_of(source, spelled(source, source.choice(DONE if is_done else GOING)))
        answer = poll(body)
        if is_done:
            counts["done"] += 1
            assert isinstance(answer, Snapshot), body
            assert (answer.state, bool(answer.outputs)) == (State.SUCCEEDED, True), body
        for _ in range(source.randint(1, 4)):
            body = damaged(source, body)
        answer = poll(body, source.choice([200] * 6 + [400, 403, 404, 429, 500, 502]))
        counts["damaged"] += 1
        counts[answer.state if isinstance(answer, Snapshot) else type(answer).__name__] += 1
        assert isinstance(answer, (Snapshot, ProviderError)), body
        assert not isinstance(answer, GenerationFailed), body
        assert not isinstance(answer, Snapshot) or answer.state not in {State.FAILED, State.CANCELLED}, body
    print(f"\n{vendor}, polls: {dict(counts)}")


@pytest.mark.parametrize("vendor", SURFACES)
def test_changed_answers_to_submits(vendor):
    surface, model, _submission = SURFACES[vendor]
    provider, source, counts = make_provider(vendor, surface), random.Random(SEED), Counter()
    request = make_request(model)
    for _ in range(MANY):
        body = task_of(source, source.choice(["queued", "submitted", "SUBMITTED", "processing"]))
        for _ in range(source.randint(0, 3)):
            body = damaged(source, body)
        raw = reply_of(body if isinstance(body, (dict, list)) else b"null", source.choice([200, 200, 201, 202]))
        answer = outcome(provider, provider.submit(request), raw)
        counts[type(answer).__name__] += 1
        assert isinstance(answer, (Submission, Uncertain)), body
    print(f"\n{vendor}, submits: {dict(counts)}")


@pytest.mark.parametrize("vendor", SURFACES)
def test_clear_failure_ends_the_render_in_every_shape(vendor):
    surface, _model, submission = SURFACES[vendor]
    provider, source = make_provider(vendor, surface), random.Random(SEED)
    for _ in range(1_000):
        body = task_of(
            source, spelled(source, source.choice(["failed", "failure", "error", "fail", "timed_out", "task_status_failed", "失败"]))
        )
        answer = outcome(provider, provider.poll(submission), reply_of(body))

        assert isinstance(answer, Snapshot), body
        assert (answer.state, answer.error is not None) == (State.FAILED, True), body
