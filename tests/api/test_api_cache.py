"""`cache: true` by API: the stored video is in the first answer."""

from __future__ import annotations

from access.ledger_models import Reservation
from generation.models import CachedModel
from tests.generation.ordering.test_result_cache import real, rendered, video  # noqa: F401 - fixtures
from tests.task_rows import MODEL


def test_an_equal_order_is_answered_with_the_stored_video(api, video):  # noqa: F811
    reply = api.post("/tasks", {"model": MODEL, "prompt": "a boat", "cache": True, "content_id": "lamp"}, idempotency_key="k")
    again = api.post("/tasks", {"model": MODEL, "prompt": "a boat", "cache": True, "content_id": "lamp"}, idempotency_key="k")
    waited = api.post("/tasks", {"model": MODEL, "prompt": "a boat", "cache": True}, prefer="wait=60").json()

    said = reply.json()
    assert (reply.status_code, said["status"], said["copy_of"], said["cost"]["settled"]) == (
        202,
        "succeeded",
        str(video.task_id),
        "0.000000",
    )
    assert (said["videos"][0]["sha256"], said["content_id"]) == (video.sha256, "lamp")
    assert b"".join(api.get(f"/videos/{said['videos'][0]['id']}/content")) != b""
    assert again.json()["id"] == said["id"]
    assert (waited["status"], len(waited["videos"])) == ("succeeded", 1)
    events = api.get(f"/tasks/{said['id']}/events").json()["items"]
    assert str(video.task_id) in events[0]["note"]
    assert Reservation.objects.count() == 0
    assert api.post("/tasks", {"model": MODEL, "prompt": "a boat", "cache": "yes"}).status_code == 422


def test_a_token_that_caches(api, user, video):  # noqa: F811
    made = api.post("/tokens", {"label": "shop", "cache": True}).json()
    shop = type(api)(made["token"])

    assert made["cache"] is True
    assert shop.post("/tasks", {"model": MODEL, "prompt": "a boat"}).json()["copy_of"] == str(video.task_id)
    assert shop.post("/tasks", {"model": MODEL, "prompt": "a boat", "cache": False}).json()["copy_of"] is None
    assert api.client.patch(f"/api/v1/tokens/{made['id']}", {"cache": False}, content_type="application/json").json()["cache"] is False
    assert shop.post("/tasks", {"model": MODEL, "prompt": "a boat"}).json()["copy_of"] is None


def test_pages_of_the_copy_and_the_switches_of_token_and_model(client, staff_client, user, video, api):  # noqa: F811
    task = api.post("/tasks", {"model": MODEL, "prompt": "a boat", "cache": True}).json()
    client.force_login(user)
    page = client.get(f"/tasks/{task['id']}/").text

    assert f"This task got the stored videos of task {video.task_id}. Nothing was bought." in page
    assert client.get(f"/videos/{task['videos'][0]['id']}/").status_code == 200
    assert "Stored videos will do" in client.get("/settings/tokens/new").text
    staff_client.post("/admin/generation/cachedmodel/add/", {"model": MODEL})
    assert CachedModel.objects.get().model == MODEL
