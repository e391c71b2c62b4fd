"""The index of the wall: nothing waits for ever, nothing is cleared that changed meanwhile, and any number of processes may index."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from access.callers import Caller
from generation.actions import bin as bin_actions
from generation.actions.hand_over import hand_over
from generation.actions.share import share
from generation.actions.star import note_on, toggle_star
from generation.keeping.old_videos import bin_old_videos
from generation.models import Video
from library.filters import WallFilter
from library.index import index_waiting
from library.models import Entry
from library.wall import wall_page
from tests.web.page_rows import make_video

pytestmark = pytest.mark.postgresql


class Killed(BaseException):
    """The process ends here."""


@transaction.atomic  # the end of a process is the end of its transaction
def index_and_die() -> None:
    index_waiting()
    raise Killed


def waiting() -> int:
    return Video.objects.filter(to_index_at__isnull=False).count()


@pytest.fixture
def video(user: User) -> Video:
    made = make_video(user)
    index_waiting()
    assert waiting() == 0
    return made


def test_every_change_of_what_people_see_waits_for_the_index(video, user, other_user):
    mine, team = Caller(user=user), Group.objects.create(name="films")
    user.groups.add(team)
    changes = [
        lambda: toggle_star(video, by=mine),
        lambda: note_on(video, by=mine, title="harbour"),
        lambda: share(video.task, team, by=mine),
        lambda: share(video.task, None, by=mine),
        lambda: bin_old_videos(timezone.now() + timedelta(days=1), stay=[]),
        lambda: bin_actions.restore(video, by=mine),
        lambda: bin_actions.move_to_bin(video, by=mine),
        lambda: bin_actions.restore(video, by=mine),
        lambda: hand_over(user, other_user),
        lambda: make_video(user),
    ]
    for number, change in enumerate(changes):
        change()
        assert waiting() == 1, number
        index_waiting()
        assert waiting() == 0


def test_places_follow_the_order_in_which_videos_came(user):
    first = [make_video(user) for _ in range(3)]
    index_waiting()
    later = [make_video(user) for _ in range(3)]
    toggle_star(first[0], by=Caller(user=user))
    index_waiting()

    assert list(Entry.objects.order_by("seq").values_list("video", flat=True)) == [one.pk for one in first + later]


def test_many_more_than_a_round_takes_keep_their_order(user):
    made = [make_video(user) for _ in range(7)]
    while index_waiting(lasting_s=0, at_once=2):
        pass

    assert (waiting(), list(Entry.objects.order_by("seq").values_list("video", flat=True))) == (0, [one.pk for one in made])


def test_a_round_that_is_killed_leaves_everything_waiting(video, user):
    make_video(user)
    toggle_star(video, by=Caller(user=user))
    before = list(Entry.objects.values_list("seq", "terms"))

    with pytest.raises(Killed):
        index_and_die()
    assert (waiting(), list(Entry.objects.values_list("seq", "terms"))) == (2, before)
    index_waiting()

    assert (waiting(), Entry.objects.count()) == (0, 2)
    assert wall_page(Caller(user=user), WallFilter(starred=True))[0] == [video]


def test_videos_from_before_the_index_are_found_the_newest_first(user):
    """As the migration leaves them: each has its place and no words."""
    made = [make_video(user, prompt="koi") for _ in range(3)]
    Entry.objects.bulk_create(Entry(seq=at + 1, video=one, made_at=one.created_at, terms="") for at, one in enumerate(made))
    made.append(make_video(user, prompt="koi"))
    mine = Caller(user=user)

    assert wall_page(mine, WallFilter())[0] == []
    index_waiting()

    assert wall_page(mine, WallFilter(q="koi"))[0] == made[::-1]


def test_everything_is_indexed_again_on_demand(video, user, capsys):
    Entry.objects.update(terms="o:0")
    make_video(user)

    call_command("index_videos")

    assert len(wall_page(Caller(user=user), WallFilter())[0]) == 2
    assert "Indexed 2 videos." in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_indexers_and_people_at_once_lose_no_change(user):
    videos, start = [make_video(user, prompt=f"koi {number}") for number in range(30)], Barrier(5)

    def work(number: int) -> None:
        try:
            start.wait()
            for at in range(number, 30, 2):
                if number < 2:
                    note_on(videos[at], by=Caller(user=user), title=f"harbour {at}", starred=True)
                else:
                    index_waiting(lasting_s=0)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(work, range(5)))
    index_waiting(lasting_s=60)

    assert (waiting(), Entry.objects.count()) == (0, 30)
    assert wall_page(Caller(user=user), WallFilter(q="harbour", starred=True))[0] == sorted(videos, key=lambda one: one.pk, reverse=True)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no triggers for the index")
def test_videos_from_before_the_index_are_indexed(user):
    """An upgrade gives them places first, and their words later."""
    make_video(user)
    migration = import_module("library.migrations.0003_words")
    with connection.cursor() as cursor:
        editor = SimpleNamespace(connection=connection, execute=cursor.execute)
        migration.drop(None, editor)
        migration.create(None, editor)

        assert (index_waiting(), waiting()) == (1, 0)
