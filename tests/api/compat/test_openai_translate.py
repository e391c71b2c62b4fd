"""Tasks and refusals as OpenAI's clients read them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from api.compat.openai.translate import STATES, refusal, task_id_of, video_id
from api.errors import Failure
from generation.lifecycle import TERMINAL, Status
from tests.cases import in_one_test


def test_ids_are_read_with_and_without_their_prefix() -> None:
    task_id = uuid7()
    assert task_id_of(video_id(task_id)) == task_id == task_id_of(str(task_id)) == task_id_of(task_id.hex)
    assert video_id(task_id) == f"video_{task_id.hex}"


@in_one_test("name", ["", "video_", "video_0", "video_zz", "task_" + "0" * 32, "video_" + "0" * 31, "video_" + "g" * 32])
def test_anything_else_is_nobodys_id(name: str) -> None:
    assert task_id_of(name) is None


def test_only_ended_tasks_have_a_state_that_ends_a_poll() -> None:
    assert STATES.keys() == set(Status)
    assert {status for status, word in STATES.items() if word in {"completed", "failed"}} == TERMINAL
    assert set(STATES.values()) == {"queued", "in_progress", "completed", "failed"}


@in_one_test(
    ("failure", "status", "kind", "param", "code"),
    [
        ({"status": 401, "code": "token_refused"}, 401, "invalid_request_error", None, "invalid_api_key"),
        ({"status": 401, "code": "token_missing"}, 401, "invalid_request_error", None, "missing_api_key"),
        ({"status": 403, "code": "budget_reached"}, 403, "insufficient_quota", None, "insufficient_quota"),
        ({"status": 404, "code": "not_found"}, 404, "invalid_request_error", None, "not_found"),
        ({"status": 422, "code": "unknown_model", "fields": {"model": "No."}}, 404, "invalid_request_error", "model", "model_not_found"),
        (
            {"status": 422, "code": "invalid_request", "fields": {"params.duration_s": "No."}},
            400,
            "invalid_request_error",
            "seconds",
            "invalid_request",
        ),
        (
            {"status": 422, "code": "invalid_request", "fields": {"inputs.first_frame": "No."}},
            400,
            "invalid_request_error",
            "input_reference",
            "invalid_request",
        ),
        (
            {"status": 422, "code": "invalid_request", "fields": {"params.style": "No."}},
            400,
            "invalid_request_error",
            "style",
            "invalid_request",
        ),
        ({"status": 429, "code": "rate_limited"}, 429, "rate_limit_error", None, "rate_limit_exceeded"),
        ({"status": 503, "code": "busy"}, 503, "server_error", None, "busy"),
        ({"status": 500, "code": "internal_error"}, 500, "server_error", None, "server_error"),
    ],
)
def test_refusals_have_openais_shape(failure: dict[str, Any], status: int, kind: str, param: str | None, code: str) -> None:
    answered, body = refusal(Failure(message="What happened.", **failure))
    error = body["error"]
    assert (answered, error["type"], error["param"], error["code"]) == (status, kind, param, code)
    assert error["message"].startswith("What happened.")
    assert error.keys() == {"message", "type", "param", "code"}


def test_the_message_names_every_field_once() -> None:
    fields = {"params.duration_s": "Five.", "prompt": "Say it."}
    assert refusal(Failure(status=422, code="invalid_request", message="Wrong.", fields=fields))[1]["error"]["message"] == (
        "Wrong. seconds: Five. prompt: Say it."
    )
    same = Failure(status=422, code="unknown_model", message="Wrong.", fields={"model": "Wrong."})
    assert refusal(same)[1]["error"]["message"] == "Wrong."


def test_uuid_of_the_nil_kind_is_an_id_like_any_other() -> None:
    assert task_id_of("video_" + "0" * 32) == UUID(int=0)
