"""The store: what every kind of storage raises becomes one of two errors, and a file is stored whole, once, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from generation import store
from tests.faulty_storages import THROTTLED, ForeignError

KEY = "videos/a.mp4"


@pytest.fixture
def use(settings, tmp_path):
    """`use("FailingStorage", failing={"save"})`: this storage from now on, over the same files."""

    def switch(name: str = "", **options: object) -> None:
        backend = f"tests.faulty_storages.{name}" if name else "django.core.files.storage.FileSystemStorage"
        settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": {"location": tmp_path} | options}}

    switch()
    return switch


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def client_error(code: str) -> ForeignError:
    """As botocore raises it."""
    return ForeignError(response={"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 404}})


MISSING = [
    FileNotFoundError(2, "no such file"),
    ForeignError(status=404, code="NoSuchKey"),
    ForeignError(status=404, code=""),
    ForeignError(status_code=404),
    ForeignError(code=404),
    client_error("NoSuchKey"),
    client_error("404"),
]
AWAY = [
    THROTTLED,
    ForeignError(status=404, code="NoSuchBucket"),
    ForeignError(status=403, code="AccessDenied"),
    ForeignError(),
    client_error("NoSuchBucket"),
    client_error("SlowDown"),
    PermissionError(13, "not for you"),
    TimeoutError("read timed out"),
    ValueError("an answer that cannot be read"),
]


@pytest.mark.parametrize(
    ("error", "expected"), [(it, store.ObjectMissing) for it in MISSING] + [(it, store.StorageUnavailable) for it in AWAY]
)
def test_what_a_storage_raises_is_missing_or_unavailable(use, error, expected):
    store.save(KEY, b"whole")
    use("FailingStorage", failing={"open"}, error=error)

    with pytest.raises(expected) as caught:
        store.read(KEY)

    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [client_error("XMinioStorageFull"), ForeignError(status=403, code="QuotaExceeded")])
def test_full_bucket_is_a_full_storage(use, error):
    use("FailingStorage", failing={"save"}, error=error)

    with pytest.raises(store.StorageFull):
        store.save(KEY, b"whole")


@pytest.mark.parametrize(("failing", "operation"), [("read", store.read), ("size", store.size), ("modified", store.modified_at)])
def test_whatever_looks_at_a_file_raises_the_two(use, failing, operation):
    store.save(KEY, b"whole")
    for error, expected in ((MISSING[0], store.ObjectMissing), (THROTTLED, store.StorageUnavailable)):
        use("FailingStorage", failing={failing}, error=error)
        with pytest.raises(expected):
            operation(KEY)


@pytest.mark.parametrize("error", [THROTTLED, *MISSING[:2]])
@pytest.mark.parametrize("failing", ["exists", "save", "confirm", "size"])
def test_save_that_fails_is_unavailable_and_leaves_nothing(use, tmp_path, failing, error):
    """Also when the storage says that something is missing. `confirm`: the bytes arrived and the answer was lost."""
    use("FailingStorage", failing={failing}, error=error)

    with pytest.raises(store.StorageUnavailable):
        store.save(KEY, b"whole")

    assert files_in(tmp_path) == []


def test_file_that_arrives_cut_off_is_not_stored(use, tmp_path):
    use("CuttingOffStorage")

    with pytest.raises(store.StorageUnavailable):
        store.save(KEY, b"whole")

    assert files_in(tmp_path) == []


def test_key_is_written_once(use, tmp_path):
    store.save(KEY, b"first")

    with pytest.raises(store.StorageUnavailable):
        store.save(KEY, b"second")

    assert (store.read(KEY), len(files_in(tmp_path))) == (b"first", 1)


def test_of_two_writers_of_one_key_the_faster_wins(use, tmp_path):
    """The other one looked for the key before it was there."""
    use("OvertakenStorage")

    with pytest.raises(store.StorageUnavailable):
        store.save(KEY, b"second")

    assert (store.read(KEY), len(files_in(tmp_path))) == (b"first", 1)


@pytest.mark.parametrize(("keep_part", "left"), [(False, []), (True, ["a.mp4"])])
def test_a_save_that_fails_may_leave_what_another_writer_has_stored(use, tmp_path, keep_part, left):
    use("FailingStorage", failing={"confirm"})  # the file is there, although the storage says that it failed

    with pytest.raises(store.StorageUnavailable):
        store.save(KEY, b"all of it", keep_part=keep_part)

    assert [path.name for path in files_in(tmp_path)] == left


def test_a_save_that_fails_in_a_bucket_deletes_nothing(use):
    """A bucket keeps no parts, and what is there may be another writer's: two processes fetch the same lost file."""
    use("OvertakenBucket")

    with pytest.raises(store.StorageUnavailable):
        store.save(KEY, b"all of it")

    assert store.read(KEY) == b"all of it"


def test_file_is_stored_from_memory_and_from_disk_and_read_in_parts(use, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"from a disk")
    store.save(KEY, source)
    store.save("assets/a.png", b"from memory")

    with store.open_file(KEY) as file:
        file.seek(5)
        assert (file.read(1), file.tell(), file.read()) == (b"a", 6, b" disk")
    assert (store.read("assets/a.png"), store.size(KEY)) == (b"from memory", 11)
    folders, files = store.listing("")
    assert (sorted(folders), files) == (["assets", "videos"], ["source"])


def test_folder_that_is_not_there_is_empty(use):
    assert store.listing("nowhere") == ([], [])


def test_folder_that_cannot_be_listed_is_not_taken_for_empty(use):
    use("FailingStorage")

    with pytest.raises(store.StorageUnavailable):
        store.listing("videos")


def test_delete_of_what_is_gone_does_nothing(use):
    store.delete(KEY)
    use("FailingStorage", failing={"delete"}, error=ForeignError(status=404, code="NoSuchKey"))
    store.delete(KEY)


def test_discard_raises_nothing(use):
    store.save(KEY, b"whole")
    use("FailingStorage", failing={"delete"})

    store.discard([KEY])

    assert default_storage.exists(KEY)


@pytest.mark.parametrize("operation", [store.read, store.size, store.modified_at])
def test_row_without_a_key_has_no_file(use, operation):
    """A disk takes the empty key for its folder."""
    with pytest.raises(store.ObjectMissing):
        operation("")


def test_backend_that_cannot_be_loaded_is_unavailable(settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "no.such.Storage"}}

    with pytest.raises(store.StorageUnavailable):
        store.size(KEY)


def test_words_of_a_storage_are_not_passed_on(use):
    use("FailingStorage", error=ForeignError(status=403, signature="s3cret"))

    with pytest.raises(store.StorageUnavailable) as caught:
        store.size(KEY)

    assert "s3cret" not in f"{caught.value} {caught.value.message}"
