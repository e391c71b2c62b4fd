"""/recurring-batches: files at an address that become a batch every day."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field, StrictBool

from access.money import decimal, micro
from access.scopes import Scope
from api.auth import caller, needs
from api.fields import Amount
from api.idempotency import idempotent
from api.paging import PageIn, page_of
from api.v1.batch_schemas import Mapped, Name
from api.v1.schemas import TEXT, ErrorOut, Page
from batches import recurring
from batches.models import RecurringBatch
from generation.actions.share import require_team
from generation.errors import NotThere
from providers.messages import translated

__all__ = ["router"]

router = Router(tags=["batches"])

TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["02:30"])]
Address = Annotated[str, Field(min_length=1, max_length=2_000, pattern=TEXT, examples=["https://shop.example/products.csv"])]
Zone = Annotated[str, Field(max_length=64, pattern=TEXT, examples=["Asia/Shanghai"])]
MissingOnly = Annotated[
    StrictBool, Field(description="Leave out rows whose content_id has a video that you may see, or one that is being made.")
]
GoodOnly = Annotated[StrictBool, Field(description="Start the good rows; false: start nothing while a row needs fixing.")]
Most = Annotated[Amount | None, Field(description="The most that a run may cost, in the portal's currency; null: only budgets limit it.")]


class RecurringIn(Schema):
    """A file (CSV, XLSX, JSON Lines) that becomes a batch every day at `at` in `time_zone`, with `mapping` and `defaults` as of a batch."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    url: Address
    at: TimeOfDay
    time_zone: Zone = Field(default_factory=lambda: settings.TIME_ZONE)
    mapping: Mapped = Field(default_factory=dict)
    defaults: dict[str, Any] = Field(default_factory=dict)
    missing_only: MissingOnly = True
    good_only: GoodOnly = False
    most_cost: Most = None
    team: str = Field("", max_length=150, pattern=TEXT)


class RecurringChangeIn(Schema):
    """The fields to change; the others stay as they are. `paused: true` plans no further run."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    url: Address = ""
    at: TimeOfDay = ""
    time_zone: Zone = ""
    mapping: Mapped = Field(default_factory=dict)
    defaults: dict[str, Any] = Field(default_factory=dict)
    missing_only: MissingOnly = True
    good_only: GoodOnly = False
    most_cost: Most = None
    paused: StrictBool = False


class RecurringOut(Schema):
    """A recurring batch. `batch` is that of the last run, if it made one; `result` says what became of the run."""

    id: UUID
    name: str
    url: str = Field(description="Without its query, which may hold a key, unless it is yours.")
    at: str
    time_zone: str
    mapping: dict[str, str]
    defaults: dict[str, Any]
    missing_only: bool
    good_only: bool
    most_cost: Decimal | None
    paused: bool
    running: bool
    next_at: datetime | None
    last_run_at: datetime | None
    batch: UUID | None
    failed: bool
    result: str
    created_at: datetime


KNOWN: Any = {200: RecurringOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut, 422: ErrorOut}


@router.get("", response={200: Page[RecurringOut]}, summary="Recurring batches")
def list_recurring(request: HttpRequest, wanted: Query[PageIn]) -> Page[RecurringOut]:
    """List those that you may see, newest first."""
    asking = caller(request)
    found, cursor = page_of(RecurringBatch.objects.all(), wanted, seen_by=asking)
    return Page[RecurringOut](items=[_out(request, row) for row in found], next_cursor=cursor)


@router.post("", response={201: RecurringOut, 409: ErrorOut, 422: ErrorOut}, summary="Make a batch every day", auth=needs(Scope.GENERATE))
@idempotent
def post_recurring(request: HttpRequest, response: HttpResponse, body: RecurringIn) -> Status[RecurringOut]:
    """Fetch the file every day and order its videos, in your name and with this token's rights. Each run is an ordinary batch."""
    asking = caller(request)
    team = require_team(body.team, asking) if body.team else None
    row = recurring.create(by=asking, team=team, **_values(body.model_dump(exclude={"team"})))
    response["Location"] = f"/api/v1/recurring-batches/{row.pk}"
    return Status(201, _out(request, row))


@router.get("/{recurring_id}", response={200: RecurringOut, 404: ErrorOut}, summary="One recurring batch")
def get_recurring(request: HttpRequest, recurring_id: UUID) -> RecurringOut:
    return _out(request, _visible(request, recurring_id))


@router.patch("/{recurring_id}", response=KNOWN, summary="Change, pause or resume a recurring batch", auth=needs(Scope.GENERATE))
def patch_recurring(request: HttpRequest, recurring_id: UUID, body: RecurringChangeIn) -> RecurringOut:
    """Change it. A run in progress uses the new values from its next step on."""
    row = _visible(request, recurring_id)
    return _out(request, recurring.change(row, by=caller(request), **_values(body.model_dump(exclude_unset=True))))


@router.post("/{recurring_id}/run", response=KNOWN, summary="Run a recurring batch now", auth=needs(Scope.GENERATE))
@idempotent
def run_recurring(request: HttpRequest, recurring_id: UUID) -> RecurringOut:
    """Begin a run at once. 409 `run_is_on` while one is on."""
    return _out(request, recurring.run_now(_visible(request, recurring_id), by=caller(request)))


@router.delete(
    "/{recurring_id}", response={204: None, 403: ErrorOut, 404: ErrorOut}, summary="Delete a recurring batch", auth=needs(Scope.GENERATE)
)
def delete_recurring(request: HttpRequest, recurring_id: UUID) -> Status[None]:
    """Plan no further run. Its batches stay."""
    recurring.delete(_visible(request, recurring_id), by=caller(request))
    return Status(204, None)


def _values(given: dict[str, Any]) -> dict[str, Any]:
    if "at" in given:
        given["at"] = time.fromisoformat(given["at"])
    if given.get("most_cost") is not None:
        given["most_cost"] = micro(given["most_cost"])
    return given


def _visible(request: HttpRequest, recurring_id: UUID) -> RecurringBatch:
    row = RecurringBatch.objects.one_for(caller(request), recurring_id)
    if row is None:
        raise NotThere(_("There is no such recurring batch."))
    return row


def _out(request: HttpRequest, row: RecurringBatch) -> RecurringOut:
    plain = {"id", "name", "time_zone", "mapping", "defaults", "missing_only", "good_only", "paused", "last_run_at", "failed", "created_at"}
    return RecurringOut(
        **{name: getattr(row, name) for name in plain},
        url=row.url if row.owner_id == caller(request).user.pk else row.url.partition("?")[0],
        at=f"{row.at:%H:%M}",
        most_cost=None if row.most_cost is None else decimal(row.most_cost),
        running=row.run_id is not None,
        next_at=None if row.paused else row.next_at,
        batch=row.batch_id,
        result=translated(row.result),
    )
