"""The wall over the index: every filter finds what the rows themselves say, and nobody sees what they may not see."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.callers import Caller
from generation.actions.bin import delete_for_good, move_to_bin, restore
from generation.actions.star import note_on
from generation.models import Video
from generation.quality import warned
from library.filters import ANY_WARNING, LIKENESS, SORTS, WallFilter, filter_of, query_of
from library.index import index_waiting
from library.models import Entry
from library.terms import LENGTHS, SHAPES, SIZES
from library.wall import models_on_wall, neighbours, wall_beginning, wall_count, wall_page
from tests.cases import in_one_test
from tests.library.wall_world import BATCH, DAY, ROWS, World
from tests.web.page_rows import WAN, make_video

pytestmark = pytest.mark.postgresql
HIDDEN = Q(collected__collection__is_hidden=True)


@pytest.fixture
def world(db: None) -> World:
    return World()


SEARCHES = ("FOX", "晨雾", "雾", "墨远", "定稿", "夏季", "chen", "lamp", "画质", "nothing", "ふね")
ODD = [
    "!?",
    "“”",
    " ",
    "_",
    '" OR "',
    "'",
    "a:b",
    "o:1",
    "NEAR(a b)",
    "\\",
    "*",
    "x" * 150,
    "雾" * 150,
    "𠀀",
    "é",
    "﷽",
    "a\tb'\"",
    "OR",
    "ß",
]


def within(bounds: tuple[float, float], *names: str) -> Q:
    """Return the condition that the least of these columns is in the bounds."""
    low, high = bounds
    least = Q(**{f"{name}__gte": low for name in names})
    return least & ~Q(**{f"{name}__gte": min(high, 10**6) for name in names})


def holds(text: str) -> Q:
    """Return the condition of a search for one word or pair of characters."""
    places = ("task__prompt__text", "title", "tags__name", "owner__username", "task__content_id")
    found = Q()
    for place in places:
        found |= Q(**{f"{place}__icontains": text})
    return found


def cases(world: World, caller: Caller) -> list[tuple[WallFilter, Q]]:
    """Return filters, and the conditions of the rows that they leave."""
    ada, best, drafts = world.people[0], world.open, world.hidden
    day = timezone.localdate(world.start + 20 * DAY)
    begins = timezone.localtime(world.start + 20 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        (WallFilter(), ~HIDDEN),
        (WallFilter(hidden=True), Q()),
        (WallFilter(collection=str(drafts.pk)), Q(collected__collection=drafts)),
        (WallFilter(collection=str(best.pk), starred=True), Q(collected__collection=best, favourite=True)),
        *((WallFilter(starred=is_on), Q(favourite=is_on) & ~HIDDEN) for is_on in (True, False)),
        (WallFilter(person=str(ada.pk)), Q(owner=ada) & ~HIDDEN),
        (WallFilter(team=str(world.films.pk)), Q(team=world.films) & ~HIDDEN),
        (WallFilter(model=WAN), Q(model=WAN) & ~HIDDEN),
        (WallFilter(vendor="dashscope"), Q(model=WAN) & ~HIDDEN),
        *((WallFilter(shape=name), shape & ~HIDDEN) for name, shape in SHAPES.items()),
        *((WallFilter(length=name), within(bounds, "duration_s") & ~HIDDEN) for name, bounds in LENGTHS.items()),
        *((WallFilter(size=name), within(bounds, "width_px", "height_px") & ~HIDDEN) for name, bounds in SIZES.items()),
        (WallFilter(tag="summer sale"), Q(tags__name="summer sale") & ~HIDDEN),
        (WallFilter(content_id="SKU 7"), Q(task__content_id="SKU 7") & ~HIDDEN),
        (WallFilter(batch=str(BATCH)), Q(task__batch_id=BATCH) & ~HIDDEN),
        *((WallFilter(rating=least), Q(rating__gte=least) & ~HIDDEN) for least in (1, 3, 4)),
        *((WallFilter(review=state or "none"), Q(review_state=state) & ~HIDDEN) for state in ("", "wanted", "approved", "rejected")),
        *((WallFilter(warning=code), warned(code) & ~HIDDEN) for code in ("black", "frozen", "silent")),
        (WallFilter(warning=ANY_WARNING), (warned("black") | warned("frozen") | warned("silent")) & ~HIDDEN),
        (WallFilter(since=day), Q(created_at__gte=begins) & ~HIDDEN),
        (WallFilter(until=day), Q(created_at__lt=begins + DAY) & ~HIDDEN),
        (WallFilter(since=day, until=day), Q(created_at__gte=begins, created_at__lt=begins + DAY) & ~HIDDEN),
        *((WallFilter(q=q), holds(q) & ~HIDDEN) for q in SEARCHES),
        (WallFilter(q="lant"), holds("lantern") & ~HIDDEN),
        (WallFilter(q="晨雾 red"), holds("晨雾") & holds("red") & ~HIDDEN),
        (WallFilter(q="ｒｅｄ！"), holds("red") & ~HIDDEN),
        (WallFilter(q="kling"), ~Q(model=WAN) & ~HIDDEN),
        (WallFilter(mine=True, starred=True, rating=1), Q(owner=caller.user, favourite=True, rating__gte=1) & ~HIDDEN),
        *((WallFilter(q=q), ~HIDDEN) for q in ("!?", "“”", "_")),
    ]


def test_every_filter_finds_what_the_rows_say_for_every_caller(world):
    for person in [*world.people, world.boss]:
        caller = Caller(user=person)
        for wanted, condition in cases(world, caller):
            expected = list(Video.objects.visible_to(caller).filter(condition).distinct().order_by("-pk"))
            found, has_more = wall_page(caller, wanted, count=ROWS)
            assert (found, has_more, wall_count(caller, wanted)) == (expected, False, len(expected)), (person, wanted)


def test_an_address_has_the_whole_filter_and_ignores_what_is_unknown(world):
    caller = Caller(user=world.boss)
    for wanted, _condition in cases(world, caller):
        assert filter_of(query_of(wanted), caller) == wanted
    wrong = {"model": "x/y", "shape": "round", "team": "99", "who": "0", "rating": "6", "from": "2026-02-30", "batch": "x", "starred": "2"}
    assert not filter_of(wrong, caller).is_set
    assert not filter_of({"team": str(world.shop.pk)}, Caller(user=world.people[0])).is_set


def test_pages_and_neighbours_walk_over_all_of_it_in_order(world):
    for person in [*world.people, world.boss]:
        caller = Caller(user=person)
        for wanted in (WallFilter(), WallFilter(starred=True), WallFilter(q="red")):
            everything = wall_page(caller, wanted, count=ROWS)[0]
            walked: list[Video] = []
            is_more = True
            while is_more and len(walked) < ROWS:
                page, is_more = wall_page(caller, wanted, walked[-1].pk if walked else None, count=7)
                walked += page
            assert walked == everything
            assert wall_beginning(caller, wanted) == (everything, False, wall_count(caller, wanted))
            keys = [None, *(video.pk for video in everything), None]
            assert [neighbours(caller, video, wanted) for video in everything] == list(zip(keys, keys[2:], strict=False))


@in_one_test("q", ODD)
def test_any_search_is_answered(q, user):
    caller = Caller(user=user)
    video = make_video(user, prompt=f"koi {q} pond")
    index_waiting()

    assert wall_page(caller, filter_of({"q": q}, caller))[0][:1] == [video]
    Video.objects.all().delete()


def test_the_beginning_of_a_word_finds_each_word_that_begins_so_however_many_there_are(user):
    caller = Caller(user=user)
    many = make_video(user, prompt=" ".join(f"shore{number}" for number in range(100)), title="Shores")
    one = make_video(user, prompt="a shore77 line")
    index_waiting()

    def found(q: str) -> list[Video]:
        return wall_page(caller, WallFilter(q=q))[0]

    assert found("sho") == found("shor") == found("shore7") == found("shore77") == [one, many]
    assert found("line shore") == [one]
    assert (found("shore78"), found("shore777"), found("line shore78")) == ([many], [], [])


def test_an_entry_that_is_out_of_date_shows_nobody_what_they_may_not_see(world):
    """Nothing is indexed here after the changes."""
    ada, bo, chen = world.people
    for video in Video.objects.kept().filter(team=world.films).exclude(owner=bo)[:3]:
        Video.objects.filter(pk=video.pk).update(team=None)
    for video in Video.objects.kept().filter(owner=bo)[:3]:
        move_to_bin(video, by=Caller(user=bo))
    for person in (ada, bo, chen, world.boss):
        caller = Caller(user=person)
        for wanted in (WallFilter(), WallFilter(hidden=True), WallFilter(team=str(world.films.pk)), WallFilter(person=str(bo.pk))):
            shown = wall_page(caller, wanted, count=ROWS)[0]
            assert set(shown) <= set(Video.objects.visible_to(caller))
            assert {pk for video in shown for pk in neighbours(caller, video, wanted)} <= {None, *(video.pk for video in shown)}


def test_a_page_is_full_although_many_entries_are_out_of_date(world):
    caller = Caller(user=world.boss)
    for video in Video.objects.kept().order_by("-pk")[:20]:
        Video.objects.filter(pk=video.pk).update(deleted_at=timezone.now())

    page, has_more = wall_page(caller, WallFilter(hidden=True), count=5)

    kept = list(Video.objects.kept().order_by("-pk"))
    assert (page, has_more) == (kept[:5], True)
    assert wall_beginning(caller, WallFilter(hidden=True))[:2] == (kept, False)


def test_models_of_the_wall_are_those_that_the_caller_sees_by_index(world):
    for person in [*world.people, world.boss]:
        caller = Caller(user=person)
        with CaptureQueriesContext(connection) as asked:
            found = models_on_wall(caller)
        assert found == set(Video.objects.visible_to(caller).values_list("model", flat=True))
        if connection.vendor == "sqlite" and not caller.teams:  # PostgreSQL reads small tables whole
            plan = " ".join(str(row) for row in connection.cursor().execute(f"EXPLAIN QUERY PLAN {asked[-1]['sql']}"))
            index = "video_by_model (model>?)" if person == world.boss else "video_by_owner_and_model (owner_id=? AND model>?)"
            assert (index in plan, "SCAN generation_video" in plan) == (True, False), plan


def test_a_restored_video_is_at_its_place_again(world):
    caller, wanted = Caller(user=world.boss), WallFilter(hidden=True)
    before = wall_page(caller, wanted, count=ROWS)[0]
    video = before[4]

    move_to_bin(video, by=caller)
    index_waiting()
    assert (Entry.objects.get(video=video).terms, wall_count(caller, wanted)) == ("", len(before) - 1)
    page = wall_page(caller, wanted, video.pk, count=3)[0]  # a page below it has not lost its place
    restore(video, by=caller)
    note_on(video, by=caller, title="harbour 码头")
    index_waiting()

    assert (wall_page(caller, wanted, count=ROWS)[0], page) == (before, before[5:8])
    assert wall_page(caller, WallFilter(q="码头", hidden=True))[0] == [video]


@in_one_test("sort", [*SORTS, LIKENESS])
def test_a_sorted_page_goes_on_after_a_video_that_is_gone_since_then(sort, user):
    caller, like = Caller(user=user), make_video(user, quality={"dhash": ["f0f0f0f0f0f0f0f0"]})
    for number in range(9):
        make_video(user, duration_s=4.0 + number % 3, rating=number % 4 or None, quality={"dhash": [f"f0f0f0f0f0f0f0f{number % 3}"]})
    index_waiting()
    wanted = WallFilter(sort=sort, like=str(like.pk) if sort == LIKENESS else "")
    everything = wall_page(caller, wanted)[0]
    for act in (move_to_bin, delete_for_good):
        page, _more = wall_page(caller, wanted, count=4)
        act(page[-1], by=caller)
        assert wall_page(caller, wanted, page[-1].pk)[0] == everything[4:]
        index_waiting()
        assert wall_page(caller, wanted, page[-1].pk)[0] == everything[4:]
        everything.remove(page[-1])
