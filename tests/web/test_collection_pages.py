"""Pages of collections, and tags, rating and collections on a video's page."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.callers import Caller
from generation.models import Video
from library.collections import add, create
from library.models import Collection, CollectionItem
from tests.web.page_rows import make_video

SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def client(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def winter(user):
    row = create(by=Caller(user=user), name="Winter")
    add(row, [make_video(user, prompt=name).pk for name in "abc"], by=Caller(user=user))
    return row


def titles_in(client, address):
    text = client.get(address).text
    return [name for _at, name in sorted((text.index(f">{name}</"), name) for name in "abcdef" if f">{name}</" in text)]


def pk_of(name):
    return Video.objects.get(title=name).pk


def test_a_collection_is_made_shown_in_the_tree_changed_and_deleted(client, user, winter):
    reply = client.post("/collections/new", {"name": "Snow", "parent": str(winter.pk), "is_hidden": "on"})
    snow = Collection.objects.get(name="Snow")
    assert (reply.url, snow.parent, snow.is_hidden, snow.owner) == (f"/collections/{snow.pk}/", winter, True, user)

    tree = client.get("/collections/")
    assert [(card.name, [one.name for one in card.inside]) for card in tree.context["cards"]] == [("Winter", ["Snow"])]
    assert [card.name for card in client.get("/collections/?q=sno").context["cards"]] == ["Snow"]
    assert "Snow" in client.get(f"/collections/{winter.pk}/").text

    assert client.post(f"/collections/{winter.pk}/edit", {"name": "Cold", "parent": str(snow.pk)}).status_code == 422
    assert client.post(f"/collections/{winter.pk}/edit", {"name": "Cold", "description": "all of it"}).status_code == 302
    assert "all of it" in client.get(f"/collections/{winter.pk}/").text
    assert client.post(f"/collections/{winter.pk}/delete").url == "/collections/"
    assert (Collection.objects.get().parent, Video.objects.count()) == (None, 3)


def test_the_order_is_changed_by_buttons_and_by_dragging(client, winter):
    address = f"/collections/{winter.pk}/"
    orders = []
    for body in (
        {"video": pk_of("c"), "to": "first"},
        {"video": pk_of("c"), "to": "later"},
        {"video": pk_of("b"), "to": "earlier"},
        {"video": pk_of("a"), "to": "earlier"},
        {"video": pk_of("b"), "to": "last"},
        {"video": pk_of("b"), "to": "later"},
        {"video": pk_of("b"), "before": pk_of("a")},
        {"video": pk_of("b"), "to": "earlier"},
    ):
        reply = client.post(f"{address}move", body, headers=SCRIPT)
        assert reply.status_code == 204, body
        orders.append("".join(titles_in(client, f"{address}?arrange=1")))

    assert orders == ["cab", "acb", "abc", "abc", "acb", "acb", "bac", "bac"]
    assert json.loads(reply["HX-Trigger"])["portal:moved"] == {"id": str(pk_of("b")), "before": str(pk_of("a"))}


def test_a_video_is_taken_out_and_made_the_cover(client, winter):
    client.post(f"/collections/{winter.pk}/cover", {"video": pk_of("b")})
    reply = client.post(f"/collections/{winter.pk}/take-out", {"video": pk_of("a")}, headers=SCRIPT)

    winter.refresh_from_db()
    assert (winter.cover.title, titles_in(client, f"/collections/{winter.pk}/")) == ("b", ["b", "c"])
    assert json.loads(reply["HX-Trigger"])["portal:video"] == {"id": str(pk_of("a")), "state": "taken"}


def test_a_large_collection_is_shown_page_by_page_with_as_many_queries_as_a_small_one(client, user, winter):
    address, counts = f"/collections/{winter.pk}/", []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address)
        counts.append(len(queries))
        assert page.status_code == 200
        task = Video.objects.first().task
        more = [
            Video(task=task, output_index=number + 1, owner=user, model=task.model, poster="p", preview="", file="v.mp4", size_bytes=1)
            for number in range(130)
        ]
        for video in more:
            video.colour, video.duration_s, video.width_px, video.height_px, video.fps = "#224466", 5.0, 1280, 720, 24.0
        if not _round:
            Video.objects.bulk_create(more)
            add(winter, [video.pk for video in more], by=Caller(user=user))
    assert counts[1] <= counts[0] + 1

    shown, address = 0, address + "?"
    while address:
        page = client.get(address)
        shown += len(page.context["tiles"])
        address = page.context["more_url"]
    assert shown == CollectionItem.objects.count() == 133


def test_the_videos_page_tags_rates_and_collects(client, user, winter):
    video = make_video(user, prompt="d")
    address = f"/videos/{video.pk}"

    assert "Winter" in client.get(f"{address}/").text
    part = client.post(f"{address}/tags", {"tag": "Night，city, "}, headers=SCRIPT).text
    assert part.index("city") < part.index("night")
    client.post(f"{address}/tags", {"off": "city"})
    client.post(f"{address}/rating", {"rating": "4"}, headers=SCRIPT)
    client.post(f"{address}/collect", {"collection": str(winter.pk), "name": ""}, headers=SCRIPT)
    client.post(f"{address}/collect", {"collection": str(winter.pk), "name": "Summer"}, headers=SCRIPT)
    video.refresh_from_db()
    assert ([tag.name for tag in video.tags.all()], video.rating) == (["night"], 4)
    assert sorted(video.collected.values_list("collection__name", flat=True)) == ["Summer", "Winter"]
    assert '<option value="x, night">' in client.get("/tags/", {"tag": "x, NI"}).text
    rated = client.post(f"{address}/rating?toast=1", {"rating": "0"}, headers=SCRIPT)
    video.refresh_from_db()
    assert (rated.status_code, video.rating) == (204, None)
    assert client.post(f"{address}/tags", {"tag": "x" * 61}, headers=SCRIPT).status_code == 422


def test_a_team_mate_fills_and_orders_and_gets_no_buttons_for_the_rest(user, other_user, winter):
    team = Group.objects.create(name="films")
    for person in (user, other_user):
        person.groups.add(team)
    Collection.objects.update(team=team)
    mate = Client()
    mate.force_login(other_user)
    mine = make_video(other_user, prompt="e")

    assert mate.post(f"/videos/{mine.pk}/collect", {"collection": str(winter.pk)}, headers=SCRIPT).status_code == 200
    page = mate.get(f"/collections/{winter.pk}/?arrange=1").text
    assert titles_in(mate, f"/collections/{winter.pk}/") == ["e"]
    assert f"/collections/{winter.pk}/move" in page
    assert f"/collections/{winter.pk}/cover" not in page
    assert [mate.post(f"/collections/{winter.pk}/{way}").status_code for way in ("edit", "delete", "cover")] == [403, 403, 403]
