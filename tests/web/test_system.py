"""The System page and /metrics: the same figures, counted from rows, for those who look after the portal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from access.limits import Limits
from access.scopes import Scope
from access.tokens import issue
from database import clock
from events.models import Event, EventDelivery
from generation.lifecycle import Status
from generation.models import LiveWorker
from tests.portal_driver import Driver
from tests.task_rows import MODEL, create_task, make_task
from web.measures import read_measures

pytestmark = pytest.mark.django_db

MONITORING = Path(__file__).resolve().parents[2] / "docs" / "monitoring"


def _scraped(client: Client, **headers: str) -> Callable[..., float]:
    """Return a function that finds a figure that Prometheus reads, by its name and the values of its labels."""
    reply = client.get("/metrics", headers=headers)
    assert reply.status_code == 200, reply.content
    samples = (sample for family in text_string_to_metric_families(reply.content.decode()) for sample in family.samples)
    found = {(one.name, frozenset(one.labels.values())): one.value for one in samples}
    return lambda name, *labels: found[f"portal_{name}", frozenset(labels)]


@pytest.mark.postgresql
def test_orders_are_counted_from_waiting_to_done(driver: Driver, staff: User, staff_client: Client) -> None:
    LiveWorker.objects.create(instance="one:1", submit_workers=4, seen_at=clock.now())
    task = create_task(owner=staff, model=MODEL, prompt="a boat", params={})

    waiting = _scraped(staff_client)
    driver.finish(task)
    done = _scraped(staff_client)

    assert (waiting("tasks", "queued"), waiting("workers"), waiting("submit_processes")) == (1, 1, 4)
    assert (done("tasks", "queued"), done("tasks_ended_last_hour", "kling", "succeeded")) == (0, 1)
    assert done("submits_last_hour", "kling", "accepted") == 1
    assert 0 <= done("render_seconds", "kling", "0.5") <= done("render_seconds", "kling", "0.95")
    assert done("downloaded_bytes_last_hour") > 1_000
    page = staff_client.get("/system/").text
    assert "Tasks that ended, by hour" in page
    assert "portal_outbox_lag_seconds" in page


@pytest.mark.postgresql
def test_silent_worker_overdue_task_and_late_event_are_seen(staff: User, staff_client: Client) -> None:
    now = clock.now()
    LiveWorker.objects.create(instance="killed:1", submit_workers=4, seen_at=now - timedelta(minutes=5))
    make_task(staff, due_at=now - timedelta(hours=4))  # in line
    task = make_task(staff, status=Status.RUNNING, due_at=now - timedelta(minutes=4))
    event = Event.objects.create(type="task.failed", subject_id=task.pk, at=now)
    EventDelivery.objects.create(event=event, consumer="webhooks", due_at=now - timedelta(minutes=10))

    measures = read_measures()

    assert (measures["workers"].value, measures["workers_silent"].value, measures["tasks_overdue"].value) == (0, 1, 1)
    assert 600 <= measures["outbox_lag_seconds"].value < 660
    page = staff_client.get("/system/", headers={"Accept-Language": "zh-hans"}).text
    assert page.count('class="card warn"') >= 3


def test_figures_are_for_staff_and_for_their_tokens_with_the_right_scope(user: User, staff: User) -> None:
    asking = Client()
    mine, theirs, plain = (
        {"Authorization": f"Bearer {issue(owner, 'prometheus', limits=Limits(scopes=scopes))[1]}"}
        for owner, scopes in ((staff, (Scope.ADMIN,)), (user, (Scope.ADMIN,)), (staff, (Scope.READ,)))
    )

    assert _scraped(asking, **mine)("paid_submits_stopped") == 0
    refused = [asking.get("/metrics", headers=headers).status_code for headers in (theirs, plain, {}, {"Authorization": "Bearer vp_no"})]
    assert refused == [401, 403, 401, 401]
    asking.force_login(user)
    assert (asking.get("/metrics").status_code, asking.get("/system/").status_code) == (401, 404)
    assert "/system/" not in asking.get("/settings/").text


def test_number_of_queries_does_not_depend_on_the_rows(staff: User) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        read_measures()
    for number in range(30):
        make_task(staff, prompt=f"boat {number}")

    with CaptureQueriesContext(connection) as many:
        read_measures()

    assert len(many) == len(few)


@pytest.mark.parametrize("name", ["alerts.yml", "grafana.json"])
def test_rules_and_board_ask_for_figures_that_exist(name: str) -> None:
    asked = set(re.findall(r"\bportal_[a-z_]+", (MONITORING / name).read_text()))

    assert len(asked) >= 12
    assert asked - {f"portal_{one}" for one in read_measures()} == set()
