"""The switch over paid submits: seen by staff, turned by who may, and every turn is on record."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from generation.models import Attempt, GenerationTask, PaidSubmits
from generation.scheduling.stop_switch import current_stop
from generation.submitting import paid_record
from generation.submitting.restored_backup import hold_if_restored
from tests.task_rows import make_task

PAGE = "/admin/generation/paidsubmits/"


def test_stopping_and_resuming_shows_and_logs_who_and_why(staff_client, staff):
    assert "Paid submits go out" in staff_client.get(PAGE).text

    stopped = staff_client.post(PAGE, {"stop": "1", "reason": "the bill"}, follow=True).text
    assert "New renders wait: the bill" in stopped
    assert "admin stopped them on" in stopped
    assert "New renders wait: the bill" in staff_client.get("/admin/").text
    assert current_stop().by == "admin"

    resumed = staff_client.post(PAGE, {"resume": "1"}, follow=True).text
    assert "New renders wait" not in resumed
    assert current_stop() is None
    assert [(entry.user, entry.change_message) for entry in LogEntry.objects.order_by("pk")] == [
        (staff, "stopped: the bill"),
        (staff, "resumed"),
    ]
    assert "stopped: the bill" in staff_client.get(f"{PAGE}1/history/").text


def test_stopping_without_a_reason_is_refused(staff_client):
    assert "Say why" in staff_client.post(PAGE, {"stop": "1", "reason": " "}, follow=True).text
    assert current_stop() is None


def test_a_form_without_a_button_turns_nothing(staff_client):
    staff_client.post(PAGE, {"stop": "1", "reason": "the bill"})

    assert staff_client.post(PAGE).status_code == 400
    assert current_stop().reason == "the bill"
    assert LogEntry.objects.count() == 1


def test_the_page_explains_that_the_environment_goes_first(staff_client, settings):
    settings.STOP_PAID_SUBMITS = True

    text = staff_client.get(PAGE).text

    assert "PORTAL_STOP_PAID_SUBMITS is set on this server" in text
    assert "paid submits are stopped by the server's environment" in text


@pytest.fixture
def restored_backup(user, sandbox_accounts):
    """Record two paid requests that this database does not know, one of them of a task that it has."""
    task = make_task(user)
    for number, (name, reference) in enumerate([(task.pk, task.reference), (uuid4(), "vp-lost")], start=1):
        paid_record.write(number, Attempt(task=task, number=1, account=sandbox_accounts[0], reference=reference, started_at=timezone.now()))
        if name != task.pk:
            path = settings.MEDIA_ROOT / f"sent/000000000/{number:012}.json"
            path.write_text(path.read_text().replace(str(task.pk), str(name)))
    hold_if_restored()
    return task


def test_a_restored_backup_is_shown_on_every_page_and_confirmed_here(staff_client, restored_backup):
    for page in ("/admin/", "/"):
        assert "the database was restored from a backup, and an administrator has to confirm it" in staff_client.get(page, follow=True).text
    text = staff_client.get(PAGE).text
    assert "a record of 2 paid requests that this database does not know" in text

    done = staff_client.post(PAGE, {"confirm": "1"}, follow=True).text

    assert "Requests that were sent after the backup: 1." in done
    assert "Of tasks that the database does not have: 1." in done
    assert GenerationTask.objects.get().status == "submitting"
    assert current_stop() is None
    assert "restored backup confirmed" in LogEntry.objects.get().change_message
    assert "do not wait for this confirmation" in staff_client.post(PAGE, {"confirm": "1"}, follow=True).text


def test_who_may_only_look_cannot_confirm_a_restored_backup(clerk, user, restored_backup):
    user.user_permissions.add(Permission.objects.get(codename="view_paidsubmits"))

    assert "Confirm and look them up" not in clerk.get(PAGE).text
    assert clerk.post(PAGE, {"confirm": "1"}).status_code == 403
    assert current_stop().restored


def test_who_may_only_look_cannot_turn_it(clerk, user):
    assert clerk.get(PAGE).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_paidsubmits"))

    assert "You can view this switch but not change it." in clerk.get(PAGE).text
    assert clerk.post(PAGE, {"stop": "1", "reason": "x"}).status_code == 403
    assert not PaidSubmits.objects.filter(stopped=True).exists()


def test_the_row_has_no_other_pages(staff_client):
    assert staff_client.get(f"{PAGE}1/change/")["Location"] == PAGE
    assert staff_client.get(f"{PAGE}add/").status_code == 403
    assert staff_client.get(f"{PAGE}1/delete/").status_code == 403
