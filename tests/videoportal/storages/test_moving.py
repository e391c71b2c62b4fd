"""Files move from one storage to another: `manage.py move_files`, and the portal that runs meanwhile."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import CommandError, call_command
from django.utils import timezone

from generation import store
from generation.keeping.verify import Pace
from tests.faulty_storages import CuttingOffStorage, Death, FailingStorage
from tests.test_architecture import ROOT
from tests.videoportal.storages.conftest import options_of
from videoportal.storages.copying import SamePlace, TooManyFailures, copy_all, delete_source

FILES = {"sent/000/1.json": b"{}", "videos/2026/11/29/a.mp4": b"a" * 3_000_000, "videos/2026/11/30/b.mp4": b"b", "assets/c.png": b"c"}


@pytest.fixture
def old(tmp_path) -> FileSystemStorage:
    storage = FileSystemStorage(location=tmp_path / "old")
    for key, content in FILES.items():
        storage.save(key, ContentFile(content))
    return storage


@pytest.fixture
def new(tmp_path) -> FileSystemStorage:
    return FileSystemStorage(location=tmp_path / "new")


def copy(old, new, tmp_path: Path):
    said: list[str] = []
    moved = copy_all(old, new, scratch=tmp_path, pace=Pace(bytes_per_s=0), say=lambda _moved, folder: said.append(folder))
    assert said == sorted(said)
    return moved.files, moved.there, moved.left


def contents(storage: FileSystemStorage) -> dict[str, bytes]:
    root = Path(storage.location)
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class ListedStorage(FileSystemStorage):
    """List a file that is deleted at the same moment."""

    def listdir(self, path):
        folders, files = super().listdir(path)
        return folders, [*files, "d.mp4"] if path == "videos/2026/11/30" else files


def test_everything_is_copied_once_under_its_name(old, new, tmp_path):
    old.save("health/x.txt", ContentFile(b"of a moment"))

    assert copy(old, new, tmp_path) == (4, 0, {})
    assert contents(new) == FILES
    old.save("videos/2026/11/30/d.mp4", ContentFile(b"d"))
    assert copy(old, new, tmp_path) == (1, 4, {})
    old.delete("videos/2026/11/30/d.mp4")
    assert copy(ListedStorage(location=old.location), new, tmp_path) == (1, 4, {}), "the one that was deleted since it was listed"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_a_part_that_a_kill_left_is_replaced_and_one_that_is_being_written_is_not(old, new, tmp_path):
    cut, written = "videos/2026/11/29/a.mp4", "assets/c.png"
    for key in (cut, written):
        new.save(key, ContentFile(b""))
    an_hour_ago = (timezone.now() - timedelta(hours=1)).timestamp()
    os.utime(new.path(cut), (an_hour_ago, an_hour_ago))

    files, there, left = copy(old, new, tmp_path)

    assert (files, there, left) == (3, 0, {written: "another run is writing it; run this again in ten minutes"})
    assert contents(new) == FILES | {written: b""}


class DyingStorage(FileSystemStorage):
    """End the process that writes its third file."""

    written = 0

    def _save(self, name, content):
        self.written += 1
        if self.written == 3:
            raise Death
        return super()._save(name, content)


def test_it_is_killed_and_run_again_and_run_twice_at_once(old, new, tmp_path):
    with pytest.raises(Death):
        copy(old, DyingStorage(location=new.location), tmp_path)
    assert 0 < len(contents(new)) < 4

    with ThreadPoolExecutor(2) as both:
        runs = [run.result() for run in [both.submit(copy, old, new, tmp_path) for _ in range(2)]]

    assert contents(new) == FILES
    assert [left for _files, _there, left in runs] == [{}, {}]


def test_what_arrives_damaged_is_deleted_and_named(old, new, tmp_path):
    files, _there, left = copy(old, CuttingOffStorage(location=new.location), tmp_path)

    assert (files, contents(new)) == (0, {})
    assert set(left) == set(FILES)


def test_a_storage_that_is_away_ends_the_run(old, new, tmp_path):
    for number in range(30):
        old.save(f"more/{number}", ContentFile(b"x"))

    with pytest.raises(TooManyFailures, match="20 files in a row failed"):
        copy(old, FailingStorage(location=new.location, failing=("save",)), tmp_path)


class DeletingStorage(FileSystemStorage):
    """Delete a file in the other storage while it arrives here, as a purge does, and a run with --delete-source."""

    def __init__(self, *, other, **options):
        super().__init__(**options)
        self.other = other

    def _save(self, name, content):
        self.other.delete(name)
        return super()._save(name, content)


def test_what_arrived_whole_is_not_deleted_though_the_source_has_lost_it_meanwhile(old, new, tmp_path):
    """It may be the only one. A copy of what the portal deleted has no row, and is swept."""
    copy(old, DeletingStorage(other=old, location=new.location), tmp_path)

    assert (contents(old), contents(new)) == ({}, FILES)


class SweptStorage(FileSystemStorage):
    """Lose the folder of temporary files while a file is read, as when a worker sweeps it."""

    def open(self, *args, **kwargs):
        for folder in Path(self.location).parent.glob("moving-*"):
            shutil.rmtree(folder)
        return super().open(*args, **kwargs)


def test_a_file_that_could_not_be_copied_is_not_taken_for_a_deleted_one(old, new, tmp_path):
    files, _there, left = copy(SweptStorage(location=old.location), new, tmp_path)

    assert (files, set(left), contents(new)) == (0, set(FILES), {})


class LateStorage(FileSystemStorage):
    """Show late what others wrote, as a mounted bucket does."""

    def exists(self, *_name):
        return False


@pytest.mark.parametrize("kind", [FileSystemStorage, LateStorage])
def test_a_place_that_is_reached_in_two_ways_loses_nothing(old, tmp_path, kind):
    (tmp_path / "mounted").symlink_to(old.location)

    for source, target in ((old, kind(location=tmp_path / "mounted")), (kind(location=tmp_path / "mounted"), old)):
        with pytest.raises(SamePlace, match="are the same place"):
            delete_source(source, target, pace=Pace(bytes_per_s=0), say=lambda *_: None)

    assert contents(old) == FILES


def test_a_folder_of_the_same_place_loses_nothing(old, tmp_path):
    around = FileSystemStorage(location=Path(old.location).parent)

    with pytest.raises(SamePlace, match="a folder of the other"):
        copy(old, around, tmp_path)
    for source, target in ((old, around), (around, old)):
        with pytest.raises(SamePlace, match="a folder of the other"):
            delete_source(source, target, pace=Pace(bytes_per_s=0), say=lambda *_: None)

    assert contents(old) == FILES


def test_the_source_loses_only_what_the_target_has_byte_for_byte(old, new, tmp_path):
    copy(old, new, tmp_path)
    Path(new.path("videos/2026/11/30/b.mp4")).write_bytes(b"?")
    new.delete("assets/c.png")

    moved = delete_source(old, new, pace=Pace(bytes_per_s=0), say=lambda *_: None)

    assert (moved.files, set(moved.left)) == (2, {"videos/2026/11/30/b.mp4", "assets/c.png"})
    assert set(contents(old)) == {"videos/2026/11/30/b.mp4", "assets/c.png"}


def on_disk(storage: FileSystemStorage) -> dict:
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": storage.location}}


def test_the_portal_works_while_files_move(old, new, settings):
    both = {"BACKEND": "videoportal.storages.moving.MovingStorage", "OPTIONS": {"now": on_disk(new), "before": on_disk(old)}}
    settings.STORAGES = settings.STORAGES | {"default": both}

    store.save("assets/e.png", b"e")

    assert (contents(new), store.read("assets/e.png"), store.read("assets/c.png")) == ({"assets/e.png": b"e"}, b"e", b"c")
    assert sorted(store.listing("assets")[1]) == ["c.png", "e.png"]
    assert set(store.each_name("assets")) == {"c.png", "e.png"}
    assert (store.listing("nothing"), list(store.each_name("nothing"))) == (([], []), [])
    assert (store.size("assets/c.png"), store.modified_at("assets/c.png") <= timezone.now()) == (1, True)
    with pytest.raises(store.StorageUnavailable, match="in use"):
        store.save("assets/c.png", b"another")
    new.save("assets/c.png", ContentFile(b"c"))
    store.delete("assets/c.png")
    with pytest.raises(store.ObjectMissing):
        store.read("assets/c.png")
    assert "assets/c.png" not in contents(old)


def test_the_command_names_what_is_not_set_up(settings):
    cases = {
        ("local", "local"): "are the same storage",
        ("local", "oss"): "oss is not set up",
        ("local", "oss", "--delete-source"): "still uses local. Set PORTAL_STORAGE=oss",
    }
    for (source, target, *more), words in cases.items():
        with pytest.raises(CommandError, match=words):
            call_command("move_files", f"--from={source}", f"--to={target}", *more, stdout=io.StringIO())


def test_nothing_is_deleted_where_the_portal_still_reads(monkeypatch):
    monkeypatch.setenv("PORTAL_STORAGE", "oss")
    monkeypatch.setenv("PORTAL_STORAGE_BEFORE", "local")

    with pytest.raises(CommandError, match=r"still uses local.* remove PORTAL_STORAGE_BEFORE"):
        call_command("move_files", "--from=local", "--to=oss", "--delete-source", stdout=io.StringIO())


def test_into_a_bucket_and_back(old, new, storage, tmp_path, oss_server):
    assert copy(old, storage, tmp_path) == (4, 0, {})
    assert copy(old, storage, tmp_path) == (0, 4, {})
    assert copy(storage, new, tmp_path) == (4, 0, {})
    assert contents(new) == FILES
    assert storage.listdir("assets") == ([], ["c.png"])


def test_the_bucket_sends_only_what_has_arrived_there(old, storage, settings, oss_server):
    bucket = {"BACKEND": "videoportal.storages.oss.OSSStorage", "OPTIONS": options_of(oss_server)}
    both = {"BACKEND": "videoportal.storages.moving.MovingStorage", "OPTIONS": {"now": bucket, "before": on_disk(old)}}
    settings.STORAGES = settings.STORAGES | {"default": both}
    storage.save("assets/arrived.png", ContentFile(b"n"))

    assert store.folder() is None
    assert store.url("assets/c.png", expires_s=60) is None
    assert (store.url("assets/arrived.png", expires_s=60) or "").startswith(f"{oss_server.url}/")
    assert sorted(store.each_name("assets")) == ["arrived.png", "c.png"]
    store.save("assets/new.png", b"new")
    assert (store.read("assets/new.png"), storage.open("assets/new.png").read(), store.read("assets/c.png")) == (b"new", b"new", b"c")
    settings.STORAGES = settings.STORAGES | {"default": both | {"OPTIONS": {"now": on_disk(old), "before": bucket}}}
    assert (store.url("assets/new.png", expires_s=60), store.read("assets/new.png")) == (None, b"new")
    assert store.folder() == Path(old.location)
    storage.delete("assets/arrived.png")
    storage.delete("assets/new.png")


@pytest.mark.slow
def test_a_killed_command_is_run_again(tmp_path, storage, oss_server):
    """As an operator would: environment, process, SIGKILL in the middle, the same command again."""
    local = FileSystemStorage(location=tmp_path / "media")
    for number in range(16):
        local.save(f"videos/2026/11/{number % 4:02}/{number}.mp4", ContentFile(bytes([number]) * 50_000))
    files = contents(local)
    names = {"bucket_name": "BUCKET_NAME", "region_name": "REGION_NAME", "endpoint_url": "ENDPOINT_URL"}
    names |= {"access_key": "ACCESS_KEY_ID", "secret_key": "ACCESS_KEY_SECRET"}
    bucket = {f"OSS_{name}": str(options_of(oss_server)[option]) for option, name in names.items()}
    chosen = {"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_STORAGE": "oss", "PORTAL_STORAGE_BEFORE": "local"}
    environment = os.environ | bucket | chosen | {"DJANGO_SETTINGS_MODULE": "videoportal.settings"}
    command = [sys.executable, "manage.py", "move_files", "--from=local", "--to=oss"]

    def stored() -> set[str]:
        found = set()
        for day in storage.listdir("videos/2026/11")[0]:
            found |= {f"videos/2026/11/{day}/{name}" for name in storage.listdir(f"videos/2026/11/{day}")[1]}
        return found

    first = subprocess.Popen([*command, "--mb-per-s=0.05", "--threads=1"], env=environment, cwd=ROOT)
    until = time.monotonic() + 60
    while len(stored()) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    first.kill()
    first.wait()
    assert 2 <= len(stored()) < 16

    again = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (again.returncode, stored()) == (0, set(files)), again
    assert {key: storage.open(key).read() for key in files} == files
