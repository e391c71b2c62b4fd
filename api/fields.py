"""Types of fields that several resources have: whole numbers that may come as text, moments, days, and texts to look for."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import AwareDatetime, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError
from pydantic_core.core_schema import no_info_before_validator_function

from providers.core.catalog import exact_number

__all__ = ["EXACT", "TEXT", "Amount", "Day", "Moment", "Plain"]

TEXT = r"^[^\x00]*$"
"""Databases refuse NUL characters; `api.strict_json` answers 400 before these fields are checked, so this is for the document."""

Amount = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=6, description="In the portal's currency.", examples=["500"])]
Plain = Annotated[str, Field(max_length=200, pattern=TEXT)]


class _Exact:
    """Reads `"5"` and `"5.0"` as 5; refuses True and every other text. Behind the bounds: `Annotated[int, Field(ge=1), EXACT]`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(_whole, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": r"^-?[0-9]{1,18}(\.0{1,18})?$"}]}


EXACT = _Exact()


def _whole(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    if not isinstance(value, str):
        return value
    number = exact_number(value, whole=True)
    if number is None:
        raise PydanticKnownError("int_parsing")
    return number


def _moment(value: Any) -> Any:
    """Read RFC 3339 with its offset, as UTC: a moment near the year 1 or 9999 may have none. Numbers are refused, not read as seconds."""
    words = _("Write a time with its UTC offset: 2026-11-29T15:00:00Z.")
    try:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None or "T" not in value.upper():
            raise ValueError(words)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(words) from error


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _day(value: Any) -> Any:
    """Read a day as RFC 3339 writes it. pydantic would take `2026` for seconds since 1970, and a moment for its day in another zone."""
    words = _("Write a day: 2026-11-29.")
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError(words)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(words) from error


Day = Annotated[date, BeforeValidator(_day)]
