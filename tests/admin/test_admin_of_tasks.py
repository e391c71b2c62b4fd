"""Tasks in the admin: read, and settled when they need review."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from generation.models import Asset, Attempt, GenerationTask, Prompt, TaskEvent

LIST = "/admin/generation/generationtask/"


@pytest.fixture
def task(user, make_account):
    """Sent to nobody listening, and nobody knows whether it was accepted."""
    now = timezone.now()
    account = make_account("kling", "official-key", "http://127.0.0.1:9")
    row = GenerationTask.objects.create(
        owner=user,
        prompt=Prompt.objects.create(owner=user, text="a red fox in the snow"),
        model="kling/kling-v3",
        status="needs_review",
        account=account,
        attempt_count=1,
        error_code="uncertain",
        error_message="No answer within the time limit.",
        outputs=[{"url": "https://vendor.example/signed"}],
        created_at=now,
        updated_at=now,
    )
    Attempt.objects.create(task=row, number=1, account=account, reference=row.reference, dispatch="unknown", started_at=now)
    TaskEvent.objects.create(task=row, at=now, from_status="submitting", to_status="needs_review")
    return row


def press(desk: Client, task, way: str, **fields: str) -> str:
    reply = desk.post(f"{LIST}{task.pk}/{way}/", fields)
    task.refresh_from_db()
    return [str(message) for message in get_messages(reply.wsgi_request)][-1]


def test_task_is_shown_with_attempts_and_events(desk, task, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        text = desk.get(f"{LIST}{task.pk}/change/").content.decode()

    assert "a red fox in the snow" in text
    assert task.reference in text
    assert "This task needs a decision" in text
    assert "vendor.example" not in text
    assert 'name="_save"' not in text


def test_task_cannot_be_edited_or_deleted(desk, task):
    assert desk.post(f"{LIST}{task.pk}/change/", {"status": "succeeded"}).status_code == 403
    assert desk.post(f"{LIST}{task.pk}/delete/", {"post": "yes"}).status_code == 403
    assert desk.get(f"{LIST}add/").status_code == 403
    task.refresh_from_db()
    assert task.status == "needs_review"


def test_list_needs_no_query_per_row(desk, task, user, django_assert_max_num_queries):
    now = timezone.now()
    for _ in range(15):
        prompt = Prompt.objects.create(owner=user, text="x")
        GenerationTask.objects.create(owner=user, prompt=prompt, model="kling/kling-v3", due_at=now, created_at=now, updated_at=now)

    with django_assert_max_num_queries(12):
        text = desk.get(LIST).content.decode()

    assert text.count('class="field-id"') == 16


def test_search_finds_by_prompt(desk, task):
    assert desk.get(f"{LIST}?q=fox").context["cl"].result_count == 1
    assert desk.get(f"{LIST}?q=wolf").context["cl"].result_count == 0


def test_give_up_ends_the_task(desk, task):
    assert press(desk, task, "give_up") == "Given up."
    assert (task.status, task.error_code) == ("failed", "abandoned")


def test_sending_again_needs_the_tick(desk, task):
    assert press(desk, task, "submit_again") == "Tick that you know it may be paid twice."
    assert task.status == "needs_review"

    assert press(desk, task, "submit_again", knows_the_cost="on") == "It waits to be sent again."
    assert task.status == "queued"


def test_adopting_needs_an_id_that_the_vendor_confirms(desk, task):
    assert press(desk, task, "adopt") == "Type the vendor's id of the render."
    assert "The vendor does not confirm this id" in press(desk, task, "adopt", vendor_id="7")
    assert task.status == "needs_review"


def test_settling_twice_is_refused(desk, task):
    press(desk, task, "give_up")

    assert press(desk, task, "give_up") == "This task does not wait for a review."


def test_settling_needs_permission_and_post(desk, clerk, task):
    assert desk.get(f"{LIST}{task.pk}/give_up/").status_code == 405
    assert clerk.post(f"{LIST}{task.pk}/give_up/").status_code in {302, 403}
    task.refresh_from_db()
    assert task.status == "needs_review"


@pytest.mark.parametrize("name", ["video", "asset", "prompt"])
def test_other_rows_are_listed_and_read_only(desk, task, user, name):
    Asset.objects.create(owner=user, file="assets/a.png", content_type="image/png", sha256="0" * 64, size_bytes=1, width_px=1, height_px=1)

    assert desk.get(f"/admin/generation/{name}/").status_code == 200
    assert desk.get(f"/admin/generation/{name}/add/").status_code == 403
