"""Videos go into the collection that was chosen before Generate, whoever dies in between."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from access.callers import Caller
from generation.lifecycle import Status
from generation.models import GenerationTask
from library.collections import create, seen_in
from library.models import Collection, Wish
from library.wishes import grant, wish
from tests.task_rows import make_task
from tests.web.page_rows import KLING, make_video


def titles(collection, user):
    return [video.title for video in seen_in(collection, Caller(user=user))]


@pytest.mark.postgresql
def test_videos_of_ended_tasks_go_into_their_collection_once(user):
    collection = create(by=Caller(user=user), name="Winter")
    done, failed, running = (make_task(user, status=status) for status in (Status.SUCCEEDED, Status.FAILED, Status.RUNNING))
    for number, name in enumerate("ab"):
        make_video(user, task=done, prompt=name, output_index=number)
    wish([done, failed, running], collection)
    wish([done], collection)

    assert grant() == 2
    wish([done], collection)  # as if the process had died before the wish was gone
    assert grant() == 1

    assert titles(collection, user) == ["a", "b"]
    assert list(Wish.objects.values_list("task", flat=True)) == [running.pk]


@pytest.mark.postgresql
def test_a_wish_for_a_collection_that_is_gone_or_no_longer_theirs_ends(user, other_user):
    team = Group.objects.create(name="films")
    collection = create(by=Caller(user=other_user), name="Winter", team=team)
    task = make_video(user).task
    wish([task], collection)

    assert (grant(), titles(collection, user), Wish.objects.count()) == (1, [], 0)
    wish([task], collection)
    collection.delete()
    assert (grant(), Wish.objects.count()) == (0, 0)


def test_the_studio_stores_the_wish_with_the_order(user, other_user, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    client = Client()
    client.force_login(user)
    mine, theirs = (create(by=Caller(user=person), name="Winter") for person in (user, other_user))
    form = {"model": KLING, "prompt": "a boat", "count": "2"}

    assert str(mine.pk) in client.get("/studio/").text
    for wrong in (theirs.pk, "x"):
        assert client.post("/studio/", form | {"collection": str(wrong)}).status_code == 422
    assert not GenerationTask.objects.exists()
    assert client.post("/studio/", form | {"collection": str(mine.pk)}).status_code == 302
    assert Wish.objects.filter(collection=mine).count() == GenerationTask.objects.count() == 2
    assert Collection.objects.count() == 2
