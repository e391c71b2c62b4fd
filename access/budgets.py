"""Budgets: which of them count a purchase, what they hold, and when their next periods begin.

A budget's `held` changes in one conditional UPDATE, or under the row's lock. Several rows are locked in the order of their ids, after
everything else in a transaction, so that concurrent purchases can neither exceed a limit nor deadlock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest

from access.callers import Caller
from access.ledger_models import Budget, BudgetKind, Reservation
from access.models import ApiToken, Preference
from access.periods import named_zone, period
from database import clock

__all__ = [
    "BudgetReached",
    "Buyer",
    "Difference",
    "Scope",
    "add",
    "binding",
    "buyers",
    "forget",
    "in_force",
    "locked",
    "next_start",
    "of_caller",
    "put_in_force",
    "rebuild",
    "require_room",
    "roll",
    "show_present",
    "take",
    "zone_of",
]


BUYERS = """
    SELECT person.id, member.group_id, preference.team_id, preference.quota_gb FROM auth_user person
    LEFT JOIN access_preference preference ON preference.user_id = person.id
    LEFT JOIN auth_user_groups member ON member.user_id = person.id LEFT JOIN auth_group team ON team.id = member.group_id
    WHERE person.id IN ({}) ORDER BY team.name
"""
"""Each order runs this query. Raw SQL, because the ORM takes ten times as long to build it as the database to answer."""

TAKE = """
    UPDATE access_budget SET held = held + {change}
    WHERE id IN (SELECT id FROM access_budget WHERE id IN ({ids}) ORDER BY id {lock})
    AND enabled AND starts_at <= %s AND ends_at > %s AND held <= "limit" - {change}
"""
"""As `BUYERS`. The rows are locked in the order of their ids, as in `_in_order`."""


class BudgetReached(Exception):
    """A purchase does not fit into `budget`, which is as it was at that moment. Nothing was reserved."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(str(budget))
        self.budget = budget


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The buyer: a person, for a team or none, with a line of tokens or none."""

    owner_id: int
    team_id: int | None = None
    token_line: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A stored sum that differed from its rows: `was` and `is_now`, in micro."""

    of: str
    was: int
    is_now: int


class _Kept:
    """The budgets as this process last read them, and when, by the monotonic clock."""

    budgets: tuple[Budget, ...] = ()
    at_s = float("-inf")
    lock = threading.Lock()


def in_force() -> tuple[Budget, ...]:
    """Return the enabled budgets as read at most `settings.BUDGETS_KEPT_S` ago. Do not use what they hold: it is too old."""
    if time.monotonic() - _Kept.at_s >= settings.BUDGETS_KEPT_S:
        with _Kept.lock:
            at_s = time.monotonic()
            _Kept.budgets = tuple(Budget.objects.filter(enabled=True).order_by("pk"))
            _Kept.at_s = at_s
    return _Kept.budgets


def forget() -> None:
    """Make the next use read the budgets again, because this process changed one."""
    _Kept.at_s = float("-inf")


def binding(scope: Scope, budgets: Iterable[Budget]) -> list[Budget]:
    """Return the budgets that count what is bought in this scope."""
    return [one for one in budgets if one.binds(owner_id=scope.owner_id, team_id=scope.team_id, token_line=scope.token_line)]


class Buyer(NamedTuple):
    """The team that pays for a person's orders, and the person's storage quota; None: the usual one."""

    team_id: int | None
    quota_gb: int | None


def buyers(people: Iterable[int]) -> dict[int, Buyer]:
    """Return the facts that an order needs of its owner, by person, in one query. The team that the person chose pays, otherwise the first
    by name: one team for each purchase, so that the sums by team add up.
    """
    wanted = tuple(set(people))
    with connection.cursor() as cursor:
        cursor.execute(BUYERS.format(", ".join(["%s"] * len(wanted))), wanted)
        rows = cursor.fetchall()
    found: dict[int, Buyer] = {}
    for person, team, chosen, quota in rows:
        if team == chosen or person not in found:
            found[person] = Buyer(team, quota)
    return found


def of_caller(caller: Caller, now: datetime) -> list[Budget]:
    """Return the enabled budgets that count what the caller orders, in the period of `now`. A person without a token also gets those of all
    of their tokens.
    """
    team = buyers([caller.user.pk])[caller.user.pk].team_id
    mine = Q(kind=BudgetKind.EVERYONE) | Q(user=caller.user) | Q(kind=BudgetKind.TEAM, team=team)
    if caller.token:
        mine |= Q(token_line=caller.token.line_id)
    else:
        mine |= Q(token_line__in=ApiToken.objects.filter(owner=caller.user).values("pk"))
    found = list(Budget.objects.filter(mine, enabled=True).select_related("user", "team").order_by("kind", "window", "pk"))
    for budget in found:
        show_present(budget, now)
    return found


def show_present(budget: Budget, now: datetime) -> None:
    """Show the object in the period of `now`. Nothing is stored: the first purchase of a new period, or the clock, begins it."""
    if budget.ends_at <= now:
        budget.starts_at, budget.ends_at = period(budget.window, now, zone_of(budget))
        budget.held = _sum_of(budget)


def take(amounts: Mapping[UUID, int], at: datetime) -> bool:
    """Add these amounts, by id of the budget, in one statement. Return False if one has no room, has ended, or was disabled. Then others
    were counted already, and the caller must roll back.

    PostgreSQL checks a row's condition again after it has waited for another purchase; on SQLite only one transaction writes at a time.
    """
    ids = [Budget._meta.pk.get_db_prep_value(pk, connection) for pk in amounts]  # noqa: SLF001 - public in Django; SQLite has UUIDs as text
    now = connection.ops.adapt_datetimefield_value(at)
    change = [value for pair in zip(ids, amounts.values(), strict=True) for value in pair]
    lock = "FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    parts = {"ids": ", ".join(["%s"] * len(ids)), "change": f"CASE id {'WHEN %s THEN %s ' * len(ids)}END", "lock": lock}
    with connection.cursor() as cursor:
        cursor.execute(TAKE.format(**parts), [*change, *ids, now, now, *change])
        return bool(cursor.rowcount == len(amounts))


def add(amounts: Mapping[UUID, int], at: datetime) -> None:
    """Add these amounts, which may be negative, by id of the budget, for a purchase of this time. Limits are not checked."""
    wanted = {pk: amount for pk, amount in amounts.items() if amount}
    if wanted:
        rows = _in_order(wanted).filter(enabled=True, starts_at__lte=at)
        rows.update(held=Greatest(F("held") + _change(wanted), 0, output_field=BigIntegerField()))


def _in_order(amounts: Mapping[UUID, int]) -> QuerySet[Budget]:
    """Return the rows, locked in the order of their ids: an UPDATE alone locks in any order, and two of them could deadlock."""
    if len(amounts) == 1:
        return Budget.objects.filter(pk=next(iter(amounts)))
    ids = Budget.objects.filter(pk__in=amounts).order_by("pk").select_for_update(no_key=True).values("pk")
    return Budget.objects.filter(pk__in=ids)


def _change(amounts: Mapping[UUID, int]) -> Case | int:
    if len(amounts) == 1:
        return next(iter(amounts.values()))
    return Case(*(When(pk=pk, then=Value(amount)) for pk, amount in amounts.items()), default=0, output_field=BigIntegerField())


def locked(scopes: Iterable[Scope], now: datetime) -> list[Budget]:
    """Return the enabled budgets that count one of these scopes, locked and in their present periods."""
    wanted = list(scopes)
    of_them = (
        Q(kind=BudgetKind.EVERYONE)
        | Q(user__in={scope.owner_id for scope in wanted})
        | Q(team__in={scope.team_id for scope in wanted if scope.team_id})
        | Q(token_line__in={scope.token_line for scope in wanted if scope.token_line})
    )
    found = list(Budget.objects.filter(of_them, enabled=True).order_by("pk").select_for_update(no_key=True))
    for budget in found:
        if budget.ends_at <= now:
            _roll(budget, now)
    return found


def require_room(budgets: Sequence[Budget], amounts: Mapping[UUID, int]) -> None:
    """Raise `BudgetReached` for the first of these locked budgets that has no room for its amount."""
    for budget in budgets:
        if budget.held + amounts.get(budget.pk, 0) > budget.limit and amounts.get(budget.pk, 0) > 0:
            raise BudgetReached(budget)


def roll(now: datetime) -> int:
    """Begin the new periods of all budgets whose period has ended. Return how many."""
    count = 0
    for pk in Budget.objects.filter(enabled=True, ends_at__lte=now).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            budget = Budget.objects.select_for_update(no_key=True).filter(pk=pk, ends_at__lte=now).first()
            if budget is not None:
                _roll(budget, now)
                count += 1
    return count


def _roll(budget: Budget, now: datetime) -> None:
    """Begin the period of `now` of a locked budget. After a change of time zone, hours of the last period count again: otherwise a person
    could switch to a zone where midnight is near, again and again, and have a day's budget each hour.
    """
    budget.starts_at, budget.ends_at = period(budget.window, now, zone_of(budget))
    budget.held, budget.warned, budget.refusal_told = _sum_of(budget), 0, False
    budget.save(update_fields=["starts_at", "ends_at", "held", "warned", "refusal_told"])


def put_in_force(budget: Budget) -> None:
    """Store a new budget, or the limit, note and state of an edited one, and count what was bought in its period. After a change of its
    limit it warns again.

    A purchase that begins in the same second in another process may be missed; the hourly `ledger check` counts it.
    """
    with transaction.atomic():
        if budget._state.adding:  # noqa: SLF001 - public in Django, whatever its name
            budget.currency = settings.CURRENCY
            budget.starts_at, budget.ends_at = period(budget.window, clock.now(), zone_of(budget))
            budget.save()
        else:
            Budget.objects.filter(pk=budget.pk).exclude(limit=budget.limit).update(warned=0, refusal_told=False)
            budget.save(update_fields=["limit", "note", "enabled"])  # not `held`: orders may have changed it since it was read
        rebuild(budget)
        transaction.on_commit(forget)


def rebuild(budget: Budget) -> Difference | None:
    """Calculate what the budget holds from the reservations, and store it. Return the difference, None if there was none."""
    assert connection.in_atomic_block, "lock the budget while its sum is calculated"
    row = Budget.objects.select_for_update(no_key=True).filter(pk=budget.pk).first()
    if row is None:
        return None
    now = clock.now()
    if row.ends_at <= now:
        _roll(row, now)
    held = _sum_of(row)  # its own statement, after the lock: so it sees every change that was committed before
    was, row.held = row.held, held
    if was != held:
        row.save(update_fields=["held"])
    budget.held, budget.starts_at, budget.ends_at, budget.warned = row.held, row.starts_at, row.ends_at, row.warned
    return Difference(of=f"budget {row.pk} ({row})", was=was, is_now=held) if was != held else None


def _sum_of(budget: Budget) -> int:
    mine = {
        BudgetKind.EVERYONE: Q(),
        BudgetKind.USER: Q(owner=budget.user_id),
        BudgetKind.TEAM: Q(team=budget.team_id),
        BudgetKind.TOKEN: Q(token_line=budget.token_line),
    }
    rows = Reservation.objects.filter(mine[BudgetKind(budget.kind)], at__gte=budget.starts_at).order_by()
    total = rows.aggregate(total=Sum(F("reserved") - Coalesce(F("released"), 0, output_field=BigIntegerField())))["total"]
    return int(total or 0)  # PostgreSQL returns the sum of 64-bit integers as a decimal


def next_start(budget: Budget) -> str:
    """Return when the budget's next period begins, in its time zone: `2026-12-01 00:00 (Asia/Shanghai)`."""
    zone = zone_of(budget)
    return f"{budget.ends_at.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


def zone_of(budget: Budget) -> ZoneInfo:
    """Return the time zone of the budget's days and months: its person's, its token owner's, or PORTAL_TIME_ZONE."""
    owner_id = budget.user_id
    if budget.token_line is not None:
        owner_id = ApiToken.objects.filter(pk=budget.token_line).values_list("owner", flat=True).first()
    chosen = Preference.objects.filter(user=owner_id).values_list("time_zone", flat=True).first() if owner_id else ""
    return named_zone(chosen or "", settings.TIME_ZONE)
