"""`manage.py verify_files`: what it finds, what it says, and that it continues where it was ended."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from generation import store
from generation.keeping.named_files import named_files, position_of, rows_after
from generation.keeping.verify import Pace, verify
from generation.keeping.walk import position, reached
from generation.models import LostFile, Video
from tests.web.page_rows import BYTES, make_asset, make_video

pytestmark = pytest.mark.django_db
WHOLE = {"sha256": hashlib.sha256(BYTES).hexdigest()}


def verify_files(*words: str) -> tuple[dict, int]:
    """Run the command. Return its report and its exit status."""
    out = io.StringIO()
    try:
        call_command("verify_files", "--json", "--mb-per-s=0", *words, stdout=out, stderr=io.StringIO())
    except SystemExit as end:
        return json.loads(out.getvalue()), end.code
    return json.loads(out.getvalue()), 0


def overwrite(key: str, content: bytes) -> None:
    Path(default_storage.path(key)).write_bytes(content)


def test_whole_files_are_counted_and_the_rest_is_named(user):
    whole, cut, other, empty, gone = (make_video(user, **WHOLE) for _ in range(5))
    asset = make_asset(user)
    assert verify_files() == ({"rows": 6, "bytes": 5000 + asset.size_bytes, "missing": [], "changed": [], "unread": []}, 0)

    overwrite(cut.file, BYTES[:-1])
    overwrite(other.file, BYTES[:-1] + b"?")
    overwrite(empty.poster, b"")
    for key in (gone.file, gone.preview, asset.file):
        store.delete(key)
    report, code = verify_files()

    assert (report["missing"], report["changed"], code) == ([gone.file, gone.preview, asset.file], [cut.file, other.file, empty.poster], 1)
    assert {lost.key: (lost.loss, lost.video_id, lost.asset_id) for lost in LostFile.objects.filter(key__in=[cut.file, asset.file])} == {
        cut.file: ("changed", cut.pk, None),
        asset.file: ("missing", None, asset.pk),
    }
    assert LostFile.objects.count() == 6
    assert not LostFile.objects.filter(video=whole).exists()

    overwrite(cut.file, BYTES)
    assert verify_files("--since=1")[0]["changed"] == [other.file, empty.poster]
    assert LostFile.objects.count() == 5


def test_a_run_that_was_ended_is_continued(user):
    first, second = make_video(user, **WHOLE), make_video(user, **WHOLE)
    asset = make_asset(user)
    reached("verify", position_of(first))

    assert [row.pk for row in rows_after(position("verify"))] == [second.pk, asset.pk]
    assert [row.pk for row in rows_after(position_of(second))] == [asset.pk]
    assert verify_files("--sample=100")[0]["rows"] == 3
    assert verify_files()[0]["rows"] == 2
    assert verify_files()[0]["rows"] == 3
    reached("verify", position_of(asset))
    assert verify_files("--restart")[0]["rows"] == 3
    assert verify_files("--sample=0")[0]["rows"] == 0


def test_a_storage_that_does_not_respond_is_not_a_loss(user, settings):
    make_video(user, **WHOLE)
    make_video(user, **WHOLE)
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}

    with pytest.raises(CommandError, match="continues here") as refused:
        verify_files()

    assert (refused.value.returncode, LostFile.objects.count()) == (2, 0)
    with pytest.raises(CommandError, match="neither a date like 2026-11-01 nor a number of days"):
        verify_files("--since=yesterday")


def test_a_file_that_cannot_be_read_does_not_keep_the_next_ones_from_being_checked(user):
    bad, good = make_video(user, **WHOLE), make_video(user, **WHOLE)
    store.delete(bad.file)
    Path(default_storage.path(bad.file)).mkdir()
    store.delete(good.file)

    report, code = verify_files()

    assert (report["unread"], report["missing"], report["rows"], code) == ([bad.file], [good.file], 2, 2)
    assert position("verify") == ""


def test_a_video_that_is_deleted_meanwhile_is_not_lost(user):
    video = make_video(user, **WHOLE)
    [row] = rows_after("")
    store.delete(video.file)
    Video.objects.filter(pk=video.pk).update(file="elsewhere")

    assert [verify(file, Pace(bytes_per_s=0)) for file in named_files(row)] == [None, None, None]
    assert not LostFile.objects.exists()


def test_reading_keeps_below_the_limit():
    pace = Pace(bytes_per_s=1000)

    pace.read(20)
    pace.read(30)

    assert 0.05 <= pace.seconds() < 10
