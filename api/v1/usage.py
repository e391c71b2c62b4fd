"""/usage: what was spent, and how the models did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from access.usage import MOST_DAYS, Sums, Wanted, labels_of, lines_by, rows_for, totals
from api.auth import caller
from api.fields import Day
from api.v1.schemas import TEXT, ErrorOut
from generation.errors import InvalidRequest
from generation.queries.league import league
from library.votes import scores

__all__ = ["router"]

router = Router(tags=["usage"])

MOST_LINES = 1_000
MOST_ID = 2**31 - 1
ONE_DAY = "A day of the portal's time zone; both are included, at most 400 together."


class UsageFilter(Schema):
    first: Day = Field(alias="from", description=ONE_DAY)
    last: Day = Field(alias="to", description=ONE_DAY)
    by: Literal["day", "vendor", "model", "owner", "team", "token", "content_id"] = "day"
    vendor: str = Field("", max_length=40, pattern=TEXT)
    model: str = Field("", max_length=120, pattern=TEXT)
    owner: int | None = Field(None, ge=1, le=MOST_ID)
    team: int | None = Field(None, ge=1, le=MOST_ID)
    token: UUID | None = Field(None, description="The id of the token; tokens that it was rolled into count as the same.")
    content_id: str = Field("", max_length=200, pattern=TEXT)


class SumsOut(Schema):
    """Amounts in `currency`: `spent` is settled, `reserved` set aside for renders under way, `waits` for purchases of which a person
    has to say whether they were charged. `renders` were or may be charged; of these, `without_price` count as nothing.
    """

    spent: Decimal
    reserved: Decimal
    waits: Decimal
    without_price: int
    renders: int


class UsageLineOut(SumsOut):
    """The sums of one day, model, person and so on. `key` is null for purchases that have none."""

    key: str | None
    label: str


class UsageReportOut(Schema):
    currency: str
    time_zone: str
    totals: SumsOut
    items: list[UsageLineOut]


class LeagueFilter(Schema):
    days: Literal["30", "90", "365"] = "30"


class StandingOut(Schema):
    """How a model did, from this portal's own renders. Shares are from 0 to 1; figures of too few renders are null.

    `cost_per_kept_second` is what all renders cost, by the seconds of video that nobody deleted. Waits are from order to finished video.
    `rejected` and `invalid` are what the vendor refused for content or for settings; `failed` is all else that failed.
    """

    model: str
    renders: int
    cost_per_kept_second: Decimal | None
    wait_p50_s: float | None
    wait_p95_s: float | None
    failed: float | None
    rejected: float | None
    invalid: float | None
    starred: float | None
    votes: int = Field(description="Blind votes between it and another model.")
    preferred: float | None = Field(
        description="How often it was preferred in them; a tie is half. `preferred_range` has the true share with 95 %."
    )
    preferred_range: tuple[float, float] | None


class LeagueOut(Schema):
    currency: str
    items: list[StandingOut]


@router.get("", response={200: UsageReportOut, 422: ErrorOut}, summary="What was spent")
def get_usage(request: HttpRequest, wanted: Query[UsageFilter]) -> UsageReportOut:
    """Sum up purchases of these days: your own; for staff everyone's. Sandbox renders are never counted. Days are in their order, other
    items by money, at most 1,000.
    """
    if not 0 <= (wanted.last - wanted.first).days < MOST_DAYS:
        words = _("From and to are days in this order, at most %(most)d together.") % {"most": MOST_DAYS}
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields={"to": words})
    facts = wanted.model_dump(exclude={"by"})
    rows = rows_for(caller(request), Wanted(**facts))
    lines = lines_by(rows, wanted.by, MOST_LINES)
    labels = labels_of(wanted.by, {line.key for line in lines} - {None})
    items = [UsageLineOut(key=_key(line.key), label=labels.get(line.key, _key(line.key) or ""), **_sums(line.sums)) for line in lines]
    return UsageReportOut(currency=settings.CURRENCY, time_zone=settings.TIME_ZONE, totals=SumsOut(**_sums(totals(rows))), items=items)


@router.get("/models", response=LeagueOut, summary="How the models did")
def get_league(request: HttpRequest, wanted: Query[LeagueFilter]) -> LeagueOut:  # noqa: ARG001
    """Compare models by cost, waits, failures and stars over everyone's renders of the last days. At most ten minutes old."""
    voted = scores(int(wanted.days))
    items = [
        StandingOut(
            model=row.model,
            renders=row.renders,
            cost_per_kept_second=row.cost_per_s,
            wait_p50_s=row.p50_s,
            wait_p95_s=row.p95_s,
            failed=row.failed,
            rejected=row.rejected,
            invalid=row.invalid,
            starred=row.starred,
            votes=voted[row.model].votes if row.model in voted else 0,
            preferred=voted[row.model].share if row.model in voted else None,
            preferred_range=(voted[row.model].low, voted[row.model].high) if row.model in voted else None,
        )
        for row in league(int(wanted.days))
    ]
    return LeagueOut(currency=settings.CURRENCY, items=items)


def _key(value: Any) -> str | None:
    return None if value in {None, ""} else str(value)


def _sums(sums: Sums) -> dict[str, Any]:
    return {name: getattr(sums, name) for name in SumsOut.model_fields}
