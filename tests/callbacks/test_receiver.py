"""What a callback does to a row, and what it cannot do: real requests through the whole portal, real rows."""

from __future__ import annotations

import json
import logging

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from generation.models import GenerationTask
from generation.polling.callbacks import CALLED_AGAIN_AFTER
from providers.models import ProviderAccount
from tests.callbacks.called_rows import LATER, SECRET, call, call_raw, is_due, make_running, make_unknown, path_of, signed

RUNNING = {"id": "v-1", "status": "running"}


def enqueued():
    return [SignedPackage.loads(message.payload)["args"][0] for message in OrmQ.objects.all()]


# the row becomes due, and the poll is enqueued


@pytest.mark.parametrize(
    ("account", "fields"),
    [
        ("unsigned", {"task_id": "v-1", "task_status": "succeed", "task_info": {"external_task_id": ""}}),
        ("unsigned", {"id": "v-1", "status": "succeeded", "external_id": ""}),
        ("ark", {"id": "v-1", "status": "succeeded", "content": {"video_url": "https://liar.example/v.mp4"}}),
        ("minimax", {"task_id": "v-1", "status": "success", "file_id": "9"}),
        ("minimax", {"task": {"id": "v-1", "status": "succeeded"}}),
    ],
)
def test_a_callback_makes_its_task_due_and_enqueues_the_poll(request, user, account, fields):
    account = request.getfixturevalue(account)
    task = make_running(user, account)

    answer = call(account, fields)

    assert (answer.status_code, answer.json()) == (200, {})
    assert is_due(task)
    assert enqueued() == ["poll"]
    assert task.status == "running"


@pytest.mark.parametrize("status", ["failed", "cancelled", "succeeded", "expired", "nonsense", 7, None])
def test_what_a_callback_says_of_the_state_is_not_believed(user, ark, status):
    task = make_running(user, ark)

    assert call(ark, {"id": "v-1", "status": status}).status_code == 200

    assert is_due(task)
    assert (task.status, task.error_code, task.outputs, task.vendor_state) == ("running", "", [], "")


def test_the_same_callback_again_changes_nothing(user, ark):
    task = make_running(user, ark)
    call(ark, RUNNING)
    task.refresh_from_db()
    first = task.due_at

    assert [call(ark, RUNNING).status_code for _ in range(3)] == [200, 200, 200]

    task.refresh_from_db()
    assert task.due_at == first
    assert enqueued() == ["poll"]


def test_a_poll_that_is_at_work_is_not_enqueued_again(user, ark):
    task = make_running(user, ark)
    ProviderAccount.objects.filter(pk=ark.pk).update(poll_lease_until=timezone.now() + LATER)

    call(ark, RUNNING)

    assert is_due(task)
    assert enqueued() == []


@pytest.mark.parametrize("status", ["queued", "ingesting", "succeeded", "failed", "cancelled"])
def test_a_task_that_is_not_at_the_vendor_is_left_alone(user, ark, status):
    ended = status in {"succeeded", "failed", "cancelled"}
    due_at, finished_at = (None, timezone.now()) if ended else (timezone.now() + LATER, None)
    task = make_running(user, ark, status=status, due_at=due_at, finished_at=finished_at)

    assert call(ark, RUNNING).status_code == 200

    task.refresh_from_db()
    assert (task.status, task.due_at) == (status, due_at)
    assert enqueued() == []


def test_another_accounts_task_of_the_same_id_is_left_alone(user, ark, make_account):
    other = make_account("ark", "volcengine", "https://ark.example", label="other")
    theirs, mine = make_running(user, other), make_running(user, ark)

    call(ark, RUNNING)

    assert is_due(mine)
    assert not is_due(theirs)


@pytest.mark.parametrize(
    "fields", [{"id": "v-unknown"}, {"id": ""}, {"id": None}, {"id": ["v-1"]}, {"id": {"v-1": 1}}, {}, {"task_id": "v-1"}]
)
def test_a_callback_about_an_unknown_task_is_accepted_and_changes_nothing(user, ark, fields):
    task = make_running(user, ark)

    assert call(ark, fields).status_code == 200

    assert not is_due(task)
    assert enqueued() == []


# a submit whose answer is not stored


def naming(task, submission_id="v-1"):
    return {"id": submission_id, "status": "submitted", "external_id": task.reference, "outputs": []}


def test_a_callback_before_the_answer_is_stored_leaves_the_row_to_its_sender(user, unsigned):
    task = make_unknown(user, unsigned, "sending")
    due_at = task.due_at

    assert call(unsigned, naming(task)).status_code == 200

    task.refresh_from_db()
    assert (task.status, task.due_at, task.submission_id) == ("submitting", due_at, "")


def test_a_submit_with_unknown_outcome_is_looked_up_at_once_and_not_adopted(user, unsigned):
    task = make_unknown(user, unsigned)

    call(unsigned, naming(task))

    assert is_due(task)
    assert (task.status, task.submission_id) == ("submitting", "")


def test_a_look_up_at_work_is_left_alone(user, unsigned):
    task = make_unknown(user, unsigned, lease_until=timezone.now() + LATER)

    call(unsigned, naming(task))

    assert not is_due(task)


def test_another_accounts_reference_is_left_alone(user, unsigned, kling):
    theirs = make_unknown(user, kling)

    call(unsigned, naming(theirs))

    assert not is_due(theirs)


def test_a_task_in_review_is_looked_up_and_stays_there_until_the_vendor_confirms(user, unsigned):
    task = make_unknown(user, unsigned, status="needs_review", due_at=None)

    call(unsigned, naming(task))

    task.refresh_from_db()
    assert (task.status, task.due_at, task.submission_id) == ("needs_review", None, "")
    assert enqueued() == ["look_again"]


def test_a_flood_of_calls_about_a_task_in_review_is_one_look_up(user, unsigned):
    task = make_unknown(user, unsigned, status="needs_review", due_at=None)

    for _ in range(20):
        call(unsigned, naming(task))
    assert enqueued() == ["look_again"]

    task.refresh_from_db()
    assert timezone.now() < task.lease_until <= timezone.now() + CALLED_AGAIN_AFTER
    type(task).objects.update(lease_until=timezone.now())
    call(unsigned, naming(task))
    assert enqueued() == ["look_again", "look_again"]


@pytest.mark.parametrize("reference", ["vp-", "vp-nobody", "job-1", "vp-00000000-0000-7000-8000-000000000000"])
def test_a_callback_with_an_unknown_reference_is_accepted(db, unsigned, reference):
    assert call(unsigned, {"id": "v-9", "external_id": reference}).status_code == 200
    assert enqueued() == []


# whose word it is


def test_a_signed_callback_makes_its_task_due(user, kling):
    task = make_running(user, kling)
    raw = b'{"task_id":"v-1","task_status":"processing"}'

    assert call_raw(path_of(kling), raw, **signed(raw)).status_code == 200
    assert is_due(task)


RAW = b'{"task_id": "v-1"}'


@pytest.mark.parametrize(
    "sign",
    [
        dict,
        lambda: signed(RAW, late_s=302),
        lambda: signed(RAW, late_s=-330),
        lambda: signed(RAW + b" "),
        lambda: signed(RAW, secret="whsec_b3RoZXI="),
    ],
    ids=["none", "old", "early", "other body", "other secret"],
)
def test_a_callback_without_a_fresh_signature_is_refused_where_there_is_a_secret(user, kling, sign):
    task = make_running(user, kling)

    assert call_raw(path_of(kling), RAW, **sign()).status_code == 403
    assert not is_due(task)


def test_a_challenge_is_echoed(db, minimax):
    with CaptureQueriesContext(connection) as asked:
        posted = call(minimax, {"challenge": "c-1"})
    queries = [query for query in asked if "SAVEPOINT" not in query["sql"]]
    got = Client().get(path_of(minimax), {"challenge": "c-2"})

    assert (posted.status_code, posted.json()) == (200, {"challenge": "c-1"})
    assert (got.status_code, got.json()) == (200, {"challenge": "c-2"})
    assert posted.headers["Content-Type"] == "application/json"
    assert len(queries) == 1


# strangers


def test_strangers_learn_nothing_and_cost_no_query(user, ark, django_assert_num_queries):
    good = path_of(ark)
    start, _, key = good.rpartition("/")
    wrong = [
        f"{start}/{key[:-1]}",
        f"{start}/{key}x",
        f"{start}/x",
        f"/callbacks/ark/0192aaaa-0000-7000-8000-000000000000/{key}",
        f"/callbacks/minimax/{ark.pk}/{key}",
        f"/callbacks/nobody/{ark.pk}/{key}",
        f"/callbacks/ark/no-uuid/{key}",
        "/callbacks/ärk/雪/%00",
    ]

    with django_assert_num_queries(0):
        answers = [call_raw(path, json.dumps(RUNNING).encode()) for path in wrong] + [Client().get(path) for path in wrong]

    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b"")}


def test_a_surface_that_never_calls_has_no_address(make_account):
    assert path_of(make_account("kling", "gateway", "https://gateway.example")) == ""


def test_the_address_of_an_account_that_is_gone_is_a_404(ark):
    path = path_of(ark)

    ProviderAccount.objects.update(surface="closed")
    closed = call_raw(path, b"{}")
    ProviderAccount.objects.all().delete()
    deleted = call_raw(path, b"{}")

    assert [(answer.status_code, answer.content) for answer in (closed, deleted)] == [(404, b""), (404, b"")]


def test_an_account_that_is_switched_off_is_still_called(user, ark):
    task = make_running(user, ark)
    ProviderAccount.objects.update(enabled=False)

    call(ark, RUNNING)

    assert is_due(task)


# bodies


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"<html>", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'"v-1"', 400),
        (b'{"id": NaN}', 400),
        (b'{"id": "v-1", "id": "v-2"}', 400),
        (b'{"id": "\\u0000"}', 400),
        (b'{"id": "\\ud800"}', 400),
        (b'{"id": ' + b"9" * 6000 + b"}", 400),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, 400),
        (b'{"id": "v-1", "pad": "' + b"x" * 65_536 + b'"}', 413),
    ],
)
def test_a_body_that_cannot_be_a_callback_is_refused(user, ark, raw, status):
    task = make_running(user, ark)

    assert call_raw(path_of(ark), raw).status_code == status
    assert not is_due(task)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_body_counts_by_what_it_is_and_not_by_its_type(user, ark, content_type):
    task = make_running(user, ark)

    assert call_raw(path_of(ark), json.dumps(RUNNING).encode(), content_type=content_type).status_code == 200
    assert is_due(task)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options"])
def test_other_methods_are_refused(db, ark, method):
    assert getattr(Client(), method)(path_of(ark)).status_code == 405


def test_a_callback_needs_no_cookie_and_sets_none(user, ark):
    make_running(user, ark)

    answer = call(ark, RUNNING)

    assert not answer.cookies
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_callback_costs_two_queries_and_a_poll_two_more(user, ark):
    make_running(user, ark)
    counts = []
    for fields in ({"id": "v-unknown"}, RUNNING, RUNNING):
        with CaptureQueriesContext(connection) as asked:
            call(ark, fields)
        counts.append(len([query for query in asked if "SAVEPOINT" not in query["sql"]]))

    assert counts == [2, 4, 2]


# trouble of ours


def test_the_vendor_is_asked_to_come_again_when_the_database_is_away(ark):
    path = path_of(ark)

    def away(*_args, **_kwargs):
        raise DatabaseError("away")

    with connection.execute_wrapper(away):
        assert call_raw(path, b"{}").status_code == 503


def test_the_vendor_is_asked_to_come_again_when_the_seal_is_broken(kling):
    path = path_of(kling)
    ProviderAccount.objects.update(sealed="damaged")

    assert call_raw(path, RAW, **signed(RAW)).status_code == 503


def test_the_log_holds_no_secret_part(kling, caplog):
    path = path_of(kling)
    key = path.rpartition("/")[2]

    with caplog.at_level(logging.DEBUG):
        call_raw(path, RAW)
        call_raw(path, b"nonsense")
        Client().put(path)

    assert len([record for record in caplog.records if record.name == "django.request"]) == 3
    assert key not in caplog.text
    assert SECRET not in caplog.text
    assert "type it in again" in caplog.text


def test_a_task_knows_its_reference(user, ark):
    task = make_running(user, ark)

    assert GenerationTask.pk_of(task.reference) == task.pk
