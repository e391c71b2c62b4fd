"""A vendor or surface that left the catalog: its accounts and tasks are still shown, and nothing is sent, asked or cancelled there."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from generation.lifecycle import Status
from generation.models import Dispatch, GenerationTask
from generation.polling.poll import poll_account
from providers.accounts.health_test import probe, refresh_balances
from providers.core.messages import say
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, make_task
from tests.web.page_rows import make_video

GONE = "oldvendor/old-model"
SCRIPT = {"HX-Request": "true"}


GONE_VENDOR, GONE_SURFACE = {"vendor": "oldvendor"}, {"surface": "old-surface"}


@pytest.fixture(params=[GONE_VENDOR, GONE_SURFACE])
def account(request, kling) -> ProviderAccount:
    ProviderAccount.objects.filter(pk=kling.pk).update(**request.param)
    return ProviderAccount.objects.get(pk=kling.pk)


@pytest.fixture
def model(account) -> str:
    return GONE if account.vendor == "oldvendor" else "kling/kling-v2-5-turbo"


@pytest.fixture
def tasks(staff, account, model) -> list[GenerationTask]:
    """Make a task in every state."""
    made = [make_task(staff, status=status, model=model, account=account, attempt_count=1) for status in Status]
    for task in made:
        attempt_of(task, account, dispatch=Dispatch.UNKNOWN, finished_at=timezone.now())
    return made


@pytest.mark.parametrize("account", [GONE_VENDOR, pytest.param(GONE_SURFACE, marks=pytest.mark.slow)], indirect=True)
def test_every_page_shows_them(staff_visitor, tasks, account):
    video = make_video(tasks[0].owner, task=next(task for task in tasks if task.state is Status.SUCCEEDED))
    pages = ["/studio/", "/activity/", "/gallery/", f"/videos/{video.pk}/", *(f"/tasks/{task.pk}/" for task in tasks)]
    admin_pages = ["providers/provideraccount/", f"providers/provideraccount/{account.pk}/change/"]
    admin_pages += [f"generation/generationtask/{task.pk}/change/" for task in tasks]

    for page in [*pages, *(f"/admin/{path}" for path in admin_pages)]:
        assert staff_visitor.get(page).status_code == 200, page
    for task in tasks:
        for form in ("job", "row"):
            assert staff_visitor.get(f"/tasks/{task.pk}/card?as={form}").status_code == 200, task.status


def test_a_render_there_cannot_be_stopped_and_the_button_says_why(staff_visitor, tasks):
    running = next(task for task in tasks if task.state is Status.RUNNING)

    reply = staff_visitor.post(f"/tasks/{running.pk}/cancel", headers=SCRIPT)

    assert reply.status_code == 409
    assert "no longer supports the vendor" in json.loads(reply.headers["HX-Trigger"])["portal:toast"]["text"]
    assert GenerationTask.objects.get(pk=running.pk).cancel_requested_at is None


def test_what_calls_accounts_passes_over_it(account, tasks):
    account.note_error("")

    refresh_balances(timezone.now())
    poll_account(account.pk)

    assert (probe(account).ok, probe(account).words) == (False, say("vendor_removed"))
    assert ProviderAccount.objects.get(pk=account.pk).last_error == str(say("vendor_removed"))


def test_it_is_offered_for_nothing(account):
    assert account.models_offered() == []
