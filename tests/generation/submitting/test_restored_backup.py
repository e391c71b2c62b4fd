"""A database restored from a backup holds its paid submits, and what was sent since is looked up or decided, never bought again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from access.callers import Caller
from generation.actions import decide
from generation.actions.cancel import cancel_task, cancel_waiting
from generation.errors import Conflict
from generation.ingest.sweep import sweep
from generation.lifecycle import Status
from generation.messages import waits_because
from generation.models import Attempt, Dispatch, GenerationTask, PaidSubmits
from generation.scheduling.concurrency import UNKNOWN_HOLDS
from generation.scheduling.stop_switch import current_stop, resume_submits, stop_submits
from generation.submitting import paid_record
from generation.submitting.restored_backup import backup_facts, confirm_restore, hold_if_restored, lost_requests
from generation.submitting.submit import submit
from providers.core.messages import say
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, create_task, make_task

KLING = "kling/kling-v2-5-turbo"
WAN = "dashscope/wanx2.1-t2v-turbo"
ZHIPU = "zhipu/cogvideox-3"


@pytest.fixture(autouse=True)
def the_row(db) -> None:
    """Make the switch's row, which a migration makes and tests that empty every table remove."""
    PaidSubmits.objects.get_or_create(pk=PaidSubmits.THE_ROW)


@pytest.fixture
def backup(tmp_path: Path, transactional_db, driver) -> Callable[[], Callable[[], None]]:
    """`restore = backup()`: keeps every row of the portal; `restore()` puts the database back to them, and nothing else."""

    def keep() -> Callable[[], None]:
        kept = tmp_path / "backup.json"
        call_command("dumpdata", natural_foreign=True, exclude=["contenttypes", "auth.permission"], output=str(kept))

        def restore() -> None:
            call_command("flush", interactive=False, verbosity=0)
            PaidSubmits.objects.all().delete()
            call_command("loaddata", str(kept), verbosity=0)

        return restore

    return keep


def fresh(task: GenerationTask) -> GenerationTask:
    return GenerationTask.objects.get(pk=task.pk)


def ask(user, model: str, count: int) -> list[GenerationTask]:
    return [create_task(owner=user, model=model, prompt=f"{model} {n}", params={}) for n in range(count)]


def send_until(driver, count: int) -> None:
    while driver.simulator.ledger()["count"] < count:
        driver.step()


def finish_all(driver) -> None:
    """Long after the backup: what had an unknown outcome holds no slot of its account any more."""
    while GenerationTask.objects.filter(status=Status.SUBMITTING).exists():
        driver.step(ingest=False)
    Attempt.objects.filter(dispatch=Dispatch.UNKNOWN).update(finished_at=timezone.now() - 2 * UNKNOWN_HOLDS)
    for task in GenerationTask.objects.all():
        driver.finish(task, steps=200, ingest=False)


def bought_twice(driver) -> dict[str, int]:
    return {prompt: count for prompt, count in driver.simulator.ledger()["by_prompt"].items() if count > 1}


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("model", "ends"),
    [
        (KLING, {"ingesting"}),
        pytest.param(WAN, {"ingesting", "needs_review"}, marks=pytest.mark.slow),
        pytest.param(ZHIPU, {"ingesting", "needs_review"}, marks=pytest.mark.slow),
    ],
)
def test_nothing_is_bought_again_after_a_restored_backup(model, ends, user, staff, driver, backup):
    ProviderAccount.objects.update(max_in_flight=1)
    ask(user, model, 4)
    restore = backup()
    send_until(driver, 1)
    restore()
    sent_before = driver.simulator.ledger()["count"]
    assert sent_before < 4

    for _ in range(2):
        driver.step(ingest=False)
    assert driver.simulator.ledger()["count"] == sent_before
    assert current_stop().restored
    assert "restored from a backup" in waits_because(GenerationTask.objects.filter(status="queued").first(), current_stop())
    assert backup_facts().missing == sent_before

    found = confirm_restore(by=Caller(user=staff))
    assert (found.tasks["submitting"], found.lost, current_stop()) == (sent_before, [], None)
    finish_all(driver)
    assert bought_twice(driver) == {}
    assert driver.simulator.ledger()["count"] == 4
    assert {task.status for task in GenerationTask.objects.all()} == ends
    assert GenerationTask.objects.filter(status="needs_review").count() in (0, sent_before)


@pytest.mark.postgresql
def test_what_waits_in_a_restored_database_is_cancelled_only_after_the_confirmation(user, staff, driver, backup):
    """It may have been sent since the backup; cancelled as unsent, its render would be lost."""
    (task,) = ask(user, KLING, 1)
    restore = backup()
    send_until(driver, 1)
    restore()
    hold_if_restored()

    with pytest.raises(Conflict):
        cancel_task(fresh(task), by=Caller(user=user))
    assert cancel_waiting(user) == 0
    confirm_restore(by=Caller(user=staff))
    finish_all(driver)

    assert fresh(task).status == Status.INGESTING
    assert driver.simulator.ledger()["count"] == 1


@pytest.mark.postgresql
def test_a_hole_in_the_record_hides_nothing(user, staff, driver, backup):
    """A process that died between number and record leaves no file; the next number is used all the same."""
    PaidSubmits.objects.update(sent=1)
    restore = backup()
    PaidSubmits.objects.update(sent=2)
    task = driver.until(create_task(owner=user, model=KLING, prompt="later", params={}), Status.RUNNING)
    restore()

    assert hold_if_restored()
    found = confirm_restore(by=Caller(user=staff))
    assert [(one.task, one.reference) for one in found.lost] == [(str(task.pk), task.reference)]
    assert list(lost_requests()) == found.lost
    assert PaidSubmits.objects.get().sent == 3


def test_an_empty_database_beside_an_old_record_says_so_and_one_confirmation_ends_it(user, staff, driver):
    driver.until(create_task(owner=user, model=KLING, prompt="of the old one", params={}), Status.RUNNING)
    GenerationTask.objects.all().delete()
    PaidSubmits.objects.update(sent=0)
    task = create_task(owner=user, model=KLING, prompt="of the new one", params={})
    driver.step()
    assert (fresh(task).status, driver.simulator.ledger()["count"], backup_facts().missing) == (Status.QUEUED, 1, 1)

    assert len(confirm_restore(by=Caller(user=staff)).lost) == 1

    assert driver.finish(task, ingest=False).status == Status.INGESTING
    assert not hold_if_restored()
    with pytest.raises(Conflict):
        confirm_restore(by=Caller(user=staff))


@pytest.mark.postgresql
def test_the_clock_holds_before_anything_is_tried_and_the_switch_does_not_end_it(user, staff, driver):
    driver.until(create_task(owner=user, model=KLING, prompt="a boat", params={}), Status.RUNNING)
    PaidSubmits.objects.update(sent=0)

    assert hold_if_restored()
    stop_submits(by=Caller(user=staff), reason="the bill")
    resume_submits(by=Caller(user=staff))

    assert current_stop().restored
    assert PaidSubmits.objects.get().sent == 0


@pytest.mark.postgresql
def test_a_task_held_up_at_the_last_moment_waits_unsent(user, driver):
    """The clock has not looked yet; the sender finds its number taken."""
    driver.until(create_task(owner=user, model=KLING, prompt="before", params={}), Status.RUNNING)
    task = create_task(owner=user, model=KLING, prompt="a boat", params={})
    PaidSubmits.objects.update(sent=0)

    submit(task.pk, fresh(task).fence)

    row = fresh(task)
    assert (row.status, row.attempts.get().dispatch, current_stop().restored) == (Status.QUEUED, Dispatch.REJECTED, True)
    assert row.attempts.get().error_message == say("restored_unconfirmed")
    assert driver.simulator.ledger()["count"] == 1


def test_nothing_leaves_while_the_media_storage_cannot_record_it(user, driver):
    (settings.MEDIA_ROOT / "sent").parent.mkdir(exist_ok=True)
    (settings.MEDIA_ROOT / "sent").write_text("a file where the folder would be")
    try:
        task = create_task(owner=user, model=KLING, prompt="a boat", params={})
        driver.step()
        assert (fresh(task).status, driver.simulator.ledger()["count"]) == (Status.QUEUED, 0)
    finally:
        (settings.MEDIA_ROOT / "sent").unlink()

    assert driver.finish(task, ingest=False).status == Status.INGESTING


@pytest.mark.postgresql
def test_what_an_account_that_is_gone_was_sent_goes_to_a_person(user, staff, sandbox_accounts):
    task, account = make_task(user, model=WAN), sandbox_accounts[0]
    paid_record.write(1, Attempt(task=task, number=1, account=account, reference=task.reference, started_at=timezone.now()))
    account.delete()
    hold_if_restored()

    confirm_restore(by=Caller(user=staff))

    assert fresh(task).status == Status.NEEDS_REVIEW
    assert fresh(task).error_message == say("sent_account_gone", account=account.label)
    for decision in (partial(decide.adopt, vendor_id="an-id"), partial(decide.submit_again, knows_cost=True)):
        with pytest.raises(Conflict) as refusal:
            decision(fresh(task), by=Caller(user=staff))
        assert refusal.value.code == "account_gone"
    decide.give_up(fresh(task), by=Caller(user=staff))
    assert fresh(task).status == Status.FAILED


@pytest.mark.postgresql
def test_what_may_have_been_sent_by_two_accounts_goes_to_a_person(user, staff, sandbox_accounts):
    """A look-up asks one of them, and its denial would say nothing of the other."""
    task = make_task(user, model=KLING)
    first, second = sandbox_accounts[:2]
    attempt_of(task, first)
    GenerationTask.objects.update(status="submitting", account=first, attempt_count=1)
    paid_record.write(1, Attempt(task=task, number=2, account=second, reference=task.reference, started_at=timezone.now()))
    hold_if_restored()

    confirm_restore(by=Caller(user=staff))

    row = fresh(task)
    assert (row.status, row.account, row.attempts.filter(dispatch=Dispatch.UNKNOWN).count()) == (Status.NEEDS_REVIEW, second, 2)


@pytest.mark.postgresql
def test_what_runs_or_ended_in_the_backup_stays_so_and_its_later_attempt_is_on_record(user, staff, sandbox_accounts):
    account = sandbox_accounts[0]
    tasks = [make_task(user, status=status, account=account) for status in ("running", "needs_review", "failed")]
    for number, task in enumerate(tasks, start=1):
        paid_record.write(number, Attempt(task=task, number=1, account=account, reference=task.reference, started_at=timezone.now()))
    hold_if_restored()

    found = confirm_restore(by=Caller(user=staff))

    assert found.tasks == Counter(running=1, needs_review=1, failed=1)
    assert [fresh(task).status for task in tasks] == ["running", "needs_review", "failed"]
    assert [task.attempts.get().dispatch for task in tasks] == [Dispatch.UNKNOWN] * 3


def test_numbers_beyond_one_folder_and_a_cut_record(user, sandbox_accounts):
    task = make_task(user)
    for number in (999, 1000, 1001):
        paid_record.write(
            number, Attempt(task=task, number=1, account=sandbox_accounts[0], reference=f"r{number}", started_at=timezone.now())
        )
    default_storage.save("sent/000000001/000000001002.json", ContentFile(b'{"attempt"'))

    (settings.MEDIA_ROOT / "sent/000000002").mkdir()  # made for a record that a full disk did not take

    assert paid_record.newest() == 1002
    assert [one.reference for one in paid_record.sent_after(998)] == ["r999", "r1000", "r1001"]
    assert [one.reference for one in paid_record.sent_after(1000)] == ["r1001"]


def test_videos_saved_after_the_backup_are_not_orphans(user, staff, driver, backup):
    task = create_task(owner=user, model=KLING, prompt="a boat", params={})
    restore = backup()
    video = driver.finish(task).videos.get()
    path = Path(default_storage.path(video.file))
    restore()
    old = (timezone.now() - timedelta(hours=2)).timestamp()
    os.utime(path, (old, old))

    hold_if_restored()
    sweep()
    assert path.exists()

    confirm_restore(by=Caller(user=staff))
    sweep()
    assert path.exists()


def test_a_video_saved_after_the_backup_stays_though_nothing_was_sent_since_and_nothing_is_held(user, driver, backup):
    """Its render began before the backup, and its vendor may have forgotten it by now."""
    task = driver.until(create_task(owner=user, model=KLING, prompt="a boat", params={}), Status.RUNNING)
    restore = backup()
    path = Path(default_storage.path(driver.finish(task).videos.get().file))
    restore()
    old = (timezone.now() - timedelta(hours=2)).timestamp()
    os.utime(path, (old, old))

    assert not hold_if_restored()
    sweep()
    assert path.exists()

    again = Path(default_storage.path(driver.finish(task).videos.get().file))
    sweep()
    assert (path.exists(), again.exists()) == (False, True)
