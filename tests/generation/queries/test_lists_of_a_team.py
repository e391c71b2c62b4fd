"""Lists of who is in a team: the newest of what is theirs and of what each team has, found by an index for each."""

from __future__ import annotations

import random

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone

from access.callers import Caller
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from generation.models.visibility import MOST_SIDES
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import make_video

ROWS = 40


@pytest.fixture
def world(user: User) -> list[Caller]:
    """Return callers in no, one, two and very many teams, beside rows of theirs and of others, shared or not, deleted or not."""
    chance, others = random.Random(7), [User.objects.create_user(f"other-{number}") for number in range(3)]
    films, posters = Group.objects.create(name="films"), Group.objects.create(name="posters")
    for _ in range(ROWS):
        owner, team = chance.choice([user, *others]), chance.choice([None, None, films, posters])
        task = make_task(owner, status=Status.SUCCEEDED, team=team)
        make_video(owner, task=task, team=team, deleted_at=chance.choice([None, None, timezone.now()]), favourite=chance.random() < 0.5)
    both, crowd = others[:2]
    user.groups.add(films)
    both.groups.set([films, posters])
    crowd.groups.set([posters, *(Group.objects.create(name=f"team {number}") for number in range(MOST_SIDES))])
    people = [user, both, crowd, others[2], User.objects.create_superuser("boss")]
    return [Caller(user=person) for person in people]


@pytest.mark.postgresql
def test_pages_have_what_is_seen_in_order_and_nothing_twice(world):
    for caller in world:
        for rows in (GenerationTask.objects.all(), Video.objects.kept(), Video.objects.kept().filter(favourite=True)):
            seen = list(rows.visible_to(caller).order_by("-pk"))
            walked: list[object] = []
            while page := list((rows.filter(pk__lt=walked[-1].pk) if walked else rows).first_for(caller, 3)):  # type: ignore[attr-defined]
                walked += page
            assert walked == seen
            assert list(rows.first_for(caller, ROWS, order="pk")) == seen[::-1]
            assert rows.first_for(caller, 5).count() == min(5, len(seen))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables whole")
@in_one_test(("model", "indexes"), [(GenerationTask, ("task_by_owner", "task_by_team")), (Video, ("video_by_owner", "video_by_team"))])
def test_each_side_is_found_by_its_index_and_no_side_is_sorted(model, indexes, world):
    """Without statistics, as in a new installation. The rows that were found are sorted: at most those of a page for each side."""
    _user, both, *_others = world
    plan = model.objects.all().first_for(both, 3).explain()

    assert [plan.count(f"USING COVERING INDEX {name}") + plan.count(f"USING INDEX {name}") for name in indexes] == [1, 2]
    assert plan.count("ORDER BY") <= 1
