"""C2: a database restored from a backup holds its paid submits, and what was sent since is looked up or decided, never bought again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from scripted_server import ScriptedServer, answer
from task_rows import attempt_of, make_task

from generation.errors import Conflict
from generation.lifecycle import Status
from generation.models import Attempt, Dispatch, GenerationTask, PaidSubmits
from generation.services import sent
from generation.services.create import create_task
from generation.services.housekeeping import sweep
from generation.services.restored import confirm_restore, hold_if_restored, newest_of_database, sent_since_backup
from generation.services.submit import submit
from generation.services.switch import current_stop, resume_submits, stop_submits

KLING = "kling/kling-v2-5-turbo"
WAN = "dashscope/wanx2.1-t2v-turbo"
ZHIPU = "zhipu/cogvideox-3"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(tmp_path: Path, driver) -> Callable[[], Callable[[], None]]:
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
    for task in GenerationTask.objects.all():
        driver.finish(task, steps=200)


def bought_twice(driver) -> dict[str, int]:
    return {prompt: count for prompt, count in driver.simulator.ledger()["by_prompt"].items() if count > 1}


@pytest.mark.parametrize(("model", "ends"), [(KLING, {"succeeded"}), (WAN, {"succeeded", "needs_review"}), (ZHIPU, {"succeeded", "needs_review"})])
def test_nothing_is_bought_again_after_a_restored_backup(model, ends, user, staff, driver, backup):
    ask(user, model, 20)
    restore = backup()
    send_until(driver, 8)
    restore()

    for _ in range(3):
        driver.step()
    count = driver.simulator.ledger()["count"]
    assert current_stop().restored
    assert sent_since_backup() == count

    found = confirm_restore(by=staff)
    assert (found.tasks["submitting"], found.lost, current_stop()) == (count, [], None)
    finish_all(driver)
    assert bought_twice(driver) == {}
    assert driver.simulator.ledger()["count"] == 20
    assert {task.status for task in GenerationTask.objects.all()} == ends
    assert GenerationTask.objects.filter(status="needs_review").count() in (0, count)
