"""Adds to the OpenAPI document the refusals that operations do not declare for themselves."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

__all__ = ["DescribedAPI"]

REFUSALS = {
    400: "The request cannot be read",
    401: "The token is missing or not valid",
    403: "You may not do this, or the page's CSRF token is stale",
    404: "It does not exist, or you may not see it",
    413: "The request is too large",
    415: "The body's Content-Type is not accepted",
    422: "Some fields are not valid",
    503: "Busy, or the media storage does not answer. Try again after the seconds in Retry-After",
    507: "The portal's storage is full; nothing was stored",
}
ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}}


class DescribedAPI(NinjaAPI):
    """A NinjaAPI whose document names the refusals of `REFUSALS` at the operations that may answer them.

    An operation's id is its function's name, in whichever module it is: generated clients and tools are named after it.
    """

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                declared = {int(status) for status in operation["responses"]}
                for status in sorted(_refusals(path, method, operation) - declared):
                    operation["responses"][status] = {"description": REFUSALS[status], "content": ERROR}
        return schema


def _refusals(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    found = {401, 503}
    if "{" in path:
        found |= {404}
    if any(parameter["in"] != "path" for parameter in operation.get("parameters", [])):  # a malformed path is a 404
        found |= {422}
    if method == "post":
        found |= {403, 507}
    return found | {400, 413, 415, 422} if "requestBody" in operation else found
