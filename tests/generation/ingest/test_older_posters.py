"""`manage.py make_posters`: what it makes, that it goes on where it ended, and what it leaves alone."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from generation import store
from generation.ingest.older_posters import make_small_poster
from generation.models import Video
from tests.generation.media.videos import picture
from tests.web.page_rows import make_video

pytestmark = pytest.mark.django_db


def older(owner, size: tuple[int, int]) -> Video:
    """Make a video as it was saved when there was one poster."""
    video = make_video(owner, width_px=size[0], height_px=size[1])
    with io.BytesIO() as file:
        image = picture(1, size)
        image.thumbnail((640, 640))
        image.save(file, "WEBP")
        store.delete(video.poster)
        store.save(video.poster, file.getvalue())
    return video


def make_posters() -> str:
    said = io.StringIO()
    call_command("make_posters", stdout=said)
    return said.getvalue().strip()


def test_older_videos_get_a_small_poster_once(user):
    wide, tall, small = older(user, (1280, 720)), older(user, (720, 1280)), older(user, (320, 180))
    unreadable = make_video(user)
    store.save(f"pages/{wide.pk}/p.384.webp", b"a part that a killed run left")

    said = make_posters()

    assert said == "Posters made: 2. Videos without a readable poster, named in the log: 1."
    for video, expected in ((wide, (384, 216)), (tall, (216, 384))):
        video.refresh_from_db()
        width, key = video.poster_for(1)
        assert Image.open(io.BytesIO(store.read(key))).size == expected
        assert (width, list(video.other_posters)) == (expected[0], [str(expected[0])])
    assert not any(video.other_posters for video in Video.objects.filter(pk__in=[small.pk, unreadable.pk]))
    assert make_posters().startswith("Posters made: 0.")


def test_two_runs_at_once_count_its_bytes_once(user):
    video = older(user, (1280, 720))
    for seen in [Video.objects.get(pk=video.pk) for _ in range(2)]:
        assert make_small_poster(seen)

    video.refresh_from_db()
    assert video.stored_bytes == store.size(video.other_posters["384"])


def test_a_small_poster_that_is_as_narrow_as_the_main_one_does_not_hide_it(user):
    thread = older(user, (4, 2000))

    make_posters()

    thread.refresh_from_db()
    assert thread.posters == {2: thread.poster}
    assert list(thread.other_posters) == ["2"]


def test_a_storage_that_is_away_ends_it_and_the_next_run_goes_on(user, settings):
    video, works = older(user, (1280, 720)), settings.STORAGES
    settings.STORAGES = works | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}
    with pytest.raises(CommandError, match="Run this again"):
        make_posters()

    settings.STORAGES = works

    assert make_posters().startswith("Posters made: 1.")
    assert Video.objects.get(pk=video.pk).other_posters
