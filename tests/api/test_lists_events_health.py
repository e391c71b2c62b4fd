"""What programs look up: tasks and videos by filter, a task's moves, a model's health; and the notes on a video."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from generation.lifecycle import Status
from generation.models import PaidSubmits, Video
from generation.ordering.create import create
from generation.ordering.order import Order
from library.models import Collection, CollectionItem, VideoTag
from providers.models import ProviderAccount
from tests.cases import in_one_test
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import WAN, make_video, moved

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def prompts(api, **filters) -> set[str]:
    return {item["prompt"] for item in api.get(f"/tasks?{urlencode(filters)}").json()["items"]}


def titles(api, **filters) -> set[str]:
    return {item["title"] for item in api.get(f"/videos?{urlencode(filters)}").json()["items"]}


def test_tasks_are_found_by_words_and_by_day(api, user):
    make_task(user, prompt="A red Fox", created_at=NOON)
    make_task(user, prompt="a 100% wolf", created_at=NOON + timedelta(hours=1))

    assert prompts(api, q="fox") == {"A red Fox"}
    assert prompts(api, q="0% w") == {"a 100% wolf"}
    assert prompts(api, q="%") == {"a 100% wolf"}
    assert prompts(api, created_before="2026-03-01T13:00:00Z") == {"A red Fox"}
    assert prompts(api, created_after="2026-03-01T21:00:00+08:00") == {"a 100% wolf"}
    assert prompts(api, created_after="2026-03-01T12:00:00Z", created_before="2026-03-01T14:00:00Z", q="a") == {"A red Fox", "a 100% wolf"}


@in_one_test(
    "moment", ["2026-03-01", "2026-03-01T12:00:00", "1772366400", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "x", "\0"]
)
def test_a_moment_without_an_offset_is_refused(api, moment):
    for path in ("tasks", "videos"):
        for name in ("created_after", "created_before"):
            reply = api.get(f"/{path}?{urlencode({name: moment})}")

            assert (reply.status_code, list(reply.json()["error"]["fields"])) == (422, [name])


def test_videos_are_found_by_what_is_known_of_them(api, user):
    fox = make_video(user, prompt="a fox", favourite=True, task=make_task(user, status="succeeded", prompt="words", content_id="shop-7"))
    moved(fox, NOON)
    make_video(user, prompt="a wolf", title="final cut", task=make_task(user, status="succeeded", prompt="a wolf", model=WAN))

    assert titles(api, q="FOX") == titles(api, q="words") == titles(api, content_id="shop-7") == titles(api, starred="true") == {"a fox"}
    assert titles(api, task=str(fox.task_id)) == titles(api, created_before="2026-03-02T00:00:00Z") == titles(api, model="kling-v2-5-turbo")
    assert titles(api, q="wolf") == titles(api, starred="false") == titles(api, model="wanx2.1-t2v-turbo") == {"final cut"}
    assert titles(api, q="fox", starred="false") == set()


def test_a_tasks_moves_are_listed_newest_first(api, other_api, user, idle_account):
    task = create(Order(owner=user, model=MODEL, prompt="a boat")).task
    task.cancel_unsent()

    page = api.get(f"/tasks/{task.pk}/events?limit=1").json()
    last = api.get(f"/tasks/{task.pk}/events?cursor={page['next_cursor']}").json()

    assert [(one["from"], one["to"], bool(one["note"])) for one in page["items"] + last["items"]] == [
        ("queued", "cancelled", True),
        ("", "queued", False),
    ]
    assert page["items"][0]["at"].endswith("Z")
    assert last["next_cursor"] is None
    assert other_api.get(f"/tasks/{task.pk}/events").status_code == 404


def test_title_and_star_of_a_video_are_set_one_by_one(api, other_api, user):
    video = make_video(user)
    path = f"/api/v1/videos/{video.pk}"

    def patch(caller, **body) -> tuple:
        reply = caller.client.patch(path, body, content_type="application/json")
        return reply.status_code, reply.json().get("title"), reply.json().get("starred")

    assert patch(api) == (200, "a boat", False)
    assert patch(api, starred=True) == (200, "a boat", True)
    assert patch(api, title="final") == (200, "final", True)
    assert [patch(api, **body)[0] for body in ({"title": "x" * 201}, {"starred": "yes"}, {"colour": "red"})] == [422] * 3
    assert patch(other_api, title="theirs")[0] == 404
    assert list(Video.objects.values_list("title", "favourite")) == [("final", True)]


def test_health_says_whether_a_render_would_be_sent_now(api, admin_api, user, idle_account):
    path = f"/models/{MODEL}/health"
    make_task(user, status=Status.FAILED)
    make_task(user, status=Status.FAILED, finished_at=timezone.now() - timedelta(days=2), updated_at=timezone.now() - timedelta(days=2))
    make_task(user, status=Status.SUCCEEDED)

    healthy = api.get(path).json()
    until = timezone.now() + timedelta(minutes=5)
    ProviderAccount.objects.update(cooldown_until=until, cooling_since=timezone.now())
    resting, for_staff = api.get(path).json(), admin_api.get(path).json()
    ProviderAccount.objects.update(cooldown_until=None)
    PaidSubmits.objects.update_or_create(pk=PaidSubmits.THE_ROW, defaults={"stopped": True, "reason": "the month's budget"})
    stopped = api.get(path).json()
    ProviderAccount.objects.update(enabled=False)
    gone = api.get(path).json()

    assert (healthy["available"], healthy["reason"], healthy["resting_until"], healthy["accounts"]) == (True, "", None, None)
    assert (healthy["failed_today"], healthy["succeeded_today"], healthy["is_measured"]) == (1, 1, False)
    assert 0 < healthy["usual_s"][0] < healthy["usual_s"][1]
    assert (resting["available"], resting["accounts"], datetime.fromisoformat(resting["resting_until"])) == (
        False,
        None,
        until.replace(microsecond=until.microsecond // 1000 * 1000),
    )
    assert [(one["label"], one["state"]) for one in for_staff["accounts"]] == [(idle_account.label, "open")]
    assert (stopped["available"], stopped["reason"]) == (False, "New renders wait: the month's budget")
    assert (gone["available"], gone["reason"]) == (False, "No enabled account offers this model.")
    assert api.get("/models/kling/none/health").status_code == 404


def test_videos_are_found_by_the_filters_of_the_gallery(api, user, other_user):
    best = make_video(user, prompt="水墨远山", rating=5, review_state="approved", width_px=720, height_px=1280, duration_s=8.0)
    make_video(user, prompt="a wolf", quality={"frozen_s": 9.0}, task=make_task(user, status="succeeded", prompt="a wolf", model=WAN))
    VideoTag.objects.create(video=best, name="summer")
    theirs = Collection.objects.create(owner=other_user, name="theirs")
    mine = Collection.objects.create(owner=user, name="mine", is_hidden=True)
    for place in (theirs, mine):
        CollectionItem.objects.create(collection=place, video=best, position=1)

    for name, value in (
        ("q", "远山"),
        ("shape", "tall"),
        ("length", "medium"),
        ("size", "720"),
        ("tag", "Summer"),
        ("collection", mine.pk),
        ("vendor", "kling"),
        ("rating", 4),
        ("review", "approved"),
    ):
        found = titles(api, **{name: value}) - {"a wolf"} if name == "size" else titles(api, **{name: value})
        assert found == {"水墨远山"}, name
    assert titles(api, warning="any") == titles(api, vendor="dashscope", review="none", q="wolf") == {"a wolf"}
    assert titles(api, collection=theirs.pk) == titles(api, person=other_user.pk) == titles(api, q="wolf", task=best.task_id) == set()
    assert titles(api, person=user.pk, created_before="2026-01-01T00:00:00Z") == set()
    first = api.get(f"/videos?person={user.pk}&limit=1").json()
    rest = api.get(f"/videos?person={user.pk}&limit=1&cursor={first['next_cursor']}").json()
    assert ([item["title"] for item in first["items"] + rest["items"]], rest["next_cursor"]) == (["a wolf", "水墨远山"], None)
    for wrong in ("rating=6", "shape=round", "bin=true&rating=4", "tag=a,b"):
        assert api.get(f"/videos?{wrong}").status_code == 422
