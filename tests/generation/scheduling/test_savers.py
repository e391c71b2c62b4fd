"""Which share of the savers an account may have, and that none of them waits without need."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from events.models import Event
from generation.lifecycle import Status
from generation.models import GenerationTask, LiveWorker, Video
from generation.scheduling.enqueue import ingest_soon
from generation.scheduling.savers import expiring, warn_of_expiring
from generation.tick import tick
from tests.task_rows import create_task, make_task
from web.health_checks import CheckFailed, check_expiring

pytestmark = [pytest.mark.usefixtures("savers"), pytest.mark.postgresql]
MODEL = "kling/kling-v2-5-turbo"


@pytest.fixture
def savers(settings):
    """Sets how many processes save videos; 4 unless a test asks for others."""

    def set_to(number):
        clusters = settings.Q_CLUSTER["ALT_CLUSTERS"]
        settings.Q_CLUSTER = settings.Q_CLUSTER | {"ALT_CLUSTERS": clusters | {"ingest": clusters["ingest"] | {"workers": number}}}

    set_to(4)
    return set_to


@pytest.fixture
def slow(make_account):
    return make_account("kling", "official-key", "http://127.0.0.1:9", label="slow")


@pytest.fixture
def quick(make_account):
    return make_account("kling", "official-key", "http://127.0.0.1:9", label="quick")


def rendered(user, account, count):
    return [make_task(user, status="ingesting", account=account, submission_id=f"{account.label}-{n}") for n in range(count)]


def held_of(account):
    return GenerationTask.objects.held(timezone.now()).filter(account=account).count()


def test_an_account_takes_at_most_half_of_the_savers(user, slow, quick):
    rendered(user, slow, 7)
    rendered(user, quick, 1)

    tick()
    tick()

    assert (held_of(slow), held_of(quick), OrmQ.objects.count()) == (2, 1, 3)


def test_savers_of_other_machines_count(user, slow):
    rendered(user, slow, 7)
    for name in ("one:1", "two:2", "three:3"):
        LiveWorker.objects.create(instance=name, submit_workers=4, seen_at=timezone.now())

    tick()

    assert held_of(slow) == 6


@pytest.mark.parametrize("number", [1, 2, 3])
def test_few_savers_save_for_everybody(user, slow, quick, savers, number):
    savers(number)
    rendered(user, slow, 2)
    rendered(user, quick, 2)

    tick()

    assert (held_of(slow), held_of(quick)) == (1, 1)


def test_a_finished_render_waits_for_its_share_too(user, slow, quick):
    first, second, third = rendered(user, slow, 3)
    (other,) = rendered(user, quick, 1)

    with transaction.atomic():
        for task in (first, second, third, other):
            ingest_soon(task)

    assert (held_of(slow), held_of(quick)) == (2, 1)


def test_an_expired_lease_gives_its_share_back(user, slow):
    tasks = rendered(user, slow, 3)
    past = timezone.now() - timedelta(seconds=1)
    GenerationTask.objects.filter(pk__in=[tasks[0].pk, tasks[1].pk]).update(lease_until=past, due_at=past)

    tick()

    assert held_of(slow) == 2


def ordered_jobs():
    """Task ids in the order in which the savers get them, of both queues."""
    messages = OrmQ.objects.filter(key__startswith="ingest").order_by("-key", "pk")
    return [message.task["args"][1] for message in messages]


def test_under_a_jam_the_file_that_ends_first_at_the_vendor_is_saved_first(user, slow, quick):
    """Also before those that waited longer, and before other accounts' jobs if it ends soon."""
    now = timezone.now()
    for account in (slow, quick):
        for task, hours in zip(rendered(user, account, 4), (30, 20, 10, 24), strict=True):
            GenerationTask.objects.filter(pk=task.pk).update(
                due_at=now - timedelta(hours=hours), outputs_expire_at=now + timedelta(hours=hours)
            )
    tick()
    first = ordered_jobs()
    urgent = make_task(user, status="ingesting", account=slow, submission_id="urgent")
    GenerationTask.objects.filter(pk=urgent.pk).update(outputs_expire_at=now + timedelta(minutes=20))
    GenerationTask.objects.filter(pk=first[0]).update(lease_until=now, status="succeeded", due_at=None, finished_at=now)  # a saver is free
    GenerationTask.objects.filter(account=quick, due_at__gt=now).update(lease_until=now, due_at=now)  # and their jobs died

    tick()

    ends = dict(GenerationTask.objects.values_list("pk", "outputs_expire_at"))
    hours = [round((ends[UUID(task)] - now).total_seconds() / 3600) for task in first]
    assert hours == [10, 10, 20, 20]
    assert ordered_jobs()[0] == str(urgent.pk)


def test_those_past_their_end_do_not_cost_the_others_their_time(user, slow):
    now = timezone.now()
    tasks = rendered(user, slow, 4)
    for task, minutes in zip(tasks, (-90, -60, 5, 300), strict=True):
        GenerationTask.objects.filter(pk=task.pk).update(
            due_at=now - timedelta(hours=1), outputs_expire_at=now + timedelta(minutes=minutes)
        )

    tick()

    assert ordered_jobs() == [str(tasks[2].pk), str(tasks[3].pk)]


def test_a_finished_render_that_is_not_stored_soon_before_its_end_is_reported(user, slow, staff_client, caplog):
    task, later, decided = rendered(user, slow, 3)
    now = timezone.now()
    GenerationTask.objects.filter(pk=task.pk).update(outputs_expire_at=now + timedelta(minutes=29))
    GenerationTask.objects.filter(pk=later.pk).update(outputs_expire_at=now + timedelta(minutes=31))
    GenerationTask.objects.filter(pk=decided.pk).update(status="needs_review", due_at=None, outputs_expire_at=now - timedelta(minutes=1))

    warn_of_expiring()
    page = staff_client.get("/admin/").content.decode()

    assert [found.pk for found in expiring(now)] == [task.pk]
    assert f"1 finished videos are not stored and end at the vendor soon; task {task.pk}" in caplog.text
    assert "1 finished video is not stored; the vendor deletes it at" in page
    with pytest.raises(CheckFailed, match="1 finished videos are not stored and end at the vendor soon"):
        check_expiring()


def test_a_file_that_ends_soon_is_one_event_for_its_owner_however_often_the_clock_looks(user, slow):
    saving, decided, later = rendered(user, slow, 3)
    soon = timezone.now() + timedelta(minutes=20)
    GenerationTask.objects.exclude(pk=later.pk).update(outputs_expire_at=soon)
    GenerationTask.objects.filter(pk=decided.pk).update(status="needs_review", due_at=None)
    before = dict(GenerationTask.objects.values_list("pk", "updated_at"))

    warn_of_expiring()
    warn_of_expiring()
    GenerationTask.objects.filter(pk=saving.pk).update(status="needs_review", due_at=None)
    warn_of_expiring()

    found = Event.objects.filter(type="task.expiring")
    assert {(event.subject_id, event.owner_id, event.facts["status"]) for event in found} == {
        (saving.pk, user.pk, "ingesting"),
        (decided.pk, user.pk, "needs_review"),
    }
    assert len(found) == 2
    assert dict(GenerationTask.objects.values_list("pk", "updated_at")) == before, "pages do not take it for a change of the task"


def test_a_free_saver_takes_the_next_file_without_the_clock(user, driver):
    tasks = [driver.until(create_task(owner=user, model=MODEL, prompt="a boat", params={}), Status.RUNNING) for _ in range(4)]
    driver.simulator.advance(60)

    driver.step()
    driver.run_jobs()

    assert Video.objects.filter(task__in=tasks).count() == 4
