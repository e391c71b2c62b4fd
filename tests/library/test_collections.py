"""Collections: their order, their tree, who fills them, and what happens when two people change one at once."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.db import close_old_connections, connection

from access.callers import Caller
from events.models import AuditEvent
from generation.actions.bin import move_to_bin
from generation.errors import InvalidRequest, NotAllowed, NotThere
from generation.models import Video
from library import collections
from library.collections import DEEPEST, Place, add, change, create, delete, move, remove, seen_in, shown, the_collection
from library.models import Collection, CollectionItem
from tests.web.page_rows import make_video

pytestmark = pytest.mark.postgresql


def fresh(user):
    """Return the person as a new request has them: a caller reads their teams once."""
    return Caller(user=User.objects.get(pk=user.pk))


def names_in(collection, user):
    return [video.title for video in seen_in(collection, fresh(user))]


def filled(user, names="abcde", **facts):
    collection = create(by=fresh(user), name="Winter", **facts)
    videos = {name: make_video(user, prompt=name).pk for name in names}
    assert add(collection, list(videos.values()), by=fresh(user)) == []
    return collection, videos


def chain(user, length):
    row = None
    for place in range(length):
        row = create(by=fresh(user), name=f"level {place}", parent=row)
    return row


def test_videos_keep_the_order_in_which_they_came_and_each_is_there_once(user):
    collection, videos = filled(user)
    unknown = uuid4()

    assert add(collection, [videos["c"], unknown, make_video(user, prompt="f").pk], by=fresh(user)) == [unknown]

    assert names_in(collection, user) == list("abcdef")
    assert shown(Collection.objects.all(), fresh(user)).get().size == 6


def test_a_video_is_moved_before_another_and_to_the_end(user):
    collection, videos = filled(user)

    move(collection, [videos["e"], videos["c"]], by=fresh(user), before=videos["a"])
    assert names_in(collection, user) == list("ecabd")
    move(collection, [videos["e"]], by=fresh(user))
    assert names_in(collection, user) == list("cabde")


def test_there_is_always_room_between_two_videos(user):
    collection, videos = filled(user, "abc")
    CollectionItem.objects.update(position=7)  # as many moves to one place would leave them, at last

    move(collection, [videos["c"]], by=fresh(user), before=videos["b"])
    move(collection, [videos["a"]], by=fresh(user), before=videos["b"])

    assert names_in(collection, user) == list("cab")
    assert CollectionItem.objects.values("position").distinct().count() == 3


def test_what_cannot_be_moved_is_refused_by_field(user):
    collection, videos = filled(user, "ab")
    other = make_video(user).pk
    refused = {}
    for ids, before in (([other], None), ([videos["a"]], other), ([videos["a"]], videos["a"])):
        with pytest.raises(InvalidRequest) as refusal:
            move(collection, ids, by=fresh(user), before=before)
        refused[ids[0], before] = list(refusal.value.fields)

    assert list(refused.values()) == [["videos"], ["before"], ["before"]]


def test_pages_go_on_at_the_place_where_the_last_one_ended(user):
    collection, _videos = filled(user)
    first = list(seen_in(collection, fresh(user))[:2])

    rest = seen_in(collection, fresh(user), after=Place(first[-1].position, first[-1].item))

    assert [video.title for video in rest] == list("cde")


def test_taking_out_and_deleting_leave_the_videos_and_what_was_inside_moves_up(user):
    outer = create(by=fresh(user), name="outer")
    collection, videos = filled(user, parent=outer)
    inner = create(by=fresh(user), name="inner", parent=collection)
    Video.objects.update(to_index_at=None)

    assert remove(collection, [videos["a"], uuid4()], by=fresh(user)) == 1
    assert set(Video.objects.filter(to_index_at=None).values_list("pk", flat=True)) == set(videos.values()) - {videos["a"]}
    delete(collection, by=fresh(user))

    inner.refresh_from_db()
    assert inner.parent == outer
    assert (Video.objects.count(), Video.objects.filter(to_index_at=None).count()) == (5, 0)
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))[-1] == "collection.deleted"
    with pytest.raises(NotThere):
        add(collection, list(videos.values()), by=fresh(user))


def test_the_tree_is_at_most_so_deep_and_has_no_circle(user):
    deepest = chain(user, DEEPEST)
    root = Collection.objects.get(parent=None)
    refused = []
    for collection, parent in ((create(by=fresh(user), name="more"), deepest), (root, deepest), (root, root)):
        with pytest.raises(InvalidRequest) as refusal:
            change(collection, by=fresh(user), parent=parent)
        refused.append(list(refusal.value.fields))

    assert refused == [["parent"]] * 3
    assert change(deepest, by=fresh(user), parent=None).parent is None


def test_members_of_the_team_fill_it_and_only_its_owner_changes_it(user, other_user, staff):
    team = Group.objects.create(name="films")
    for person in (user, other_user):
        person.groups.add(team)
    collection, videos = filled(user, "ab", team=team)
    mine = make_video(other_user, prompt="theirs")
    shared = make_video(user, prompt="shared", team=team)

    assert names_in(collection, other_user) == []  # the videos in it are not shared
    assert add(collection, [mine.pk, shared.pk, videos["a"]], by=fresh(other_user)) == [videos["a"]]
    assert names_in(collection, other_user) == ["theirs", "shared"]
    assert names_in(collection, user) == ["a", "b", "shared"]
    assert names_in(collection, staff) == ["a", "b", "theirs", "shared"]
    assert remove(collection, [videos["a"], mine.pk], by=fresh(other_user)) == 1
    for refused in (lambda: change(collection, by=fresh(other_user), name="x"), lambda: delete(collection, by=fresh(other_user))):
        with pytest.raises(NotAllowed):
            refused()
    team.user_set.remove(other_user)
    with pytest.raises(NotThere):
        the_collection(fresh(other_user), collection.pk)


def test_the_cover_is_the_chosen_video_or_the_first_that_one_sees(user):
    collection, videos = filled(user, "abc")

    def face():
        return shown(Collection.objects.all(), fresh(user)).get().face

    faces = [face()]
    change(collection, by=fresh(user), cover_id=videos["c"])
    faces.append(face())
    move_to_bin(Video.objects.get(pk=videos["c"]), by=fresh(user))
    faces.append(face())

    assert faces == [videos["a"], videos["c"], videos["a"]]
    with pytest.raises(InvalidRequest):
        change(collection, by=fresh(user), cover_id=make_video(user).pk)


def test_hiding_a_collection_lets_its_videos_be_indexed_again(user):
    collection, _videos = filled(user, "ab")
    make_video(user)
    Video.objects.update(to_index_at=None)

    change(collection, by=fresh(user), name="Summer")
    assert Video.objects.exclude(to_index_at=None).count() == 0
    change(collection, by=fresh(user), is_hidden=True)
    assert Video.objects.exclude(to_index_at=None).count() == 2


def at_once(*calls):
    """Run these at the same moment in threads; return what they raised."""
    raised, gate = [], threading.Barrier(len(calls))

    def run(call):
        try:
            gate.wait()
            call()
        except Exception as error:
            raised.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_two_who_put_videos_in_at_once_put_each_in_once(user):
    collection = create(by=fresh(user), name="Winter")
    ids = [make_video(user).pk for _number in range(6)]

    assert at_once(lambda: add(collection, ids[:4], by=fresh(user)), lambda: add(collection, ids[2:], by=fresh(user))) == []

    places = list(CollectionItem.objects.values_list("video", "position"))
    assert (len(places), {video for video, _position in places}) == (6, set(ids))
    assert len({position for _video, position in places}) == 6


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_make_no_circle(user):
    one, two = (create(by=fresh(user), name=name) for name in "ab")

    raised = at_once(lambda: change(one, by=fresh(user), parent=two), lambda: change(two, by=fresh(user), parent=one))

    assert [type(error) for error in raised] == [InvalidRequest]
    assert Collection.objects.filter(parent=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_collection_that_is_deleted_while_it_is_filled_leaves_no_row(user):
    collection = create(by=fresh(user), name="Winter")
    video = make_video(user)

    raised = at_once(lambda: add(collection, [video.pk], by=fresh(user)), lambda: delete(collection, by=fresh(user)))

    assert [type(error) for error in raised] in ([], [NotThere])
    assert (Collection.objects.count(), CollectionItem.objects.count(), Video.objects.count()) == (0, 0, 1)


def test_a_large_collection_is_read_by_its_index(user):
    collection, _videos = filled(user, "ab")
    plan = seen_in(collection, fresh(user), after=Place(3, 1))[:60].explain()
    if connection.vendor == "sqlite":  # PostgreSQL decides by the size of the tables
        assert "item_in_order" in plan
        assert "TEMP B-TREE" not in plan
    assert collections.GAP > 500


def test_a_collection_that_was_hidden_since_it_was_read_is_shown_again(user):
    collection, _videos = filled(user)
    read_before = Collection.objects.get(pk=collection.pk)
    change(collection, by=fresh(user), is_hidden=True)
    Video.objects.update(to_index_at=None)

    change(read_before, by=fresh(user), is_hidden=False)

    assert not Video.objects.filter(to_index_at=None).exists()
