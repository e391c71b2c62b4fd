"""manage.py batch: the command follows the batch, while the worker's part is done against the simulator."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from access.budgets import put_in_force
from access.ledger_models import Budget
from batches import steps
from batches.models import Batch
from generation.models import GenerationTask
from providers.models import ModelPrice
from web.management.commands.batch import Command

MODEL = "kling/kling-v2-6"
GOOD = "title,seconds\nboat,5\nkite,10\n"
BAD = GOOD + "fox,7\nbird,8\n"
PROMPT = ("--model", MODEL, "--prompt", "A video about {title}", "--column", "seconds=params.duration_s")


@pytest.fixture
def order(staff, driver, tmp_path):
    """Return a function that runs the command on this file; a worker takes a step whenever the command pauses to look again."""
    command = Command()

    def step(_seconds):
        for batch in Batch.objects.filter(state__in=steps.STEPS):
            steps.step(batch.pk, batch.fence)
        driver.step()
        driver.simulator.advance(4)

    command.pause = step

    def run(content, *arguments, answer="y"):
        (tmp_path / "rows.csv").write_text(content)
        out, asked = io.StringIO(), []
        command.ask = lambda question: asked.append(question) or answer
        try:
            call_command(command, str(tmp_path / "rows.csv"), *arguments, "--timeout", "60", stdout=out, no_color=True)
        except CommandError as error:
            return error.returncode, out.getvalue() + str(error), asked
        return 0, out.getvalue(), asked

    return run


def test_rows_become_videos_after_the_cost_was_told_and_agreed_to(order):
    code, text, asked = order(GOOD, *PROMPT, "--wait", "--default", "style=cinematic")

    assert (code, asked) == (0, ["Order them? [y/N] "])
    assert "2 of 2 rows are good. Cost: Sandbox, not billed." in text
    assert text.splitlines()[-1] == "succeeded 2"
    prompts = sorted(GenerationTask.objects.values_list("prompt__text", flat=True))
    assert [words[:25] for words in prompts] == ["A video about boat, cinem", "A video about kite, cinem"]


def test_problems_are_told_by_repair_and_nothing_is_ordered(order, tmp_path):
    code, text, asked = order(BAD, *PROMPT, "--rejected", str(tmp_path / "mend.csv"))

    assert (code, asked) == (2, [])
    assert "  Needs fixing, 2 rows, first in row 4: " in text
    assert (tmp_path / "mend.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("4,")
    assert not GenerationTask.objects.exists()

    code, text, asked = order(BAD, *PROMPT, "--good-rows-only", "--yes")
    assert (code, asked, text.splitlines()[-1]) == (0, [], "Ordered.")


def test_nothing_is_ordered_without_a_yes_or_a_budget_or_a_readable_file(order, tmp_path):
    assert order(GOOD, *PROMPT, answer="")[0] == 1
    code, text, _asked = order('title\n"open\n', *PROMPT)
    assert (code, "The file is refused. Row 2: A quotation mark is not closed" in text) == (1, True)
    code, text, _asked = order(GOOD, *PROMPT, "--default", "colour=red")
    assert (code, "defaults.colour: Unknown default. Allowed: enhance," in text) == (1, True)
    code, text, _asked = order(GOOD, *PROMPT, "--images", str(tmp_path / "none.zip"))
    assert (code, "none.zip cannot be read" in text) == (1, True)


def test_budget_without_room_refuses_the_batch(order, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    ModelPrice.objects.create(model=MODEL, unit="second", amount=1)
    put_in_force(Budget(kind="everyone", window="day", limit=1_000_000))

    code, text, _asked = order(GOOD, *PROMPT, "--yes")

    assert (code, "Nothing was ordered. The daily budget of everyone together" in text) == (1, True)
    assert not GenerationTask.objects.exists()


def test_row_that_fails_is_told_by_the_exit_code(order):
    code, text, _asked = order("prompt\na red fox #fault:fail-content\na boat\n", "--model", MODEL, "--yes", "--wait")

    assert (code, "1 of 2 rows did not become videos. " in text) == (3, True)
