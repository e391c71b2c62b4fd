"""The purge: whose files it deletes and when, and that a kill leaves neither a claim without a file nor a file that no row names."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from django.conf import settings as stored_settings
from django.core.files.storage import default_storage
from django.utils import timezone

from access.callers import Caller
from events.models import Event
from generation import store
from generation.actions.bin import delete_for_good, move_to_bin, restore
from generation.errors import Conflict
from generation.ingest.ingest import ingest
from generation.ingest.purge import purge
from generation.ingest.sweep import sweep
from generation.lifecycle import Status
from generation.models import PaidSubmits, Video
from tests.cases import in_one_test
from tests.faulty_storages import Death
from tests.generation.ingest.test_sweep import left_behind, stored
from tests.task_rows import make_task
from tests.web.page_rows import ago, make_video


def keys_on_disk(video: Video) -> set[str]:
    return {key for key in video.keys if default_storage.exists(key)}


def test_what_was_in_the_bin_for_the_days_of_the_setting_loses_its_files_and_keeps_its_history(user, settings):
    old, fresh, kept = (make_video(user, prompt=words) for words in ("old", "fresh", "kept"))
    Video.objects.filter(pk=old.pk).update(deleted_at=ago(days=30, minutes=1))
    Video.objects.filter(pk=fresh.pk).update(deleted_at=ago(days=29))

    purge()

    after = Video.objects.get(pk=old.pk)
    assert (after.keys, keys_on_disk(old)) == (["", "", ""], set())
    assert (after.sha256, after.size_bytes, after.task.status, after.task.submission_id) == (
        old.sha256, old.size_bytes, Status.SUCCEEDED, old.task.submission_id,
    )  # fmt: skip
    assert [len(keys_on_disk(video)) for video in (fresh, kept)] == [3, 3]
    assert list(Event.objects.filter(type="video.purged").values_list("subject_id", flat=True)) == [old.pk]

    settings.BIN_DAYS = 0
    Video.objects.filter(pk=fresh.pk).update(deleted_at=ago(days=3000))
    purge()
    assert len(keys_on_disk(fresh)) == 3


def test_files_that_cannot_be_deleted_do_not_keep_the_next_ones_for_ever(user):
    stuck, last = [make_video(user) for _ in range(5)], make_video(user)
    for video in stuck:
        store.delete(video.file)
        store.save(f"{video.file}/in a folder of that name", b"x")
    for video in (*stuck, last):
        delete_for_good(video, by=Caller(user=user))

    for _ in range(50):
        purge()

    assert (keys_on_disk(last), len(keys_on_disk(stuck[0]))) == (set(), 3)
    for video in stuck:
        store.delete(f"{video.file}/in a folder of that name")


@in_one_test(("n", "after"), itertools.product((1, 2, 3), (False, True)))
def test_a_kill_between_two_files_is_finished_by_the_next_round(n, after, user, settings):
    video, works = make_video(user, prompt=f"{n} {after}"), stored_settings.STORAGES
    delete_for_good(video, by=Caller(user=user))
    named = Video.objects.get(pk=video.pk)

    settings.STORAGES = works | {"default": {"BACKEND": "tests.faulty_storages.MortalStorage", "OPTIONS": {"n": n, "after": after}}}
    with pytest.raises(Death):
        purge()
    settings.STORAGES = works

    killed = Video.objects.get(pk=video.pk)
    assert (killed.purged_at is not None, killed.keys) == (True, named.keys), "what is left is still named"
    purge()
    assert (Video.objects.get(pk=video.pk).keys, keys_on_disk(named)) == (["", "", ""], set())
    assert Event.objects.filter(type="video.purged", subject_id=video.pk).count() == 1


def test_a_storage_that_is_away_keeps_the_files_named(user, settings):
    video, works = make_video(user), stored_settings.STORAGES
    delete_for_good(video, by=Caller(user=user))

    settings.STORAGES = works | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage", "OPTIONS": {"failing": ["delete"]}}}
    purge()
    settings.STORAGES = works

    assert keys_on_disk(Video.objects.get(pk=video.pk)) == set(video.keys)


def test_nothing_is_deleted_while_a_restored_database_waits_for_its_confirmation(user):
    """The backup may be older than the moment in which somebody restored the video."""
    video = make_video(user)
    Video.objects.filter(pk=video.pk).update(deleted_at=ago(days=90))
    PaidSubmits.objects.update_or_create(pk=PaidSubmits.THE_ROW, defaults={"held_at": timezone.now()})

    purge()

    assert len(keys_on_disk(video)) == 3
    assert Video.objects.in_bin().get() == video


def test_a_restore_and_a_purge_have_one_winner(user):
    by = Caller(user=user)
    restored, purged = make_video(user, prompt="restored"), make_video(user, prompt="purged")
    for video in (restored, purged):
        move_to_bin(video, by=by)
    Video.objects.update(deleted_at=ago(days=31))

    restore(restored, by=by)
    purge()

    assert len(keys_on_disk(restored)) == 3
    with pytest.raises(Conflict) as refused:
        restore(Video.objects.get(pk=purged.pk), by=by)
    assert refused.value.code == "deleted_for_good"


@in_one_test("delete", [move_to_bin, delete_for_good])
def test_the_output_of_a_deleted_video_is_not_fetched_again(delete, user, make_account):
    """The job of an ingest comes once more after its video was published and deleted; nothing answers at the address of its output."""
    account = make_account("kling", "official-key", "http://127.0.0.1:9", label=delete.__name__)
    outputs = [{"url": "http://127.0.0.1:9/v.mp4", "expires_at": None}]
    task = make_task(user, status=Status.INGESTING, account=account, outputs=outputs, lease_until=timezone.now() + timedelta(minutes=1))
    delete(make_video(user, task=task), by=Caller(user=user))
    purge()

    ingest(task.pk, task.fence)

    task.refresh_from_db()
    assert (task.state, task.videos.count()) == (Status.SUCCEEDED, 1)


def test_the_sweep_keeps_what_is_in_the_bin_and_removes_what_a_purged_video_left(user):
    task = make_task(user, status=Status.SUCCEEDED)
    stem = f"videos/{task.created_at:%Y/%m/%d}/{task.pk}-0"
    video, twin = stored(task, f"{stem}-9"), left_behind(f"{stem}-8.mp4")
    move_to_bin(video, by=Caller(user=user))

    sweep()
    assert (keys_on_disk(video), default_storage.exists(twin)) == (set(video.keys), False)

    delete_for_good(video, by=Caller(user=user))
    purge()
    twin, lost = left_behind(f"{stem}-7.mp4"), left_behind(f"{stem[:-1]}1-7.mp4")
    sweep()
    assert [default_storage.exists(key) for key in (twin, lost)] == [False, True], "output 1 has no row: it may be all that is left"
    store.delete(lost)
