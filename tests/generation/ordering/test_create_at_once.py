"""What an order costs the database, and what becomes of one that another request stores at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from access import budgets, exchange, ledger
from access.budgets import put_in_force
from access.callers import Caller
from access.models import Budget
from access.tokens import issue
from generation.actions.images import delete_image
from generation.errors import Conflict, OrdersRefused
from generation.models import Asset, GenerationTask
from generation.ordering import prices
from generation.ordering.assets import store_asset
from generation.ordering.create import create, create_many
from generation.ordering.order import Order
from providers.models import ModelPrice
from tests.cases import in_one_test
from tests.pictures import picture

pytestmark = pytest.mark.postgresql

KLING = "kling/kling-v2-5-turbo"
MOST_STATEMENTS = 12
"""One of them locks the images. A request has two more: its token, and its images."""


@pytest.fixture
def ask(user, make_account):
    make_account("kling", "official-key", "http://127.0.0.1:9")
    return {"owner": user, "model": KLING, "prompt": "a boat"}


@pytest.fixture(params=["alone", "within the caller's transaction"])
def caller(request, transactional_db):
    """How the order is placed: with its own transaction, or inside one that must go on afterwards."""

    def place(*orders):
        if request.param == "alone":
            return create_many(orders)
        with transaction.atomic():
            placed = create_many(orders)
            assert GenerationTask.objects.exists()  # the transaction still works
        return placed

    return place


@contextmanager
def stored_first(*orders):
    """Another connection's order is committed after ours looked for its key, right before it writes: SQLite locks first."""
    left = [orders]

    def act(execute, sql, params, many, context):
        if left and sql.startswith(("BEGIN", "INSERT INTO")):
            theirs = left.pop()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(place_elsewhere, theirs).result()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(act):
        yield


def place_elsewhere(orders):
    try:
        create_many(orders)
    finally:
        connection.close()


@pytest.fixture
def read_lately(settings, transactional_db):
    """Prices, rates and budgets were read within the last second, as they are where orders come often."""
    for kept in (budgets, exchange, prices):  # an earlier test's
        kept.forget()
    settings.PRICES_KEPT_S = settings.BUDGETS_KEPT_S = 60.0
    yield
    for kept in (budgets, exchange, prices):
        kept.forget()


def make_budgets(user):
    """One of each kind that counts what this person orders. Return the token."""
    token, _text = issue(user, "tests")
    team = Group.objects.create(name="film")
    user.groups.add(team)
    for kind, target in (("everyone", {}), ("user", {"user": user}), ("team", {"team": team}), ("token", {"token_line": token.line_id})):
        put_in_force(Budget(kind=kind, window="month", limit=10**9, **target))
    return token


@pytest.mark.usefixtures("read_lately")
@in_one_test("with_budgets", [False, True])
def test_an_order_costs_few_statements(ask, user, with_budgets):
    ModelPrice.objects.update_or_create(model=KLING, defaults={"unit": "second", "amount": 1})
    frame = store_asset(owner=user, file=picture())
    ask = ask | {"token": make_budgets(user) if with_budgets else None}
    create(Order(**ask))
    names = {"external_id": f"order {with_budgets}", "idempotency_key": f"key {with_budgets}"}
    order = Order(**ask, inputs={"first_frame": [frame]}, **names)

    with CaptureQueriesContext(connection) as alone:
        create(order)
    with transaction.atomic(), CaptureQueriesContext(connection) as nested:
        create(Order(**ask))

    print(f"{connection.vendor}, budgets {with_budgets}: {len(alone)} alone, {len(nested)} within a transaction")
    assert max(len(alone), len(nested)) <= MOST_STATEMENTS
    assert set(Budget.objects.filter(kind__in=["team", "token"]).values_list("held", flat=True)) == (
        {15_000_000} if with_budgets else set()
    )
    assert ledger.check() == []


@pytest.mark.usefixtures("read_lately")
def test_many_orders_cost_as_many_statements_as_few_but_for_the_batches_of_an_insert(ask):
    create(Order(**ask))
    with CaptureQueriesContext(connection) as few:
        create_many([Order(**ask, idempotency_key=f"few {number}") for number in range(2)])
    with CaptureQueriesContext(connection) as many:
        create_many([Order(**ask | {"prompt": f"boat {number}"}, idempotency_key=f"many {number}") for number in range(500)])

    inserts = [[query for query in queries if query["sql"].startswith("INSERT")] for queries in (few, many)]
    print(f"{connection.vendor}: {len(few)} for 2, {len(many)} for 500")
    assert len(many) - len(inserts[1]) == len(few) - len(inserts[0]) <= MOST_STATEMENTS
    assert len(inserts[1]) <= (56 if connection.vendor == "sqlite" else 4)
    assert GenerationTask.objects.count() == 503


def test_an_order_that_loses_the_race_for_its_key_finds_the_first_task(caller, ask):
    order = Order(**ask, idempotency_key="k1")

    with stored_first(order):
        placed = caller(order)

    assert [(one.task, one.is_new) for one in placed] == [(GenerationTask.objects.get(), False)]


def test_many_that_lose_the_race_for_one_key_are_stored_with_the_others_task(caller, ask):
    orders = [Order(**ask, idempotency_key=f"row {number}") for number in range(4)]

    with stored_first(orders[2]):
        placed = caller(*orders)

    assert [one.is_new for one in placed] == [True, True, False, True]
    assert {one.task for one in placed} == set(GenerationTask.objects.all())


def test_an_order_that_loses_the_race_for_its_external_id_is_refused(ask, transactional_db):
    with stored_first(Order(**ask, external_id="order-1")), pytest.raises(Conflict) as refusal:
        create(Order(**ask, external_id="order-1"))

    assert (refusal.value.code, GenerationTask.objects.count()) == ("external_id_taken", 1)


def test_an_order_whose_image_was_deleted_since_it_was_chosen_is_refused_and_buys_nothing(caller, ask, user):
    order = Order(**ask, inputs={"first_frame": [store_asset(owner=user, file=picture())]})
    delete_image(Asset.objects.get(), by=Caller(user=user))

    with pytest.raises(OrdersRefused) as refusal:
        caller(Order(**ask), order)

    assert {index: error.fields for index, error in refusal.value.errors.items()} == {1: {"inputs.first_frame": "There is no such asset."}}
    assert not GenerationTask.objects.exists()


def test_an_image_is_not_deleted_while_an_order_with_it_is_stored(ask, user, transactional_db):
    image = store_asset(owner=user, file=picture())

    def delete_elsewhere():
        try:
            delete_image(Asset.objects.get(), by=Caller(user=user))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            create(Order(**ask, inputs={"first_frame": [image]}))
            deleted = pool.submit(delete_elsewhere)
        with pytest.raises(Conflict):
            deleted.result()

    assert list(GenerationTask.objects.get().inputs.values_list("asset", flat=True)) == [image.pk]
