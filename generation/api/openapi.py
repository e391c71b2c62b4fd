"""The API's description of itself: what every operation may answer beside its own results, declared once."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

__all__ = ["DescribedAPI"]

REFUSALS = {
    400: "The request cannot be read",
    401: "No valid token came along",
    403: "You may see it and may not do this; or the page's protection against forged requests is stale",
    404: "There is no such thing, or not for you",
    413: "The request is too large",
    415: "The body is not of a kind that is taken",
    422: "Some fields cannot be used as they are",
    507: "The portal's storage is full; nothing was stored",
    503: "Someone else holds what is needed; try again in a few seconds",
}
ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}}


class DescribedAPI(NinjaAPI):
    """ninja's, whose document names the refusals that no operation declares for itself."""

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
