"""Eight requests with one key at the same moment: one task, through the API and through the pages (docs/adr/0014)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from api.models import SavedAnswer
from batches.models import Batch
from generation import store
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.page_keys import new_key
from tests.batches.files import archive_of
from tests.task_rows import MODEL, make_task

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

AT_ONCE = 8
IN_FLIGHT, BUSY = 409, 503
"""SQLite's tables in memory are locked without a queue; the caller sends again."""
ZIP = archive_of({"a.png": b"not read here"}).read()
SCRIPT = {"HX-Request": "true"}


def at_once(ask: Callable[[], int]) -> set[int]:
    def one(_number: int) -> int:
        try:
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return set(pool.map(one, range(AT_ONCE)))


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_one_key_of_the_api_makes_one_task(api, idle_account):
    api.post("/tasks", {"model": MODEL, "prompt": "somebody else's"})

    def ask(prompt: str = "a boat") -> int:
        return api.post("/tasks", {"model": MODEL, "prompt": prompt}, idempotency_key="one").status_code

    answers = at_once(ask)

    assert answers <= {202, IN_FLIGHT, BUSY}
    assert ask() == 202
    assert ask("another boat") == 422
    assert GenerationTask.objects.filter(prompt__text="a boat").count() == 1


def test_one_key_makes_one_batch_of_a_form_and_of_rows(api, user):
    def upload(rows: bytes = b"prompt\na boat\n", key: str = "form") -> int:
        form = {"file": SimpleUploadedFile("boats.csv", rows), "images": SimpleUploadedFile("a.zip", ZIP), "name": "boats"}
        return api.client.post("/api/v1/batches", form, headers={"Idempotency-Key": key}).status_code

    def send(prompt: str = "a boat") -> int:
        return api.post("/batches", {"rows": [{"prompt": prompt}]}, idempotency_key="rows").status_code

    before = set(store.listing("batches")[1])
    for ask, another in ((upload, lambda: upload(b"prompt\na kite\n")), (send, lambda: send("a kite"))):
        assert at_once(ask) <= {201, IN_FLIGHT, BUSY}
        assert (ask(), another()) == (201, 422)
    assert Batch.objects.count() == 2
    SavedAnswer.objects.all().delete()  # after 48 hours
    assert (upload(), send(), send("a kite")) == (200, 200, 422)
    assert (Batch.objects.count(), len({*store.listing("batches")[1]} - before)) == (2, 3), "no file without a batch is left"


def test_one_form_makes_one_order(user, idle_account):
    person = signed_in(user)
    body = {
        "model": MODEL,
        "prompt": "a koi pond",
        "count": "2",
        "key": new_key(),
        "duration_s": "5",
        "aspect_ratio": "16:9",
        "mode": "std",
    }

    def ask() -> int:
        return person.post("/studio/tasks/", body, headers=SCRIPT).status_code

    answers = at_once(ask)

    assert answers <= {200, BUSY}
    assert ask() == 200
    assert GenerationTask.objects.count() == 2


def test_one_button_retries_once(user, idle_account):
    person, failed, body = signed_in(user), make_task(user, status=Status.FAILED), {"key": new_key()}

    def ask() -> int:
        return person.post(f"/tasks/{failed.pk}/retry", body, headers=SCRIPT).status_code

    answers = at_once(ask)

    assert answers <= {204, BUSY}
    assert ask() == 204
    assert failed.retries.count() == 1


def test_one_decision_submits_again_once(staff, user, idle_account):
    person, body = signed_in(staff), {"key": new_key(), "knows_cost": "on"}
    unknown = make_task(user, status=Status.NEEDS_REVIEW, account=idle_account)

    def ask() -> int:
        return person.post(f"/tasks/{unknown.pk}/submit-again", body, headers=SCRIPT).status_code

    answers = at_once(ask)

    assert answers <= {204, BUSY}
    assert ask() == 204
    assert unknown.events.filter(from_status=Status.NEEDS_REVIEW).count() == 1


def test_one_key_submits_again_once(admin_api, user, idle_account):
    """The second of two decisions that both found the task in review is told to ask again in a moment."""
    unknown = make_task(user, status=Status.NEEDS_REVIEW, account=idle_account)

    def ask() -> int:
        return admin_api.post(f"/tasks/{unknown.pk}/submit-again", {"knows_cost": True}, idempotency_key="one").status_code

    answers = at_once(ask)

    assert answers <= {200, IN_FLIGHT, BUSY}
    assert ask() == 200
    assert unknown.events.filter(from_status=Status.NEEDS_REVIEW).count() == 1


def test_one_key_gives_a_rendered_task_up_for_one_new_task(admin_api, user, idle_account):
    overdue = make_task(user, status=Status.NEEDS_REVIEW, account=idle_account, submission_id="v-1")

    def ask() -> int:
        return admin_api.post(f"/tasks/{overdue.pk}/submit-again", {"knows_cost": True}, idempotency_key="one").status_code

    answers = at_once(ask)

    assert answers <= {200, IN_FLIGHT, BUSY}
    assert ask() == 200
    assert overdue.retries.count() == 1


def test_one_key_retries_once(api, user, idle_account):
    failed = make_task(user, status=Status.FAILED)

    def ask() -> int:
        return api.post(f"/tasks/{failed.pk}/retry", idempotency_key="one").status_code

    answers = at_once(ask)

    assert answers <= {202, IN_FLIGHT, BUSY}
    assert ask() == 202
    assert failed.retries.count() == 1
