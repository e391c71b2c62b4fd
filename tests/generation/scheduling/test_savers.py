"""Which share of the savers an account may have, and that none of them waits without need."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ

from generation.lifecycle import Status
from generation.models import GenerationTask, LiveWorker, Video
from generation.scheduling.enqueue import ingest_soon
from generation.tick import tick
from tests.task_rows import create_task, make_task

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


def test_a_free_saver_takes_the_next_file_without_the_clock(user, driver):
    tasks = [driver.until(create_task(owner=user, model=MODEL, prompt="a boat", params={}), Status.RUNNING) for _ in range(4)]
    driver.simulator.advance(60)

    driver.step()
    driver.run_jobs()

    assert Video.objects.filter(task__in=tasks).count() == 4
