"""The counts of the date rail: they are what the wall shows, whatever is changed, and whoever indexes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC

import pytest

from access.callers import Caller
from generation.actions.bin import move_to_bin, restore
from generation.actions.hand_over import hand_over
from generation.actions.share import share
from generation.models import Video
from library.collections import add
from library.filters import WallFilter
from library.index import index_everything, index_waiting
from library.models import Collection, Entry, MonthCount
from library.months import months_on_wall
from library.wall import wall_page
from tests.library.wall_world import ROWS, World

pytestmark = pytest.mark.postgresql


@pytest.fixture
def world(db: None) -> World:
    return World()


def assert_counts_are_the_wall(world: World) -> None:
    for person in [*world.people, world.boss]:
        caller = Caller(user=person)
        for wanted in (
            WallFilter(),
            WallFilter(mine=True),
            WallFilter(team=str(world.films.pk)),
            WallFilter(person=str(world.people[1].pk)),
        ):
            shown = wall_page(caller, wanted, count=2 * ROWS)[0]
            expected = Counter(video.created_at.astimezone(UTC).date().replace(day=1) for video in shown)
            assert {month.first: month.videos for month in months_on_wall(caller, wanted)} == dict(expected), (person, wanted)


def test_counts_are_what_the_wall_shows_after_every_change(world):
    boss, ada = Caller(user=world.boss), Caller(user=world.people[0])
    assert_counts_are_the_wall(world)
    shown = wall_page(boss, WallFilter(), count=ROWS)[0]
    drafts = Collection.objects.create(owner=world.boss, name="away", is_hidden=True)
    changes = [
        lambda: [move_to_bin(video, by=boss) for video in shown[:5]],
        lambda: [restore(video, by=boss) for video in shown[:3]],
        lambda: [share(video.task, world.films, by=ada) for video in shown[5:] if video.owner == ada.user],
        lambda: add(drafts, [video.pk for video in shown[9:12]], by=boss),
        lambda: hand_over(world.people[0], world.people[2]),
    ]
    for change in changes:
        change()
        index_waiting(lasting_s=60)
        assert_counts_are_the_wall(world)
    before = sorted(MonthCount.objects.filter(videos__gt=0).values_list("owner_id", "team_id", "month", "videos"))
    index_everything(lambda _count: None)
    assert sorted(MonthCount.objects.filter(videos__gt=0).values_list("owner_id", "team_id", "month", "videos")) == before


def test_entries_from_before_the_counts_are_counted_when_they_are_read_again(world):
    MonthCount.objects.all().delete()
    for entry in Entry.objects.all():
        words = [word for word in entry.terms.split(" ") if not word.startswith("month:")]
        Entry.objects.filter(pk=entry.pk).update(terms=" ".join(words))
    Video.objects.filter(entry__seq__lte=20).change(favourite=True)
    index_waiting(lasting_s=60)
    counted = Entry.objects.filter(terms__contains=" month:")
    assert 0 < counted.count() == Video.objects.kept().filter(entry__seq__lte=20).count()

    index_everything(lambda _count: None)
    assert_counts_are_the_wall(world)


def test_a_filter_without_numbers_has_the_months_from_its_newest_video_to_the_oldest_that_is_known(world):
    for person in (world.people[0], world.boss):
        caller = Caller(user=person)
        everything = [month.first for month in months_on_wall(caller, WallFilter())]
        for wanted in (WallFilter(starred=True), WallFilter(q="red"), WallFilter(rating=5), WallFilter(q="nothing")):
            videos = wall_page(caller, wanted, count=ROWS)[0]
            months = {video.created_at.astimezone(UTC).date().replace(day=1) for video in videos}
            found = months_on_wall(caller, wanted, oldest=videos[-1].created_at if videos else None)
            assert [month.first for month in found] == [first for first in everything if months and min(months) <= first <= max(months)]
            assert {month.videos for month in found} <= {None}
