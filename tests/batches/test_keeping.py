"""Files and batches go when nobody needs them any more, and not before."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from access.callers import Caller
from batches.accepting import accept
from batches.keeping import delete_files
from batches.models import Batch, BatchRow, State
from generation import store
from tests.batches.batch_rows import make_batch
from videoportal.retention import forget

OLD = timedelta(days=91)


def files() -> set[str]:
    return set(store.listing("batches")[1])


@pytest.fixture
def with_files(user, real):
    """Return a function that makes a checked batch with its two files. No other batch has files."""
    store.discard(f"batches/{name}" for name in files())

    def make(age=OLD, **facts):
        batch = make_batch(user, 2, **facts)
        batch.file_key, batch.archive_key = f"batches/{batch.pk}.rows", f"batches/{batch.pk}.images.zip"
        for key in (batch.file_key, batch.archive_key):
            store.save(key, b"x")
        batch.created_at = timezone.now() - age
        batch.save()
        return batch

    return make


def test_batch_that_nobody_accepted_goes_with_its_files_after_its_time(with_files):
    with_files()
    young = with_files(timedelta(days=89))

    delete_files()
    forget()

    assert list(Batch.objects.values_list("pk", flat=True)) == [young.pk]
    assert (BatchRow.objects.count(), files()) == (2, {f"{young.pk}.rows", f"{young.pk}.images.zip"})


def test_accepted_batch_stays_without_its_files_and_one_that_is_being_checked_keeps_them(with_files, user):
    accepted = accept(with_files(), by=Caller(user=user))
    checking = with_files(state=State.CHECKING, due_at=timezone.now())

    delete_files()
    forget()

    accepted.refresh_from_db()
    assert (accepted.file_key, accepted.archive_key, accepted.rows.count()) == ("", "", 2)
    assert files() == {f"{checking.pk}.rows", f"{checking.pk}.images.zip"}


def test_nothing_goes_where_it_is_kept_for_ever(with_files, settings):
    settings.KEPT = {**settings.KEPT, "PORTAL_KEEP_BATCHES_DAYS": None}
    with_files()

    delete_files()
    forget()

    assert (Batch.objects.count(), len(files())) == (1, 2)


def test_file_without_a_batch_goes_a_day_after_its_upload(with_files):
    with_files(timedelta(0))
    lost, young = f"batches/{uuid4()}.rows", f"batches/{uuid4()}.rows"
    for key in (lost, young):
        store.save(key, b"x")
    yesterday = time.time() - 90_000
    os.utime(store.folder() / lost, (yesterday, yesterday))

    delete_files()

    assert len(files()) == 3
    assert young.removeprefix("batches/") in files()
