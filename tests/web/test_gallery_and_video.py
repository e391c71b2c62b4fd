"""The wall, one video's page, and its files."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generation import store
from generation.lifecycle import Status
from generation.models import GenerationTask, TaskInput, Video
from library.index import index_waiting
from library.wall import WALL_PAGE
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import BYTES, WAN, ago, make_asset, make_video, moved
from web.presenters.videos import LOADED_AT_ONCE

pytestmark = pytest.mark.django_db


def titles(reply):
    return [tile.title for day in reply.context["days"] for tile in day.tiles]


def test_wall_shows_own_videos_by_day_newest_first(visitor, user, other_user):
    moved(make_video(user, prompt="old"), ago(days=1))
    make_video(user, prompt="one")
    make_video(user, prompt="two")
    make_video(other_user, prompt="theirs")

    days = visitor.get("/gallery/").context["days"]

    assert [(day.name, [tile.title for tile in day.tiles]) for day in days] == [("Today", ["two", "one"]), ("Yesterday", ["old"])]


def test_wall_of_staff_shows_everybodys_until_they_ask_for_theirs(staff_visitor, staff, user):
    make_video(user, prompt="theirs")
    make_video(staff, prompt="mine")

    assert titles(staff_visitor.get("/gallery/")) == ["mine", "theirs"]
    assert titles(staff_visitor.get("/gallery/?who=mine")) == ["mine"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=KOI", ["koi pond"]),
        ("shape=tall", ["lantern"]),
        ("starred=1", ["lantern"]),
        ("model=dashscope/wanx2.1-t2v-turbo", ["harbour"]),
        ("shape=wide&q=o", []),
        ("shape=wide&q=har", ["harbour"]),
        ("q=nothing", []),
        ("shape=nonsense", ["harbour", "lantern", "koi pond"]),
    ],
)
def test_wall_filters_by_what_the_address_says(visitor, user, query, found):
    make_video(user, prompt="koi pond")
    make_video(user, prompt="lantern", width_px=720, height_px=1280, favourite=True)
    make_video(user, title="harbour", task=make_task(user, status=Status.SUCCEEDED, prompt="harbour", model=WAN))

    assert titles(visitor.get(f"/gallery/?{query}")) == found


def test_wall_without_a_match_repeats_the_filter_in_words(visitor, user):
    make_video(user)

    reply = visitor.get("/gallery/?q=heron&starred=1")

    assert "No video for: “heron”, starred." in reply.text
    assert "Clear filters" in reply.text


def test_empty_wall_leads_to_the_studio(visitor):
    reply = visitor.get("/gallery/")

    assert "No videos yet" in reply.text
    assert 'href="/studio/"' in reply.text


def test_wall_pages_by_key_and_misses_nothing(visitor, user):
    made = [str(number) for number in range(WALL_PAGE + 1)]
    for name in made:
        make_video(user, prompt=name)

    first = visitor.get("/gallery/")
    second = visitor.get(first.context["more_url"])

    assert [titles(first), titles(second)] == [made[:0:-1], ["0"]]
    assert [day.name for day in second.context["days"]] == [""]
    assert "next_url" not in second.context
    assert titles(visitor.get(first.context["next_url"])) == ["0"]


def test_wall_asks_as_often_for_many_videos_as_for_one(visitor, user, django_assert_num_queries):
    make_video(user)
    visitor.get("/gallery/")  # the models of its filter are kept for a minute
    with CaptureQueriesContext(connection) as one:
        visitor.get("/gallery/")
    for number in range(8):
        make_video(user, prompt=str(number))
    index_waiting()

    with django_assert_num_queries(len(one)):
        visitor.get("/gallery/")


def test_star_turns_on_and_off(visitor, user):
    video = make_video(user)

    visitor.post(f"/videos/{video.pk}/star")
    assert Video.objects.get().favourite is True
    reply = visitor.post(f"/videos/{video.pk}/star", headers={"HX-Request": "true"})

    assert Video.objects.get().favourite is False
    assert 'aria-pressed="false"' in reply.text


def test_video_page_shows_everything_known(visitor, user):
    video = make_video(user, prompt="koi, dusk")
    TaskInput.objects.create(task=video.task, slot="first_frame", asset=make_asset(user))

    reply = visitor.get(f"/videos/{video.pk}/")
    context = reply.context

    assert reply.status_code == 200
    assert {row.label: row.value for row in context["settings"]} == {
        "Model": "Kling 2.5 Turbo",
        "Duration": "5 s",
        "Aspect ratio": "16:9",
        "Mode": "Standard",
        "Negative prompt": "None",
        "Watermark": "Off",
    }
    assert [figure.label for figure in context["inputs"]] == ["First frame"]
    assert context["file_rows"][0].value == "1280 × 720, 24 fps, H.264"
    assert context["events"][0].text == "Created by lin"


def test_tile_and_page_warn_of_what_a_viewer_would_notice(visitor, user):
    video = make_video(user, quality={"black_s": 3.2, "black_share": 0.64, "frozen_s": 0.0, "silent": True, "sound_ordered": True})
    make_video(user, prompt="not measured")

    page, wall = visitor.get(f"/videos/{video.pk}/").text, visitor.get("/gallery/").text

    for sentence in ("The picture is black for 3.2 s.", "No sound can be heard."):
        assert (page.count(sentence), wall.count(sentence)) == (1, 1)


def test_snippet_asks_for_the_same_video(visitor, user):
    task = make_task(user, status=Status.SUCCEEDED, prompt='it\'s a "boat"')
    task.params["mode"] = "pro"
    task.save()
    video = make_video(user, task=task)

    curl, python, javascript = (one.code for one in visitor.get(f"/videos/{video.pk}/").context["snippets"])

    assert "curl -X POST http://testserver/api/v1/tasks" in curl
    assert "it'\\''s a \\\"boat\\\"" in curl
    assert '"mode": "pro"' in python
    assert "watermark" not in javascript
    compile(python, "snippet", "exec")


def test_video_page_leads_to_its_neighbours(visitor, user, other_user):
    older, shown, newer = (make_video(user, prompt=str(number)) for number in range(3))
    make_video(other_user)

    context = visitor.get(f"/videos/{shown.pk}/").context

    assert (context["newer_url"], context["older_url"]) == (f"/videos/{newer.pk}/", f"/videos/{older.pk}/")


def test_versions_are_those_of_the_same_words_or_chain(visitor, user):
    first = make_video(user, prompt="koi")
    second = make_video(user, prompt="koi")
    again = make_video(user, task=make_task(user, status=Status.SUCCEEDED, prompt="koi, at night", retry_of=second.task))
    make_video(user, prompt="heron")

    versions = visitor.get(f"/videos/{second.pk}/").context["versions"]

    assert [version.tile.id for version in versions] == [first.pk, second.pk, again.pk]
    assert [version.current for version in versions] == [False, True, False]


def test_takes_that_are_being_made_are_in_the_strip_until_they_are_videos(visitor, user, other_user):
    shown, alone = make_video(user, prompt="koi"), make_video(user, prompt="heron")
    running = make_task(user, status=Status.RUNNING, prompt="koi", progress=40)
    failed = make_task(user, status=Status.FAILED, retry_of=shown.task)
    make_task(user, status=Status.FAILED, prompt="koi", finished_at=ago(hours=2))
    make_task(other_user, status=Status.RUNNING, prompt="koi")

    page = visitor.get(f"/videos/{shown.pk}/")
    assert [card.id for card in page.context["takes"]] == [str(running.pk), str(failed.pk)]
    assert all(part in page.text for part in (f'data-card-url="/tasks/{running.pk}/card?as=take"', 'aria-valuenow="40"', "Rendering"))
    assert 'id="versions" aria-labelledby="versions-title" hidden' in visitor.get(f"/videos/{alone.pk}/").text
    assert f'data-task="{running.pk}"' in visitor.get(f"/tasks/{running.pk}/card?as=take").text

    GenerationTask.objects.filter(pk=running.pk).update(status=Status.SUCCEEDED, due_at=None, finished_at=ago())
    made = make_video(user, prompt="koi", task=running)
    strip = visitor.get(f"/videos/{shown.pk}/versions").text
    assert (f'href="/videos/{made.pk}/"' in strip, f'data-task="{running.pk}"' in strip, "<html" in strip) == (True, False, False)
    make_video(user, prompt="koi", pk=(gone := uuid4()), deleted_at=ago())
    assert visitor.get(f"/videos/{gone}/versions").status_code == 404


@pytest.mark.parametrize("part", ["", "file", "poster.webp", "preview.mp4"])
def test_somebody_elses_video_does_not_exist(visitor, staff_visitor, other_user, part):
    video = make_video(other_user)

    seen = staff_visitor.get(f"/videos/{video.pk}/{part}")
    assert b"".join(seen)  # to its end: closing it half-way would take the test's database connection along

    assert seen.status_code == 200
    assert visitor.get(f"/videos/{video.pk}/{part}").status_code == 404


@pytest.mark.parametrize("part", ["", "file", "poster.webp", "preview.mp4"])
def test_video_asks_for_a_sign_in(client, user, part):
    video = make_video(user)

    reply = client.get(f"/videos/{video.pk}/{part}")

    assert (reply.status_code, reply.url) == (302, f"/accounts/login/?next=/videos/{video.pk}/{part}")


def test_file_is_served_in_ranges(visitor, user):
    video = make_video(user)

    reply = visitor.get(f"/videos/{video.pk}/file", headers={"Range": "bytes=10-19"})

    assert (reply.status_code, reply.headers["Content-Range"]) == (206, "bytes 10-19/1000")
    assert b"".join(reply.streaming_content) == BYTES[10:20]


def test_download_carries_the_prompt_as_its_name(visitor, user):
    video = make_video(user, prompt="水墨远山")

    reply = visitor.get(f"/videos/{video.pk}/file?download=1")

    assert reply.headers["Content-Disposition"] == "attachment; filename*=utf-8''%E6%B0%B4%E5%A2%A8%E8%BF%9C%E5%B1%B1.mp4"
    assert b"".join(reply.streaming_content) == BYTES


def test_file_that_is_gone_from_storage_is_not_found(visitor, user):
    video = make_video(user)
    for key in (video.file, video.poster):
        store.delete(key)

    assert visitor.get(f"/videos/{video.pk}/file").status_code == 404
    assert visitor.get(f"/videos/{video.pk}/poster.webp").status_code == 404


@in_one_test(
    ("asked", "sent"),
    [("", b"main"), ("?w=1", b"small"), ("?w=384", b"small"), ("?w=2000", b"main"), ("?w=x", b"main"), ("?w=", b"main")],
)
def test_poster_comes_in_the_width_that_is_asked_for(visitor, user, asked, sent):
    video = make_video(user, prompt=asked)
    video.poster, video.other_posters = f"{video.pk}.webp", {"384": f"{video.pk}.384.webp"}
    store.save(video.poster, b"main")
    store.save(video.other_posters["384"], b"small")
    video.save()

    reply = visitor.get(f"/videos/{video.pk}/poster.webp{asked}")

    assert b"".join(reply.streaming_content) == sent
    assert (reply.headers["Content-Type"], "immutable" in reply.headers["Cache-Control"]) == ("image/webp", True)
    assert ("-poster-384" in reply.headers["ETag"]) == (sent == b"small")


def test_wall_offers_every_width_of_a_poster_and_loads_the_first_at_once(visitor, user):
    for number in range(LOADED_AT_ONCE):
        make_video(user, prompt=f"before there were several {number}")
    several = make_video(user, prompt="several", width_px=720, height_px=1280, other_posters={"216": "a", "540": "b"})

    page = visitor.get("/gallery/").text

    address = f"/videos/{several.pk}/poster.webp"
    assert f'srcset="{address}?w=216 216w, {address} 360w, {address}?w=540 540w" sizes="(max-width' in page
    assert f'src="{address}"' in page
    assert 'width="360" height="640"' in page
    assert (page.count("srcset="), page.count('fetchpriority="high"'), page.count('loading="lazy"')) == (1, LOADED_AT_ONCE, 1)


def test_run_again_orders_the_same_again(visitor, user, accounts):
    video = make_video(user, prompt="koi")

    reply = visitor.post(f"/tasks/{video.task_id}/retry", headers={"Referer": f"http://testserver/videos/{video.pk}/"})

    again = GenerationTask.objects.exclude(pk=video.task_id).get()
    assert reply.url == f"http://testserver/videos/{video.pk}/"
    assert (again.retry_of_id, again.prompt.text, again.params) == (video.task_id, "koi", video.task.params)
