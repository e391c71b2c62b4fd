"""Tasks of tokens for the sandbox, or that stay local, are sent only with accounts that serve for them, at whatever moment those change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from access.callers import Caller
from access.limits import Limits
from access.tokens import issue
from generation.actions.retry import retry_task
from generation.errors import InvalidRequest, NotAllowed
from generation.lifecycle import Status
from generation.models import Attempt, FailoverRule, GenerationTask
from generation.ordering.create import create
from generation.ordering.failover import fail_over
from generation.ordering.order import Order
from generation.places import PLACES, stricter
from generation.queries.queue_position import read_pool_state
from generation.submitting.unstartable import PATIENCE, free_unstartable
from generation.tick import tick
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.task_rows import MODEL, make_task

WAN = "dashscope/wanx2.1-t2v-turbo"
FLAGS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=2)


def wrong_pairs(attempts):
    """Return those that are not as docs/tokens.md promises."""
    pairs = [(one.task.only, one.account.sandbox, one.account.on_our_machines) for one in attempts]
    return [pair for pair in pairs if ("sandbox" in pair[0] and not pair[1]) or ("local" in pair[0] and not pair[2])]


def mark(accounts, flags):
    for account, (sandbox, local) in zip(accounts, flags, strict=False):
        ProviderAccount.objects.filter(pk=account.pk).update(sandbox=sandbox, on_our_machines=local)


@settings(max_examples=8)
@given(places=st.lists(st.sampled_from(PLACES), min_size=3, max_size=5), at_lease=FLAGS, at_send=FLAGS, bound=st.booleans())
def test_no_wrong_pair_is_ever_sent_also_if_accounts_change_between_lease_and_send(user, driver, places, at_lease, at_send, bound):
    GenerationTask.objects.all().delete()
    ProviderAccount.objects.exclude(vendor="kling").delete()
    accounts = ProviderAccount.objects.for_model(ALL_MODELS[MODEL])[:2]
    ProviderAccount.objects.exclude(pk__in=[account.pk for account in accounts]).update(enabled=False)
    mark(accounts, at_lease)
    facts = {"account": accounts[0], "is_bound": True} if bound else {}
    for only in places:
        make_task(user, only=only, **facts)

    tick()
    mark(accounts, at_send)
    driver.run_jobs(ingest=False)

    assert wrong_pairs(Attempt.objects.select_related("task", "account")) == []
    held = GenerationTask.objects.filter(status=Status.QUEUED, lease_until__gt=timezone.now())
    assert not held.exists()  # what could not be sent waits for others


def order(user, **limits):
    token = issue(user, "shop", limits=Limits(**limits))[0]
    return create(Order(owner=user, token=token, model=MODEL, prompt="a boat")).task


@pytest.fixture
def places(make_account):
    """Two accounts of Kling that nothing is sent to: a plain one, and one on our own machines."""
    make_account("kling", "official-key", "http://127.0.0.1:9", label="plain")
    return make_account("kling", "official-key", "http://127.0.0.1:9", label="ours", on_our_machines=True)


def test_an_order_has_its_tokens_place_and_is_refused_where_no_account_serves(user, places):
    assert order(user, only="local").only == "local"
    assert order(user).only == ""
    for field in ("only", "models_allowed"):
        refusal = pytest.raises(InvalidRequest if field == "only" else NotAllowed)
        with refusal as refused:
            order(user, **{field: "sandbox" if field == "only" else ("kling/kling-v2-6",)})
        assert refused.value.code == ("no_account" if field == "only" else "model_not_allowed")
    assert GenerationTask.objects.count() == 2


@in_one_test(
    ("several", "kept"),
    [
        (("", ""), ""),
        (("local", ""), "local"),
        (("", "sandbox"), "sandbox"),
        (("local", "sandbox"), "local,sandbox"),
        (PLACES, "local,sandbox"),
    ],
)
def test_the_stricter_of_several_keeps_all(several, kept):
    assert stricter(*several) == kept
    assert kept in PLACES


def test_a_retry_keeps_the_stricter_of_both(user, places):
    """A page has no token, and a token for the sandbox does not bring out what stays local."""
    task = order(user, only="local")
    GenerationTask.objects.update(status="failed", due_at=None, finished_at=timezone.now())
    task.refresh_from_db()

    assert retry_task(task, by=Caller(user=user)).task.only == "local"
    with pytest.raises(InvalidRequest):
        retry_task(task, by=Caller(user=user, token=issue(user, "sand", limits=Limits(only="sandbox"))[0]))
    ProviderAccount.objects.filter(pk=places.pk).update(sandbox=True)
    both = retry_task(task, by=Caller(user=user, token=issue(user, "sand", limits=Limits(only="sandbox"))[0])).task
    assert (both.only, both.is_sandbox, both.cost) == ("local,sandbox", True, None)


@pytest.mark.postgresql
def test_a_stand_in_is_neither_elsewhere_nor_a_model_that_the_token_may_not_order(user, places, make_account):
    """The account of the stand-in is not on our machines; then it is, and the token does not allow its model."""
    FailoverRule.objects.create(from_model=MODEL, to_model=WAN)
    other = make_account("dashscope", "beijing", "http://127.0.0.1:9")
    local, narrow = order(user, only="local"), order(user, models_allowed=(MODEL,))
    plain = order(user)
    ProviderAccount.objects.filter(vendor="kling").update(cooldown_until=timezone.now() + timedelta(hours=1))

    assert fail_over() == 1
    assert [GenerationTask.objects.get(pk=one.pk).model for one in (local, narrow, plain)] == [MODEL, MODEL, WAN]
    ProviderAccount.objects.filter(pk=other.pk).update(on_our_machines=True)
    assert fail_over() == 1
    assert GenerationTask.objects.get(pk=local.pk).model == WAN


@pytest.mark.postgresql
def test_a_task_that_is_bound_to_an_account_that_serves_no_more_gets_a_way_out(user, places):
    bound = make_task(user, only="local", account=places, is_bound=True)
    free = make_task(user, only="local")
    plain = make_task(user)
    ProviderAccount.objects.filter(pk=places.pk).update(on_our_machines=False)
    GenerationTask.objects.update(updated_at=timezone.now() - PATIENCE - timedelta(minutes=1))

    assert free_unstartable(timezone.now()) == 1
    bound.refresh_from_db()
    assert (bound.is_bound, bound.status, bound.only) == (False, "queued", "local")
    pool = read_pool_state()
    assert pool.openings(free).loads == []
    assert pool.places([free, plain]).keys() == {plain.pk}
