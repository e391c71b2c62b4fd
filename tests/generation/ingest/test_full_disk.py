"""A disk that is full only delays. Full for real: the system refuses to let a file grow beyond a size."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from generation import store
from generation.lifecycle import Status
from generation.media.prepare import NO_ROOM, prepare_video
from generation.messages import waits_because
from generation.models import GenerationTask, Video
from generation.scheduling.leases import DEATHS
from tests.task_rows import create_task
from web.presenters.states import Around, text_of

MODEL = "kling/kling-v2-5-turbo"
FULL = "The disk is full. The video will be saved when there is space."


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """What a writer sees of a full disk: the file begins, and then a write fails (here EFBIG, there ENOSPC)."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.fixture
def rendered(user, driver) -> GenerationTask:
    """A task whose render is done at the vendor and not yet copied."""
    task = driver.until(create_task(owner=user, model=MODEL, prompt="a boat", params={}), Status.RUNNING)
    driver.simulator.advance(30)
    return task


@pytest.fixture
def places(settings, tmp_path) -> tuple[Path, Path]:
    """Scratch folder and storage of this test alone."""
    settings.SCRATCH_DIR = tmp_path / "scratch"
    backend = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = settings.STORAGES | {"default": backend}
    return tmp_path / "scratch", tmp_path / "media"


def files_in(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def fresh(task: GenerationTask) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


@pytest.mark.postgresql
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's own file would find the disk full too")
def test_a_full_scratch_folder_only_delays_and_counts_no_start(rendered, driver, places):
    with no_file_over(1000):
        for _ in range(DEATHS + 2):
            driver.step()
        task = fresh(rendered)

    assert (task.status, task.starts) == (Status.INGESTING, 0)
    assert task.failures > DEATHS
    assert files_in(*places) == []
    assert (text_of(task, Around(now=timezone.now())), waits_because(task, None)) == (FULL, FULL)

    assert driver.finish(task).status == Status.SUCCEEDED
    assert driver.simulator.ledger()["count"] == 1


def test_a_scratch_folder_that_cannot_be_made_only_delays(rendered, driver, settings, tmp_path, places):
    (tmp_path / "wall").write_text("in the way")
    settings.SCRATCH_DIR = tmp_path / "wall" / "scratch"

    for _ in range(3):
        driver.step()

    assert (fresh(rendered).status, fresh(rendered).starts) == (Status.INGESTING, 0)

    settings.SCRATCH_DIR = places[0]
    assert driver.finish(rendered).status == Status.SUCCEEDED


def test_a_disk_that_fills_during_the_check_is_not_the_files_fault(rendered, driver, places, tmp_path):
    video = Video.objects.get(task=driver.finish(rendered))
    source = tmp_path / "source.mp4"
    source.write_bytes(Path(default_storage.path(video.file)).read_bytes())
    (tmp_path / "work").mkdir()

    with no_file_over(2000), pytest.raises(OSError) as caught:  # noqa: PT011 - the number is what matters
        prepare_video(source, tmp_path / "work", record={})

    assert caught.value.errno in NO_ROOM


def test_nothing_half_written_stays_in_the_storage(places, tmp_path):
    file = tmp_path / "final.mp4"
    file.write_bytes(bytes(200_000))

    with no_file_over(100_000), pytest.raises(store.StorageFull):
        store.save("videos/2026/11/28/x-0-1.mp4", file)

    assert files_in(*places) == []
    store.save("videos/2026/11/28/x-0-1.mp4", file)
    assert store.size("videos/2026/11/28/x-0-1.mp4") == 200_000
