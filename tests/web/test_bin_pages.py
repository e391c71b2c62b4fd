"""Deleting on pages: at once and with an undo; the bin; and that nothing else shows what is in it."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from generation.models import GenerationTask, Video
from tests.access.test_visibility import asked
from tests.web.page_rows import make_video
from tests.web.test_gallery_and_video import titles

pytestmark = pytest.mark.django_db
SCRIPT = {"HX-Request": "true"}


def facts_of(video):
    return {field.attname: getattr(video, field.attname) for field in Video._meta.concrete_fields if not field.primary_key}


def triggered(reply):
    return json.loads(reply["HX-Trigger"])


def test_a_press_on_the_wall_deletes_at_once_and_offers_an_undo(visitor, user):
    video = make_video(user)
    wall = visitor.get("/gallery/").text

    reply = visitor.post(f"/videos/{video.pk}/delete", headers=SCRIPT)

    assert f'<button form="tile-form" formaction="/videos/{video.pk}/delete"' in wall
    assert '<form id="tile-form" class="bare" method="post">' in wall
    assert (reply.status_code, triggered(reply)["portal:video"]) == (204, {"id": str(video.pk), "state": "binned"})
    assert triggered(reply)["portal:toast"]["undo"] == f"/videos/{video.pk}/restore"
    undone = visitor.post(f"/videos/{video.pk}/restore", headers=SCRIPT)
    assert triggered(undone)["portal:video"]["state"] == "kept"
    assert titles(visitor.get("/gallery/")) == ["a boat"]


def test_the_video_page_goes_on_to_the_next_video_and_says_how_to_undo(visitor, user):
    older, newer = make_video(user, prompt="older"), make_video(user, prompt="newer")
    assert f'name="next" value="/videos/{older.pk}/"' in visitor.get(f"/videos/{newer.pk}/").text

    reply = visitor.post(f"/videos/{newer.pk}/delete", {"next": f"/videos/{older.pk}/"}, follow=True)

    assert reply.redirect_chain == [(f"/videos/{older.pk}/", 302)]
    assert f'<form class="bare" method="post" action="/videos/{newer.pk}/restore">' in reply.text
    restored = visitor.post(f"/videos/{newer.pk}/restore", follow=True)
    assert restored.redirect_chain == [(f"/videos/{newer.pk}/", 302)]
    assert restored.status_code == 200


def test_nothing_but_the_bin_shows_a_deleted_video(visitor, user):
    video, other = make_video(user), make_video(user, prompt="another")
    visitor.post(f"/videos/{video.pk}/delete")

    assert titles(visitor.get("/gallery/")) == ["another"]
    assert [visitor.get(f"/gallery/{query}").context["count"] for query in ("", "?q=boat")] == [1, 0]
    assert [take.prompt for take in visitor.get("/studio/").context["takes"]] == ["another"]
    assert visitor.get(f"/videos/{other.pk}/").context["older_url"] == ""
    gone = [visitor.get(f"/videos/{video.pk}/{name}").status_code for name in ("", "file", "poster.webp", "preview.mp4")]
    assert gone == [404] * 4
    assert f'action="/videos/{video.pk}/restore"' in visitor.get(f"/videos/{video.pk}/").text
    assert [one.title for one in visitor.get("/bin/").context["videos"]] == ["a boat"]
    assert [asked(visitor, f"/bin/{one.pk}/poster.webp") for one in (video, other)] == [200, 404]


def test_the_card_of_its_task_says_where_the_video_is_and_brings_it_back(visitor, user):
    video = make_video(user)
    visitor.post(f"/videos/{video.pk}/delete")

    card = visitor.get("/activity/").context["cards"][0]
    restore = next(act for act in card.actions if act.icon == "undo-2")
    reply = visitor.post(restore.url, headers=SCRIPT)

    assert (card.text, card.href, card.thumb_url) == ("in the bin", f"/tasks/{video.task_id}/", "")
    assert (reply.status_code, reply["HX-Redirect"]) == (204, f"/videos/{video.pk}/")
    assert visitor.get("/activity/").context["cards"][0].text == ""
    visitor.post(f"/videos/{video.pk}/delete-for-good")
    assert visitor.get("/activity/").context["cards"][0].text == "video deleted for good"


def test_the_page_of_a_video_that_was_deleted_for_good_leads_those_who_may_see_it_to_its_task(visitor, user, other_user):
    video, other = make_video(user), make_video(other_user)
    for one in (video, other):
        Video.objects.filter(pk=one.pk).update(deleted_at=one.created_at, purged_at=one.created_at)

    reply, plain = visitor.get(f"/videos/{video.pk}/"), visitor.get(f"/videos/{other.pk}/")

    assert (reply.status_code, plain.status_code) == (404, 404)
    assert "This video was deleted for good." in reply.text
    assert f'href="/tasks/{video.task_id}/"' in reply.text
    assert "deleted for good" not in plain.text


def test_a_deleted_video_can_be_made_again(visitor, user, kling):
    for away in ("delete", "delete-for-good"):
        video = make_video(user, prompt=f"once more {away}")
        visitor.post(f"/videos/{video.pk}/{away}")

        assert visitor.get(f"/studio/?from={video.pk}").context["form"]["prompt"].value() == f"once more {away}"
        visitor.post(f"/tasks/{video.task_id}/retry")
        assert GenerationTask.objects.get(retry_of=video.task).prompt == video.task.prompt


def test_emptying_asks_first_and_takes_only_ones_own(staff_visitor, staff, user):
    mine, theirs = make_video(staff, prompt="mine"), make_video(user, prompt="theirs")
    for video in (mine, theirs):
        staff_visitor.post(f"/videos/{video.pk}/delete")

    page = staff_visitor.get("/bin/")
    assert [(one.title, one.owner) for one in page.context["videos"]] == [("theirs", "lin"), ("mine", "")]
    assert 'action="/bin/empty" data-confirm="Delete the 1 video in your bin for good?' in page.text
    assert [one.title for one in staff_visitor.get("/bin/?who=mine").context["videos"]] == ["mine"]

    staff_visitor.post("/bin/empty")
    assert [one.title for one in staff_visitor.get("/bin/").context["videos"]] == ["theirs"]
    assert Video.objects.get(pk=mine.pk).purged_at


def test_pages_of_the_bin_miss_nothing(visitor, user):
    video = make_video(user, poster="")
    videos = [Video(**(facts_of(video) | {"output_index": number, "deleted_at": video.created_at})) for number in range(1, 63)]
    Video.objects.bulk_create(videos)  # all deleted at one moment

    first = visitor.get("/bin/")
    Video.objects.filter(pk=first.context["videos"][-1].id).update(deleted_at=None)  # somebody restores the last one
    second = visitor.get(first.context["next_url"])

    shown = [one.id for page in (first, second) for one in page.context["videos"]]
    assert (shown, second.context["next_url"]) == (sorted((one.pk for one in videos), reverse=True), "")


def test_a_page_from_before_the_deletion_is_told_that_the_video_is_gone(visitor, user):
    video = make_video(user)
    visitor.post(f"/videos/{video.pk}/delete-for-good")

    again = visitor.post(f"/videos/{video.pk}/delete", headers=SCRIPT)
    restored = visitor.post(f"/videos/{video.pk}/restore", {"next": "/bin/"}, follow=True)

    assert triggered(again)["portal:toast"] == {"text": "Deleted for good.", "tone": "ok"}
    assert triggered(again)["portal:video"]["state"] == "purged"
    assert restored.redirect_chain == [("/bin/", 302)]
    assert "This video was deleted for good. You can make it again from its task." in restored.text


def test_a_cursor_outside_the_calendar_shows_the_first_page(visitor):
    query = {"before": str(uuid4()), "deleted": "0001-01-01T00:00:00+14:00"}  # in UTC, the year 0
    assert visitor.get("/bin/", query).status_code == 200
