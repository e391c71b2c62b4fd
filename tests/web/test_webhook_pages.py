"""Settings › Webhooks: a member makes an endpoint, sees a test arrive, fail, be retried and replayed."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from access.callers import Caller
from tests.webhooks.receiver import Receiver, Says
from webhooks import actions
from webhooks.deliver import Patience, deliver
from webhooks.models import Delivery, Endpoint

URL = "https://shop.example/hooks"


def run() -> None:
    deliver(patience=Patience(linger_s=0.0, round_s=0.02, threads=4, request_s=1.0))


@pytest.fixture
def member(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response) -> str:
    return response.content.decode()


def test_a_member_makes_an_endpoint_and_sees_a_test_fail_and_be_replayed(member, user, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    assert "No endpoints yet" in text(member.get("/webhooks/"))
    with Receiver(lambda _path, count: Says(status=500 if count == 0 else 200, body=b"so <b>sorry</b>")) as receiver:
        made = member.post("/webhooks/new", {"url": f"{receiver.url}/hook", "label": "shop", "types": ["task.failed"]})
        (secret,) = re.findall(r"whsec_[\w+/=]+", text(made))
        endpoint = Endpoint.objects.get()
        page = reverse("webhook", args=[endpoint.pk])
        assert "whsec_" not in text(member.get(page))
        member.post(reverse("webhook-ping", args=[endpoint.pk]))
        run()
        delivery = Delivery.objects.get()
        failing = text(member.get(page))
        assert "Failing" in failing
        assert "tries: 1" in failing
        log = text(member.get(reverse("webhook-delivery", args=[delivery.pk])))
        assert "500 · The receiver did not answer with success (2xx)." in log
        assert "so &lt;b&gt;sorry" in log
        Delivery.objects.update(due_at=timezone.now())
        Endpoint.objects.update(resting_until=None)
        run()
        assert "Good" in text(member.get(page))
        member.post(reverse("webhook-delivery-replay", args=[delivery.pk]))
        run()

    assert [one.verified(secret)["type"] for one in receiver.arrivals] == ["ping"] * 3
    assert len({(one.id, one.body) for one in receiver.arrivals}) == 1
    assert "Delivered" in text(member.get(f"{page}?state=done"))
    assert "Nothing here." in text(member.get(f"{page}?state=failed"))


def test_a_new_secret_is_shown_once(member, user):
    endpoint, old = actions.create(by=Caller(user=user), url=URL, types=["task.failed"])

    rolled = text(member.post(reverse("webhook-roll", args=[endpoint.pk])))

    assert "whsec_" in rolled
    assert old not in rolled
    assert "signs too until" in text(member.get(reverse("webhook", args=[endpoint.pk])))


def test_a_secret_that_cannot_be_read_is_said_with_what_to_do(member, user, staff_client):
    endpoint, _ = actions.create(by=Caller(user=user), url=URL, label="shop", types=["task.failed"])
    Endpoint.objects.update(unreadable_since=timezone.now(), sealed="damaged")
    page = reverse("webhook", args=[endpoint.pk])

    assert "Secret unreadable" in text(member.get("/webhooks/"))
    assert "Make a new secret and enter it in your receiver" in text(member.get(page))
    assert "Secret unreadable" in text(staff_client.get("/admin/webhooks/endpoint/?unreadable_since__isempty=0"))
    assert "restore the old key" in text(staff_client.get(f"/admin/webhooks/endpoint/{endpoint.pk}/change/"))
    rolled = text(member.post(reverse("webhook-roll", args=[endpoint.pk])))
    assert "New secret made.<" in rolled
    assert "Good" in text(member.get(page))


def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(member):
    page = member.post("/webhooks/new", {"url": "ftp://shop.example", "label": "shop", "types": ["task.failed"]})

    assert page.status_code == 422
    assert 'id="id_url_error"' in text(page)
    assert 'value="shop"' in text(page)
    assert not Endpoint.objects.exists()


def test_an_endpoint_is_edited_disabled_enabled_and_deleted(member, user):
    endpoint, _ = actions.create(by=Caller(user=user), url=URL, types=["task.failed"])
    Delivery.objects.create(
        endpoint=endpoint, event_id=uuid4(), type="task.failed", body="{}", due_at=timezone.now(), created_at=timezone.now()
    )

    member.post(reverse("webhook-edit", args=[endpoint.pk]), {"url": URL, "label": "new name", "types": ["task.succeeded"]})
    member.post(reverse("webhook-disable", args=[endpoint.pk]))
    page = text(member.get(reverse("webhook", args=[endpoint.pk])))
    assert "new name" in page
    assert "Disabled by a person" in page
    assert "Not sent" in page
    member.post(reverse("webhook-enable", args=[endpoint.pk]))
    answer = member.post(reverse("webhook-replay", args=[endpoint.pk]), {"since": "2026-01-01T00:00"}, follow=True)
    assert "1 delivery is sent again." in text(answer)
    member.post(reverse("webhook-delete", args=[endpoint.pk]))
    assert not Endpoint.objects.exists()


def test_a_long_log_is_read_in_pages_with_the_same_number_of_statements(member, user):
    endpoint, _ = actions.create(by=Caller(user=user), url=URL, types=["task.failed"])
    page, now = reverse("webhook", args=[endpoint.pk]), timezone.now()

    def shown(address: str, more: int) -> tuple[str, int]:
        facts = {"endpoint": endpoint, "type": "task.failed", "body": "{}", "state": "failed", "finished_at": now, "created_at": now}
        Delivery.objects.bulk_create([Delivery(event_id=uuid4(), **facts) for _ in range(more)])
        with CaptureQueriesContext(connection) as made:
            found = text(member.get(address))
        return found, len(made)

    _, few = shown(page, 1)
    first, many = shown(page, 119)
    (before,) = re.findall(r"before=([\w-]+)", first)
    second, _ = shown(f"{page}?before={before}", 0)
    ids = [re.findall(r"/webhooks/deliveries/([\w-]+)/", one) for one in (first, second)]
    assert (many, [len(one) for one in ids]) == (few, [50, 50])
    assert max(ids[1]) < min(ids[0])


def test_a_time_outside_the_calendar_is_refused(member, user):
    endpoint, _ = actions.create(by=Caller(user=user), url=URL, types=["task.failed"])
    member.cookies["time_zone"] = "Asia/Shanghai"  # there the year 1 begins before it does in UTC
    answer = member.post(reverse("webhook-replay", args=[endpoint.pk]), {"since": "0001-01-01T00:00"}, follow=True)
    assert "Choose a day and a time." in text(answer)


def test_a_member_of_its_team_sees_an_endpoint_and_changes_nothing(member, user, other_user):
    team = Group.objects.create(name="film")
    user.groups.add(team)
    other_user.groups.add(team)
    endpoint, _ = actions.create(by=Caller(user=other_user), url=URL, label="of the team", types=["task.failed"], team=team)

    assert "of the team" in text(member.get("/webhooks/"))
    page = text(member.get(reverse("webhook", args=[endpoint.pk])))
    assert "New secret" not in page
    assert member.post(reverse("webhook-roll", args=[endpoint.pk])).status_code == 403


def test_others_endpoints_are_not_there(member, other_user):
    endpoint, _ = actions.create(by=Caller(user=other_user), url=URL, label="not yours", types=["task.failed"])
    delivery = actions.ping(endpoint, by=Caller(user=other_user))

    assert "not yours" not in text(member.get("/webhooks/"))
    for name, pk in (("webhook", endpoint.pk), ("webhook-edit", endpoint.pk), ("webhook-delivery", delivery.pk)):
        assert member.get(reverse(name, args=[pk])).status_code == 404
    for name in ("edit", "roll", "ping", "enable", "disable", "delete", "replay"):
        assert member.post(reverse(f"webhook-{name}", args=[endpoint.pk])).status_code == 404
    assert member.post(reverse("webhook-delivery-replay", args=[delivery.pk])).status_code == 404
    assert Endpoint.objects.filter(pk=endpoint.pk, enabled=True).exists()


def test_the_pages_are_there_in_chinese(member, user):
    endpoint, _ = actions.create(by=Caller(user=user), url=URL, types=["task.failed"])
    delivery = actions.ping(endpoint, by=Caller(user=user))
    member.cookies["django_language"] = "zh-hans"

    for path, words in (
        ("/webhooks/", "接收地址"),
        ("/webhooks/new", "事件"),
        (reverse("webhook", args=[endpoint.pk]), "发送测试"),
        (reverse("webhook-delivery", args=[delivery.pk]), "发送内容"),
    ):
        assert words in text(member.get(path))
