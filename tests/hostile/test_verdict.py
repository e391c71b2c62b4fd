"""The judge of the hostile trial finds what it is there to find, and every kind is declared so that a reader knows what was paid."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases import in_one_test
from tests.hostile.kinds import Stage, all_kinds
from tests.hostile.verdict import Row, judge

PROMPT = "hostile paid-close 000001 a kite"


def ledger(*entries: tuple[str, str, str]) -> dict[str, Any]:
    """By prompt, reference and the vendor's id."""
    listed = [{"prompt": prompt, "reference": reference, "task_id": task_id} for prompt, reference, task_id in entries]
    return {"count": len(listed), "entries": listed}


def row(**facts: str) -> Row:
    return Row(
        **{"kind": "paid-close", "vendor": "kling", "model": "kling/kling-v2-5-turbo", "prompt": PROMPT, "status": "needs_review"} | facts
    )


def broken(found: dict[str, Any]) -> list[str]:
    return [violation["what"] for violation in found["violations"]]


@in_one_test("status", ["succeeded", "ingesting", "needs_review", "failed", "running"])
def test_render_that_was_paid_twice_is_found_whatever_its_task_became(status):
    twice = ledger((PROMPT, "r-1", "a"), (PROMPT, "r-1", "b"))

    assert broken(judge(twice, [row(status=status, submission_id="a")])) == ["bought twice"]


def test_one_reference_for_two_prompts_is_found():
    other = PROMPT.replace("000001", "000002")
    found = judge(ledger((PROMPT, "r-1", "a"), (other, "r-1", "b")), [row(), row(prompt=other)])

    assert broken(found) == ["bought twice"]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_paid_render_that_ended_is_lost(status):
    assert broken(judge(ledger((PROMPT, "r-1", "a")), [row(status=status, submission_id="a")])) == ["lost"]


@pytest.mark.parametrize("status", ["succeeded", "ingesting"])
def test_paid_render_is_lost_when_its_task_follows_another(status):
    paid = ledger((PROMPT, "r-1", "a"))

    assert broken(judge(paid, [row(status=status, submission_id="b")])) == ["lost"]
    assert broken(judge(paid, [row(status=status, submission_id="a")])) == []


def test_paid_render_without_a_task_is_lost():
    assert broken(judge(ledger((PROMPT, "r-1", "a")), [])) == ["lost"]


@pytest.mark.parametrize("status", ["queued", "submitting", "running"])
def test_paid_render_that_never_settles_is_stuck(status):
    assert broken(judge(ledger((PROMPT, "r-1", "a")), [row(status=status, submission_id="a")])) == ["stuck"]


def test_paid_render_in_review_is_kept():
    found = judge(ledger((PROMPT, "r-1", "a")), [row()])

    assert (found["table"], broken(found)) == ({"paid-close": {"in review": 1}}, [])


def test_unpaid_task_may_end_or_wait_and_is_counted_when_it_is_in_review():
    statuses = {"failed": "unpaid: ended", "queued": "unpaid: waiting", "needs_review": "unpaid: in review"}
    found = judge(ledger(), [row(status=status, prompt=f"{PROMPT} {status}") for status in statuses])

    assert (found["table"]["paid-close"], broken(found)) == (dict.fromkeys(statuses.values(), 1), [])


@pytest.mark.parametrize(("status", "what"), [("succeeded", "lost"), ("submitting", "stuck")])
def test_unpaid_task_must_neither_succeed_nor_hang(status, what):
    assert broken(judge(ledger(), [row(status=status)])) == [what]


def test_there_are_kinds_for_every_stage_and_each_says_whether_it_was_paid():
    kinds = all_kinds().values()

    assert len(kinds) >= 60
    assert {kind.stage for kind in kinds} == set(Stage)
    assert [kind.name for kind in kinds if ("Paid" in kind.summary) is not kind.is_paid] == []


def test_refusal_that_was_believed_is_counted_apart_and_only_where_the_answer_plainly_refused():
    paid = ledger((PROMPT, "r-1", "a"))

    assert broken(judge(paid, [row(status="failed")], denied=["paid-close"])) == []
    assert broken(judge(paid, [row(status="failed")], denied=["another"])) == ["lost"]
    assert broken(judge(paid, [row(status="running")], denied=["paid-close"])) == ["stuck"]
