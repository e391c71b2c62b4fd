"""Quotas and full disks: who may still order, that nothing paid is refused later, and what it costs to find out."""

from __future__ import annotations

import shutil

import pytest
from django.conf import settings as now_settings
from django.db import connection

from access.callers import Caller
from access.models import Preference
from generation.actions.bin import delete_for_good, move_to_bin
from generation.actions.retry import retry_task
from generation.errors import OrdersRefused
from generation.models import GenerationTask
from generation.ordering.create import create, create_many
from generation.ordering.order import Order
from generation.ordering.room import GB, QuotaReached, StorageLow, quotas_of, use_of
from tests.task_rows import MODEL
from tests.web.page_rows import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(make_account):
    return make_account("kling", "official-key", "http://127.0.0.1:9")


@pytest.fixture
def order(user, account):
    return Order(owner=user, model=MODEL, prompt="a boat")


def stored(user, **facts):
    return make_video(user, **{"stored_bytes": GB} | facts)


def test_who_has_filled_the_quota_orders_nothing_new_until_something_is_deleted_for_good(user, order, settings):
    settings.QUOTA_GB_PER_USER = 2
    first, by = create(Order(**vars(order) | {"idempotency_key": "k"})).task, Caller(user=user)
    videos = [stored(user) for _ in range(2)]
    move_to_bin(videos[0], by=by)

    with pytest.raises(QuotaReached) as refused:
        create(order)
    assert (refused.value.code, refused.value.status) == ("quota_reached", 403)
    assert "2.0 of 2 GB" in refused.value.message
    with pytest.raises(QuotaReached):
        retry_task(videos[1].task, by=by)
    with pytest.raises(OrdersRefused) as many:
        create_many([order, order])
    assert [error.code for error in many.value.errors.values()] == ["quota_reached"] * 2
    assert create(Order(**vars(order) | {"idempotency_key": "k"})) == (first, False), "a repeat buys nothing, and gets its task"

    delete_for_good(videos[0], by=by)
    assert create(order).is_new
    assert use_of(user).used_bytes == GB, "before its files are deleted"


def test_a_persons_own_quota_overrides_the_setting(user, other_user, order, settings):
    stored(user)
    own = Preference.objects.create(user=user, quota_gb=1)
    with pytest.raises(QuotaReached):
        create(order)

    settings.QUOTA_GB_PER_USER = 1
    Preference.objects.filter(pk=own.pk).update(quota_gb=0)
    assert create(order).is_new
    assert create(Order(owner=other_user, model=MODEL, prompt="theirs")).is_new


def test_a_batch_of_two_people_names_the_orders_of_the_one_without_room(user, other_user, order, settings):
    settings.QUOTA_GB_PER_USER = 1
    stored(other_user)

    with pytest.raises(OrdersRefused) as refused:
        create_many([order, Order(owner=other_user, model=MODEL, prompt="theirs")])

    assert set(refused.value.errors) == {1}
    assert not GenerationTask.objects.filter(prompt__text__in=["a boat", "theirs"], videos=None).exists()


def test_a_use_is_one_query_over_its_index_for_who_has_a_quota(user, settings, django_assert_num_queries):
    stored(user)
    with django_assert_num_queries(1):
        assert not quotas_of([user.pk])[user.pk].is_full
    settings.QUOTA_GB_PER_USER = 1
    with django_assert_num_queries(2) as asked:
        assert quotas_of([user.pk])[user.pk].used_bytes

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + asked.captured_queries[1]["sql"])
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "video_bytes_of_owner" in plan


def test_an_almost_full_disk_takes_no_new_orders(order, settings):
    free = shutil.disk_usage(now_settings.DATA_DIR).free
    settings.MIN_FREE_BYTES = free + 10 * GB

    with pytest.raises(StorageLow) as refused:
        create(order)
    assert (refused.value.code, refused.value.status) == ("storage_low", 507)
    assert not GenerationTask.objects.exists()

    settings.MIN_FREE_BYTES = 0
    assert create(order).is_new


def test_a_storage_without_a_disk_is_not_measured(order, settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    settings.SCRATCH_DIR = tmp_path / "not" / "made" / "yet"

    assert create(order).is_new
