"""Lists page by key: ids sort by time, so the last id of a page is the cursor of the next."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from ninja import Schema
from pydantic import Field

from access.callers import Caller

__all__ = ["PageIn", "created_within", "page_of"]


class PageIn(Schema):
    cursor: UUID | None = Field(None, description="`next_cursor` of the page before.")
    limit: int = Field(50, ge=1, le=100)


def created_within(rows: QuerySet[Any], after: datetime | None, before: datetime | None) -> QuerySet[Any]:
    """Return the rows that were created at `after` or later, and before `before`; None is no bound."""
    if after is not None:
        rows = rows.filter(created_at__gte=after)
    return rows if before is None else rows.filter(created_at__lt=before)


def page_of(rows: Any, page: PageIn, *, seen_by: Caller | None = None) -> tuple[list[Any], UUID | None]:
    """Return the rows of this page, newest first, and the cursor of the next. Given a caller: of an `OwnedQuerySet`, what they may see."""
    if page.cursor is not None:
        rows = rows.filter(pk__lt=page.cursor)
    found = list(rows.first_for(seen_by, page.limit + 1) if seen_by else rows.order_by("-pk")[: page.limit + 1])
    more = len(found) > page.limit
    return found[: page.limit], found[page.limit - 1].pk if more else None
