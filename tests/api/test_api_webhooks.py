"""Endpoints and deliveries through the API."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from events.models import AuditEvent
from tests.api.conftest import Api
from tests.cases import in_one_test
from tests.webhooks.receiver import Receiver
from webhooks.deliver import Patience, deliver
from webhooks.models import Delivery, Endpoint

URL = "https://shop.example/hooks"


def run() -> None:
    deliver(patience=Patience(linger_s=0.0, round_s=0.02, threads=4, request_s=1.0))


def made(api: Api, **facts) -> dict:
    answer = api.post("/webhooks", {"url": URL, **facts})
    assert answer.status_code == 201, answer.content
    return answer.json()


def change(api: Api, pk: str, **facts):
    return api.client.patch(f"/api/v1/webhooks/{pk}", json.dumps(facts), content_type="application/json")


def test_a_program_makes_pings_rolls_and_deletes_an_endpoint(api, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    with Receiver() as receiver:
        endpoint = made(api, url=f"{receiver.url}/hook", label="shop", types=["task.failed"])
        ping = api.post(f"/webhooks/{endpoint['id']}/ping")
        run()
        rolled = api.post(f"/webhooks/{endpoint['id']}/roll", {"overlap_hours": 1}).json()
        again = api.post(f"/deliveries/{ping.json()['id']}/replay")
        run()

    assert (ping.status_code, again.status_code) == (202, 202)
    first, second = receiver.arrivals
    assert first.verified(endpoint["secret"])["type"] == "ping"
    assert second.verified(rolled["secret"]) == second.verified(endpoint["secret"]) == first.verified(endpoint["secret"])
    shown = api.get(f"/deliveries/{ping.json()['id']}").json()
    assert (shown["state"], shown["webhook_id"], shown["body"]["type"]) == ("done", first.id, "ping")
    assert [one["status"] for one in shown["tries"]] == [200, 200]
    page = api.get(f"/webhooks/{endpoint['id']}/deliveries?state=done&type=ping").json()
    assert [one["id"] for one in page["items"]] == [shown["id"]]
    assert api.client.delete(f"/api/v1/webhooks/{endpoint['id']}").status_code == 204
    assert api.get(f"/webhooks/{endpoint['id']}").status_code == 404


def test_a_secret_is_shown_once(api):
    endpoint = made(api)

    for path in ("/webhooks", f"/webhooks/{endpoint['id']}"):
        assert endpoint["secret"] not in api.get(path).content.decode()
    assert endpoint["secret"] not in Endpoint.objects.get().sealed
    assert endpoint["secret"] not in str(list(AuditEvent.objects.values()))


def test_a_secret_that_cannot_be_read_is_said_until_there_is_a_new_one(api):
    endpoint = made(api)
    Endpoint.objects.update(unreadable_since=timezone.now(), sealed="damaged")

    assert api.get(f"/webhooks/{endpoint['id']}").json()["unreadable_since"]
    assert api.post(f"/webhooks/{endpoint['id']}/roll", {}).json()["unreadable_since"] is None


def test_an_endpoint_is_changed_disabled_and_enabled(api):
    endpoint = made(api)

    changed = change(api, endpoint["id"], label="other", types=["task.failed"], enabled=False).json()
    assert (changed["label"], changed["types"], changed["enabled"], changed["disabled_code"]) == (
        "other",
        ["task.failed"],
        False,
        "by_person",
    )
    assert api.post(f"/webhooks/{endpoint['id']}/ping").json()["error"]["code"] == "endpoint_disabled"
    assert change(api, endpoint["id"], enabled=True).json()["enabled"] is True
    actions = AuditEvent.objects.filter(target_id=endpoint["id"]).values_list("action", flat=True)
    assert sorted(actions) == ["endpoint.changed", "endpoint.created", "endpoint.disabled", "endpoint.enabled"]


@in_one_test(
    ("facts", "field"),
    [
        ({"url": "ftp://shop.example"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"types": []}, "types"),
        ({"types": ["task.exploded"]}, "types"),
        ({"types": ["batch.begun"]}, "types"),
        ({"kind": "pigeon"}, "kind"),
        ({"kind": "slack"}, "kind"),
        ({"label": "two\nlines"}, "label"),
        ({"label": "x" * 101}, "label"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused_by_field(api, facts, field):
    answer = api.post("/webhooks", {"url": URL, **facts})

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [field])


def test_the_number_of_endpoints_is_limited_and_callbacks_are_not_counted(api, settings):
    settings.MOST_ENDPOINTS = 1
    made(api, kind="callback", url="https://shop.example/a?b")
    made(api)

    assert api.post("/webhooks", {"url": URL}).json()["error"]["code"] == "too_many_endpoints"
    assert api.post("/webhooks", {"kind": "callback", "url": "https://shop.example/c"}).status_code == 403


def test_a_callback_is_its_origin_and_there_once(api):
    assert made(api, kind="callback", url="https://shop.example/a?b")["url"] == "https://shop.example"

    again = api.post("/webhooks", {"kind": "callback", "url": "https://shop.example/c"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_there")


def test_what_was_lost_since_an_outage_is_sent_again(api):
    endpoint = made(api)
    now = timezone.now()
    for hours, state in ((1, "failed"), (1, "dropped"), (1, "done"), (30, "failed")):
        at = now - timedelta(hours=hours)
        facts = {"type": "task.failed", "body": "{}", "state": state, "finished_at": at, "created_at": at}
        Delivery.objects.create(endpoint_id=endpoint["id"], event_id=uuid4(), attempts=10, **facts)

    answer = api.post(f"/webhooks/{endpoint['id']}/replay", {"since": (now - timedelta(hours=2)).isoformat()})

    assert (answer.status_code, answer.json()) == (202, {"replayed": 2})
    assert sorted(Delivery.objects.values_list("state", "attempts")) == [("done", 10), ("failed", 10), ("pending", 0), ("pending", 0)]


@pytest.mark.parametrize("since", ["2026-11-29T00:00:00", "yesterday", None, 0, 1_764_460_800])
def test_a_time_without_a_zone_is_refused(api, since):
    assert api.post(f"/webhooks/{made(api)['id']}/replay", {"since": since}).status_code == 422


def test_others_endpoints_and_deliveries_do_not_exist(api, other_api):
    endpoint = made(api)
    delivery = api.post(f"/webhooks/{endpoint['id']}/ping").json()
    before = list(Endpoint.objects.values()) + list(Delivery.objects.values())

    for pk in (endpoint["id"], str(uuid4())):
        for method, tail, body in (
            *(("get", tail, None) for tail in ("", "/deliveries")),
            *(("post", tail, body) for tail, body in (("/ping", None), ("/roll", {}), ("/replay", {"since": "2026-11-29T00:00:00Z"}))),
        ):
            call = getattr(other_api, method)
            answer = call(f"/webhooks/{pk}{tail}") if method == "get" else call(f"/webhooks/{pk}{tail}", body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
        assert change(other_api, pk, label="mine").status_code == 404
        assert other_api.client.delete(f"/api/v1/webhooks/{pk}").status_code == 404
    for pk in (delivery["id"], str(uuid4())):
        assert other_api.get(f"/deliveries/{pk}").status_code == 404
        assert other_api.post(f"/deliveries/{pk}/replay").status_code == 404
    assert other_api.get("/webhooks").json()["items"] == []
    assert list(Endpoint.objects.values()) + list(Delivery.objects.values()) == before
