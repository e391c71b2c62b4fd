"""Each waiting task's place in line: that in which the accounts of its vendor take them, owners in turn."""

from __future__ import annotations

from generation.queries.queue_position import look_around
from tests.task_rows import make_task

KLING, WAN = "kling/kling-v1", "dashscope/wanx2.1-t2v-turbo"


def test_owners_take_turns_within_a_vendor_and_not_across_them(user, other_user):
    """What somebody waits for at one vendor puts nobody back at another."""
    elsewhere = [make_task(user, model=WAN) for _ in range(3)]
    first = make_task(user, model=KLING)
    mine = make_task(user, model="kling/kling-v1-6")
    theirs = make_task(other_user, model=KLING)

    places = look_around([first]).places

    assert [places[task.pk] for task in elsewhere] == [1, 2, 3]
    assert [places[task.pk] for task in (first, theirs, mine)] == [1, 2, 3]
