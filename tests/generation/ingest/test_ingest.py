"""Storage away for a while, kills between save and publish, and what the sweep removes."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from PIL import Image

from generation import store
from generation.errors import LostRace
from generation.ingest.ingest import AT_THE_END, FETCH_PATIENCE, OFTEN, _publish, ingest, longest_pause
from generation.ingest.sweep import sweep
from generation.lifecycle import Status, backoff
from generation.media.prepare import MediaLimits
from generation.models import GenerationTask, Video
from generation.polling.outcome import outputs_expire_at
from generation.scheduling.leases import DEATHS, holding, lease_one
from providers.core.messages import say
from tests.cases import in_one_test
from tests.faulty_storages import Death
from tests.generation.media.videos import make_video, prepared
from tests.task_rows import create_task
from web.health_checks import CheckFailed, check_reviews

MODEL = "kling/kling-v2-5-turbo"


@pytest.fixture
def rendered(user, driver):
    """A task whose render is done at the vendor and not yet copied, leased by nobody."""
    task = driver.until(create_task(owner=user, model=MODEL, prompt="a boat", params={}), Status.RUNNING)
    driver.simulator.advance(30)
    from generation.polling.outcome import observe
    from providers.accounts.clients import client_for

    observe(task, client_for(task.account).poll(task.submission))
    return GenerationTask.objects.get(pk=task.pk)


def test_storage_that_is_away_costs_nothing_but_time(rendered, driver, settings, tmp_path):
    wall = tmp_path / "not-a-folder"
    wall.write_text("in the way")
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": wall / "media"}}
    }

    for _ in range(3):
        driver.step()
    task = GenerationTask.objects.get(pk=rendered.pk)

    assert task.status == Status.INGESTING
    assert task.failures >= 3
    assert not Video.objects.exists()

    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "media"}}
    }
    assert driver.finish(task).status == Status.SUCCEEDED
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.parametrize(("failing", "rounds"), [((), 7), (("exists",), 1), (("save",), 1), (("confirm", "delete"), 2)])
def test_storage_that_raises_its_own_exceptions_only_delays_for_hours(rendered, driver, settings, tmp_path, failing, rounds):
    """No try counts as a start that crashed. `confirm` and `delete`: a file arrives, its answer is lost, and it cannot be taken away."""
    works = settings.STORAGES
    options = {"location": tmp_path, "failing": failing}
    settings.STORAGES = works | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage", "OPTIONS": options}}
    GenerationTask.objects.filter(pk=rendered.pk).update(rendered_at=timezone.now() - timedelta(hours=10))

    for _ in range(rounds):
        driver.step()
    task = GenerationTask.objects.get(pk=rendered.pk)

    assert (task.status, task.starts, task.failures) == (Status.INGESTING, 0, rounds)
    assert task.due_at - timezone.now() < timedelta(minutes=6)
    assert task.wait_reason == say("storage_away_save")

    settings.STORAGES = works
    assert driver.finish(task).status == Status.SUCCEEDED
    assert driver.simulator.ledger()["count"] == 1


def test_video_is_not_downloaded_while_the_storage_is_away(rendered, driver, settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}
    settings.MAX_VIDEO_BYTES = 1000  # a download would end with this

    driver.step()

    assert GenerationTask.objects.get(pk=rendered.pk).wait_reason == say("storage_away_save")


@pytest.mark.postgresql
def test_a_second_delivery_of_the_same_job_changes_nothing(rendered, driver):
    task = driver.finish(rendered)
    fence = task.fence

    ingest(task.pk, fence)
    ingest(task.pk, fence - 1)

    assert Video.objects.count() == 1


@pytest.mark.postgresql
def test_a_process_whose_lease_passed_on_publishes_nothing(rendered):
    GenerationTask.objects.filter(pk=rendered.pk).update(fence=rendered.fence + 5)

    ingest(rendered.pk, rendered.fence)

    assert not Video.objects.exists()


def test_posters_of_all_sizes_are_published_together_or_not_at_all(rendered, tmp_path):
    info = prepared(make_video(size=(1280, 720), duration_s=0.1, audio=False), tmp_path)
    GenerationTask.objects.filter(pk=rendered.pk).update(fence=rendered.fence + 5)  # another process has the task
    with pytest.raises(LostRace):
        _publish(rendered, 0, info)
    assert not [name for name in store.listing(f"videos/{rendered.created_at:%Y/%m/%d}")[1] if str(rendered.pk) in name]

    _publish(GenerationTask.objects.get(pk=rendered.pk), 0, info)

    video = Video.objects.get(task=rendered)
    sizes = {width: Image.open(BytesIO(store.read(key))).size for width, key in video.posters.items()}
    assert sizes == {384: (384, 216), 640: (640, 360), 960: (960, 540)}
    assert video.posters[640] == video.poster
    assert [video.poster_for(width)[0] for width in (1, 385, 640, 2000)] == [384, 640, 640, 960]


def die_in_ingest(task_id) -> float:
    """Take the task up as a leased job does, and die. Returns for how many seconds nobody takes it up again."""
    with transaction.atomic():
        lease = lease_one(GenerationTask.objects.get(pk=task_id), now=timezone.now(), instance="dead", lasting=timedelta(minutes=4))
    with suppress(Death), holding(GenerationTask.objects.get(pk=task_id, fence=lease.fence)):
        raise Death
    wait = GenerationTask.objects.get(pk=task_id).due_at - timezone.now()
    GenerationTask.objects.filter(pk=task_id).update(due_at=timezone.now(), lease_until=None)
    return wait.total_seconds()


@pytest.mark.postgresql
def test_a_task_that_kills_its_process_is_started_three_times_and_then_waits_for_a_person(rendered, user, driver):
    GenerationTask.objects.filter(pk=rendered.pk).update(lease_until=None)

    waits = [die_in_ingest(rendered.pk) for _ in range(DEATHS)]

    assert [round(wait / 45) for wait in waits] == [1, 1, 1]
    task = driver.finish(rendered)
    assert (task.status, task.error_code) == (Status.NEEDS_REVIEW, "ends_ingest")

    task.move(Status.INGESTING, note="A person asked again")

    assert driver.finish(task).status == Status.SUCCEEDED
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.postgresql
def test_a_wait_in_a_long_queue_does_not_count_as_a_crash(rendered, driver):
    for _ in range(2 * DEATHS):
        GenerationTask.objects.filter(pk=rendered.pk).update(lease_until=None)
        with transaction.atomic():
            lease_one(GenerationTask.objects.get(pk=rendered.pk), now=timezone.now(), instance="busy", lasting=timedelta(minutes=4))

    assert driver.finish(rendered).status == Status.SUCCEEDED


def test_the_sweep_removes_old_files_without_a_row_and_keeps_the_rest(rendered, driver):
    task = driver.finish(rendered)
    video = Video.objects.get(task=task)
    folder = Path(video.file).parent
    orphan = default_storage.save(f"{folder}/{task.pk}-0-98.mp4", ContentFile(b"left behind"))
    young = default_storage.save(f"{folder}/{task.pk}-0-99.mp4", ContentFile(b"being written"))
    other = default_storage.save(f"{folder}/{uuid4()}-0-1.mp4", ContentFile(b"its row may be lost"))
    old = (timezone.now() - timedelta(hours=2)).timestamp()
    for name in (orphan, other, video.file):
        os.utime(default_storage.path(name), (old, old))

    sweep()

    assert [default_storage.exists(name) for name in (orphan, young, other, video.file)] == [False, True, True, True]


def test_a_slow_download_and_a_slow_check_end_before_the_job_does(settings):
    job_s = settings.Q_CLUSTER["ALT_CLUSTERS"]["ingest"]["timeout"]

    assert FETCH_PATIENCE.total_s + MediaLimits().time_s < job_s


def test_a_block_of_ours_names_the_setting_that_helps(rendered, driver):
    blocked = [output | {"url": "http://198.18.0.5/v.mp4"} for output in rendered.outputs]
    GenerationTask.objects.filter(pk=rendered.pk).update(outputs=blocked)

    driver.step()
    task = GenerationTask.objects.get(pk=rendered.pk)

    assert (task.status, task.starts) == (Status.INGESTING, 0)
    assert "OUTBOUND_ALLOW_CIDRS" in str(task.wait_reason)
    with pytest.raises(CheckFailed, match=r"1 finished videos .* set OUTBOUND_ALLOW_CIDRS"):
        check_reviews()


def test_file_that_is_not_at_its_first_address_is_fetched_from_another(rendered, driver):
    [output] = rendered.outputs
    blocked, missing, dead = "http://198.18.0.5/v.mp4", f"{driver.simulator.url}/media/nothing/x.mp4?x", "http://127.0.0.1:9/v.mp4"
    others = [{"url": url, "headers_needed": False} for url in (missing, dead, output["url"])]
    moved = output | {"url": blocked, "others": others}
    GenerationTask.objects.filter(pk=rendered.pk).update(outputs=[moved])

    driver.step()

    assert GenerationTask.objects.get(pk=rendered.pk).status == Status.SUCCEEDED


def test_a_file_shorter_than_the_vendor_says_is_saved_and_both_lengths_are_kept(rendered, driver):
    GenerationTask.objects.filter(pk=rendered.pk).update(outputs=[output | {"duration_s": 60.0} for output in rendered.outputs])

    driver.step()

    video = Video.objects.get(task=rendered)
    assert (video.reported_duration_s, video.duration_s < 60, video.content_type) == (60.0, True, "video/mp4")
    assert (video.quality["black_s"], video.quality["sound_ordered"], len(video.quality["dhash"])) == (0.0, False, 3)


def test_our_size_limit_names_the_setting_that_helps(rendered, driver, settings):
    usual, settings.MAX_VIDEO_BYTES = settings.MAX_VIDEO_BYTES, 1000
    driver.step()
    task = GenerationTask.objects.get(pk=rendered.pk)

    assert (task.status, "PORTAL_MAX_VIDEO_MB" in str(task.wait_reason)) == (Status.INGESTING, True)

    settings.MAX_VIDEO_BYTES = usual
    assert driver.finish(task).status == Status.SUCCEEDED


def tries_in(hours: float, *, waiting: int) -> float:
    """How often one of so many is tried while the storage is away: the mean of 200 of them, since each pause is drawn at random."""
    tries = 0
    for _ in range(200):
        passed, failures = timedelta(), 0
        while passed < timedelta(hours=hours):
            failures += 1
            passed += backoff(failures, most=longest_pause(OFTEN, waiting=waiting, left=timedelta(days=1)))
        tries += failures
    return tries / 200


@in_one_test(("waiting", "least", "most"), [(1, 18, 30), (500, 18, 30), (20_000, 8, 18)])
def test_many_that_wait_for_the_storage_try_more_rarely(waiting, least, most):
    """20,000 make some 5.5 tries a second in the second hour, in place of 89."""
    first, both = tries_in(1, waiting=waiting), tries_in(2, waiting=waiting)
    assert least <= first <= most
    assert waiting * (both - first) / 3600 <= 6.5


@in_one_test(
    ("left", "pause"), [(timedelta(days=1), OFTEN), (timedelta(minutes=8), timedelta(minutes=2)), (timedelta(seconds=9), AT_THE_END)]
)
def test_what_ends_soon_at_the_vendor_is_tried_more_often(left, pause):
    assert longest_pause(OFTEN, waiting=3, left=left) == pause


def test_an_end_that_the_vendor_does_not_state_is_the_usual_one_of_the_model(rendered):
    [output] = rendered.outputs
    now = timezone.now()

    assert outputs_expire_at(rendered, [output | {"expires_at": ""}], now) == now + rendered.spec.result_life
    soon = output | {"expires_at": (now + timedelta(hours=1)).isoformat()}
    assert outputs_expire_at(rendered, [output | {"expires_at": ""}, soon], now) == now + timedelta(hours=1)
    assert rendered.outputs_expire_at == outputs_expire_at(rendered, rendered.outputs, rendered.rendered_at)
