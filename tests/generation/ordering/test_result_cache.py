"""The result cache: an equal order is given the stored videos, nothing is bought, and deleting either leaves the other whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.db import connection

from access.callers import Caller
from access.ledger_models import Reservation
from access.limits import Limits
from access.tokens import issue
from events.models import Event
from generation import money_check, store
from generation.actions.bin import delete_for_good, move_to_bin, restore
from generation.actions.retry import retry_task
from generation.ingest.purge import purge
from generation.ingest.sweep import unnamed
from generation.keeping.named_files import count_rows, is_named, named_files
from generation.lifecycle import Status
from generation.models import CachedModel, GenerationTask, Video
from generation.ordering.create import create, create_many
from generation.ordering.fingerprint import fingerprint
from generation.ordering.order import Order
from generation.ordering.stored import SourceChanged, copies_for
from providers.messages import translated
from providers.models import ModelPrice
from providers.vendors import ALL_MODELS
from tests.task_rows import MODEL, codes_of, make_task
from tests.web.page_rows import BYTES, make_video

pytestmark = pytest.mark.postgresql


@pytest.fixture
def real(make_account):
    ModelPrice.objects.create(model=MODEL, unit="second", amount=1)
    return make_account("kling", "official-key", "http://127.0.0.1:9")


@pytest.fixture
def video(real, user) -> Video:
    return rendered(user, real)


def rendered(owner, account, prompt="a boat", **facts) -> Video:
    options = ALL_MODELS[MODEL].params().model_dump(mode="json")
    printed = fingerprint(MODEL, options, prompt, {})
    task = make_task(owner, status=Status.SUCCEEDED, prompt=prompt, params=options, account=account, fingerprint=printed, **facts)
    return make_video(owner, task=task, prompt=prompt, team=facts.get("team"))


def ordered(owner, prompt="a boat", cache: bool | None = True, **order: Any) -> GenerationTask:
    return create(Order(owner=owner, model=MODEL, prompt=prompt, cache=cache, **order)).task


def test_a_hit_has_the_video_at_once_and_its_history_says_from_where(video, user):
    task = ordered(user, content_id="lamp", metadata={"a": 1})

    assert (task.status, task.copy_of, task.account, task.spent, task.cost) == (Status.SUCCEEDED, video.task, None, 0, 0)
    copy = task.videos.get()
    assert (copy.copy_of, copy.keys, copy.sha256, copy.owner) == (video, video.keys, video.sha256, user)
    event = task.events.get()
    assert (event.to_status, codes_of(event.note)) == ("succeeded", ["stored_before"])
    assert str(video.task_id) in translated(event.note)
    assert Event.objects.filter(type="task.succeeded", subject_id=task.pk).count() == 1
    assert Reservation.objects.count() == 0
    assert money_check.check() == []


def test_without_being_asked_and_for_what_is_not_equal_it_buys(video, user, other_user, real):
    bought = [
        ordered(user, cache=None),
        ordered(user, cache=False),
        ordered(user, prompt="A boat"),
        ordered(user, params={"duration_s": 10}),
        ordered(other_user),
        retry_task(video.task, by=Caller(user=user))[0],
    ]

    assert {task.status for task in bought} == {Status.QUEUED}
    assert Reservation.objects.count() == len(bought)


def test_token_and_model_may_ask_for_it_and_the_order_decides(video, user):
    plain, caching = issue(user, "plain")[0], issue(user, "caching", limits=Limits(cache=True))[0]
    assert ordered(user, cache=None, token=plain).state is Status.QUEUED
    assert ordered(user, cache=None, token=caching).copy_of == video.task
    assert ordered(user, cache=False, token=caching).state is Status.QUEUED


def test_a_models_cache_is_for_programs(video, user):
    CachedModel.objects.create(model=MODEL)
    token = issue(user, "plain")[0]

    assert ordered(user, cache=None, token=token).copy_of == video.task
    assert ordered(user, cache=None).state is Status.QUEUED, "a person at a page wants another one"


def test_only_what_is_kept_stored_and_shared_is_given(video, user, other_user, real, make_account):
    move_to_bin(video, by=Caller(user=user))
    assert ordered(user).state is Status.QUEUED
    restore(video, by=Caller(user=user))
    store.delete(video.file)
    assert ordered(user).state is Status.QUEUED, "its file is lost"

    sandbox = make_account("kling", "official-key", "http://127.0.0.1:9", label="sandbox", sandbox=True)
    rendered(user, sandbox, "a lamp")
    assert ordered(user, "a lamp").state is Status.QUEUED, "a simulator made it"
    rendered(user, real, "a chair", asked_model="kling/kling-v3")
    assert ordered(user, "a chair").state is Status.QUEUED, "another model stood in"

    team = Group.objects.create(name="films")
    other_user.groups.add(team)
    shared = rendered(user, real, "a fox", team=team)
    copy = ordered(other_user, "a fox")
    assert (copy.copy_of, copy.videos.get().owner, copy.videos.get().team) == (shared.task, other_user, None)


def test_a_repeat_with_its_key_is_the_same_copy_and_a_copy_is_no_source(video, user):
    first = create(Order(owner=user, model=MODEL, prompt="a boat", cache=True, idempotency_key="k"))
    again = create(Order(owner=user, model=MODEL, prompt="a boat", cache=True, idempotency_key="k"))

    assert (first.is_new, again.is_new, again.task.pk) == (True, False, first.task.pk)
    assert ordered(user).copy_of == video.task
    many = create_many([Order(owner=user, model=MODEL, prompt="a boat", cache=True) for _number in range(3)])
    assert {one.task.copy_of for one in many} == {video.task}
    assert Video.objects.filter(copy_of=video).count() == 5


def test_files_go_with_the_last_video_that_shares_them(video, user):
    by, folder = Caller(user=user), "videos/2026/01/02"
    video.file = f"{folder}/{video.task_id}-0-1.mp4"
    store.save(video.file, BYTES)
    video.save()
    copies = [ordered(user).videos.get() for _number in range(2)]
    for one in (video, copies[0]):
        delete_for_good(one, by=by)
        purge()
        assert all(default_storage.exists(key) for key in video.keys)
    assert unnamed(folder) == ([], []), "no sweep takes them"
    assert store.read(copies[1].file) == BYTES

    delete_for_good(copies[1], by=by)
    purge()
    assert not any(default_storage.exists(key) for key in video.keys)
    assert set(Video.objects.values_list("file", "poster", "preview")) == {("", "", "")}
    purge()
    assert Event.objects.filter(type="video.purged").count() == 3


def test_a_deleted_copy_leaves_its_source_whole(video, user):
    copy = ordered(user).videos.get()
    delete_for_good(copy, by=Caller(user=user))
    purge()

    assert store.read(Video.objects.get(pk=video.pk).file) == BYTES
    assert ordered(user).copy_of == video.task


def test_shared_files_are_looked_after_once(video, user):
    ordered(user)
    assert count_rows() == 1
    file = named_files(video)[0]
    delete_for_good(video, by=Caller(user=user))
    assert is_named(file), "its copy needs it"


def test_a_source_that_was_deleted_meanwhile_is_not_copied(video, user):
    task = ordered(user)
    delete_for_good(video, by=Caller(user=user))

    with pytest.raises(SourceChanged):
        copies_for(task)


@pytest.mark.django_db(transaction=True)
def test_twenty_equal_orders_at_once_cost_nothing(video, user):
    barrier = Barrier(20)

    def order(_number: int) -> str:
        try:
            barrier.wait()
            return str(ordered(user).status)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        states = list(pool.map(order, range(20)))

    assert set(states) == {"succeeded"}
    assert (Video.objects.filter(copy_of=video).count(), Reservation.objects.count()) == (20, 0)
