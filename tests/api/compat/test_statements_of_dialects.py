"""What an order and a look at it cost the database in each dialect; BEGIN and COMMIT are not counted."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from generation.lifecycle import Status
from generation.ordering import prices
from tests.api.compat.test_contract import every_dialect
from tests.task_rows import make_task

MOST_TO_CREATE, MOST_TO_GET = 10, 3
"""One to create more than /api/v1 needs, which looks for no repeat (tests/api/test_statements.py)."""


def statements(ask) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        assert ask().status_code < 300
    return [query["sql"] for query in seen if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]


@every_dialect
def test_an_order_and_a_look_at_it_cost_few_statements(world, any_model, program, user, settings):
    prices.forget()
    settings.POOL_STATE_KEPT_S = settings.PRICES_KEPT_S = 60.0  # in the product 1 s
    make, task = world.asking(prompt="another fox"), make_task(user, status=Status.FAILED)
    program.post(world.create, world.body)  # from here on the token's use is noted, and accounts, prices and aliases are known

    created = statements(lambda: program.post(world.create, make))
    seen = statements(lambda: program.get(world.get.format(id=task.pk)))

    print(f"{world.dialect.name}: {len(created)} to create, {len(seen)} to get")
    assert len(created) <= MOST_TO_CREATE
    assert len(seen) <= MOST_TO_GET
