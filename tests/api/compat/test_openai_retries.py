"""Creates that an SDK sends again are one task, as many times as they were meant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test.client import encode_multipart
from django.utils import timezone

from access.tokens import issue
from api.compat import retries
from api.compat.retries import old_creates
from api.models import RepeatableCreate
from generation.lifecycle import Status
from generation.models import GenerationTask
from providers.models import ProviderAccount
from tests.api.compat.conftest import Program
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_video

CREATE = "/v1/videos"
BODY = {"model": MODEL, "prompt": "a red fox"}


@pytest.fixture(autouse=True)
def one_model(any_model: None) -> None:
    """Orders go to a model whose account sends nothing."""


def create(program: Program, count: int, **body: Any) -> str:
    """Send a create as an SDK does: the count of its retries, and another boundary each time."""
    boundary = f"b{timezone.now().timestamp()}"
    content = encode_multipart(boundary, BODY | body)
    reply = program.post(CREATE, content, f"multipart/form-data; boundary={boundary}", x_stainless_retry_count=str(count))
    assert reply.status_code == 200, reply.content
    return str(reply.json()["id"])


@pytest.mark.parametrize("retried", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_retries_of_equal_creates_buy_nothing_twice(program: Program, retried: int) -> None:
    """Each first answer is lost, and of every third the second too; five creates of one body are under way at a time."""
    told = []
    for group in range(retried // 5):
        for _ in range(5):
            create(program, 0, prompt=f"fox {group % 3}")
        told += [create(program, 1, prompt=f"fox {group % 3}") for _ in range(5)]
        if group % 3 == 0:
            assert sorted(told[-5:]) == sorted(create(program, 2, prompt=f"fox {group % 3}") for _ in range(5))
    assert len(set(told)) == retried == GenerationTask.objects.count()


def test_a_create_that_is_no_retry_is_always_new(program: Program) -> None:
    assert len({create(program, 0) for _ in range(3)}) == 3
    without = [program.post(CREATE, BODY).json()["id"] for _ in range(2)]
    assert len(set(without)) == 2
    assert RepeatableCreate.objects.count() == 3


def test_a_retry_whose_first_request_never_came_is_an_order(program: Program) -> None:
    assert create(program, 1) == create(program, 2)
    assert GenerationTask.objects.count() == 1


def test_a_first_request_that_comes_after_its_own_retry_is_the_same_order(program: Program) -> None:
    retried = create(program, 1)
    assert create(program, 0) == retried
    assert create(program, 0) != retried
    assert GenerationTask.objects.count() == 2


def test_an_sdk_that_has_waited_as_long_as_it_waits_for_an_answer_repeats_its_create(program: Program) -> None:
    timeouts = {"x_stainless_read_timeout": "600.0"}
    first = program.post(CREATE, BODY, x_stainless_retry_count="0", **timeouts).json()["id"]
    for passed_s, is_repeat in ((300, False), (605, True)):
        RepeatableCreate.objects.update(seen_at=timezone.now() - timedelta(seconds=passed_s))
        told = program.post(CREATE, BODY, x_stainless_retry_count="1", **timeouts).json()["id"]
        assert (told == first) == is_repeat


def test_a_retry_of_another_body_token_or_time_is_an_order(program: Program, user: Any) -> None:
    first = create(program, 0)
    assert create(program, 1, prompt="a blue fox") != first
    assert create(Program(issue(user, "another")[1]), 1) != first
    RepeatableCreate.objects.update(seen_at=timezone.now() - retries.RETRIED_WITHIN)
    assert create(program, 1) != first


def test_a_retry_of_a_refused_create_takes_over_no_other(program: Program) -> None:
    made = create(program, 0)
    refused = program.post(CREATE, BODY | {"seconds": "7"}, x_stainless_retry_count="0")
    assert refused.status_code == 400
    assert RepeatableCreate.objects.count() == 1
    assert create(program, 1) == made


def test_a_refused_retry_leaves_the_create_to_the_next_one(program: Program) -> None:
    """The first request may still be under way, and its task appear after the refusal."""
    first = create(program, 0)
    GenerationTask.objects.update(idempotency_key="")
    ProviderAccount.objects.update(enabled=False)
    refused = program.post(CREATE, BODY, x_stainless_retry_count="1")
    assert refused.status_code >= 400
    ProviderAccount.objects.update(enabled=True)
    GenerationTask.objects.update(idempotency_key=f"{retries.PREFIX}{RepeatableCreate.objects.get().pk.hex}")
    assert create(program, 2) == first


def test_a_create_that_ends_after_its_retry_finds_the_retrys_task(program: Program) -> None:
    """The retry arrives while the first request has left its row and not ordered yet, as it fetches an image."""
    late = create(program, 0)
    GenerationTask.objects.all().delete()
    retry = create(program, 1)
    assert retry != late
    RepeatableCreate.objects.update(tries=[1])
    assert create(program, 0) == retry
    assert GenerationTask.objects.count() == 1


def test_a_remix_is_retried_too(program: Program, user: Any) -> None:
    task = make_task(user, status=Status.SUCCEEDED)
    make_video(user, task=task)
    ids = [
        program.post(f"{CREATE}/{task.pk}/remix", {"prompt": "at night"}, x_stainless_retry_count=count).json()["id"] for count in "0101"
    ]
    assert (ids[0] == ids[1], ids[2] == ids[3], ids[0] == ids[2]) == (True, True, False)


def test_old_rows_are_forgotten(program: Program) -> None:
    create(program, 0)
    assert not old_creates(timezone.now()).exists()
    assert old_creates(timezone.now() + timedelta(hours=2)).count() == 1
