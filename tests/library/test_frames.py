"""Saved pictures of a video, a poster that a person chose, and what a kill in between leaves."""

from __future__ import annotations

import os
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from access.callers import Caller
from events.models import AuditEvent
from generation import store
from generation.actions.frames import save_frame, set_poster
from generation.errors import Conflict, InvalidRequest, NotAllowed
from generation.ingest.purge import purge
from generation.ingest.sweep import sweep
from generation.models import Asset, Video
from tests.faulty_storages import Death
from tests.library.real_videos import SIZE, real_video

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def disk(settings, tmp_path):
    """Return a function that makes the storage one that ends the process at its `n`-th file, or a plain one again."""

    def use(n: int = 0) -> None:
        backend = "tests.faulty_storages.MortalSaver" if n else "django.core.files.storage.FileSystemStorage"
        options = {"location": tmp_path} | ({"n": n} if n else {})
        settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}

    use()
    return use


@pytest.fixture
def visitor(client, user):
    client.force_login(user)
    return client


def grow_old(key: str) -> None:
    long_ago = (timezone.now() - timedelta(hours=2)).timestamp()
    os.utime(default_storage.path(key), (long_ago, long_ago))


def files_of(video: Video) -> set[str]:
    folder = video.file.rpartition("/")[0]
    return {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}


def test_a_frame_is_an_image_of_who_saves_it_and_the_same_frame_is_the_same_image(user, other_user, disk):
    video = real_video(user)
    by = Caller(user=other_user)

    first, again, another = (save_frame(video, at_s=at_s, by=by) for at_s in (0.5, 0.51, 1.5))

    assert first == again != another
    assert (first.owner, first.of_video, first.at_s) == (other_user, video, 0.5)
    with Image.open(BytesIO(store.read(first.file))) as image:
        assert (image.format, image.size) == ("PNG", SIZE)
    with pytest.raises(InvalidRequest) as outside:
        save_frame(video, at_s=2.5, by=by)
    assert outside.value.code == "outside"


def test_a_file_that_cannot_be_read_is_said_to_be_one(user, disk):
    with pytest.raises(Conflict):
        save_frame(real_video(user, content=b"no video at all"), at_s=0.0, by=Caller(user=user))


def test_a_poster_is_stored_then_named_and_the_old_files_go_with_the_sweep(user, other_user, disk):
    video = real_video(user)
    old = [video.poster, *video.other_posters.values()]
    Video.objects.update(to_index_at=None)

    set_poster(video, at_s=1.0, by=Caller(user=user))

    video.refresh_from_db()
    assert video.to_index_at is not None
    assert video.poster_mark
    assert not {video.poster, *video.other_posters.values()} & set(old)
    with Image.open(BytesIO(store.read(video.poster))) as image:
        assert (image.format, image.size) == ("WEBP", SIZE)
    sizes = [store.size(key) for key in (video.file, video.preview, video.poster, *video.other_posters.values())]
    assert video.stored_bytes == sum(sizes)
    assert AuditEvent.objects.filter(action="video.poster_changed").exists()
    for key in files_of(video):
        grow_old(key)
    sweep()
    assert files_of(video) == set(video.keys)
    with pytest.raises(NotAllowed):
        set_poster(video, at_s=0.0, by=Caller(user=other_user))


@pytest.mark.parametrize("n", [1])
def test_a_kill_between_the_files_and_the_row_leaves_the_old_poster_and_nothing_else(user, disk, n):
    video = real_video(user)
    disk(n)
    with pytest.raises(Death):
        set_poster(video, at_s=1.0, by=Caller(user=user))
    disk()

    video.refresh_from_db()
    assert video.poster_mark == ""
    assert len(files_of(video)) == len(video.keys) + n
    for key in files_of(video):
        grow_old(key)
    sweep()
    assert files_of(video) == set(video.keys)


def test_a_copy_keeps_its_own_poster_when_the_original_gets_another(user, other_user, disk):
    video = real_video(user)
    columns = {
        field.attname: getattr(video, field.attname) for field in Video._meta.concrete_fields if field.name not in {"id", "output_index"}
    }
    copy = Video.objects.create(**columns | {"copy_of_id": video.pk, "owner_id": other_user.pk}, output_index=1)

    set_poster(video, at_s=1.0, by=Caller(user=user))
    set_poster(copy, at_s=0.2, by=Caller(user=other_user))
    for key in files_of(video):
        grow_old(key)
    sweep()

    assert files_of(video) == {*video.keys, *copy.keys}
    Video.objects.update(deleted_at=timezone.now(), purged_at=timezone.now())
    purge()
    assert files_of(video) == set()


def test_continue_opens_the_studio_with_the_picture_and_the_prompt(visitor, user, disk):
    video = real_video(user, prompt="a heron waits")

    reply = visitor.post(f"/videos/{video.pk}/continue", {"at_s": "1.0"}, follow=True)

    frame = Asset.objects.get(of_video=video)
    assert reply.redirect_chain[-1][0] == f"/studio/?from={video.pk}&fields=prompt%2Csettings&first_frame={frame.pk}"
    assert reply.context["form"].initial["prompt"] == "a heron waits"
    assert [slot.value for slot in reply.context["slots"] if slot.name == "first_frame"] == [frame.pk]

    no_slot = visitor.get(f"/studio/?from={video.pk}&first_frame={frame.pk}&model=dashscope/wanx2.1-t2v-turbo")
    assert "takes no first frame" in no_slot.text
    assert f'data-first-frame="{frame.pk}"' in no_slot.text


def test_who_may_not_see_the_video_gets_nothing_of_it(visitor, other_user, disk):
    video = real_video(other_user)

    for name in ("frames", "continue", "poster"):
        assert visitor.post(f"/videos/{video.pk}/{name}", {"at_s": "0"}).status_code == 404
    assert not Asset.objects.exists()


def test_save_frame_downloads_it_and_a_refusal_goes_back_with_the_reason(visitor, user, disk):
    video = real_video(user)

    saved = visitor.post(f"/videos/{video.pk}/frames", {"at_s": "0.5"}, follow=True)
    assert (saved["Content-Type"], saved["Content-Disposition"][:20]) == ("image/png", "attachment; filename")
    list(saved.streaming_content)

    refused = visitor.post(f"/videos/{video.pk}/frames", {"at_s": "77", "next": f"/videos/{video.pk}/"}, follow=True)
    assert "The video is only 2.0 seconds long." in refused.text
