"""Files that no row names: which are deleted, and which are only listed."""

from __future__ import annotations

import io
import json
import os
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from generation import store
from generation.ingest.sweep import sweep
from generation.keeping.unnamed_files import sweep_everything
from generation.models import Video, Walk
from tests.generation.ingest.test_sweep import stored
from tests.task_rows import make_task
from tests.web.page_rows import make_asset


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    disk = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"default": disk}


def written(key: str, age: timedelta) -> str:
    store.save(key, ContentFile(b"x").read())
    at = (timezone.now() - age).timestamp()
    os.utime(default_storage.path(key), (at, at))
    return key


def there(*keys: str) -> list[bool]:
    return [default_storage.exists(key) for key in keys]


def test_what_is_of_no_use_is_deleted_on_every_day_and_in_every_folder(user):
    task = make_task(user, status="succeeded", created_at=timezone.now() - timedelta(days=400))
    folder, week = "videos/2025/10/25", timedelta(days=7)
    video = stored(task, f"{folder}/{task.pk}-0-9")
    asset = make_asset(user)
    left = written(f"{folder}/{task.pk}-0-8.mp4", week)
    others = [
        written(f"{folder}/{task.pk}-1-8.mp4", week),  # the second output of a task, whose row may be lost
        written(f"videos/2024/01/02/{uuid4()}-0-1.mp4", week),
        written(f"{folder}/put here by somebody.mp4", week),
        written(f"assets/{uuid4()}.png", week),
        written("assets/somebody's.png", 100 * week),
        written("sent/000000000/000000000000.json", 100 * week),
    ]
    old_asset, beat = written(f"assets/{uuid4()}.png", timedelta(days=31)), written(f"health/{uuid4()}.txt", week)
    Walk.objects.create(name="unnamed", position="videos/2024/01/01")

    sweep_everything()

    assert there(left, old_asset, beat) == [False] * 3
    assert there(*others, asset.file, *video.keys) == [True] * (len(others) + 1 + len(video.keys))
    assert Walk.objects.get(pk="unnamed").position == ""
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("lost_files", "--unnamed", "--json", stdout=out)
    assert json.loads(out.getvalue()) == [others[1], others[0], others[2]]


def test_nothing_is_deleted_while_a_restored_database_waits(user):
    task = make_task(user, status="succeeded")
    stem = f"videos/{task.created_at:%Y/%m/%d}/{task.pk}-0"
    video = stored(task, f"{stem}-9")
    left = written(f"{stem}-8.mp4", timedelta(days=7))
    written("sent/000000000/000000000007.json", timedelta(days=7))

    sweep_everything()
    sweep()
    call_command("lost_files", "--unnamed", stdout=io.StringIO())

    assert there(left, video.file) == [True, True]


def test_a_file_that_cannot_be_deleted_does_not_keep_the_walk_at_its_folder(user, settings, tmp_path):
    task = make_task(user, status="succeeded")
    stored(task, f"videos/2026/01/01/{task.pk}-0-9")
    written(f"videos/2026/01/01/{task.pk}-0-8.mp4", timedelta(days=7))
    written(f"assets/{uuid4()}.png", timedelta(days=31))
    locked = {"BACKEND": "tests.faulty_storages.FailingStorage", "OPTIONS": {"location": tmp_path, "failing": ["delete"]}}
    settings.STORAGES = settings.STORAGES | {"default": locked}

    sweep_everything()

    assert Walk.objects.get(pk="unnamed").ended_at


def test_files_of_a_video_that_was_deleted_for_good_go(user):
    task = make_task(user, status="succeeded")
    stored(task, f"videos/2026/01/01/{task.pk}-0-9")
    now = timezone.now()
    Video.objects.update(file="", poster="", preview="", other_posters={}, deleted_at=now, purged_at=now)

    sweep_everything()

    assert store.listing("videos/2026/01/01")[1] == []
