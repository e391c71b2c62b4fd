"""Each cell of docs/visibility.md, by pages, by the API and for files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from access.callers import Caller
from access.tokens import issue
from generation.lifecycle import Status
from generation.models import GenerationTask, TaskInput, Video
from library.collections import add as add_to_collection
from library.collections import create as create_collection
from library.models import Comment
from providers.models import ProviderAccount
from tests.batches.batch_rows import make_batch
from tests.cases import in_one_test
from tests.task_rows import attempt_of, make_task
from tests.web.page_rows import asked, make_asset, make_video

COLUMNS = ("owner", "mate", "member", "outsider", "staff", "permitted", "superuser")
"""`mate` is in the team that has the rows. `outsider` has the permissions and is not staff; for the table that is another member."""
CHANGES = ("change_generationtask", "change_video", "change_provideraccount", "change_batch", "change_collection", "change_comment")
SEES = {"owner": 200, "mate": 200, "member": 404, "outsider": 404, "staff": 200, "permitted": 200, "superuser": 200}
BINNED = SEES | {"mate": 404}
ACTS = {"owner": 200, "mate": 403, "member": 404, "outsider": 404, "staff": 403, "permitted": 200, "superuser": 200}
FILLS = ACTS | {"mate": 200}
SHARES = {"owner": 200, "mate": 403, "member": 404, "outsider": 404, "staff": 403, "permitted": 403, "superuser": 403}
DECIDES = {"owner": 403, "mate": 403, "member": 404, "outsider": 404, "staff": 403, "permitted": 200, "superuser": 200}
ACCOUNTS = {"owner": 302, "mate": 302, "member": 302, "outsider": 302, "staff": 403, "permitted": 200, "superuser": 200}
STAFF = {column: column in {"staff", "permitted", "superuser"} for column in COLUMNS}
NOTHING: dict[str, Any] = {"data": {}, "content_type": "application/json"}
AUDIT = {"owner": 302, "mate": 302, "member": 302, "outsider": 302, "staff": 403, "permitted": 403, "superuser": 200}


@pytest.fixture
def people(user: User) -> dict[str, User]:
    made = {"owner": user, "superuser": User.objects.create_superuser("boss")}
    for name in ("mate", "member", "outsider", "staff", "permitted"):
        made[name] = User.objects.create_user(name, is_staff=name in {"staff", "permitted"})
        if name in {"outsider", "permitted"}:
            made[name].user_permissions.set(Permission.objects.filter(codename__in=CHANGES))
    return made


@pytest.fixture
def team(people: dict[str, User]) -> Group:
    """Return the team of the owner and a mate; another member is in another team."""
    films, others = Group.objects.create(name="films"), Group.objects.create(name="others")
    films.user_set.set([people["owner"], people["mate"]])
    others.user_set.set([people["owner"], people["member"]])
    return films


@pytest.fixture
def review(user: User, team: Group, make_account: Callable[..., ProviderAccount]) -> GenerationTask:
    account = make_account("kling", "official-key", "http://127.0.0.1:9")
    task = make_task(user, status=Status.NEEDS_REVIEW, team=team, account=account, attempt_count=1)
    attempt_of(task, account, dispatch="unknown", finished_at=task.created_at)
    return task


def page(person: User) -> Client:
    client = Client(headers={"HX-Request": "true"})
    client.force_login(person)
    return client


def program(person: User) -> Client:
    return Client(headers={"authorization": f"Bearer {issue(person, 'tests')[1]}"})


def kind(status: int) -> int:
    """Return the status, any success as 200."""
    return 200 if 200 <= status < 300 else status


@in_one_test("column", COLUMNS)
def test_who_sees_rows_and_files(column, people, user, team):
    task, video, asset = make_task(user, team=team), make_video(user, team=team), make_asset(user)
    TaskInput.objects.get_or_create(task=task, slot="first_frame", asset=asset)
    stored = f"/videos/{video.pk}"
    files = [f"{stored}/{name}" for name in ("file", "poster.webp", "preview.mp4")]
    by_page = [f"/tasks/{task.pk}/", f"{stored}/", *files, f"/assets/{asset.pk}/"]
    by_api = [f"/api/v1{path}" for path in (f"/tasks/{task.pk}", stored, f"{stored}/content", f"/assets/{asset.pk}")]
    visitor, client = page(people[column]), program(people[column])

    assert {path: asked(visitor, path) for path in by_page} == dict.fromkeys(by_page, SEES[column])
    assert {path: asked(client, path) for path in by_api} == dict.fromkeys(by_api, SEES[column])


@in_one_test("column", COLUMNS)
def test_who_sees_a_batch_and_who_acts_on_it(column, people, user, team):
    batch = make_batch(user, 1, team=team)
    visitor, client = page(people[column]), program(people[column])
    addresses = [f"/batches/{batch.pk}/{part}" for part in ("", "progress?state=checked", "row", "rejected.csv", "results?format=zip")]
    seen = {asked(visitor, path) for path in addresses} | {asked(client, f"/api/v1/batches/{batch.pk}")}
    assert seen == {SEES[column]}
    assert (str(batch.pk) in visitor.get("/batches/").text) is (SEES[column] == 200)
    for path in ("columns", "defaults", "pause", "accept"):
        status = kind(visitor.post(f"/batches/{batch.pk}/{path}", {"model": "kling/kling-v2-5-turbo", "prompt": ""}).status_code)
        assert (status in {403, 404}) is (ACTS[column] in {403, 404}), (path, status)
    assert visitor.get(f"/batches/new?from={batch.pk}").status_code == SEES[column]


@in_one_test("column", COLUMNS)
def test_lists_have_the_rows_that_one_sees(column, people, user, team):
    task, video = make_task(user, team=team), make_video(user, team=team)
    client = program(people[column])

    listed = {row["id"] for path in ("tasks", "videos") for row in client.get(f"/api/v1/{path}").json()["items"]}
    assert ({str(task.pk), str(video.pk)} <= listed) is (SEES[column] == 200)
    pages = {
        path: page(people[column]).get(path).text
        for path in ("/activity/", f"/gallery/?team={team.pk}", "/tick?since=2026-01-01T00:00:00Z")
    }
    assert {path for path, text in pages.items() if str(task.pk) in text or str(video.pk) in text} == (
        set(pages) if SEES[column] == 200 else set()
    )


@in_one_test("column", COLUMNS)
@in_one_test("client_of", [page, program])
def test_who_may_cancel(client_of, column, people, user, team):
    task = make_task(user, team=team)
    path = f"/tasks/{task.pk}/cancel"

    assert kind(client_of(people[column]).post(path if client_of is page else f"/api/v1{path}").status_code) == ACTS[column]
    assert (GenerationTask.objects.get(pk=task.pk).status == Status.CANCELLED) is (ACTS[column] == 200)


@in_one_test("column", COLUMNS)
def test_who_may_star(column, people, user, team):
    video = make_video(user, team=team)

    assert kind(page(people[column]).post(f"/videos/{video.pk}/star").status_code) == ACTS[column]
    video.refresh_from_db()
    assert video.favourite is (ACTS[column] == 200)


@in_one_test("column", COLUMNS)
def test_what_is_in_the_bin_is_seen_there_and_nowhere_else(column, people, user, team):
    video, client = make_video(user, team=team), program(people[column])
    Video.objects.filter(pk=video.pk).update(deleted_at=timezone.now())
    path = f"/api/v1/videos/{video.pk}"

    binned = {row["id"] for row in client.get("/api/v1/videos?bin=true").json()["items"]}
    assert (str(video.pk) in binned) is (BINNED[column] == 200)
    assert asked(page(people[column]), f"/bin/{video.pk}/poster.webp") == BINNED[column]
    assert str(video.pk) not in {row["id"] for row in client.get("/api/v1/videos").json()["items"]}
    assert [asked(client, address) for address in (path, f"{path}/content")] == [404, 404]


@in_one_test("column", COLUMNS)
@in_one_test("way", ["delete", "restore", "delete for good"])
def test_who_may_delete_and_restore(way, column, people, user, team):
    video = make_video(user, team=team)
    Video.objects.filter(pk=video.pk).update(deleted_at=timezone.now() if way == "restore" else None)
    path, client = f"/api/v1/videos/{video.pk}", program(people[column])

    reply = client.post(f"{path}/restore") if way == "restore" else client.delete(path + ("?permanently=true" if way != "delete" else ""))

    after = Video.objects.get(pk=video.pk)
    changed = after.deleted_at is None if way == "restore" else bool(after.purged_at if way != "delete" else after.deleted_at)
    expected = 404 if way == "restore" and BINNED[column] == 404 else ACTS[column]
    assert (kind(reply.status_code), changed) == (expected, expected == 200)


@in_one_test("column", COLUMNS)
def test_who_sees_fills_changes_shares_and_deletes_a_collection(column, people, user, team):
    collection = create_collection(by=Caller(user=user), name="Winter", team=team)
    video, theirs = make_video(user, team=team), make_video(people[column])
    add_to_collection(collection, [video.pk], by=Caller(user=user))
    path, client = f"/api/v1/collections/{collection.pk}", program(people[column])
    people[column].groups.add(Group.objects.get(name="others"))

    assert [asked(client, address) for address in (path, f"{path}/videos")] == [SEES[column]] * 2
    assert (str(collection.pk) in client.get("/api/v1/collections").text) is (SEES[column] == 200)
    for way in ("videos", "videos/move", "videos/remove"):
        body = {"videos": [str((theirs if way == "videos" else video).pk)]}
        assert kind(client.post(f"{path}/{way}", body, content_type="application/json").status_code) == FILLS[column], way
    for body, who in (({"name": "Summer"}, ACTS), ({"team": "others"}, SHARES), ({"team": None}, ACTS)):
        assert kind(client.patch(path, body, content_type="application/json").status_code) == who[column], body
    assert kind(client.delete(path).status_code) == ACTS[column]


@in_one_test("column", COLUMNS)
def test_who_rates_and_tags(column, people, user, team):
    video = make_video(user, team=team)
    body = {"rating": 4, "tags": ["Night"]}

    reply = program(people[column]).patch(f"/api/v1/videos/{video.pk}", body, content_type="application/json")

    assert kind(reply.status_code) == ACTS[column]
    if reply.status_code == 200:
        assert (reply.json()["rating"], reply.json()["tags"]) == (4, ["night"])
    else:
        assert not video.tags.exists()


@in_one_test("column", COLUMNS)
@in_one_test("way", ["make", "list", "replace"])
def test_who_makes_and_sees_links(way, column, people, user, team):
    path, client = f"/api/v1/videos/{make_video(user, team=team).pk}", program(people[column])
    reply = client.get(f"{path}/links") if way == "list" else client.post(path + ("/links" if way == "make" else "/replace-url"), **NOTHING)

    assert kind(reply.status_code) == ACTS[column]


@in_one_test("column", COLUMNS)
@in_one_test(("state", "who"), [("approved", SEES), ("rejected", SEES), ("wanted", ACTS)])
def test_who_reviews_a_video(state, who, column, people, user, team):
    video, decision = make_video(user, team=team), {"state": state, "note": "so", "seen": "none"}

    by_api = program(people[column]).post(f"/api/v1/videos/{video.pk}/review", decision, content_type="application/json")
    assert (kind(by_api.status_code), Video.objects.get(pk=video.pk).review_state) == (who[column], state if who[column] == 200 else "")
    by_page = page(people[column]).post(f"/videos/{make_video(user, team=team).pk}/review", decision)
    assert kind(by_page.status_code) == who[column]


@in_one_test("column", COLUMNS)
def test_who_comments_on_a_video_and_who_changes_a_comment(column, people, user, team):
    video, client, person = make_video(user, team=team), program(people[column]), people[column]
    path = f"/api/v1/videos/{video.pk}/comments"
    theirs = Comment.objects.create(video=video, author=people["superuser"], text="slower")
    mine = client.post(path, {"text": "faster", "at_s": 1.5}, content_type="application/json")

    assert (kind(mine.status_code), client.get(path).status_code) == (SEES[column], SEES[column])
    assert kind(page(person).post(f"/videos/{video.pk}/comments", {"text": "faster", "at": "0:03"}).status_code) == SEES[column]
    sees = SEES[column] == 200
    for body, expected in (({"resolved": True}, SEES[column]), ({"text": "x"}, 200 if column == "superuser" else 403 if sees else 404)):
        assert kind(client.patch(f"{path}/{theirs.pk}", body, content_type="application/json").status_code) == expected
    deletes = 200 if column in {"superuser", "permitted"} else 403 if sees else 404
    assert kind(client.delete(f"{path}/{theirs.pk}").status_code) == deletes
    if sees:
        assert kind(client.delete(f"{path}/{mine.json()['id']}").status_code) == 200


@in_one_test("column", COLUMNS)
@in_one_test(("wanted", "who"), [("others", SHARES), (None, ACTS)])
def test_who_may_share(wanted, who, column, people, user, team):
    video = make_video(user, task=make_task(user, status=Status.SUCCEEDED, team=team), team=team)
    people[column].groups.add(Group.objects.get(name="others"))

    reply = program(people[column]).post(f"/api/v1/tasks/{video.task_id}/share", {"team": wanted}, content_type="application/json")

    after = Video.objects.select_related("team", "task__team").get(pk=video.pk)
    names = {one.name if one else None for one in (after.team, after.task.team)}
    assert (kind(reply.status_code), names) == (who[column], {wanted if who[column] == 200 else "films"})


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("client_of", [page, program])
def test_who_may_decide(client_of, column, people, review):
    path = f"/tasks/{review.pk}/give-up"

    assert kind(client_of(people[column]).post(path if client_of is page else f"/api/v1{path}").status_code) == DECIDES[column]
    assert (GenerationTask.objects.get(pk=review.pk).status == Status.FAILED) is (DECIDES[column] == 200)


@in_one_test("column", COLUMNS)
@in_one_test(("path", "expected"), [("providers/provideraccount", ACCOUNTS), ("events/auditevent", AUDIT)])
def test_who_sees_pages_of_the_admin(path, expected, column, people):
    assert page(people[column]).get(f"/admin/{path}/").status_code == expected[column]


@in_one_test("column", COLUMNS)
def test_who_sees_how_the_portal_works(column, people):
    asking, sees = page(people[column]), STAFF[column]

    assert (asking.get("/system/").status_code, asking.get("/metrics").status_code) == ((200, 200) if sees else (404, 401))


@in_one_test("column", COLUMNS)
def test_a_token_opens_no_page(column, people):
    client = program(people[column])

    assert [client.get(path).status_code for path in ("/activity/", "/admin/")] == [302, 302]
