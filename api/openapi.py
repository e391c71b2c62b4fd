"""Adds to the OpenAPI document an example of each operation, and the refusals that operations do not declare for themselves."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from api.auth import BearerToken
from api.examples import EXAMPLES, Example, shown

__all__ = ["DescribedAPI"]

REFUSALS = {
    400: "The request cannot be read",
    401: "The token is missing or not valid",
    403: "You may not do this, the token lacks the scope or the address, or the page's CSRF token is stale",
    404: "It does not exist, or you may not see it",
    409: "The same request is being answered. Try again after the seconds in Retry-After",
    413: "The request is too large",
    415: "The body's Content-Type is not accepted",
    422: "Some fields are not valid",
    429: "The token's rate is used up. Try again after the seconds in Retry-After",
    503: "Busy, or the media storage does not answer. Try again after the seconds in Retry-After",
    507: "The portal's storage is full; nothing was stored",
}
ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}}


class DescribedAPI(NinjaAPI):
    """A NinjaAPI whose document names the scopes of the operations, and the refusals of `REFUSALS` where they may be answered.

    An operation's id is its function's name, in whichever module it is: generated clients and tools are named after it.
    """

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        views = [view for router in self._get_bound_routers() for view in router.path_operations.values()]
        callers = {one.view_func.__name__: one.auth_callbacks for view in views for one in view.operations}
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                for auth in callers[operation["operationId"]]:
                    if isinstance(auth, BearerToken):
                        named = [{"BearerToken": [scope.value for scope in scopes]} for scopes in auth.scopes_for(method)]
                        operation["security"] = [*named, {"SignedInPage": []}]
                _show(EXAMPLES.get(operation["operationId"]), operation)
                declared = {int(status) for status in operation["responses"]}
                for status in sorted(_refusals(path, method, operation) - declared):
                    operation["responses"][status] = {"description": REFUSALS[status], "content": ERROR}
        return schema


def _show(example: Example | None, operation: dict[str, Any]) -> None:
    """Put the example where the document has places for it. `tests/api/test_examples.py` finds operations without one."""
    if example is None:
        return
    for parameter in operation.get("parameters", []):
        name, where = parameter["name"], parameter["in"]
        if where == "path":
            parameter["example"] = shown(example.path_value(name))
        elif name in example.query:
            parameter["example"] = example.query[name]
    if example.body is not None:
        operation["requestBody"]["content"]["application/json"]["example"] = shown(example.body)


def _refusals(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    found = {401, 403, 429, 503}
    if "{" in path:
        found |= {404}
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", [])):
        found |= {409}  # the first request with the key is being answered
    if any(parameter["in"] != "path" for parameter in operation.get("parameters", [])):  # a malformed path is a 404
        found |= {422}
    if method == "post":
        found |= {507}
    return found | {400, 413, 415, 422} if "requestBody" in operation else found
