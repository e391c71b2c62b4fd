"""Collections, tags and ratings by the API."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.callers import Caller
from access.tokens import issue
from batches.feeding import feed
from batches.models import Batch
from generation.models import GenerationTask
from library.collections import create
from tests.api.conftest import Client
from tests.task_rows import MODEL
from tests.web.page_rows import make_video


@pytest.fixture
def client(user):
    return Client(headers={"authorization": f"Bearer {issue(user, 'tests')[1]}"})


def sent(client, method, path, body):
    return getattr(client, method)(f"/api/v1/{path}", body, content_type="application/json")


def test_a_collection_is_made_filled_ordered_read_in_pages_and_deleted(client, user):
    videos = [str(make_video(user, prompt=name).pk) for name in "abc"]
    outer = sent(client, "post", "collections", {"name": "Campaigns"}).json()["id"]

    made = sent(client, "post", "collections", {"name": "Winter", "parent": outer})
    path = f"collections/{made.json()['id']}"
    assert made.status_code == 201
    assert sent(client, "post", f"{path}/videos", {"videos": videos}).json() == {"not_found": []}
    assert sent(client, "post", f"{path}/videos/move", {"videos": [videos[2]], "before": videos[0]}).status_code == 204
    first = client.get(f"/api/v1/{path}/videos?limit=2").json()
    rest = client.get(f"/api/v1/{path}/videos", {"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [video["title"] for video in first["items"] + rest["items"]] == ["c", "a", "b"]
    assert rest["next_cursor"] is None
    changed = sent(client, "patch", path, {"cover": videos[1], "hidden": True, "parent": None}).json()
    assert {name: changed[name] for name in ("cover", "hidden", "parent", "videos", "name")} == {
        "cover": videos[1],
        "hidden": True,
        "parent": None,
        "videos": 3,
        "name": "Winter",
    }
    assert sent(client, "post", f"{path}/videos/remove", {"videos": videos[:1]}).json() == {"removed": 1}
    assert client.delete(f"/api/v1/{path}").status_code == 204
    assert [row["name"] for row in client.get("/api/v1/collections").json()["items"]] == ["Campaigns"]
    assert len(client.get("/api/v1/videos").json()["items"]) == 3


def test_what_is_wrong_is_named_by_field(client, user, other_user):
    path = f"collections/{sent(client, 'post', 'collections', {'name': 'Winter'}).json()['id']}"
    video = make_video(user)
    asked = {
        "name": {"name": " "},
        "cover": {"cover": str(video.pk)},
        "team": {"team": "films"},
        "parent": {"parent": path.rpartition("/")[2]},
    }
    for field, body in asked.items():
        reply = sent(client, "patch", path, body)
        assert (reply.status_code, list(reply.json()["error"]["fields"])) == (422, [field]), body
    assert client.get(f"/api/v1/{path}/videos?cursor=x").status_code == 422
    assert sent(client, "post", f"{path}/videos", {"videos": [str(make_video(other_user).pk)] * 2}).json()["not_found"]


def test_a_video_is_rated_and_tagged_and_a_list_of_many_costs_no_more_queries(client, user):
    videos = [make_video(user) for _number in range(4)]
    path = f"videos/{videos[0].pk}"

    noted = sent(client, "patch", path, {"rating": 5, "tags": ["Night", "city"]}).json()
    assert (noted["rating"], noted["tags"]) == (5, ["city", "night"])
    noted = sent(client, "patch", path, {"rating": None, "title": "x"}).json()
    assert (noted["rating"], noted["tags"], noted["title"]) == (None, ["city", "night"], "x")
    assert sent(client, "patch", path, {"tags": []}).json()["tags"] == []
    assert sent(client, "patch", path, {"rating": 6}).status_code == 422
    assert list(sent(client, "patch", path, {"tags": ["a,b"]}).json()["error"]["fields"]) == ["tags"]
    for video in videos:
        sent(client, "patch", f"videos/{video.pk}", {"tags": ["night"]})
    client.get("/api/v1/videos")  # they are indexed now
    counts = []
    for limit in (1, 4):
        with CaptureQueriesContext(connection) as queries:
            items = client.get(f"/api/v1/videos?limit={limit}").json()["items"]
        counts.append(len(queries))
        assert {tuple(video["tags"]) for video in items} == {("night",)}
    assert counts[0] == counts[1]
    assert client.get("/api/v1/tags?q=NI").json() == {"items": ["night"]}


def test_programs_name_a_collection_that_they_may_fill(api, user, other_user, idle_account):
    team = Group.objects.create(name="films")
    user.groups.add(team)
    mine = create(by=Caller(user=user), name="Winter")
    theirs, shared = (create(by=Caller(user=other_user), name="Winter", team=one) for one in (None, team))
    order = {"model": MODEL, "prompt": "a red fox"}

    first, again = (api.post("/tasks", order | {"collection": str(mine.pk)}, idempotency_key="k-1") for _ in range(2))
    assert (first.status_code, first.json()["collection"], again.json()["id"]) == (202, str(mine.pk), first.json()["id"])
    for other in ({}, {"collection": str(shared.pk)}):
        assert api.post("/tasks", order | other, idempotency_key="k-1").status_code == 422  # another request under the same key
    assert api.post("/tasks", order | {"collection": str(shared.pk)}).json()["collection"] == str(shared.pk)
    refused = api.post("/tasks", order | {"collection": str(theirs.pk)})
    assert (refused.status_code, refused.json()["error"]["fields"]) == (422, {"collection": "There is no such collection."})

    several = {"models": [MODEL], "prompt": "a red fox", "takes": 2}
    assert api.post("/variations", several | {"collection": str(theirs.pk)}).status_code == 422
    batch = api.post("/variations", several | {"collection": str(mine.pk)}, idempotency_key="k-2")
    assert batch.status_code == 201
    feed(Batch.objects.get())
    made = GenerationTask.objects.filter(batch_id=batch.json()["id"])
    assert list(made.values_list("collection_id", flat=True)) == [mine.pk] * 2
