"""Activity: its search, one line for each batch, and failures that are ordered again together."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.budgets import put_in_force
from access.ledger_models import Budget, BudgetKind
from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.queries.tasks import ACTIVITY_PAGE
from providers.models import ModelPrice
from tests.batches.batch_rows import make_batch
from tests.task_rows import MODEL, make_task
from web.presenters.batches import BatchLine

pytestmark = pytest.mark.django_db
SCRIPT = {"HX-Request": "true"}


def shown(client, query: str = "") -> list[str]:
    """Return the ids of the tasks and the names of the batches in the table."""
    cards = client.get(f"/activity/?{query}").context["cards"]
    return [card.name if isinstance(card, BatchLine) else card.id for card in cards]


@pytest.mark.postgresql
def test_a_task_is_found_by_any_of_its_ids_and_by_words_of_its_prompt(visitor, staff_visitor, user, other_user, wan):
    batch = make_batch(user, accepted_at=timezone.now())
    wanted = make_task(
        user,
        prompt="夜晚的灯笼 over the River",
        content_id="sku-7",
        external_id="shop-7",
        account=wan,
        submission_id="v-77",
        batch_id=batch.pk,
    )
    make_task(user, prompt="a river by day", content_id="sku-8")
    make_task(other_user, prompt="夜晚的灯笼 over the River", content_id="sku-9")
    mine = [str(wanted.pk)]

    for words in (str(wanted.pk), "sku-7", "shop-7", "v-77", str(batch.pk), "灯笼", "RIVER 夜晚"):
        assert shown(visitor, f"q={words}") == mine, words
    for words in ("sku-9", "no such words", "' OR 1=1 --", "%", "0" * 400):
        assert shown(visitor, f"q={words}") == [], words
    assert len(shown(visitor, "q=%00")) == 2
    assert len(shown(staff_visitor, "q=灯笼")) == 2
    assert shown(staff_visitor, "q=灯笼&who=mine") == []


def test_search_and_tabs_go_together(visitor, user):
    make_task(user, prompt="a kite", status=Status.FAILED)
    waiting = make_task(user, prompt="a kite")
    make_task(user, prompt="a boat")

    page = visitor.get("/activity/?tab=waiting&q=kite")

    assert [card.id for card in page.context["cards"]] == [str(waiting.pk)]
    assert all("q=kite" in tab.href for tab in page.context["tabs"])
    assert "newest 2,000 tasks" in page.text
    assert "No task has these words" in visitor.get("/activity/?q=nowhere").text


def test_a_batch_is_one_line_among_the_tasks_and_opens_its_own(visitor, staff_visitor, user, other_user):
    first = make_task(user)
    batch = make_batch(user, name="lamps.csv", accepted_at=timezone.now(), state="running", due_at=timezone.now())
    make_batch(user, name="not started")
    inside = [str(make_task(user, batch_id=batch.pk).pk) for _ in range(3)]
    last = make_task(user)
    make_batch(other_user, name="not mine", accepted_at=timezone.now())

    assert shown(visitor) == [str(last.pk), "lamps.csv", str(first.pk)]
    assert shown(visitor, f"batch={batch.pk}") == inside[::-1]
    assert shown(visitor, "tab=waiting") == [str(last.pk), *inside[::-1], str(first.pk)]
    assert shown(staff_visitor)[0] == "not mine"
    assert shown(staff_visitor, "who=mine") == []
    line = visitor.get(f"/batches/{batch.pk}/line")
    assert "lamps.csv" in line.text
    assert f'hx-get="/batches/{batch.pk}/line"' in line.text


def test_pages_of_tasks_and_batches_leave_nothing_out(visitor, user):
    made = []
    for number in range(ACTIVITY_PAGE + 5):
        made.append(str(make_task(user).pk))
        if number % 9 == 0:
            made.append(make_batch(user, good=0, name=f"batch {number}", accepted_at=timezone.now()).name)

    first = visitor.get("/activity/")
    second = visitor.get(first.context["next_url"])
    both = [card.name if isinstance(card, BatchLine) else card.id for page in (first, second) for card in page.context["cards"]]

    assert both == made[::-1]
    assert second.context["next_url"] == ""


def test_lines_of_batches_cost_no_query_each(visitor, user, django_assert_num_queries):
    make_batch(user, accepted_at=timezone.now())
    make_task(user)
    visitor.get("/activity/")
    with CaptureQueriesContext(connection) as few:
        visitor.get("/activity/")
    for _ in range(5):
        make_batch(user, accepted_at=timezone.now())

    with django_assert_num_queries(len(few)):
        visitor.get("/activity/")


def test_failures_are_ordered_again_together_once_for_each_press(visitor, user, other_user, accounts):
    failed = [make_task(user, status=Status.FAILED, error_code="out_of_credit") for _ in range(3)]
    make_task(user, status=Status.FAILED, error_code="content_rejected")
    make_task(user, status=Status.FAILED, error_code="deadline", dismissed_at=timezone.now())
    make_task(user, status=Status.FAILED, error_code="deadline", batch_id=make_batch(user).pk)
    make_task(other_user, status=Status.FAILED, error_code="deadline")
    unseen = make_task(user, status=Status.RUNNING)
    page = visitor.get("/activity/?tab=attention")
    key = str(page.context["page_key"])
    failed_since = {"status": Status.FAILED, "error_code": "deadline", "finished_at": timezone.now(), "due_at": None}
    GenerationTask.objects.filter(pk=unseen.pk).update(**failed_since)

    answers = [visitor.post("/activity/retry", {"key": key}, headers=SCRIPT) for _ in range(2)]

    assert "Retry my 3 failures" in page.text
    assert page.context["again"].count == 3
    assert sorted(GenerationTask.objects.filter(retry_of__isnull=False).values_list("retry_of", flat=True)) == sorted(
        one.pk for one in failed
    )
    assert unseen.retries.count() == 0
    assert [json.loads(answer.headers["HX-Trigger"])["portal:toast"]["text"] for answer in answers] == [
        "3 videos were ordered again.",
        "This was already ordered; nothing was ordered twice.",
    ]


def test_a_budget_ends_the_retries_and_says_how_many_there_were(visitor, user, accounts):
    ModelPrice.objects.create(model=MODEL, unit="video", amount=5)
    for _ in range(3):
        make_task(user, status=Status.FAILED, error_code="out_of_credit", cost_estimated=5, currency="CNY")
    put_in_force(Budget(kind=BudgetKind.USER, user=user, window="month", limit=10_000_000))
    page = visitor.get("/activity/?tab=attention")

    answer = visitor.post("/activity/retry", {"key": str(page.context["page_key"])}, headers=SCRIPT)

    assert page.context["again"].confirm == "Order 3 videos again? It costs about ¥15.00."
    assert json.loads(answer.headers["HX-Trigger"])["portal:toast"]["text"].startswith("2 videos were ordered again, then: ")
    assert GenerationTask.objects.filter(retry_of__isnull=False).count() == 2
