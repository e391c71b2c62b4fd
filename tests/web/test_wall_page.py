"""How the wall is laid out for its reader: days, sizes, stacks, the date rail and the way back to a place."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Preference
from generation.models import Prompt, Video
from library.models import VideoTag
from library.wall import WALL_PAGE
from tests.web.page_rows import ago, make_video, moved
from tests.web.test_gallery_and_video import titles

pytestmark = pytest.mark.django_db


def test_neighbouring_days_with_few_videos_share_a_row(visitor, user):
    for days, count in ((40, 1), (30, 1), (20, 3), (10, 1), (3, 1), (2, 2)):
        for number in range(count):
            moved(make_video(user, prompt=f"{days}-{number}"), ago(days=days))
    page = visitor.get("/gallery/")

    shares = [(len(day.tiles), day.shares) for day in page.context["days"]]
    assert shares == [(2, True), (1, True), (1, True), (3, False), (1, True), (1, True)]
    runs = re.findall(r'<div( class="days")?>\s*((?:<section class="day".*?</section>\s*)+)</div>', page.text, re.DOTALL)
    assert [(bool(of_days), text.count("<h2>")) for of_days, text in runs] == [(True, 3), (False, 1), (True, 2)]
    assert "--breadth: 3.5556; --gaps: 1" in page.text
    alone = visitor.get("/gallery/?q=20-1").context["days"]
    assert [day.shares for day in alone] == [False]


def test_a_day_of_which_only_a_part_is_on_the_page_shares_no_row(visitor, user):
    for days in (4, 3):
        moved(make_video(user, prompt="old"), ago(days=days))
    for number in range(59):
        moved(make_video(user, prompt=str(number)), ago(days=1))
    assert [day.shares for day in visitor.get("/gallery/?q=old").context["days"]] == [True, True]

    first = visitor.get("/gallery/").context
    assert [day.shares for day in first["days"]] == [False, False]
    assert [day.shares for day in visitor.get(first["more_url"]).context["days"]] == [False]


def test_the_size_of_tiles_is_kept_for_the_person(visitor, user, client):
    assert 'data-tiles="medium"' in visitor.get("/gallery/").text

    visitor.post("/gallery/tiles", {"size": "large"})
    visitor.post("/gallery/tiles", {"size": "huge"})
    client.force_login(user)  # another browser

    page = client.get("/gallery/").text
    assert (Preference.objects.get(user=user).tile_size, 'data-tiles="large"' in page) == ("large", True)
    assert re.search(r'value="large" title="Large tiles" aria-label="Large tiles" aria-pressed="true"', page)
    client.post("/settings/", {"tile_size": "small"})
    assert 'data-tiles="small"' in client.get("/gallery/").text
    assert client.get("/gallery/tiles").status_code == 405


def at_noon(*ymd: int) -> datetime:
    return datetime(*ymd, 12, tzinfo=UTC)


def stacks(page) -> list[tuple[str, int]]:
    return [(tile.title, len(tile.stack)) for day in page.context["days"] for tile in day.tiles]


def test_videos_of_one_prompt_lie_in_one_tile_that_opens(visitor, user):
    old = moved(make_video(user, prompt="koi"), ago(days=2))
    fox = make_video(user, prompt="fox")
    takes = [make_video(user, prompt="koi") for _ in range(2)]
    styled = make_video(user, prompt="koi, in ink")
    Prompt.objects.filter(pk=styled.task.prompt_id).update(made_from={"original": "koi", "style": "ink-wash"})
    Video.objects.filter(pk=takes[0].pk).update(favourite=True)
    wall = visitor.get("/gallery/")

    assert stacks(wall) == [("koi, in ink", 3), ("fox", 0), ("koi", 0)]
    stack = wall.context["days"][0].tiles[0]
    assert stack.stack == (styled.pk, takes[1].pk, takes[0].pk)
    assert (f'value="{styled.pk} {takes[1].pk} {takes[0].pk}"' in wall.text, "3 videos of this prompt" in wall.text) == (True, True)
    opened = visitor.get(stack.href)
    assert titles(opened) == ["koi, in ink", "koi", "koi", "koi"]
    assert [switch.label for switch in opened.context["menus"].switches if switch.set] == ["One prompt"]
    shown = visitor.get(opened.context["days"][0].tiles[0].href).context
    assert shown["older_url"] == f"/videos/{takes[1].pk}/{stack.href[stack.href.index('?') :]}"

    visitor.post(f"/videos/{fox.pk}/star")
    assert stacks(visitor.get("/gallery/?starred=1")) == [("koi", 0), ("fox", 0)]
    assert stacks(visitor.get("/gallery/?sort=rating"))[0][1] == 0
    assert (
        titles(visitor.get("/gallery/?prompt=nonsense"))[-1] == titles(visitor.get(f"/gallery/?to={ago(days=1):%Y-%m-%d}"))[0] == old.title
    )


def test_choosing_a_stack_chooses_all_of_it(visitor, user):
    takes = [make_video(user, prompt="koi") for _ in range(2)]

    visitor.post("/bulk/", {"video": " ".join(str(take.pk) for take in takes), "action": "tag", "tag": "pond"})

    assert VideoTag.objects.filter(name="pond").count() == 2


def rail(page) -> list[tuple[str, str]]:
    return [(stop.month, stop.words) for year in page.context["rail"] for stop in year.stops]


def test_the_rail_counts_by_month_what_its_reader_sees(visitor, staff_visitor, user, other_user):
    team = Group.objects.create(name="films")
    user.groups.add(team)
    for owner, shared, month in ((user, None, 3), (user, team, 3), (other_user, team, 3), (other_user, None, 3), (other_user, team, 9)):
        moved(make_video(owner, team=shared, prompt=f"{month}"), at_noon(2026, month, 5))
    moved(make_video(user, prompt="old"), at_noon(2025, 12, 31))
    everybodys = rail(staff_visitor.get("/gallery/"))

    wall = visitor.get("/gallery/")
    mine = [("2026-09", "Sep 2026 · 1 video"), ("2026-03", "Mar 2026 · 3 videos"), ("2025-12", "Dec 2025 · 1 video")]
    assert (rail(wall), everybodys[1]) == (mine, ("2026-03", "Mar 2026 · 4 videos"))
    assert [year.label for year in wall.context["rail"]] == ["2026", "2025"]
    assert [words for _month, words in rail(visitor.get("/gallery/?who=mine"))] == ["Mar 2026 · 2 videos", "Dec 2025 · 1 video"]
    assert rail(visitor.get("/gallery/?sort=rating")) == []

    binned = Video.objects.get(title="9")
    staff_visitor.post(f"/videos/{binned.pk}/delete")
    assert [month for month, _words in rail(visitor.get("/gallery/"))] == ["2026-03", "2025-12"]
    staff_visitor.post(f"/videos/{binned.pk}/restore")
    assert rail(visitor.get("/gallery/")) == mine


def test_a_month_of_the_rail_leads_there_with_the_filter(visitor, user):
    for month in (1, 2, 4, 6):
        moved(make_video(user, prompt=f"{month}", favourite=month != 2), at_noon(2026, month, 20))
    wall = visitor.get("/gallery/?starred=1&q=4")
    assert rail(wall) == []  # one month is no rail
    starred = visitor.get("/gallery/?starred=1&to=2026-05-01")
    assert rail(starred) == [("2026-04", "Apr 2026"), ("2026-02", "Feb 2026"), ("2026-01", "Jan 2026")]

    [hrefs] = [[stop.href for stop in year.stops] for year in visitor.get("/gallery/?starred=1").context["rail"]]
    assert hrefs[1] == "/gallery/?starred=1&at=2026-04"
    april, february = visitor.get(hrefs[1]), visitor.get(hrefs[2])
    assert (titles(april), titles(february)) == (["4", "1"], ["1"])
    assert ("Nothing matches in Feb 2026" in february.text, "Nothing matches" in april.text) == (True, False)
    assert april.context["newer_url"].startswith("/gallery/?starred=1&near=")
    assert "Nothing is older" in visitor.get("/gallery/?at=2020-01").text
    for nonsense in ("2026-13", "x", "0001-01", "９９９９-01"):
        assert titles(visitor.get("/gallery/", {"at": nonsense})) == ["6", "4", "2", "1"]


def test_the_way_back_from_a_video_leads_to_its_place_and_keeps_the_filter(visitor, user):
    videos = [make_video(user, prompt=str(number), favourite=True) for number in range(WALL_PAGE + 10)][::-1]
    deep = videos[WALL_PAGE]
    url = visitor.get(f"/videos/{deep.pk}/?starred=1").context["gallery_url"]
    assert url == f"/gallery/?starred=1&near={deep.pk}#v-{deep.pk}"

    page = visitor.get(url)
    assert titles(page) == [video.title for video in videos[WALL_PAGE // 2 :]]
    assert f'id="v-{deep.pk}"' in page.text
    assert page.context["newer_url"] == f"/gallery/?starred=1&near={videos[WALL_PAGE // 2].pk}#v-{videos[WALL_PAGE // 2].pk}"
    top = visitor.get(page.context["newer_url"])
    assert (titles(top)[0], "newer_url" in top.context) == (videos[0].title, False)
    sorted_by = visitor.get(f"/gallery/?sort=rating&near={deep.pk}")
    assert deep.title in titles(sorted_by)
    unknown = visitor.get("/gallery/?near=01234567-0000-7000-8000-000000000000")
    assert titles(unknown)[-1] == videos[-1].title


def test_a_place_costs_as_many_queries_at_any_depth(visitor, user, django_assert_num_queries):
    videos = [make_video(user, prompt=str(number)) for number in range(5)]
    for asked in (f"near={videos[0].pk}", f"before={videos[3].pk}", f"at={ago(days=0):%Y-%m}", "starred=0"):
        visitor.get(f"/gallery/?{asked}")
        with CaptureQueriesContext(connection) as few:
            visitor.get(f"/gallery/?{asked}")
        count = len(few)
        videos += [make_video(user, prompt="koi") for _ in range(5)]
        visitor.get(f"/gallery/?{asked}")
        with django_assert_num_queries(count):
            visitor.get(f"/gallery/?{asked}")
