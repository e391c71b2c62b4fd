"""The bin through the API: what is in it is out of everything else, and comes back."""

from __future__ import annotations

from events.models import AuditEvent, Event
from generation.ingest.purge import purge
from generation.models import Video
from tests.web.page_rows import make_video


def listed(api, path="/videos"):
    return [row["id"] for row in api.get(path).json()["items"]]


def deleted(api, path):
    return api.client.delete(f"/api/v1{path}")


def test_a_deleted_video_is_in_the_bin_only_and_comes_back(api, user):
    video, other = make_video(user), make_video(user, prompt="another")
    path = f"/videos/{video.pk}"

    assert [deleted(api, path).status_code for _ in range(2)] == [204, 204]

    assert (listed(api), listed(api, "/videos?bin=true")) == ([str(other.pk)], [str(video.pk)])
    for address in (path, f"{path}/content", f"{path}/content?variant=poster"):
        reply = api.get(address)
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "in_bin")
    binned = api.get("/videos?bin=true").json()["items"][0]
    assert binned["deleted_at"] < binned["purge_at"]
    task = api.get(f"/tasks/{video.task_id}").json()
    assert (task["status"], task["videos"], task["videos_in_bin"]) == ("succeeded", [], [str(video.pk)])

    restored = api.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["deleted_at"], restored.json()["purge_at"]) == (200, None, None)
    assert api.post(f"{path}/restore").status_code == 200
    assert (listed(api), listed(api, "/videos?bin=true")) == ([str(other.pk), str(video.pk)], [])
    assert list(AuditEvent.objects.order_by("id").values_list("action", flat=True)) == ["token.created", "video.binned", "video.restored"]
    assert list(Event.objects.order_by("id").values_list("type", flat=True)) == ["video.binned", "video.restored"]


def test_deleted_for_good_stays_deleted_and_its_task_stays_paid(api, user):
    video = make_video(user)
    Video.objects.filter(pk=video.pk).update(actual_prompt="kept")
    path = f"/videos/{video.pk}"
    cost = api.get(f"/tasks/{video.task_id}").json()["cost"]

    assert [deleted(api, f"{path}?permanently=true").status_code for _ in range(2)] == [204, 204]
    purge()

    assert deleted(api, path).status_code == 204
    assert [api.get(address).json()["error"]["code"] for address in (path, f"{path}/content")] == ["deleted_for_good"] * 2
    refused = api.post(f"{path}/restore")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "deleted_for_good")
    assert (listed(api), listed(api, "/videos?bin=true")) == ([], [])
    task = api.get(f"/tasks/{video.task_id}").json()
    assert (task["status"], task["cost"], task["videos"], task["videos_in_bin"]) == ("succeeded", cost, [], [])


def test_the_bin_is_emptied_of_ones_own(api, admin_api, user, staff):
    mine, theirs, kept = make_video(user), make_video(staff), make_video(user, prompt="kept")
    for caller, video in ((api, mine), (admin_api, theirs)):
        deleted(caller, f"/videos/{video.pk}")

    assert sorted(listed(admin_api, "/videos?bin=true")) == sorted([str(mine.pk), str(theirs.pk)])
    assert [admin_api.post("/videos/bin/empty").json() for _ in range(2)] == [{"deleted": 1}, {"deleted": 0}]
    assert (listed(api, "/videos?bin=true"), listed(api)) == ([str(mine.pk)], [str(kept.pk)])
    assert AuditEvent.objects.get(action="bin.emptied").after == {"videos": 1}
