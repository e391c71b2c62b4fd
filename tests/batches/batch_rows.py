"""Batches as they are after their check: rows that are good, and some that need fixing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from batches.models import Batch, BatchRow, RecurringBatch, RowState, State

KLING = "kling/kling-v2-5-turbo"


def make_batch(owner: User, good: int = 3, bad: int = 0, **facts: Any) -> Batch:
    """A checked batch; row n asks for "a boat n" with the content id "sku-n"."""
    order = {"model": KLING, "params": {"duration_s": 5}, **facts.pop("order", {})}
    usual = {"state": State.CHECKED, "name": "boats.csv", "heading": ["Name"], "created_at": timezone.now()}
    batch = Batch.objects.create(owner=owner, **(usual | facts))
    BatchRow.objects.bulk_create(
        BatchRow(
            batch=batch,
            number=number,
            state=RowState.READY if number <= good else RowState.BAD,
            cells={"Name": f"boat {number}"},
            order={"prompt": f"a boat {number}", "content_id": f"sku-{number}", **order},
            problems=[] if number <= good else [{"code": "refused", "field": "prompt", "facts": {"words": "Too long."}}],
        )
        for number in range(1, good + bad + 1)
    )
    return batch


def make_recurring(owner: User, **facts: Any) -> RecurringBatch:
    """A recurring batch that is due in an hour."""
    now = timezone.now()
    later = now + timedelta(hours=1)
    usual = {
        "name": "new products",
        "url": "https://shop.example/products.csv",
        "at": time(2, 30),
        "time_zone": "Asia/Shanghai",
        "defaults": {"model": KLING, "prompt": "a video about {title}", "params": {"duration_s": 5}},
        "next_at": later,
        "due_at": later,
        "created_at": now,
    }
    return RecurringBatch.objects.create(owner=owner, **(usual | facts))


def states(batch: Batch) -> list[str]:
    """Return the states of its rows, in their order."""
    return list(batch.rows.order_by("number").values_list("state", flat=True))


@contextmanager
def before_the_transaction(act: Callable[[], Any]) -> Iterator[list[str]]:
    """Let somebody else do this right before the next transaction begins. Yield the statements that follow."""
    left, later = [act], []

    def wrapper(execute: Any, sql: str, *others: Any) -> Any:
        if left and sql.startswith("SAVEPOINT"):  # a test without transactions of its own is in one
            left.pop()()
        elif not left:
            later.append(sql)
        return execute(sql, *others)

    with connection.execute_wrapper(wrapper):
        yield later
