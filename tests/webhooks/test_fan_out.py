"""An event becomes one delivery for each endpoint that is to know of it, whatever happens in between."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from uuid_utils.compat import uuid7

from access.callers import Caller
from events import outbox
from events.models import Event, EventDelivery
from generation.actions.retry import retry_task
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.scheduling.savers import warn_of_expiring
from tests.cases import in_one_test
from tests.task_rows import make_task
from webhooks import actions, catalog
from webhooks.fan_out import _write, fan_out
from webhooks.kinds.text import subject_and_text
from webhooks.models import Delivery, Endpoint, Kind, Notice, Off

pytestmark = pytest.mark.postgresql


def told() -> set[tuple[str, str]]:
    return set(Delivery.objects.values_list("endpoint__label", "type"))


def test_each_endpoint_of_the_owner_that_wants_the_type_is_told_and_no_other(user, other_user, make_endpoint):
    make_endpoint(user, label="all")
    make_endpoint(user, label="failures", types=["task.failed"])
    make_endpoint(other_user, label="another's")
    away = make_endpoint(user, label="off")
    actions.disable(away, by=Caller(user=user))
    make_task(user).cancel_unsent()
    make_task(user).give_up("abandoned", "Not worth it.")
    Delivery.objects.all().delete()

    assert (fan_out(), fan_out()) == (2, 0)
    assert told() == {("all", "task.cancelled"), ("all", "task.failed"), ("failures", "task.failed")}
    assert not EventDelivery.objects.exists()


def test_nothing_is_told_to_the_endpoints_of_a_person_who_may_not_sign_in(user, make_endpoint):
    make_endpoint(user)
    task = make_task(user)
    User.objects.update(is_active=False)
    task.cancel_unsent()

    assert fan_out() == 1
    assert told() == set()


@in_one_test(("status", "before", "public"), [("running", "submitting", "task.started"), ("running", "needs_review", "")])
def test_a_render_that_goes_on_was_started_before(status, before, public):
    assert catalog.public_type(f"task.{status}", {"from": before}) == public


def test_types_that_begin_alike_are_not_told():
    assert catalog.public_type("task.succeeded_twice", {}) == ""


@pytest.mark.parametrize("by", ["dead", "gone"])
def test_what_happens_while_an_endpoint_is_dead_can_be_replayed_later(by, user, make_endpoint):
    endpoint = make_endpoint(user)
    with transaction.atomic():
        actions.switch_off(endpoint, Off(by), by=None)
    make_task(user).cancel_unsent()
    fan_out()

    assert list(Delivery.objects.values_list("type", "state")) == [("task.cancelled", "dropped")]
    actions.enable(endpoint, by=Caller(user=user))
    assert actions.replay_since(endpoint, timezone.now() - timedelta(minutes=1), by=Caller(user=user)) == 1
    assert Delivery.objects.get().state == "pending"


def test_an_event_that_was_fanned_out_before_keeps_its_delivery(user, make_endpoint):
    endpoint, now = make_endpoint(user), timezone.now()
    make_task(user).cancel_unsent()
    event = Event.objects.get()
    first = Delivery.objects.create(endpoint=endpoint, event_id=event.pk, type="task.cancelled", body="{}", due_at=now, created_at=now)

    fan_out()

    assert Delivery.objects.get() == first
    assert Delivery.objects.get().body == "{}"


def test_a_process_that_lost_its_lease_leaves_no_delivery(user, make_endpoint):
    make_endpoint(user)
    make_task(user).cancel_unsent()
    stale = outbox.take(catalog.CONSUMER, lease=timedelta(0))
    outbox.take(catalog.CONSUMER, lease=timedelta(0))

    with pytest.raises(outbox.LeaseLost):
        _write(stale)

    assert told() == set()
    assert fan_out() == 1
    assert told() == {("", "task.cancelled")}


def test_an_event_that_cannot_be_told_waits_and_stops_no_other(user, make_endpoint):
    make_endpoint(user)
    broken = Event.objects.create(type="budget.warning", subject_id=uuid7(), owner_id=user.pk, at=timezone.now(), facts=["no object"])
    EventDelivery.objects.create(event=broken, consumer=catalog.CONSUMER, due_at=broken.at)
    make_task(user).cancel_unsent()

    fan_out()

    assert told() == {("", "task.cancelled")}
    assert EventDelivery.objects.get().event == broken
    assert EventDelivery.objects.get().due_at > timezone.now() + timedelta(minutes=4)


def test_statements_do_not_grow_with_the_events(user, make_endpoint):
    def statements(events: int) -> int:
        for _ in range(events):
            make_task(user).cancel_unsent()
        with CaptureQueriesContext(connection) as made:
            assert fan_out() == events
        return len(made)

    make_endpoint(user)
    assert statements(12) == statements(2)


def test_a_resting_account_is_told_to_those_who_see_accounts(user, staff, make_account, make_endpoint):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_provideraccount"))
    blind = User.objects.create_user("blind", is_staff=True)
    for one in (user, staff, clerk, blind):
        make_endpoint(one, label=one.username)
    make_account("kling", "official-key", "http://127.0.0.1:9", label="main").cool_down_for(60, "too many requests")

    fan_out()

    assert told() == {("admin", "account.resting"), ("clerk", "account.resting")}
    assert '"label": "main"' in Delivery.objects.first().body


def test_a_vendors_file_that_ends_soon_is_told_with_its_end_and_the_tasks_status(user, make_endpoint):
    make_endpoint(user, types=["task.expiring"])
    ends, address = timezone.now() + timedelta(minutes=20), "https://shop.example/a"
    task = make_task(user, status=Status.INGESTING, submission_id="v-1", callback_url=address)
    GenerationTask.objects.filter(pk=task.pk).update(outputs_expire_at=ends)
    warn_of_expiring()
    fan_out()

    body = json.loads(Delivery.objects.get().body)
    assert (body["type"], body["data"]["id"], body["data"]["status"]) == ("task.expiring", str(task.pk), "ingesting")
    assert timedelta(0) <= ends - datetime.fromisoformat(body["data"]["expires_at"]) < timedelta(milliseconds=1)


def test_a_team_is_told_of_the_tasks_that_are_shared_with_it_as_long_as_the_owner_is_in_it(user, other_user, make_endpoint):
    team, others = Group.objects.create(name="film"), Group.objects.create(name="others")
    user.groups.add(team, others)
    other_user.groups.add(team)
    for label, of in (("mine", None), ("film", team), ("others", others)):
        make_endpoint(user, label=label, team=of)
    make_task(other_user, team=team).cancel_unsent()
    fan_out()
    assert told() == {("film", "task.cancelled")}

    user.groups.remove(team)
    Delivery.objects.all().delete()
    make_task(other_user, team=team).cancel_unsent()
    fan_out()
    assert told() == set()


MINE = {"kind": "user", "name": "ann", "window": "month"}
"""Facts of a warning."""


def test_a_budget_warning_goes_to_its_owner_and_on_the_pages(user, make_endpoint):
    make_endpoint(user)
    with transaction.atomic():
        outbox.write("budget.warning", subject=uuid7(), owner_id=user.pk, at=timezone.now(), facts=MINE | {"percent": 80})

    fan_out()

    assert told() == {("", "budget.warning")}
    (notice,) = Notice.objects.filter(owner=user)
    assert (str(notice.message), notice.url) == ("Your monthly budget: 80 % are used.", reverse("budgets"))


def test_the_budget_warning_of_a_deleted_person_is_nobodys(db):
    with transaction.atomic():
        outbox.write("budget.warning", subject=uuid7(), owner_id=1_000_000, at=timezone.now(), facts=MINE | {"percent": 80})

    fan_out()

    assert not Notice.objects.exists()
    assert not EventDelivery.objects.exists()


def test_a_refused_order_is_not_told_as_a_budget_that_is_used_up(user, make_endpoint):
    make_endpoint(user)
    facts = MINE | {"percent": 100, "refused": True, "held": "9.500000", "limit": "10.000000", "currency": "CNY"}
    with transaction.atomic():
        outbox.write("budget.warning", subject=uuid7(), owner_id=user.pk, at=timezone.now(), facts=facts)

    fan_out()

    words = "Your monthly budget: An order did not fit. 9.5 of 10 CNY are used."
    assert str(Notice.objects.get(owner=user).message) == words
    assert subject_and_text(Endpoint(language="en"), list(Delivery.objects.all()), most_bytes=4_000)[1].splitlines()[-1] == words


def test_the_budget_of_a_team_is_its_members_and_that_of_everybody_the_administrators(user, other_user, staff, make_endpoint):
    team = Group.objects.create(name="film")
    user.groups.add(team)
    for label, owner, of in (("film", user, team), ("mine", user, None), ("other", other_user, None), ("admin", staff, None)):
        make_endpoint(owner, label=label, team=of)
    with transaction.atomic():
        for kind, name, pk in (("team", "film", team.pk), ("everyone", "", None)):
            facts = {"kind": kind, "window": "day", "name": name, "percent": 80, "team_id": pk}
            outbox.write("budget.warning", subject=uuid7(), at=timezone.now(), facts=facts)
    fan_out()

    assert told() == {("film", "budget.warning"), ("admin", "budget.warning")}
    assert {(one.owner, str(one.message)) for one in Notice.objects.all()} == {
        (user, "The daily budget of your team “film”: 80 % are used."),
        (staff, "The daily budget of everyone together: 80 % are used."),
    }


def test_callback_addresses_of_one_host_share_a_lane_that_is_made_when_it_is_first_needed(user, other_user, receiver):
    for owner, path in ((user, "/a?x=1"), (user, "/b"), (other_user, "/a")):
        make_task(owner, callback_url=f"https://shop.example{path}").cancel_unsent()
    fan_out()

    lanes = Endpoint.objects.filter(kind=Kind.CALLBACK).order_by("owner_id")
    assert [(lane.owner, lane.url) for lane in lanes] == [(user, "https://shop.example"), (other_user, "https://shop.example")]
    assert set(Delivery.objects.filter(endpoint=lanes[0]).values_list("url", flat=True)) == {
        "https://shop.example/a?x=1",
        "https://shop.example/b",
    }


def test_a_callback_is_told_how_its_task_ended_and_not_that_it_started(user):
    task = make_task(user, callback_url="https://shop.example/a", status=Status.SUBMITTING)
    task.move(Status.RUNNING, submission_id="v-1")
    task.to_review("lost_after_accept", "Nobody knows.")
    fan_out()

    assert {kind for _, kind in told()} == {"task.needs_review"}


def test_a_task_that_someone_else_runs_again_sends_nothing_to_the_first_owners_callback(user, staff, make_account, make_endpoint):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    make_endpoint(staff, label="staff")
    first = make_task(user, callback_url="https://shop.example/a")
    first.cancel_unsent()
    own, others = (retry_task(first, by=Caller(user=person)).task for person in (user, staff))
    others.cancel_unsent()
    fan_out()

    assert (own.callback_url, others.callback_url, others.owner) == ("https://shop.example/a", "", staff)
    assert dict(Delivery.objects.values_list("endpoint__owner__username", "url")) == {user.username: "https://shop.example/a", "admin": ""}


def test_a_callback_that_its_owner_disabled_is_told_nothing(user):
    make_task(user, callback_url="https://shop.example/a").cancel_unsent()
    fan_out()
    actions.disable(Endpoint.objects.get(), by=Caller(user=user))
    make_task(user, callback_url="https://shop.example/b").cancel_unsent()
    fan_out()

    assert Delivery.objects.count() == 1
