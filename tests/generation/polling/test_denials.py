"""When a vendor's "no such render" ends a task: never while the account may be looking in the wrong place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.polling.poll import Patience, poll_account
from providers.accounts.clients import client_for
from providers.core.types import GenerationRequest
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS
from tests.task_rows import make_task

MODEL = "kling/kling-v2-5-turbo"
OFTEN = 30
"""More denials in a row than are believed."""


@pytest.fixture
def account(make_account, simulator) -> ProviderAccount:
    """Not a sandbox: what it says is paid for."""
    return make_account("kling", "official-key", simulator.base("kling"), polls_per_second=1000)


def running(account, owner, submission_id) -> GenerationTask:
    now = timezone.now()
    facts = {"submission_id": submission_id, "submission_kind": "text2video", "failures": OFTEN, "vendor_state": "processing"}
    times = {"accepted_at": now - timedelta(minutes=20), "deadline_at": now + timedelta(days=1)}
    return make_task(owner, status="running", model=MODEL, account=account, **facts, **times)


@pytest.fixture
def denied(account, user) -> GenerationTask:
    return running(account, user, "the vendor has no such task")


@pytest.fixture
def found(account, user) -> GenerationTask:
    spec = ALL_MODELS[MODEL]
    request = GenerationRequest(spec=spec, prompt="a boat", params=spec.params(), reference="r-1")
    return running(account, user, client_for(account).submit(request).id)


def poll(task: GenerationTask) -> GenerationTask:
    GenerationTask.objects.update(due_at=timezone.now())
    poll_account(task.account_id, patience=Patience(linger_s=0))
    task.refresh_from_db()
    return task


def test_no_render_is_gone_while_the_vendor_denies_everything(denied):
    for _ in range(3):
        poll(denied)

    assert (denied.status, denied.failures) == (Status.RUNNING, OFTEN + 3)


def test_a_render_that_is_denied_goes_to_a_person_when_others_are_found(denied, found):
    poll(denied)

    assert poll(denied).status == Status.NEEDS_REVIEW
    assert denied.error_code == "submission_gone"


def test_no_render_is_gone_when_the_last_one_was_found_long_ago(denied):
    long_ago = timezone.now() - timedelta(minutes=3)
    ProviderAccount.objects.update(known_at=long_ago)

    assert poll(denied).status == Status.RUNNING


@pytest.mark.parametrize(("changed_ago", "status"), [(timedelta(minutes=5), Status.RUNNING), (timedelta(hours=5), Status.NEEDS_REVIEW)])
def test_what_an_account_took_before_it_was_changed_is_asked_about_until_its_deadline(denied, found, changed_ago, status):
    ProviderAccount.objects.update(changed_at=timezone.now() - changed_ago)
    poll(denied)

    assert poll(denied).status == status


def test_what_is_denied_goes_to_a_person_at_the_deadline(denied):
    GenerationTask.objects.update(deadline_at=timezone.now())

    assert poll(denied).status == Status.NEEDS_REVIEW
    assert denied.error_code == "deadline"
