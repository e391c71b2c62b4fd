"""The API of content ids: their videos, the chosen one, and which have none yet."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.callers import Caller
from events.models import AuditEvent
from generation.actions.bin import move_to_bin
from generation.lifecycle import Status
from generation.models import Video
from generation.queries.content import coverage_of, videos_of
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import make_video


def video_of(owner, content_id, **facts) -> Video:
    task = make_task(owner, status=Status.SUCCEEDED, content_id=content_id, team=facts.get("team"))
    return make_video(owner, task=task, **facts)


def address(content_id: str) -> str:
    return f"/content/{quote(content_id, safe='')}"


def choose(api, content_id, video) -> int:
    body = json.dumps({"chosen": str(video.pk) if video else None})
    return api.client.patch(f"/api/v1{address(content_id)}", body, content_type="application/json").status_code


def shown(api, content_id="lamp") -> tuple[str | None, str]:
    said = api.get(address(content_id)).json()
    return said["chosen"] and said["chosen"]["id"], said["chosen_because"]


@in_one_test(
    "content_id",
    ["a/b//c", "/", "商品 7", "a?b#c%2Fd", "x" * 200, "杯" * 200, "a&b=+ c", "content/missing", "é\u0301", "华为\u3000手机 👨\u200d👩"],
)
def test_every_content_id_has_an_address(api, user, content_id):
    video = video_of(user, content_id)

    said = api.get(address(content_id)).json()

    assert (said["content_id"], [one["id"] for one in said["videos"]]) == (content_id, [str(video.pk)])
    assert choose(api, content_id, video) == 200
    assert api.post("/content", {"content_ids": [content_id]}).json() == {"missing": [], "under_way": []}


@in_one_test("content_id", ["lamp 2", "LAMP", "a\0b", "a\nb", "x" * 201, "\ud7ff\ue000"])
def test_an_unknown_content_id_is_not_there(api, user, content_id):
    video_of(user, "lamp")

    assert api.get(address(content_id)).status_code == choose(api, content_id, None) == 404


def test_the_choice_counts_then_a_star_then_the_newest_good_one(api, user):
    assert api.get("/content/lamp").status_code == 404
    make_task(user, content_id="lamp")
    assert shown(api) == (None, "")

    first, second = video_of(user, "lamp"), video_of(user, "lamp")
    video_of(user, "lamp", playable=False)
    video_of(user, "lamp", quality={"black_s": 5.0, "black_share": 1.0})
    assert shown(api) == (str(second.pk), "newest")
    Video.objects.filter(pk=first.pk).update(favourite=True)
    assert shown(api) == (str(first.pk), "star")

    assert choose(api, "lamp", second) == 200
    assert shown(api) == (str(second.pk), "choice")
    choose(api, "lamp", first)
    assert shown(api) == (str(first.pk), "choice")
    move_to_bin(first, by=Caller(user=user))
    assert shown(api) == (str(second.pk), "choice")
    assert choose(api, "lamp", None) == 200
    assert shown(api)[1] == "newest"
    assert list(AuditEvent.objects.filter(action__startswith="video.ch").order_by("pk").values_list("action", flat=True)) == [
        "video.chosen",
        "video.chosen",
        "video.choice_ended",
    ]


def test_only_own_and_shared_videos_count_and_only_own_ones_are_chosen(api, other_api, user, other_user):
    """The same id in two shops is two things, until a team shares them."""
    theirs, other = video_of(other_user, "lamp"), video_of(user, "lamp 2")
    assert api.get("/content/lamp").status_code == 404
    assert api.post("/content", {"content_ids": ["lamp"]}).json()["missing"] == ["lamp"]

    team = Group.objects.create(name="shop")
    user.groups.add(team)
    other_user.groups.add(team)
    Video.objects.filter(pk=theirs.pk).update(team=team)
    mine = video_of(user, "lamp")
    choose(other_api, "lamp", theirs)

    assert shown(api) == (str(theirs.pk), "choice")
    assert [choose(api, "lamp", one) for one in (theirs, None, other, mine)] == [403, 403, 422, 200]
    assert shown(api) == (str(mine.pk), "choice")
    assert shown(other_api) == (str(theirs.pk), "choice"), "what is not shared with them is not chosen for them"


def test_videos_come_in_pages(api, user):
    made = [str(video_of(user, "lamp").pk) for _number in range(3)]
    video_of(user, "other")

    first = api.get("/content/lamp?limit=2").json()
    last = api.get(f"/content/lamp?limit=2&cursor={first['next_cursor']}").json()

    assert [[one["id"] for one in page["videos"]] for page in (first, last)] == [made[:0:-1], made[:1]]
    assert last["next_cursor"] is None


def test_ids_without_a_video_are_missing_or_under_way(api, user):
    move_to_bin(video_of(user, "in the bin"), by=Caller(user=user))
    video_of(user, "done")
    make_task(user, content_id="done")
    make_task(user, content_id="queued")
    make_task(user, content_id="in review", status=Status.NEEDS_REVIEW)
    make_task(user, content_id="failed", status=Status.FAILED)
    many = [f"sku-{number}" for number in range(4_000)]

    said = api.post("/content", {"content_ids": ["new", "done", "queued", "new", "in the bin", "in review", "failed", *many]}).json()

    assert said == {"missing": ["new", "in the bin", "failed", *many], "under_way": ["queued", "in review"]}
    assert api.post("/content", {"content_ids": []}).json() == {"missing": [], "under_way": []}
    for wrong in (["x" * 201], [""], [7], many + many):
        assert api.post("/content", {"content_ids": wrong}).status_code == 422


def test_a_choice_by_page_and_the_wall_of_a_content_id(client, user, staff):
    video, other = video_of(user, "lamp & co"), video_of(user, "chair")
    client.force_login(user)
    page = client.get(f"/videos/{video.pk}/").text
    assert "the newest without problems" in page
    assert "/gallery/?content=lamp+%26+co" in page

    client.post(f"/videos/{video.pk}/choose")
    assert "This video was chosen" in client.get(f"/videos/{video.pk}/").text
    client.post(f"/videos/{video.pk}/choose")
    assert Video.objects.get(pk=video.pk).chosen_at is None

    for person in (user, staff):
        client.force_login(person)
        wall = client.get("/gallery/?content=lamp+%26+co").text
        assert (f"/videos/{video.pk}/" in wall, f"/videos/{other.pk}/" in wall) == (True, False)
    assert "No video for: content id x." in client.get("/gallery/?content=x").text


@pytest.mark.postgresql
def test_content_is_found_by_its_index_whoever_asks(user, staff):
    """Without statistics too, as in a new installation."""
    user.groups.add(Group.objects.create(name="shop"))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # small tables are read whole
    for person in (user, staff):
        caller = Caller(user=person)
        with CaptureQueriesContext(connection) as asked:
            coverage_of(caller, ["lamp", "chair"])
        assert len(asked) <= 3
        assert "task_by_content" in videos_of(caller, "lamp").order_by("-pk")[:51].explain()
