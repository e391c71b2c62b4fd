"""manage.py doctor says what is wrong, line by line; manage.py create_token prints a token once."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

from access import exchange
from access.budgets import put_in_force
from access.ledger_models import Budget, Rate
from access.models import ApiToken
from access.tokens import authenticate
from generation.lifecycle import Status
from generation.models import Attempt, Video
from generation.submitting import paid_record
from providers.models import ModelPrice, ProviderAccount
from tests.task_rows import make_task
from tests.web.page_rows import make_video
from web import health_checks
from web.health_checks import CheckFailed, check_worker


@pytest.fixture
def doctor():
    """Return a function that runs doctor and returns its lines and its exit status."""

    def ask(*arguments):
        out = io.StringIO()
        try:
            call_command("doctor", "--patience", "0", *arguments, stdout=out, no_color=True)
        except SystemExit as end:
            return out.getvalue().splitlines(), end.code
        return out.getvalue().splitlines(), 0

    return ask


def test_doctor_says_ok_line_by_line_and_misses_the_worker(doctor, sandbox_accounts):
    lines, code = doctor()

    assert code == 1
    assert [line[:4].strip() for line in lines] == ["ok"] * (len(lines) - 1) + ["FAIL"]
    assert lines[-1] == "FAIL  worker: No worker took a message within 0 s. Start one: manage.py worker"
    assert sum("accepts the credentials" in line for line in lines) >= 1


def test_doctor_names_the_account_that_does_not_answer(doctor, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9", label="Kling, dead")

    lines, _ = doctor()

    assert [line for line in lines if line.startswith("FAIL  account Kling, dead: http://127.0.0.1:9 does not respond.")]


def test_doctor_asks_no_vendor_with_no_vendors(doctor, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9", label="Kling, dead")

    lines, _ = doctor("--no-vendors")

    assert not [line for line in lines if "account Kling" in line]
    assert ProviderAccount.objects.get().last_error_at is None


def test_doctor_reports_credentials_that_do_not_open(doctor, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    ProviderAccount.objects.update(sealed="damaged")

    lines, _ = doctor("--no-vendors")

    assert [line for line in lines if line.startswith("FAIL  credentials: Account “kling official-key”: ")]


def test_doctor_names_the_tasks_whose_videos_are_shared_otherwise(doctor, user):
    films, ads = Group.objects.create(name="films"), Group.objects.create(name="ads")
    pairs = [(films, films), (None, None), (films, ads), (films, None), (None, ads)]
    made = [make_video(user, task=make_task(user, status="succeeded", team=theirs), team=own) for theirs, own in pairs]
    apart = ", ".join(sorted(str(video.task_id) for video in made[2:]))

    words = "3 videos are not shared with the team of their task. The owner shares the task again, which changes both. Tasks:"
    assert f"FAIL  teams: {words} {apart}" in doctor("--no-vendors")[0]
    for video in made[2:]:
        Video.objects.filter(pk=video.pk).update(team=video.task.team)
    assert "ok    teams: every video is shared as its task is" in doctor("--no-vendors")[0]


def test_doctor_reports_secrets_that_others_may_read(doctor, db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)
    (folder / "secret_key").write_text("x")
    (folder / "secret_key").chmod(0o644)

    lines, _ = doctor()

    assert f"FAIL  secrets: Others may read secret_key in {folder}. Run: chmod -R go= {folder}" in lines


def test_doctor_reports_a_storage_that_cannot_be_written(doctor, db, settings):
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "tests.faulty_storages.FailingStorage"}}

    lines, _ = doctor()

    assert [line for line in lines if line.startswith("FAIL  storage: The media storage does not work.")]


def test_doctor_reports_static_files_that_are_not_collected(doctor, db, settings, tmp_path):
    settings.WHITENOISE_USE_FINDERS = False
    settings.STATIC_ROOT = tmp_path

    lines, _ = doctor()

    assert "FAIL  static files: Static files are not collected. Run: manage.py collectstatic --noinput" in lines


def test_doctor_reports_a_full_disk(doctor, db, settings):
    settings.MAX_VIDEO_BYTES = 2**62

    lines, _ = doctor()

    assert [line for line in lines if line.startswith("FAIL  disk: ")]


def test_worker_that_takes_messages_is_well(driver):
    assert check_worker(10, lambda _seconds: driver.run_jobs()) == "takes messages, nothing overdue"


def test_doctor_reports_overdue_tasks(driver, user):
    make_task(user, status=Status.RUNNING, due_at=timezone.now() - health_checks.OVERDUE * 2)

    with pytest.raises(CheckFailed, match="1 tasks have been due for minutes"):
        check_worker(10, lambda _seconds: driver.run_jobs())


def test_token_is_printed_and_works(run, user):
    raw = run("create_token", "lin", "shop", "--days", "30").strip()

    row = ApiToken.objects.get()
    assert authenticate(raw) == row
    assert (row.owner, row.label) == (user, "shop")
    assert (row.expires_at - row.created_at).total_seconds() == pytest.approx(30 * 86_400, abs=60)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nobody", "shop"), "There is no active user “nobody”."),
        (("lin", " "), "Give a label of 1 to 100 characters."),
        (("lin", "x" * 101), "Give a label of 1 to 100 characters."),
        (("lin", "shop", "--days", "0"), "--days takes 1 to 3650."),
    ],
)
def test_token_is_refused_with_a_reason(run, user, arguments, words):
    with pytest.raises(CommandError, match=words):
        run("create_token", *arguments)

    assert not ApiToken.objects.exists()


def test_doctor_and_the_command_report_a_restored_backup_until_it_is_confirmed(doctor, user, staff, sandbox_accounts):
    task = make_task(user)
    paid_record.write(1, Attempt(task=task, number=1, account=sandbox_accounts[0], reference="vp-lost", started_at=timezone.now()))
    task.delete()

    assert [line for line in doctor("--no-vendors")[0] if line.startswith("FAIL  backup: The database does not know 1 paid requests")]
    printed = io.StringIO()
    call_command("restored", stdout=printed)
    assert "does not know: 1" in printed.getvalue()
    assert "vp-lost" in printed.getvalue()
    with pytest.raises(CommandError):
        call_command("restored", "--confirm", "--user", "nobody")

    call_command("restored", "--confirm", "--user", staff.username, stdout=printed)

    assert "ok    backup: knows all that was sent" in doctor("--no-vendors")[0]
    with pytest.raises(CommandError):
        call_command("restored", "--confirm", stdout=printed)


def test_doctor_names_the_models_that_budgets_refuse(doctor, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    ModelPrice.objects.create(model="kling/kling-v3", unit="second", amount=1, currency="USD")
    assert "ok    budgets: none" in doctor("--no-vendors")[0]

    put_in_force(Budget(kind="everyone", window="month", limit=1))

    (line,) = [line for line in doctor("--no-vendors")[0] if "budgets:" in line]
    assert line.startswith("ok    budgets: 1 in force. They refuse ")
    Rate.objects.create(unit="USD", rate=7)
    exchange.forget()
    after = next(line for line in doctor("--no-vendors")[0] if "budgets:" in line)
    assert after != line
