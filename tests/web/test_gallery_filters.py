"""The gallery's filters as links, its sorting, and the marks of a search."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from generation.lifecycle import Status
from library.models import Collection, CollectionItem, VideoTag
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import ago, make_video, moved
from tests.web.test_gallery_and_video import titles
from web.presenters.marks import marked

pytestmark = pytest.mark.django_db


def links(page) -> dict[str, str]:
    bar = page.context["menus"]
    return {choice.label: choice.href for menu in [*bar.menus, bar.days, bar.sort] for choice in menu.items}


def test_each_choice_is_a_link_that_leaves_what_it_says(visitor, user):
    team = Group.objects.create(name="films")
    friend = User.objects.create_user("mei", first_name="Mei")
    for person in (user, friend):
        person.groups.add(team)
    moved(make_video(user, prompt="old", quality={"black_s": 3.0, "black_share": 0.1}), ago(days=60))
    best = make_video(user, prompt="best", rating=5, review_state="approved", duration_s=12.0, width_px=1080, height_px=1920)
    make_video(friend, prompt="hers", team=team, rating=3, width_px=640, height_px=480)
    CollectionItem.objects.create(collection=Collection.objects.create(owner=user, name="picks"), video=best, position=1)
    first = visitor.get("/gallery/")
    found = {words: titles(visitor.get(href)) for words, href in links(first).items()}

    assert titles(first) == ["hers", "best", "old"]
    for words, expected in {
        "Portrait": ["best"],
        "Longer than 10 s": ["best"],
        "1080p": ["best"],
        "480p or less": ["hers"],
        "picks": ["best"],
        "Mei": ["hers"],
        "films": ["hers"],
        "Kling": ["hers", "best", "old"],
        "Rated 5": ["best"],
        "Rated 2 or better": ["hers", "best"],
        "Approved": ["best"],
        "Not reviewed": ["hers", "old"],
        "Black picture": ["old"],
        "Any warning": ["old"],
        "Today": ["hers", "best"],
        "Last 7 days": ["hers", "best"],
        "Best rated": ["best", "hers", "old"],
        "Longest": ["best", "hers", "old"],
    }.items():
        assert found[words] == expected, words
    assert links(visitor.get(links(first)["Rated 5"]))["Rated 5"] == "/gallery/"


def test_filters_from_and_to_a_day_and_by_tag_are_kept_together(visitor, user):
    made = [moved(make_video(user, prompt=f"day {days}"), ago(days=days)) for days in (3, 2, 1)]
    VideoTag.objects.create(video=made[1], name="summer sale")
    day = (timezone.localdate() - timedelta(days=2)).isoformat()

    assert titles(visitor.get(f"/gallery/?to={day}")) == ["day 2", "day 3"]
    assert titles(visitor.get(f"/gallery/?from={day}&q=day")) == ["day 1", "day 2"]
    page = visitor.get("/gallery/?tag=Summer++Sale")
    assert titles(page) == ["day 2"]
    assert [switch.label for switch in page.context["menus"].switches if switch.set] == ["summer sale"]
    assert "No video for: tag nothing." in visitor.get("/gallery/?tag=nothing").text


def test_a_sorted_wall_has_pages_and_neighbours_in_its_order(visitor, user, other_user):
    ratings = [1, 5, None, 3]
    videos = []
    for rating, cost in zip(ratings, [40, 10, 30, None], strict=True):
        task = make_task(user, status=Status.SUCCEEDED, prompt=str(rating), cost_settled=cost)
        videos.append(make_video(user, title=str(rating), rating=rating, task=task))
    make_video(other_user, rating=5)
    wall = visitor.get("/gallery/?sort=rating")

    assert titles(wall) == ["5", "3", "1", "None"]
    assert titles(visitor.get("/gallery/?sort=cost")) == ["1", "None", "5", "3"]
    assert [day.name for day in wall.context["days"]] == [""]
    assert titles(visitor.get(f"/gallery/?sort=rating&before={videos[3].pk}")) == ["1", "None"]
    page = visitor.get(f"/videos/{videos[3].pk}/?sort=rating").context
    assert (page["newer_url"], page["older_url"]) == (f"/videos/{videos[1].pk}/?sort=rating", f"/videos/{videos[0].pk}/?sort=rating")


def test_collections_of_others_are_as_good_as_unknown(visitor, user, other_user):
    theirs = Collection.objects.create(owner=other_user, name="secret")
    CollectionItem.objects.create(collection=theirs, video=make_video(user), position=1)
    make_video(user, prompt="another")

    page = visitor.get(f"/gallery/?collection={theirs.pk}")
    assert (len(titles(page)), "secret" in page.text) == (2, False)


@in_one_test(
    ("text", "q", "shown"),
    [
        ("A red fox", "RED fo", "A <mark>red</mark> <mark>fox</mark>"),
        ("水墨远山，晨雾", "晨雾", "水墨远山，<mark>晨雾</mark>"),
        ("a <b> fox", "b", "a &lt;<mark>b</mark>&gt; fox"),
        ("fox", "!", "fox"),
        ("x" * 100 + " fox", "fox", "…" + "x" * 39 + " <mark>fox</mark>"),
        ("outfox", "fox", "outfox"),
    ],
)
def test_hits_are_marked_and_nothing_else_becomes_markup(text, q, shown):
    assert marked(text, q) == shown
