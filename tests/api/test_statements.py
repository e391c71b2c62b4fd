"""What an order and a look at it cost the database, through the API; BEGIN and COMMIT are not counted."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering import prices
from tests.task_rows import MODEL, make_task

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

MOST_TO_CREATE, MOST_TO_GET, MOST_TO_LIST = 12, 3, 4
FOX = {"model": MODEL, "prompt": "a red fox"}


def statements(ask) -> tuple[list[str], object]:
    with CaptureQueriesContext(connection) as seen:
        reply = ask()
    return [query["sql"] for query in seen if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))], reply


def test_an_order_and_a_look_at_it_cost_few_statements(api, user, idle_account, make_asset, settings):
    prices.forget()
    settings.POOL_STATE_KEPT_S = settings.PRICES_KEPT_S = 60.0  # in the product 1 s: what admins set is not asked for each order or answer
    api.post("/tasks", FOX)  # from here on the token's use is noted, and prices are known
    frame = str(make_asset(user).pk)

    created, reply = statements(lambda: api.post("/tasks", {**FOX, "external_id": "7"}, idempotency_key="k-1"))
    with_image, other = statements(lambda: api.post("/tasks", {**FOX, "inputs": {"first_frame": frame}}))
    seen, shown = statements(lambda: api.get(f"/tasks/{reply.json()['id']}"))
    seen_with_image, shown_with_image = statements(lambda: api.get(f"/tasks/{other.json()['id']}"))

    print(f"{connection.vendor}: {len(created)} and {len(with_image)} to create, {len(seen)} to get")
    assert (reply.status_code, other.status_code) == (202, 202)
    assert max(len(created), len(with_image)) <= MOST_TO_CREATE
    assert max(len(seen), len(seen_with_image)) <= MOST_TO_GET
    assert shown.json() == reply.json()
    assert shown_with_image.json() == other.json()
    assert other.json()["inputs"] == {"first_frame": [frame]}


def test_a_finished_task_and_a_page_of_them_cost_few_statements(api, user):
    tasks = [make_task(user, status=Status.SUCCEEDED, inputs_given={}) for _ in range(3)]
    api.get("/tasks")

    assert len(statements(lambda: api.get(f"/tasks/{tasks[0].pk}"))[0]) <= MOST_TO_GET
    assert len(statements(lambda: api.get("/tasks"))[0]) <= MOST_TO_LIST
    GenerationTask.objects.update(inputs_given=None)
    assert len(statements(lambda: api.get("/tasks"))[0]) == MOST_TO_LIST + 1
