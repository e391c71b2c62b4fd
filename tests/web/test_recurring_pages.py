"""The pages and the API of recurring batches."""

from __future__ import annotations

import pytest
from django.db import transaction

from access.callers import Caller
from batches.models import Batch, RecurringBatch
from events import outbox
from events.models import AuditEvent
from providers.core.messages import say
from tests.api.conftest import Api, api  # noqa: F401 - a fixture
from tests.batches.batch_rows import KLING, make_batch, make_recurring
from webhooks.fan_out import fan_out
from webhooks.models import Notice

FORM = {
    "name": "new products",
    "url": "https://shop.example/p.csv?key=s3cret",
    "at": "02:30",
    "time_zone": "Asia/Shanghai",
    "most_cost": "20",
}


@pytest.fixture
def source(user) -> Batch:
    return make_batch(user, file_key="batches/x/rows", mapping={"sku": "content_id"}, defaults={"model": KLING})


def test_a_recurring_batch_is_made_changed_and_deleted_by_page(visitor, user, source):
    assert "No recurring batches" in visitor.get("/batches/recurring/").text
    wrong = visitor.post("/batches/recurring/new", FORM | {"batch": source.pk, "url": "ftp://x", "at": "25:00"})
    assert (wrong.status_code, RecurringBatch.objects.count()) == (422, 0)

    visitor.post("/batches/recurring/new", FORM | {"batch": source.pk, "missing_only": "on"})
    row = RecurringBatch.objects.get()
    assert (row.mapping, row.defaults, row.most_cost, row.missing_only, row.good_only) == (
        {"sku": "content_id"},
        {"model": KLING},
        20_000_000,
        True,
        False,
    )
    page = f"/batches/recurring/{row.pk}/"
    assert "every day at 02:30 (Asia/Shanghai)" in visitor.get("/batches/recurring/").text
    assert "Run now" in visitor.get(page).text

    visitor.post(page, FORM | {"at": "03:15", "most_cost": ""})
    row.refresh_from_db()
    assert (f"{row.at:%H:%M}", row.most_cost, row.missing_only, row.mapping) == ("03:15", None, False, {"sku": "content_id"})
    visitor.post(f"{page}pause")
    assert RecurringBatch.objects.get().due_at is None
    visitor.post(f"{page}resume")
    visitor.post(f"{page}run")
    assert RecurringBatch.objects.get().run_id is not None
    visitor.post(f"{page}delete")
    assert RecurringBatch.objects.count() == 0
    told = list(AuditEvent.objects.filter(action__startswith="recurring.").order_by("pk"))
    assert [one.action.partition(".")[2] for one in told] == ["created", "changed", "changed", "changed", "run", "deleted"]
    assert "s3cret" not in str([(one.before, one.after) for one in told])


def test_others_see_nothing_and_staff_only_look(client, visitor, other_user, staff, user):
    row = make_recurring(user, result=say("run_nothing_new"), last_run_at=user.date_joined)
    client.force_login(other_user)
    assert client.get(f"/batches/recurring/{row.pk}/").status_code == 404
    client.force_login(staff)
    assert "Nothing to order" in client.get(f"/batches/recurring/{row.pk}/").text
    assert client.get(f"/admin/batches/recurringbatch/{row.pk}/change/").status_code == 200


def test_the_api_has_the_same(api: Api, user):  # noqa: F811
    body = {"url": "https://shop.example/p.csv?key=s", "at": "02:30", "time_zone": "Asia/Shanghai", "defaults": {"model": KLING}}
    made = api.post("/recurring-batches", body | {"most_cost": "20", "mapping": {"sku": "content_id"}}).json()

    assert (made["at"], made["most_cost"], made["missing_only"], made["paused"], made["url"]) == (
        "02:30",
        "20.000000",
        True,
        False,
        body["url"],
    )
    address = f"/api/v1/recurring-batches/{made['id']}"
    paused = api.client.patch(address, {"paused": True}, content_type="application/json").json()
    assert (paused["paused"], paused["next_at"], paused["mapping"]) == (True, None, {"sku": "content_id"})
    assert api.post(f"/recurring-batches/{made['id']}/run").json()["running"] is True
    assert api.post(f"/recurring-batches/{made['id']}/run").status_code == 409
    for wrong in ({"at": "2:30"}, {"url": "ftp://x"}, {"time_zone": "Moon/Base"}, {"defaults": {"colour": "red"}}, {"most_cost": -1}):
        assert api.post("/recurring-batches", body | wrong).status_code == 422, wrong
    dear = api.post("/recurring-batches", body | {"most_cost": "9" * 20})
    assert dear.json()["error"]["fields"] == {"most_cost": "At most 15 digits."}
    assert api.client.delete(address).status_code == 204
    assert api.get("/recurring-batches").json()["items"] == []


def test_a_failed_run_is_a_notice_for_its_owner(user, db):
    row = make_recurring(user)
    with transaction.atomic():
        facts = {"name": row.name, "words": "The file is gone.", "batch": None, "team_id": None}
        outbox.write("batch.run_failed", subject=row.pk, owner_id=user.pk, at=row.created_at, facts=facts)
    fan_out()

    notice = Notice.objects.get(owner=Caller(user=user).user)
    assert (notice.url, "The file is gone." in str(notice.message.parts[0].args)) == (f"/batches/recurring/{row.pk}/", True)
