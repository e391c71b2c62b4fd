"""A render that may be at the vendor holds a slot of its account, whatever the status of its task, but not forever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generation.models import Dispatch
from generation.scheduling.concurrency import UNKNOWN_HOLDS, usage_of, why_no_permit
from tests.task_rows import MODEL, attempt_of, make_task

pytestmark = pytest.mark.postgresql

ZHIPU = "zhipu/cogvideox-3"


@pytest.fixture
def zhipu(make_account):
    """Cannot be asked about a reference."""
    return make_account("zhipu", "cn", "http://127.0.0.1:9", max_in_flight=1)


@pytest.fixture
def kling(make_account):
    """Takes a reference once."""
    return make_account("kling", "official-key", "http://127.0.0.1:9", max_in_flight=1)


def slots(account) -> int:
    return usage_of([account], timezone.now())[account.pk].slots


def unknown(task, account):
    return attempt_of(task, account, dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())


@pytest.mark.parametrize("status", ["queued", "cancelled", "failed", "needs_review", "succeeded"])
def test_an_unknown_outcome_holds_a_slot_whatever_the_status_of_its_task(zhipu, user, status):
    now = timezone.now()
    unknown(make_task(user, model=ZHIPU, status=status, account=zhipu, attempt_count=1), zhipu)

    assert slots(zhipu) == 1
    assert why_no_permit(zhipu, now) is not None
    assert usage_of([zhipu], now + UNKNOWN_HOLDS + timedelta(seconds=1))[zhipu.pk].slots == 0


def test_what_is_looked_up_is_counted_once(zhipu, user):
    unknown(make_task(user, model=ZHIPU, status="submitting", account=zhipu, attempt_count=1), zhipu)

    assert slots(zhipu) == 1


def test_what_is_sent_once_more_may_be_two_renders(zhipu, user):
    task = make_task(user, model=ZHIPU, status="submitting", account=zhipu, attempt_count=2)
    unknown(task, zhipu)
    attempt_of(task, zhipu)

    assert slots(zhipu) == 2


def test_what_was_adopted_is_counted_once(zhipu, user):
    task = make_task(user, model=ZHIPU, status="running", account=zhipu, attempt_count=1, submission_id="v")
    attempt_of(task, zhipu, dispatch=Dispatch.ACCEPTED, submission_id="v", finished_at=timezone.now())

    assert slots(zhipu) == 1


@pytest.mark.parametrize(("status", "taken"), [("queued", 0), ("submitting", 1)])
def test_where_a_reference_is_taken_once_the_next_attempt_is_the_same_render(kling, user, status, taken):
    """Or its own unknown outcome would keep a task from the only slot."""
    unknown(make_task(user, status=status, account=kling, is_bound=True, attempt_count=2), kling)

    assert slots(kling) == taken


@pytest.mark.parametrize("status", ["ingesting", "succeeded", "failed"])
def test_where_a_reference_is_taken_once_an_accepted_attempt_was_the_only_render(kling, user, status):
    task = make_task(user, status=status, account=kling, attempt_count=2, submission_id="v")
    unknown(task, kling)
    attempt_of(task, kling, dispatch=Dispatch.ACCEPTED, submission_id="v", finished_at=timezone.now())

    assert slots(kling) == 0


def test_an_unknown_outcome_stays_with_its_account_when_the_task_goes_elsewhere(kling, make_account, user):
    other = make_account("kling", "official-key", "http://127.0.0.1:9", label="another")
    unknown(make_task(user, status="submitting", account=other, attempt_count=2), kling)

    assert (slots(kling), slots(other)) == (1, 1)


def test_several_attempts_may_be_several_renders_where_a_reference_is_not_known_to_be_taken_once(zhipu, user):
    task = make_task(user, model=ZHIPU, status="needs_review", account=zhipu, attempt_count=2)
    unknown(task, zhipu)
    unknown(task, zhipu)

    assert slots(zhipu) == 2


@pytest.mark.parametrize("model", [MODEL, "kling/kling-3.0"])
def test_several_attempts_of_one_reference_are_one_render_where_it_is_taken_once(kling, user, model):
    task = make_task(user, model=model, status="needs_review", account=kling, attempt_count=2)
    unknown(task, kling)
    unknown(task, kling)

    assert slots(kling) == 1
