"""Whole numbers in bodies, which clients without integers send as text. The options of a model: `providers.core.catalog.StrictNumbers`."""

from __future__ import annotations

from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError
from pydantic_core.core_schema import no_info_before_validator_function

from providers.core.catalog import exact_number

__all__ = ["EXACT"]


class _Exact:
    """Reads `"5"` and `"5.0"` as 5; refuses True and every other text. Behind the bounds: `Annotated[int, Field(ge=1), EXACT]`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(_read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": r"^-?[0-9]{1,18}(\.0{1,18})?$"}]}


EXACT = _Exact()


def _read(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticKnownError("int_type")
    if not isinstance(value, str):
        return value
    number = exact_number(value, whole=True)
    if number is None:
        raise PydanticKnownError("int_parsing")
    return number
