"""/budgets: what limits the caller's orders and, for administrators, every budget."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access import budget_changes
from access.budgets import of_caller, show_present, zone_of
from access.callers import Caller
from access.ledger_models import Budget, BudgetKind
from access.models import ApiToken
from access.money import decimal, micro
from access.rights import may
from api.auth import caller
from api.fields import Amount
from api.idempotency import idempotent
from api.v1.schemas import TEXT, ErrorOut
from database import clock
from database.errors import is_taken
from generation.errors import Conflict, InvalidRequest, NotAllowed, NotThere

__all__ = ["router"]

router = Router(tags=["budgets"])

Note = Annotated[str, Field(max_length=200, pattern=TEXT)]
Name = Annotated[str, Field(max_length=150, pattern=TEXT)]


class BudgetIn(Schema):
    """A new budget. Its kind says which of `user` (a user name), `team` (its name) and `token` (the id of one) is needed; the others stay
    away. A token's budget also counts what is ordered with the tokens that it makes or is rolled into.
    """

    model_config = ConfigDict(extra="forbid")

    kind: BudgetKind = Field(examples=["everyone"])
    window: Budget.Window = Field(examples=["month"])
    limit: Amount
    user: Name | None = None
    team: Name | None = None
    token: UUID | None = None
    note: Note = ""
    enabled: StrictBool = True


class BudgetChangeIn(Schema):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    limit: Amount = Field(default_factory=Decimal)
    note: Note = ""
    enabled: StrictBool = True


class BudgetOut(Schema):
    """What may be spent in a day or a month of `time_zone`. `held` is spent or reserved in the period from `starts_at` to `ends_at`, `left`
    is what remains of `limit`. `token` is the first token of those that count together. `note` is for administrators, else null.
    """

    id: UUID
    kind: BudgetKind
    window: Budget.Window
    user: str | None
    team: str | None
    token: UUID | None
    limit: Decimal
    held: Decimal
    left: Decimal
    currency: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    enabled: bool
    note: str | None


class BudgetsOut(Schema):
    items: list[BudgetOut]


class BudgetFilter(Schema):
    all: bool = Field(False, description="For administrators: every budget, also of others and those that are not enabled.")


@router.get("", response={200: BudgetsOut, 403: ErrorOut}, summary="What limits your orders")
def list_budgets(request: HttpRequest, wanted: Query[BudgetFilter]) -> BudgetsOut:
    """List the budgets in force that count what you order: of everyone, your team, you, and this token. An order needs room in all."""
    asking = caller(request)
    if not wanted.all:
        return BudgetsOut(items=[budget_out(row, asking) for row in of_caller(asking, clock.now())])
    _require_right(asking)
    rows = Budget.objects.select_related("user", "team").order_by("kind", "window", "pk")
    return BudgetsOut(items=[budget_out(row, asking) for row in rows])


@router.post("", response={201: BudgetOut, 403: ErrorOut, 409: ErrorOut, 422: ErrorOut}, summary="Set a budget")
@idempotent
def post_budget(request: HttpRequest, response: HttpResponse, body: BudgetIn) -> Status[BudgetOut]:
    """Limit what everyone together, a team, a person or a token may spend in a day or a month. What was bought in this period counts.

    409 `budget_exists`: there is one for this period already; change that one.
    """
    asking = caller(request)
    _require_right(asking)
    row = Budget(kind=body.kind, window=body.window, limit=micro(body.limit), note=body.note, enabled=body.enabled, **_target_of(body))
    try:
        budget_changes.make(row, by=asking)
    except IntegrityError as error:
        if not is_taken(error):
            raise
        raise Conflict(_("There is one for this period already. Change that one."), code="budget_exists") from error
    response["Location"] = f"/api/v1/budgets/{row.pk}"
    return Status(201, budget_out(row, asking))


@router.get("/{budget_id}", response={200: BudgetOut, 404: ErrorOut}, summary="One budget")
def get_budget(request: HttpRequest, budget_id: UUID) -> BudgetOut:
    asking = caller(request)
    return budget_out(_known(asking, budget_id), asking)


@router.patch("/{budget_id}", response={200: BudgetOut, 403: ErrorOut, 404: ErrorOut, 422: ErrorOut}, summary="Change a budget")
def patch_budget(request: HttpRequest, budget_id: UUID, body: BudgetChangeIn) -> BudgetOut:
    """Change limit, note or whether it is in force. A limit below what is held refuses new orders and ends none."""
    asking = caller(request)
    row = _known(asking, budget_id)
    _require_right(asking)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(row, name, micro(value) if name == "limit" else value)
    try:
        budget_changes.change(row, by=asking)
    except budget_changes.BudgetGone as gone:
        raise _not_there() from gone
    return budget_out(row, asking)


@router.delete("/{budget_id}", response={204: None, 403: ErrorOut, 404: ErrorOut}, summary="Delete a budget")
def delete_budget(request: HttpRequest, budget_id: UUID) -> Status[None]:
    """Delete the budget. What was spent stays recorded."""
    asking = caller(request)
    row = _known(asking, budget_id)
    _require_right(asking)
    try:
        budget_changes.remove(row, by=asking)
    except budget_changes.BudgetGone as gone:
        raise _not_there() from gone
    return Status(204, None)


def _require_right(asking: Caller) -> None:
    if not may(asking, "change", Budget):
        raise NotAllowed(_("Only administrators set budgets."))


def _known(asking: Caller, budget_id: UUID) -> Budget:
    """Return a budget that counts what the caller orders; for administrators any. Raises `NotThere`."""
    if may(asking, "change", Budget):
        row = Budget.objects.select_related("user", "team").filter(pk=budget_id).first()
    else:
        row = next((one for one in of_caller(asking, clock.now()) if one.pk == budget_id), None)
    if row is None:
        raise _not_there()
    return row


def _not_there() -> NotThere:
    return NotThere(_("There is no such budget."))


def _target_of(body: BudgetIn) -> dict[str, Any]:
    """Return the columns of whose budget it is. Raises `InvalidRequest`, with the field that lacks, is too much, or names nobody."""
    given = {"user": body.user, "team": body.team, "token": body.token}
    wrong = {name: _("Leave this out: the kind does not have it.") for name, value in given.items() if value and name != body.kind}
    found: Any = None
    if body.kind == BudgetKind.USER:
        found = User.objects.filter(username=body.user).first()
    elif body.kind == BudgetKind.TEAM:
        found = Group.objects.filter(name=body.team).first()
    elif body.token is not None:
        found = ApiToken.objects.filter(pk=body.token).first()
    if found is None and body.kind != BudgetKind.EVERYONE:
        wrong[str(body.kind.value)] = _("Nothing has this name or id.")
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    if body.kind == BudgetKind.TOKEN:
        return {"token_line": found.line_id}
    return {} if found is None else {str(body.kind.value): found}


def budget_out(row: Budget, asking: Caller) -> BudgetOut:
    show_present(row, clock.now())
    return BudgetOut(
        id=row.pk,
        kind=BudgetKind(row.kind),
        window=Budget.Window(row.window),
        user=row.user.get_username() if row.user else None,
        team=row.team.name if row.team else None,
        token=row.token_line,
        limit=decimal(row.limit),
        held=decimal(row.held),
        left=decimal(row.left),
        currency=row.currency,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        time_zone=zone_of(row).key,
        enabled=row.enabled,
        note=row.note if may(asking, "change", Budget) else None,
    )
