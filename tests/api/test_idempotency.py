"""A POST that is sent again under its Idempotency-Key gets the first answer, byte for byte, and does nothing again (docs/adr/0031)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from access.ledger import BudgetsChanged
from api.idempotency import old_answers
from api.models import SavedAnswer
from database import clock
from delivery.models import Link
from generation.models import GenerationTask
from tests.cases import in_one_test
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video

pytestmark = pytest.mark.postgresql

FOX = {"model": MODEL, "prompt": "a red fox"}
KEY = {"idempotency_key": "k-1"}


def code(reply) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def test_a_repeat_gets_the_bytes_of_the_first_answer_whatever_became_of_the_task(api, idle_account):
    first = api.post("/tasks", FOX, prefer="wait=1", **KEY)
    GenerationTask.objects.get().cancel_unsent()

    again = api.post("/tasks", FOX, **KEY)

    assert (again.status_code, again.content) == (202, first.content)
    assert [again[name] for name in ("Location", "Content-Type")] == [first[name] for name in ("Location", "Content-Type")]
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert first["X-Request-Id"] != again["X-Request-Id"]
    assert GenerationTask.objects.count() == 1


@in_one_test(("path", "body"), [("/tasks", {**FOX, "prompt": "a wolf"}), ("/tasks/{task}/retry", None), ("/tasks?x=1", FOX)])
def test_a_key_is_refused_for_another_request(api, idle_account, path, body):
    task = api.post("/tasks", FOX, **KEY).json()["id"]

    assert code(api.post(path.format(task=task), body, **KEY)) == (422, "idempotency_key_reused")
    assert GenerationTask.objects.count() == 1


def test_what_was_not_valid_or_may_work_in_a_moment_is_not_kept(api, idle_account, settings):
    assert code(api.post("/tasks", {**FOX, "prompt": ""}, **KEY)) == (422, "invalid_request")
    assert code(api.raw("/tasks", b"{", **KEY)) == (400, "malformed_json")
    settings.MIN_FREE_BYTES = 2**62
    assert code(api.post("/tasks", FOX, **KEY)) == (507, "storage_low")
    settings.MIN_FREE_BYTES = 0

    assert not SavedAnswer.objects.exists()
    assert api.post("/tasks", FOX, **KEY).status_code == 202


def test_a_refusal_by_the_rules_is_an_answer_like_any_other(api, user, idle_account):
    task = make_task(user)
    refused = api.post(f"/tasks/{task.pk}/retry", **KEY)
    task.cancel_unsent()

    again = api.post(f"/tasks/{task.pk}/retry", **KEY)

    assert code(refused) == (409, "still_going_on")
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (409, refused.content, "true")
    assert api.post(f"/tasks/{task.pk}/retry", idempotency_key="k-2").status_code == 202


def test_a_refusal_that_says_try_again_is_not_kept(api, idle_account, monkeypatch):
    def lose(_batch, *, surely):
        raise BudgetsChanged

    with monkeypatch.context() as patched:
        patched.setattr("generation.ordering.create._Batch.store", lose)
        refused = api.post("/tasks", FOX, **KEY)

    assert code(refused) == (409, "idempotency_in_flight")
    assert int(refused["Retry-After"]) >= 1
    assert api.post("/tasks", FOX, **KEY).status_code == 202
    assert GenerationTask.objects.count() == 1


def test_a_request_that_is_being_answered_is_not_answered_twice(api, user, idle_account):
    api.post("/tasks", FOX, **KEY)
    GenerationTask.objects.all().delete()
    SavedAnswer.objects.update(http_status=None, locked_until=clock.now() + timedelta(seconds=5))

    reply = api.post("/tasks", FOX, **KEY)

    assert code(reply) == (409, "idempotency_in_flight")
    assert int(reply["Retry-After"]) >= 1
    assert not GenerationTask.objects.exists()


def test_the_claim_of_a_process_that_died_is_taken_over(api, idle_account):
    first = api.post("/tasks", FOX, **KEY).json()
    SavedAnswer.objects.update(http_status=None, locked_until=clock.now() - timedelta(seconds=1))

    again = api.post("/tasks", FOX, **KEY)

    assert (again.status_code, again.json()["id"]) == (202, first["id"])
    assert list(SavedAnswer.objects.values_list("claim", "http_status")) == [(2, 202)]


def test_a_request_that_was_paused_past_its_claim_does_not_overwrite_the_answer_of_the_next(api, idle_account):
    left = [1]

    def take_over(execute, sql, params, many, context):
        if left and sql.startswith("INSERT INTO") and "generation_prompt" in sql:
            left.clear()
            SavedAnswer.objects.update(claim=2)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(take_over):
        assert api.post("/tasks", FOX, **KEY).status_code == 202

    assert list(SavedAnswer.objects.values_list("claim", "http_status")) == [(2, None)]


def test_after_48_hours_the_answer_is_gone_and_the_task_is_still_not_bought_again(api, idle_account):
    first = api.post("/tasks", FOX, **KEY).json()
    SavedAnswer.objects.update(created_at=clock.now() - timedelta(hours=48, seconds=1))
    assert old_answers(clock.now()).count() == 1

    again = api.post("/tasks", FOX, **KEY)
    assert (again.json()["id"], again["Idempotent-Replayed"]) == (first["id"], "true")
    assert old_answers(clock.now()).count() == 0
    SavedAnswer.objects.update(created_at=clock.now() - timedelta(hours=48, seconds=1))
    assert code(api.post("/tasks", {**FOX, "prompt": "a wolf"}, **KEY)) == (422, "idempotency_key_reused")
    assert GenerationTask.objects.count() == 1


def test_keys_are_of_their_owner_and_serve_every_operation(api, other_api, user):
    video = make_video(user)
    path, body = f"/videos/{video.pk}/links", {"label": "shop"}

    replies = [api.post(path, body, **KEY) for _ in range(2)]
    theirs = other_api.post(path, body, **KEY)

    assert [(reply.status_code, reply.content) for reply in replies] == [(201, replies[0].content)] * 2
    assert (theirs.status_code, Link.objects.count()) == (404, 1)


@in_one_test("key", ["k" * 256, "é", "a\tb"])
def test_a_key_has_at_most_255_printable_characters(api, key):
    assert code(api.post("/tasks", FOX, idempotency_key=key)) == (422, "invalid_request")
