"""More like this: which pictures are alike, and that the wall finds them under every filter, for everybody what they may see."""

from __future__ import annotations

import random

import pytest
from django.contrib.auth.models import Group, User

from access.callers import Caller
from access.tokens import issue
from generation.actions.bin import move_to_bin
from generation.models import Video
from library import alike, bulk
from library.filters import LIKENESS, WallFilter
from library.index import index_waiting
from library.wall import neighbours, wall_count, wall_page
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import WAN, make_video
from tests.web.test_gallery_and_video import titles

PICTURE, OTHER = 0x0123456789ABCDEF, 0xF0E1D2C3B4A59687
PLAIN = 0


def flipped(picture: int, bits: int, chance: random.Random) -> int:
    for bit in chance.sample(range(64), bits):
        picture ^= 1 << bit
    return picture


def near(*differ: int) -> dict[str, list[str]]:
    """Return the quality of a video with pictures that differ from PICTURE in the last bits, so many of them."""
    return {"dhash": [f"{PICTURE ^ (1 << bits) - 1:016x}" for bits in differ]}


def test_pictures_that_differ_in_up_to_five_bits_share_a_word():
    chance = random.Random(64)
    for number in range(600):
        picture = chance.getrandbits(64)
        other = flipped(picture, number % 6, chance)

        assert set(alike.words_of([picture])) & set(alike.asked_of([other])), (hex(picture), hex(other))


@in_one_test("picture", [0, 2**64 - 1, 1, 0b11 << 40, 2**64 - 1 - (1 << 9)])
def test_plain_pictures_are_not_compared(picture):
    assert alike.pictures_of({"dhash": [f"{picture:016x}"]}) == ()
    assert list(alike.words_of([picture])) == []


def test_a_video_that_was_not_measured_has_no_pictures():
    assert (alike.pictures_of(None), alike.pictures_of({"silent": True})) == ((), ())
    assert alike.pictures_of({"dhash": [f"{PICTURE:016x}"] * 3}) == (PICTURE,)


def test_any_picture_is_compared_with_any():
    assert alike.distance([OTHER, PICTURE], [PICTURE ^ 7, OTHER ^ 1]) == 1
    assert alike.distance([], [PICTURE]) == 64


@pytest.fixture
def rows(user: User, other_user: User) -> dict[str, Video]:
    """Return videos by their titles, the oldest first."""
    team = Group.objects.create(name="films")
    user.groups.add(team)
    made = {
        "first": make_video(user, prompt="first", quality=near(0)),
        "same": make_video(user, prompt="same", quality=near(0)),
        "shared": make_video(other_user, prompt="shared", quality=near(5), team=team),
        "hers": make_video(other_user, prompt="hers", quality=near(1)),
        "next": make_video(user, prompt="next", quality={"dhash": [f"{OTHER:016x}", f"{PLAIN:016x}", *near(2)["dhash"]]}),
        "wan": make_video(user, task=make_task(user, status="succeeded", model=WAN), title="wan", quality=near(4)),
        "nine": make_video(user, prompt="nine", quality=near(9)),
        "plain": make_video(user, prompt="plain", quality={"dhash": [f"{PLAIN:016x}"]}),
        "old": make_video(user, prompt="old"),
    }
    index_waiting()
    return made


def found(caller: Caller, like: Video, **more) -> list[str]:
    return [video.title for video in wall_page(caller, WallFilter(like=str(like.pk), **more))[0]]


@pytest.mark.postgresql
def test_the_wall_finds_what_looks_like_a_video(rows, user, staff, other_user):
    mine, first = Caller(user=user), rows["first"]

    assert found(mine, first) == ["wan", "next", "shared", "same"]
    assert found(mine, first, sort=LIKENESS) == ["same", "next", "wan", "shared"]
    assert found(mine, first, sort=LIKENESS, model=WAN) == ["wan"]
    assert found(mine, first, mine=True, q="same") == ["same"]
    assert found(Caller(user=staff), first, sort=LIKENESS) == ["same", "hers", "next", "wan", "shared"]
    assert [found(mine, rows[name]) for name in ("plain", "old")] == [[], []]
    assert found(Caller(user=other_user), first) == []
    assert wall_count(mine, WallFilter(like=str(first.pk))) == 4
    wanted = WallFilter(like=str(first.pk))
    assert neighbours(mine, rows["next"], wanted) == (rows["wan"].pk, rows["shared"].pk)
    page, has_more = wall_page(mine, wanted, rows["wan"].pk, count=2)
    assert ([video.title for video in page], has_more) == (["next", "shared"], True)


@pytest.mark.postgresql
def test_a_change_of_all_that_look_like_a_video_leaves_it_and_the_others(rows, user):
    first = rows["first"]
    job = bulk.start(by=Caller(user=user), action="bin", arguments={}, wanted={"like": str(first.pk)})
    bulk.bulk_soon()
    job.refresh_from_db()
    bulk.step(job.pk, job.fence)

    kept = set(Video.objects.kept().values_list("title", flat=True))
    assert {"first", "nine", "plain", "old", "shared", "hers"} <= kept
    assert not {"same", "next", "wan"} & kept

    move_to_bin(first, by=Caller(user=user))
    job = bulk.start(by=Caller(user=user), action="bin", arguments={}, wanted={"like": str(first.pk)})
    bulk.bulk_soon()
    job.refresh_from_db()
    bulk.step(job.pk, job.fence)
    job.refresh_from_db()
    assert (job.changed, set(Video.objects.kept().values_list("title", flat=True))) == (0, kept - {"first"})


@pytest.mark.django_db
def test_the_page_of_a_video_and_its_tile_lead_to_what_looks_like_it(rows, user, client):
    client.force_login(user)
    first = rows["first"]
    href = f"/gallery/?like={first.pk}&amp;sort=likeness"
    page = client.get(f"/videos/{first.pk}/").text
    assert (href in page, "More like this" in page) == (True, True)
    assert href in client.get("/gallery/").text

    wall = client.get(f"/gallery/?like={first.pk}&sort=likeness")
    chip = next(switch for switch in wall.context["menus"].switches if "first" in switch.label)
    assert titles(wall) == ["same", "next", "wan", "shared"]
    assert (chip.label, chip.href, wall.context["menus"].sort.label) == ("Like “first”", "/gallery/", "Most alike")
    assert titles(client.get(f"/gallery/?like={first.pk}")) == ["wan", "next", "shared", "same"]
    assert "Most alike" not in client.get("/gallery/?sort=likeness").text


@pytest.mark.django_db
def test_the_gallery_says_that_a_video_cannot_be_compared(rows, user, client):
    client.force_login(user)
    for name in ("plain", "old", "hers"):
        page = client.get(f"/gallery/?like={rows[name].pk}")
        assert (titles(page), "Nothing to compare" in page.text, f"“{name}”" in page.text) == ([], True, name != "hers")
    nobody = client.get(f"/gallery/?like={rows['first'].pk}&who=mine&q=nobody")
    assert ("more like this" in nobody.context["chosen"], "Nothing to compare" in nobody.text) == (True, False)


@pytest.mark.django_db
def test_the_api_lists_what_looks_like_a_video(rows, user, client):
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue(user, 'alike')[1]}"
    first = rows["first"]

    assert [one["title"] for one in client.get(f"/api/v1/videos?like={first.pk}&model={WAN}").json()["items"]] == ["wan"]
    page = client.get(f"/api/v1/videos?like={first.pk}&limit=3").json()
    assert [one["title"] for one in page["items"]] == ["wan", "next", "shared"]
    rest = client.get(f"/api/v1/videos?like={first.pk}&limit=3&cursor={page['next_cursor']}").json()
    assert [one["title"] for one in rest["items"]] == ["same"]
    for name in ("plain", "old", "hers"):
        refused = client.get(f"/api/v1/videos?like={rows[name].pk}")
        assert (refused.status_code, list(refused.json()["error"]["fields"])) == (422, ["like"])
