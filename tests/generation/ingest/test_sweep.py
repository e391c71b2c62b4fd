"""The sweep: what it removes, what it leaves, what it costs, and that nothing in its way ends it."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from generation.ingest.sweep import delete_unnamed, sweep
from generation.lifecycle import Status
from generation.models import GenerationTask, Video
from tests.task_rows import make_task

LONG_AGO = (timezone.now() - timedelta(hours=2)).timestamp()


def left_behind(key: str) -> str:
    name = default_storage.save(key, ContentFile(b"left behind"))
    os.utime(default_storage.path(name), (LONG_AGO, LONG_AGO))
    return name


def stored(task: GenerationTask, stem: str) -> Video:
    names = {
        field: left_behind(f"{stem}{suffix}") for field, suffix in (("file", ".mp4"), ("poster", ".webp"), ("preview", ".preview.mp4"))
    } | {"other_posters": {"384": left_behind(f"{stem}.384.webp")}}
    facts = {"size_bytes": 11, "duration_s": 5.0, "width_px": 16, "height_px": 9, "fps": 24.0, "codec": "h264", "colour": "#224466"}
    return Video.objects.create(task=task, owner=task.owner, model=task.model, **facts, **names)


def test_files_of_a_task_that_waited_for_weeks_are_found(user):
    """Its ingest was killed today, and keeps files under the day of the task."""
    created = timezone.now() - timedelta(days=30)
    task = make_task(user, status=Status.SUCCEEDED, created_at=created)
    stem = f"videos/{created:%Y/%m/%d}/{task.pk}-0"
    video, orphans = stored(task, f"{stem}-9"), [left_behind(f"{stem}-8{suffix}") for suffix in (".mp4", ".384.webp")]

    sweep()

    assert not any(default_storage.exists(name) for name in orphans)
    assert all(default_storage.exists(name) for name in video.keys)


def test_days_on_which_nothing_moved_are_not_read(user):
    created = timezone.now() - timedelta(days=30)
    make_task(user, status=Status.SUCCEEDED, created_at=created, updated_at=timezone.now() - timedelta(days=4))
    orphan = left_behind(f"videos/{created:%Y/%m/%d}/old.mp4")

    sweep()

    assert default_storage.exists(orphan)


@pytest.mark.parametrize("files", [1, 12])
def test_a_folder_costs_one_query_however_many_files_it_has(user, files, django_assert_num_queries):
    today = timezone.now()
    for _ in range(files):
        task = make_task(user, status=Status.SUCCEEDED)
        stored(task, f"videos/{today:%Y/%m/%d}/{task.pk}-0-1")

    with django_assert_num_queries(1):
        delete_unnamed(f"videos/{today:%Y/%m/%d}", today)


def test_an_ingest_that_removes_its_files_at_the_same_time_does_not_end_the_sweep(user, settings, tmp_path):
    """Names that are listed and gone when they are looked at, as dangling links are."""
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.SCRATCH_DIR.mkdir()
    (settings.SCRATCH_DIR / "0-gone").symlink_to(tmp_path / "nowhere")
    killed = settings.SCRATCH_DIR / "1-killed"
    killed.mkdir()
    os.utime(killed, (LONG_AGO, LONG_AGO))
    (writing := settings.SCRATCH_DIR / "2-writing").mkdir()
    (writing / "part").touch()
    os.utime(writing, (LONG_AGO, LONG_AGO))
    upload = settings.SCRATCH_DIR / "3-upload"
    upload.touch()
    os.utime(upload, (LONG_AGO, LONG_AGO))
    folder = f"videos/{timezone.now():%Y/%m/%d}"
    task = make_task(user, status=Status.SUCCEEDED)
    stored(task, f"{folder}/{task.pk}-0-9")
    orphan = left_behind(f"{folder}/{task.pk}-0-8.mp4")
    gone = Path(default_storage.path(f"{folder}/{task.pk}-0-7.mp4"))
    gone.symlink_to(tmp_path / "nowhere")

    sweep()

    assert (killed.exists(), writing.exists(), upload.exists()) == (False, True, False)
    assert not default_storage.exists(orphan)
    gone.unlink()
    shutil.rmtree(settings.SCRATCH_DIR)


@pytest.mark.parametrize("failing", [("listdir",), ("modified",), ("delete",)])
def test_sweep_leaves_what_it_cannot_read_and_ends_well(user, settings, failing):
    task = make_task(user, status=Status.SUCCEEDED)
    stem = f"videos/{timezone.now():%Y/%m/%d}/{task.pk}-0"
    stored(task, f"{stem}-9")
    orphan = left_behind(f"{stem}-8.mp4")
    works = settings.STORAGES
    settings.STORAGES = works | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage", "OPTIONS": {"failing": failing}}}

    sweep()
    assert default_storage.exists(orphan)

    settings.STORAGES = works
    sweep()
    assert not default_storage.exists(orphan)
