"""Recurring batches: when they run, that a run is made once, what it orders and within which limits, and whom a failure reaches."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from uuid_utils.compat import uuid7

from access.callers import Caller
from access.ledger_models import Reservation
from access.models import ApiToken
from access.tokens import issue, revoke
from batches import recurring
from batches.accepting import accept
from batches.models import Batch, BatchRow, RecurringBatch, RowState, State
from batches.recurring import next_run
from batches.runs import _left_out, _start, run, runs_soon
from batches.steps import batches_soon, step
from events.models import Event
from generation.errors import Conflict, InvalidRequest, NotAllowed, NotThere
from generation.lifecycle import Status
from generation.models import GenerationTask
from providers.messages import translated
from tests.batches.batch_rows import KLING, before_the_transaction, make_batch, make_recurring, states
from tests.cases import in_one_test
from tests.scripted_server import ScriptedServer, answer
from tests.task_rows import make_task
from tests.web.page_rows import make_video

pytestmark = pytest.mark.postgresql

TABLE = "title,sku,prompt\nLamp,lamp,a lamp\nChair,chair,a chair\nTable,table,a table\n"
BAD = TABLE + 'Long,long,"' + "x" * 3_000 + '"\n'


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@in_one_test(
    ("at", "zone", "after", "expected"),
    [
        (time(2, 30), "Asia/Shanghai", moment(2026, 11, 29, 12), moment(2026, 11, 29, 18, 30)),
        (time(2, 30), "Asia/Shanghai", moment(2026, 11, 29, 18, 30), moment(2026, 11, 30, 18, 30)),
        (time(2, 30), "Europe/Berlin", moment(2026, 3, 28, 12), moment(2026, 3, 29, 1, 30)),  # the day has no 2:30
        (time(2, 30), "Europe/Berlin", moment(2026, 3, 29, 1, 30), moment(2026, 3, 30, 0, 30)),
        (time(2, 30), "Europe/Berlin", moment(2026, 10, 24, 12), moment(2026, 10, 25, 0, 30)),  # it has two: the first
        (time(2, 30), "Europe/Berlin", moment(2026, 10, 25, 0, 30), moment(2026, 10, 26, 1, 30)),
        (time(0, 0), "Pacific/Kiritimati", moment(2026, 1, 1, 9, 59), moment(2026, 1, 1, 10)),
    ],
)
def test_the_next_run_is_at_the_time_of_the_zones_clocks(at, zone, after, expected):
    assert next_run(at, zone, after) == expected


@pytest.fixture
def shop(settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    with ScriptedServer(*[answer(200, TABLE.encode(), headers="Content-Type: text/csv\r\n")] * 3) as server:
        yield server


def due(owner, shop, **facts: Any) -> RecurringBatch:
    """One that was due a week ago."""
    then = timezone.now() - timedelta(days=7)
    usual = {
        "url": f"{shop.url}/products.csv?key=secret",
        "mapping": {"sku": "content_id"},
        "defaults": {"model": KLING, "params": {"duration_s": 5}},
        "next_at": then,
        "due_at": then,
    }
    return make_recurring(owner, **(usual | facts))


def drive(rounds: int = 12) -> None:
    """Do what the clock and the worker do until nothing is due."""
    for _round in range(rounds):
        RecurringBatch.objects.filter(run_id__isnull=False).update(due_at=timezone.now())
        Batch.objects.filter(state=State.CHECKING).update(due_at=timezone.now())
        runs_soon()
        batches_soon()
        while (message := OrmQ.objects.order_by("pk").first()) is not None:
            message.delete()
            name, *args = SignedPackage.loads(message.payload)["args"]
            {"recurring": run, "batch": step}.get(name, lambda *_args: None)(*args)
        if not RecurringBatch.objects.filter(run_id__isnull=False).exists():
            return


def test_missed_nights_are_one_run_which_is_an_ordinary_batch(user, real, shop):
    row = due(user, shop)
    drive()
    drive()

    row.refresh_from_db()
    batch = Batch.objects.get()
    assert (batch.source, batch.state, batch.owner, row.batch) == ("schedule", State.RUNNING, user, batch)
    assert (batch.rows.filter(state=RowState.WAITING).count() + GenerationTask.objects.count(), Reservation.objects.count()) == (3, 3)
    assert row.next_at > timezone.now()
    assert (row.due_at, row.run_id, row.failed) == (row.next_at, None, False)
    assert translated(row.result) == "3 rows were ordered; 0 were left out."
    assert len(shop.requests) == 1


def test_only_content_ids_without_a_video_are_ordered(user, real, shop):
    make_video(user, task=make_task(user, status=Status.SUCCEEDED, content_id="lamp"))
    make_task(user, content_id="chair")
    row = due(user, shop)
    drive()

    batch = Batch.objects.get()
    states = dict(batch.rows.values_list("order__content_id", "state"))
    assert (states["lamp"], states["chair"]) == (RowState.LEFT_OUT, RowState.LEFT_OUT)
    assert Reservation.objects.count() == 1
    RecurringBatch.objects.update(next_at=timezone.now(), due_at=timezone.now())
    drive()
    row.refresh_from_db()
    assert Batch.objects.count() == 1, "the third waits in the first batch, so the second run has nothing to order"
    assert "Nothing to order" in translated(row.result)
    assert not row.failed


def test_all_rows_are_ordered_if_that_is_chosen(user, real, shop):
    make_video(user, task=make_task(user, status=Status.SUCCEEDED, content_id="lamp"))
    due(user, shop, missing_only=False)
    drive()

    assert Reservation.objects.count() == 3


def test_a_run_over_its_cost_or_without_a_known_price_is_not_started(user, real, shop):
    row = due(user, shop, most_cost=14_999_999)
    drive()

    row.refresh_from_db()
    assert (Batch.objects.get().state, Reservation.objects.count(), row.failed) == (State.CHECKED, 0, True)
    assert "15.00" in translated(row.result)
    event = Event.objects.get(type="batch.run_failed")
    assert (event.owner_id, event.facts["name"], event.facts["batch"]) == (user.pk, row.name, str(row.batch_id))
    RecurringBatch.objects.update(most_cost=15_000_000, due_at=timezone.now())
    drive()
    assert Reservation.objects.count() == 3


@in_one_test(("good_only", "ordered", "state"), [(False, 0, State.CHECKED), (True, 3, State.RUNNING)])
def test_rows_that_need_fixing_stop_it_or_are_left_out(good_only, ordered, state, user, real, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    with ScriptedServer(answer(200, BAD.encode())) as server:
        row = due(user, server, good_only=good_only)
        drive()

    row.refresh_from_db()
    assert (row.batch.state, Reservation.objects.count(), row.failed) == (state, ordered, not good_only)


def test_what_cannot_be_fetched_is_tried_again_and_then_told(user, real, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    with ScriptedServer(*[answer(404, b"")] * 4) as server:
        row = due(user, server)
        drive(2)
        row.refresh_from_db()
        assert (row.run_id is not None, row.tries) == (True, 2)
        drive()

    row.refresh_from_db()
    assert (row.failed, row.run_id, row.tries, Batch.objects.count()) == (True, None, 0, 0)
    assert Event.objects.filter(type="batch.run_failed").count() == 1
    assert row.due_at == row.next_at > timezone.now()


def test_what_is_no_table_is_told(user, real, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    with ScriptedServer(answer(200, b"%PDF-1.7 ...")) as server:
        row = due(user, server)
        drive()

    row.refresh_from_db()
    assert (row.failed, row.batch.state) == (True, State.REFUSED)
    assert "PDF" in translated(row.result)


def test_a_file_without_a_column_that_it_uses_is_not_started(user, real, shop):
    """Without their content ids, all products would be ordered every night."""
    row = due(user, shop, mapping={"article": "content_id", "note": ""}, good_only=True)
    drive()

    row.refresh_from_db()
    assert (row.failed, row.batch.state, Reservation.objects.count()) == (True, State.CHECKED, 0)
    assert "columns article." in translated(row.result)


def test_the_guard_refuses_inner_addresses(user, real, settings):
    settings.OUTBOUND_ALLOW_CIDRS = []
    row = make_recurring(user, url="https://127.0.0.1/products.csv", due_at=timezone.now())
    drive()

    row.refresh_from_db()
    assert (row.failed, Batch.objects.count()) == (True, 0)


def test_a_run_that_is_killed_or_done_twice_makes_one_batch(user, real, shop):
    """The worker dies after each step; each message comes twice; an old one comes late."""
    row = due(user, shop)
    assert runs_soon() == 1
    assert runs_soon() == 0, "another clock finds it leased"
    row.refresh_from_db()
    first, fence = row.run_id, row.fence
    RecurringBatch.objects.update(due_at=timezone.now())  # the lease ended: the worker was killed before it did anything
    assert runs_soon() == 1
    run(row.pk, fence)
    assert Batch.objects.count() == 0, "a job of before the next lease does nothing"
    run(row.pk, fence + 1)
    run(row.pk, fence + 1)
    assert [batch.pk for batch in Batch.objects.all()] == [first]
    drive()
    run(row.pk, fence + 1)
    drive()

    assert (Batch.objects.count(), BatchRow.objects.count(), Reservation.objects.count()) == (1, 3, 3)


def test_an_accepted_run_is_ended_after_a_kill(user, real, shop):
    row = due(user, shop)
    drive()
    RecurringBatch.objects.update(run_id=Batch.objects.get().pk, due_at=timezone.now())  # killed between acceptance and the end of the run
    drive()

    row.refresh_from_db()
    assert (row.run_id, row.failed, Batch.objects.count(), Reservation.objects.count()) == (None, False, 1, 3)


def test_a_batch_that_a_person_accepted_is_not_deleted_by_its_run(user, real):
    row = make_recurring(user, run_id=uuid7())
    read_before = make_batch(user, pk=row.run_id)
    accept(read_before, by=Caller(user=user))
    _start(row, read_before)

    row.refresh_from_db()
    assert (Batch.objects.get().state, Reservation.objects.count(), row.run_id) == (State.RUNNING, 3, read_before.pk)
    RecurringBatch.objects.update(due_at=timezone.now())
    drive(2)
    row.refresh_from_db()
    assert (row.run_id, row.failed, translated(row.result)) == (None, False, "3 rows were ordered; 0 were left out.")


def test_a_run_and_a_person_at_once_never_change_the_same_rows(user, real):
    make_video(user, task=make_task(user, status=Status.SUCCEEDED, content_id="sku-1"))
    row, by = make_recurring(user, run_id=uuid7()), Caller(user=user)
    batch = make_batch(user, pk=row.run_id)

    with before_the_transaction(lambda: _left_out(batch)), pytest.raises(Conflict) as refusal:
        accept(batch, by=by)
    assert (refusal.value.code, states(batch)) == ("batch_changed", ["left_out", "ready", "ready"])

    with before_the_transaction(lambda: accept(batch, by=by)):
        _start(row, batch)
    row.refresh_from_db()
    assert (states(batch), row.run_id) == (["left_out", "waiting", "waiting"], batch.pk), "the next step sees that it was accepted"


def test_pause_resume_run_now_and_delete(user, other_user, real, shop):
    by = Caller(user=user)
    row = recurring.create(by=by, url=f"{shop.url}/p.csv", at=time(3), defaults={"model": KLING}, mapping={"sku": "content_id"})
    assert row.due_at == row.next_at
    row = recurring.change(row, by=by, paused=True)
    assert row.due_at is None
    recurring.run_now(row, by=by)
    drive()
    row.refresh_from_db()
    assert (Batch.objects.count(), row.due_at) == (1, None), "run by hand, and still paused"
    assert recurring.change(row, by=by, paused=False).due_at is not None
    with pytest.raises(NotAllowed):
        recurring.delete(row, by=Caller(user=other_user))
    recurring.delete(row, by=by)
    assert (RecurringBatch.objects.count(), Batch.objects.count()) == (0, 1)
    with pytest.raises(NotThere):
        recurring.run_now(RecurringBatch(pk=uuid7(), owner=user), by=by)


def test_it_is_paused_also_when_its_address_and_settings_are_no_longer_allowed(user, real):
    row = make_recurring(user, url="ftp://shop.example/products.csv", defaults={"retired": 1})

    assert recurring.change(row, by=Caller(user=user), paused=True).paused
    with pytest.raises(InvalidRequest):
        recurring.change(row, by=Caller(user=user), url=row.url)


def test_without_its_token_or_its_owner_it_is_paused(user, real, shop):
    revoked, narrowed = issue(user, "shop")[0], issue(user, "reads")[0]
    revoke(revoked, by=Caller(user=user))
    ApiToken.objects.filter(pk=narrowed.pk).update(scopes=["read"])
    for token in (revoked, narrowed):
        row = due(user, shop, token=token, token_line=token.line_id)
        drive()
        row.refresh_from_db()
        assert (row.paused, row.failed, row.due_at, Batch.objects.count()) == (True, True, None, 0)

    gone = due(user, shop)
    user.is_active = False
    user.save()
    drive()
    gone.refresh_from_db()
    assert (gone.paused, Batch.objects.count()) == (True, 0)
