"""Which purchase a row of a bill charges, and what differs on either side. Values only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from generation.bills.columns import Line
from generation.bills.matching import Purchase, match
from tests.cases import in_one_test

AT = datetime(2026, 11, 3, 2, tzinfo=UTC)
BEGINS, ENDS = datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC)
MINUTE, YUAN = timedelta(minutes=1), 1_000_000


def line(row, amount=2.5, reference="", model="", at=AT, long=MINUTE):
    return Line(row=row, amount=int(amount * YUAN), reference=reference, model=model, begins=at, ends=at + long if at else None)


def purchase(*keys, ours=2.5, most=3, at=AT, model="acme/cat-1", waits=False, unknown=False, closed=True):
    return Purchase(
        pk=uuid4(),
        task_id=uuid4(),
        model=model,
        names=frozenset({"cat1", "acmecat1"}),
        keys=frozenset(keys),
        begins=at,
        ends=at + 3 * MINUTE,
        ours=int(ours * YUAN) if closed and ours is not None else None,
        most=int(most * YUAN),
        is_closed=closed,
        waits=waits,
        is_unknown=unknown or waits,
    )


def unknown(**facts):
    return purchase(closed=False, waits=True, **facts)


def outcome(lines, purchases):
    check = match(lines, purchases, BEGINS, ENDS)
    return (len(check.agrees), len(check.differs), [one.row for one in check.only_bill], len(check.only_here))


@in_one_test(
    ("lines", "purchases", "expected"),
    [
        ([line(2, reference="task-001")], [purchase("task-001")], (1, 0, [], 0)),
        ([line(2, reference="x;task-001;y", at=None)], [purchase("task-001")], (1, 0, [], 0)),
        ([line(2, 2.51, "task-001")], [purchase("task-001")], (0, 1, [], 0)),
        ([line(2, 2.505, "task-001")], [purchase("task-001")], (1, 0, [], 0)),  # less than a cent
        ([line(2, 1, "task-001"), line(3, 1.5, "task-001")], [purchase("task-001")], (1, 0, [], 0)),  # rows of one add up
        ([line(2, 2.5, "task-001"), line(3, -2.5, "task-001")], [purchase("task-001")], (0, 1, [], 0)),  # a refund
        ([line(2, 2.5, "task-001")], [purchase("task-001", ours=0)], (0, 1, [], 0)),  # charged though it counted as free
        ([line(2, 0, "task-001")], [purchase("task-001")], (0, 1, [], 0)),
        ([line(2, reference="task-001")], [purchase("task-001", ours=None)], (0, 1, [], 0)),  # no rate is known
        ([line(2, reference="task-009")], [purchase("task-001", ours=1)], (0, 0, [2], 1)),
        ([line(2, reference="task-001")], [purchase("task-001"), purchase("task-001")], (0, 0, [2], 2)),  # an id of two names none
        ([line(2)], [purchase("task-001")], (1, 0, [], 0)),  # no id: by likeness
        ([line(2, model="Cat-1")], [purchase("task-001")], (1, 0, [], 0)),
        ([line(2, model=";llm-1;cat-1;video")], [purchase("task-001")], (1, 0, [], 0)),
        ([line(2, model="dog-1")], [purchase("task-001")], (0, 0, [2], 1)),
        ([line(2, at=AT + timedelta(hours=5))], [purchase("task-001")], (0, 0, [2], 1)),
        ([line(2, at=datetime(2026, 11, 2, 16, tzinfo=UTC), long=timedelta(days=1))], [purchase("task-001")], (1, 0, [], 0)),
        ([line(2, at=BEGINS, long=timedelta(days=30))], [purchase("task-001")], (0, 0, [2], 1)),  # a month says nothing of one request
        ([line(2)], [purchase("task-001"), purchase("task-002")], (0, 0, [2], 2)),  # which of the two?
        ([line(2), line(3)], [purchase("task-001")], (0, 0, [2, 3], 1)),
        ([line(2, reference="task-001"), line(3)], [purchase("task-001"), purchase("task-002")], (2, 0, [], 0)),  # the id leaves one
        ([line(2, 2)], [unknown(ours=None)], (0, 1, [], 0)),  # the bill proves that it was charged
        ([line(2, 4)], [unknown(ours=None)], (0, 0, [2], 1)),  # more than it can have cost
        ([line(2, 0, "another-1")], [], (0, 0, [], 0)),
        ([], [purchase("task-001", ours=0)], (0, 0, [], 0)),
        ([], [unknown()], (0, 0, [], 1)),
        ([], [purchase(closed=False)], (0, 0, [], 0)),  # still renders
        ([], [purchase(at=BEGINS - MINUTE)], (0, 0, [], 0)),
        ([], [purchase(at=ENDS - MINUTE)], (0, 0, [], 0)),  # ends on the next bill
        ([line(2, reference="task-001", at=BEGINS - 40 * 24 * 60 * MINUTE)], [purchase("task-001", at=AT)], (1, 0, [], 0)),
    ],
)
def test_rows_and_purchases_find_each_other(lines, purchases, expected):
    assert outcome(lines, purchases) == expected


def test_sums_have_everything_once_and_a_free_row_is_counted_apart():
    check = match(
        [line(2, 2.5, "task-001"), line(3, 1, "task-002"), line(4, 7, "stranger-1"), line(5, 0, "stranger-2")],
        [purchase("task-001"), purchase("task-002", ours=2), purchase("task-003", ours=4)],
        BEGINS,
        ENDS,
    )

    assert (check.theirs, check.ours, check.free) == (int(10.5 * YUAN), int(8.5 * YUAN), 1)
    assert [one.difference for one in check.differs] == [-YUAN]


def test_a_request_that_is_not_on_the_bill_names_the_rows_that_may_be_it():
    lost = unknown(most=3)
    check = match([line(2, 9, "stranger-1", "cat-1"), line(3, 9, "stranger-2", "dog-1")], [lost], BEGINS, ENDS)

    assert [list(one.maybe) for one in check.only_here] == [[2]]
