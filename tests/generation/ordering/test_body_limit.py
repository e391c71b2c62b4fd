"""Images that together are more than the vendor's server reads of a request are refused before a task is made, and before it is sent."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from generation import store
from generation.errors import InvalidRequest
from generation.lifecycle import Status
from generation.models import Asset, GenerationTask, TaskInput
from generation.submitting.submit import submit
from providers.core.catalog import ROOM_FOR_WORDS
from providers.core.types import base64_bytes
from providers.vendors import ALL_MODELS, PROVIDERS
from tests.cases import in_one_test
from tests.task_rows import create_task, make_task

SEEDANCE = "ark/doubao-seedance-2-0-260128"
LIMIT = 64_000_000
MOST = 47_803_392
"""This many bytes are, as base64, exactly what is left for images."""


def image(user, size_bytes: int) -> Asset:
    """Store a row without a file: the check reads only its size."""
    facts = {"content_type": "image/png", "width_px": 800, "height_px": 800, "sha256": 2 * uuid4().hex}
    return Asset.objects.create(owner=user, file="assets/x.png", size_bytes=size_bytes, **facts)


@pytest.fixture
def order(user, sandbox_accounts):
    def place(*sizes: int, model: str = SEEDANCE, slot: str = "references", **frames: int):
        inputs = {slot: [image(user, size) for size in sizes], **{name: [image(user, size)] for name, size in frames.items()}}
        return create_task(owner=user, model=model, prompt="a boat", params={}, inputs=inputs)

    return place


def test_limit_is_the_vendors_and_of_no_other_model():
    limits = {spec.name: spec.max_body_bytes for spec in ALL_MODELS.values() if spec.max_body_bytes}

    second = ("minimax/MiniMax-H3", "minimax/MiniMax-H3-Max", "minimax/MiniMax-H3-regeneration")
    vidu = [spec.name for spec in PROVIDERS["vidu"].models.values()]
    assert limits == dict.fromkeys([*(spec.name for spec in PROVIDERS["ark"].models.values()), *second], LIMIT) | dict.fromkeys(
        vidu, 20_000_000
    )
    assert base64_bytes(MOST) == LIMIT - ROOM_FOR_WORDS


@in_one_test("spec", [spec for spec in ALL_MODELS.values() if spec.max_body_bytes])
def test_room_that_is_kept_is_enough_for_the_longest_words(spec):
    words = json.dumps("🚣" * spec.max_prompt_chars)
    addresses = [f"https://files.example/{'x' * 2_000}"] * 6

    assert len(words) + len(json.dumps(addresses)) + 10_000 < ROOM_FOR_WORDS


def test_images_of_just_the_limit_are_taken_and_one_byte_more_is_refused(order):
    third = MOST // 3

    assert order(third, third, third).status == Status.QUEUED
    with pytest.raises(InvalidRequest) as refusal:
        order(third, third, third + 1)

    assert refusal.value.fields == {
        "inputs.references": "Encoded, the images are 63.8 MB; Seedance 2.0 accepts 63.7 MB. Use smaller or fewer images."
    }
    assert GenerationTask.objects.count() == 1


def test_error_is_at_the_slot_with_the_largest_images(order):
    with pytest.raises(InvalidRequest) as refusal:
        order(20_000_000, slot="first_frame", last_frame=29_000_000)

    assert list(refusal.value.fields) == ["inputs.last_frame"]


def test_image_that_is_too_large_by_itself_has_its_own_error(order):
    with pytest.raises(InvalidRequest) as refusal:
        order(50_000_000)

    assert refusal.value.fields["inputs.references"].startswith("The image is too large. The limit is 30 MB")


def test_a_model_whose_vendor_names_no_limit_takes_them(order):
    wan = order(10_000_000, slot="first_frame", model="dashscope/wan2.7-i2v", last_frame=10_000_000)

    assert wan.status == Status.QUEUED


def test_task_that_was_made_before_is_ended_unsent_and_unpaid(user, sandbox_accounts, simulator):
    """The catalog had no limit when it was made."""
    [account] = [one for one in sandbox_accounts if one.surface == "volcengine"]
    store.save("assets/heavy.png", bytes(MOST + 1))
    facts = {"content_type": "image/png", "width_px": 800, "height_px": 800, "sha256": "0" * 64}
    heavy = Asset.objects.create(owner=user, file="assets/heavy.png", size_bytes=1, **facts)
    task = make_task(user, account=account, model=SEEDANCE)
    TaskInput.objects.create(task=task, slot="first_frame", asset=heavy)
    soon = timezone.now() + timedelta(minutes=1)
    GenerationTask.objects.filter(pk=task.pk).update(due_at=soon, lease_until=soon, fence=1)

    submit(task.pk, 1)

    task.refresh_from_db()
    assert (task.status, task.error_code, task.attempts.count()) == (Status.FAILED, "too_large", 0)
    assert str(task.error_message).startswith("Encoded, the images are 63.8 MB;")
    assert simulator.requests()["requests"] == []
