"""Files that rows name and the storage does not have: found, reported, and put back where that can be done without a guess."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from generation import store
from generation.keeping.lost_files import MOST_LOST, look_for_lost
from generation.keeping.named_files import position_of
from generation.keeping.walk import reached
from generation.models import GenerationTask, LostFile, Video, Walk
from tests.task_rows import MODEL, create_task
from tests.web.page_rows import make_asset, make_video
from web.health_checks import CheckFailed, check_lost_files


@pytest.fixture
def video(user, driver) -> Video:
    """A video as an ingest stored it."""
    task = driver.finish(create_task(owner=user, model=MODEL, prompt="a boat", params={}))
    return Video.objects.get(task=task)


def look_again() -> None:
    """Do the round that comes a day later."""
    a_day_ago = timezone.now() - timedelta(days=1, minutes=1)
    Walk.objects.update(ended_at=a_day_ago)
    LostFile.objects.exclude(looked_at=None).update(looked_at=a_day_ago)
    look_for_lost()


@pytest.mark.slow
def test_a_lost_video_is_fetched_again_from_its_vendor(video, driver, staff_client):
    for key in video.keys:
        store.delete(key)
    Video.objects.update(sha256="1" * 64, size_bytes=video.size_bytes - 7)  # as another version of the library wrote it

    look_for_lost()

    assert set(LostFile.objects.values_list("key", flat=True)) == set(video.keys)
    with pytest.raises(CheckFailed, match="stored files are missing or changed"):
        check_lost_files()
    assert "stored files are missing or changed. See the list" in staff_client.get("/admin/").content.decode()
    assert video.file in staff_client.get("/admin/generation/lostfile/").content.decode()

    assert driver.run_jobs() == ["fetch_again"]

    assert {key for key in video.keys if store.size(key)} == set(video.keys)
    stored = Video.objects.get(pk=video.pk)
    assert (stored.sha256, stored.size_bytes, store.size(stored.file)) == (video.sha256, video.size_bytes, video.size_bytes)
    assert stored.stored_bytes == video.stored_bytes + 7
    assert (LostFile.objects.count(), check_lost_files()) == (0, "none")
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.slow
def test_posters_and_preview_are_made_again_from_the_video(video, driver):
    GenerationTask.objects.update(outputs=[{"url": "http://127.0.0.1:9/gone", "expires_at": ""}], submission_id="gone")
    store.delete(video.poster)
    store.delete(video.preview)

    look_for_lost()
    driver.run_jobs()

    assert store.size(video.poster)
    assert store.size(video.preview)
    assert not LostFile.objects.exists()


@pytest.mark.slow
def test_a_part_that_a_killed_try_left_is_not_taken_for_the_file(video, driver):
    content = store.read(video.file)
    store.delete(video.file)
    look_for_lost()
    store.save(video.file, content[:1000])

    look_again()
    assert LostFile.objects.get().key == video.file
    driver.run_jobs()

    assert (store.read(video.file), LostFile.objects.count()) == (content, 0)


@pytest.mark.slow
def test_other_bytes_and_dead_addresses_leave_the_loss_as_it_is(video, driver):
    """It is tried once a day, and a file that somebody puts back is found."""
    content = store.read(video.file)
    store.delete(video.file)
    Video.objects.update(source_sha256="0" * 64)
    look_for_lost()
    assert driver.run_jobs() == ["fetch_again"]
    assert LostFile.objects.get().words == "The vendor's file has other bytes than the one that was stored."

    look_for_lost()
    assert driver.run_jobs() == []
    GenerationTask.objects.update(outputs=[{"url": "http://127.0.0.1:9/gone", "expires_at": ""}])
    look_again()
    assert driver.run_jobs() == ["fetch_again"]
    assert "127.0.0.1" in LostFile.objects.get().words
    with pytest.raises(store.ObjectMissing):
        store.size(video.file)

    store.save(video.file, content)
    look_again()

    assert (LostFile.objects.count(), driver.run_jobs()) == (0, [])


def test_a_walk_is_done_in_parts_and_costs_a_listing_for_each_folder(user, settings, django_assert_max_num_queries):
    videos = [make_video(user) for _ in range(5)]
    asset = make_asset(user)
    Video.objects.update(other_posters={})
    for key in (videos[0].file, videos[4].preview, asset.file):
        store.delete(key)

    found = []
    for _ in range(4):
        look_for_lost(at_once=2)
        found.append(LostFile.objects.count())

    assert found == [1, 1, 3, 3]
    Video.objects.filter(pk=videos[0].pk).update(deleted_at=timezone.now(), purged_at=timezone.now())
    look_for_lost()
    assert LostFile.objects.count() == 2
    assert Walk.objects.get(pk="lost").position == ""
    assert LostFile.objects.get(asset=asset).loss == "missing"


@pytest.mark.slow
def test_an_emptied_storage_ends_the_round(user, caplog):
    video = make_video(user)
    facts = {name: value for name, value in vars(video).items() if not name.startswith("_") and name not in {"id", "output_index"}}
    facts |= {name: f"gone/{name}" for name in ("file", "poster", "preview")}
    gone = Video.objects.bulk_create(Video(output_index=n, **facts) for n in range(1, 71))
    for number, row in enumerate(gone):
        Video.objects.filter(pk=row.pk).update(file=f"gone/{number}", poster=f"gone/{number}p", preview=f"gone/{number}v")

    look_for_lost()

    assert "is this the right media storage?" in caplog.text
    assert LostFile.objects.count() == 201
    assert Walk.objects.get(pk="lost").position == f"video:{gone[66].pk}"


def test_the_command_looks_at_every_row_wherever_the_walk_of_the_worker_is(user):
    first, second = make_video(user), make_video(user)
    reached("lost", position_of(second))
    store.delete(first.file)

    assert lost_files("--look") == (f"missing: {first.file}\nLost files: 1.\n", 1)


@pytest.mark.slow
def test_a_file_that_is_back_is_found_behind_many_that_stay_lost(user):
    video = make_video(user)
    Video.objects.update(other_posters={str(number): f"gone/{number}" for number in range(MOST_LOST)})
    for key in (video.poster, *(f"gone/{number}" for number in range(MOST_LOST))):
        LostFile.objects.create(key=key, loss="missing", video=video, found_at=timezone.now())

    lost_files("--look")

    assert not LostFile.objects.filter(key=video.poster).exists()
    assert LostFile.objects.count() == MOST_LOST


def lost_files(*words: str) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("lost_files", *words, stdout=out)
    except SystemExit as end:
        return out.getvalue(), end.code
    return out.getvalue(), 0


@pytest.mark.slow
def test_the_command_lists_looks_and_fetches(video, settings):
    assert lost_files() == ("Lost files: 0.\n", 0)
    store.delete(video.file)

    said, code = lost_files("--look", "--json")
    assert ([one["key"] for one in json.loads(said)], code) == ([video.file], 1)
    assert lost_files("--fetch") == ("Lost files: 0.\n", 0)
    assert store.size(video.file) == video.size_bytes

    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}
    with pytest.raises(CommandError, match="does not respond"):
        lost_files("--look")
