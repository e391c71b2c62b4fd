"""Videos go into the collection that their order named, whoever dies in between, and whoever orders them again."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from access.callers import Caller
from batches.models import BatchRow
from generation.actions.retry import retry_task
from generation.lifecycle import Status
from generation.models import GenerationTask
from library.collections import create, seen_in
from library.models import Collection
from library.wishes import grant
from tests.task_rows import make_task
from tests.web.page_rows import KLING, make_video


def titles(collection, user):
    return [video.title for video in seen_in(collection, Caller(user=user))]


@pytest.mark.postgresql
def test_videos_of_tasks_that_have_them_go_into_their_collection_once(user):
    collection = create(by=Caller(user=user), name="Winter")
    states = (Status.SUCCEEDED, Status.FAILED, Status.RUNNING)
    done, failed, _running = (make_task(user, status=status, collection_id=collection.pk) for status in states)
    for number, name in enumerate("ab"):
        make_video(user, task=done, prompt=name, output_index=number)
    make_video(user, prompt="c")

    assert grant() == 1
    GenerationTask.objects.filter(pk=done.pk).update(collected_at=None)  # as if the process had died before it was noted
    assert (grant(), grant()) == (1, 0)
    assert titles(collection, user) == ["a", "b"]

    GenerationTask.objects.filter(pk=failed.pk).update(status=Status.SUCCEEDED, submission_id="found after all")
    make_video(user, task=failed, prompt="d")
    assert (grant(), titles(collection, user)) == (1, ["a", "b", "d"])


@pytest.mark.postgresql
def test_a_collection_that_is_gone_or_no_longer_theirs_gets_nothing(user, other_user):
    team = Group.objects.create(name="films")
    collection = create(by=Caller(user=other_user), name="Winter", team=team)
    tasks = [make_video(user, task=make_task(user, status=Status.SUCCEEDED, collection_id=collection.pk)).task for _ in range(2)]
    GenerationTask.objects.filter(pk=tasks[1].pk).update(collected_at=tasks[1].created_at)

    assert (grant(), titles(collection, user)) == (1, [])
    collection.delete()
    GenerationTask.objects.update(collected_at=None)
    assert (grant(), grant()) == (2, 0)


def test_what_is_ordered_again_goes_into_the_same_collection(user, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    collection = create(by=Caller(user=user), name="Winter")
    failed = make_task(user, status=Status.FAILED, collection_id=collection.pk)

    again, _is_new = retry_task(failed, by=Caller(user=user))

    assert again.collection_id == collection.pk


def test_the_studio_stores_the_collection_with_the_order(user, other_user, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    client = Client()
    client.force_login(user)
    mine, theirs = (create(by=Caller(user=person), name="Winter") for person in (user, other_user))
    form, several = {"model": KLING, "prompt": "a boat", "count": "2"}, {"vary-styles": ["cinematic", "anime"]}

    assert str(mine.pk) in client.get("/studio/").text
    for wrong in (theirs.pk, "x"):
        assert client.post("/studio/", form | {"collection": str(wrong)}).status_code == 422
        assert client.post("/studio/", form | several | {"collection": str(wrong)}).status_code == 422
    assert not GenerationTask.objects.exists()
    assert client.post("/studio/", form | {"collection": str(mine.pk)}).status_code == 302
    assert set(GenerationTask.objects.values_list("collection_id", flat=True)) == {mine.pk}
    assert client.post("/studio/", form | several | {"collection": str(mine.pk)}).status_code == 302
    assert {row.order.get("collection") for row in BatchRow.objects.all()} == {str(mine.pk)}
    assert Collection.objects.count() == 2
