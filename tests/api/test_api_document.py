"""The OpenAPI document names every status that an operation answers."""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from importlib import import_module
from pkgutil import iter_modules
from typing import get_args

from pydantic import BaseModel

import api.v1
from api.v1.urls import api as the_api
from tests.cases import in_one_test

MODULES = [import_module(f"api.v1.{one.name}") for one in iter_modules(api.v1.__path__)]
PATHS = the_api.get_openapi_schema()["paths"]
OPERATIONS = [(path, method) for path, operations in PATHS.items() for method in operations]


def filled(path: str) -> str:
    """Return the address with ids of rows that are not there."""
    return re.sub(r"{\w+}", "0" * 32, path)


def documented(path: str, method: str) -> set[int]:
    return {int(status) for status in PATHS[path][method]["responses"]}


@in_one_test(("path", "method"), OPERATIONS)
def test_a_caller_without_a_token_gets_a_documented_answer(client, db, path, method):
    assert getattr(client, method)(filled(path)).status_code == 401
    assert {401, 503} <= documented(path, method)


@in_one_test(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * 1_100_000, "application/json", 413),
        (b"{}", "application/json", 422),
    ],
)
@in_one_test("path", [path for path, operations in PATHS.items() if "requestBody" in operations.get("post", {})])
def test_a_bad_body_is_refused_in_a_documented_way(api, path, content, kind, status):
    reply = api.raw(filled(path).removeprefix("/api/v1"), content, kind)

    assert reply.status_code in documented(path, "post")
    assert reply.status_code in {status, 404}
    assert reply.status_code >= 400


def test_every_post_takes_an_idempotency_key_that_changes_something_and_returns_no_secret():
    posts = [operations["post"] for operations in PATHS.values() if "post" in operations]
    keyless = {one["operationId"] for one in posts if all(given["name"] != "Idempotency-Key" for given in one.get("parameters", []))}

    assert keyless == {
        "post_estimate",
        "post_content_ids",
        "estimate_variations",
        "estimate_finish",
        "post_similar",
        "render_prompt",
        "lint_prompt",
        "post_asset",
        "post_bill",
        "post_token",
        "roll_token",
        "post_webhook",
        "roll_webhook",
    }


def test_an_operation_has_its_functions_name_whatever_the_module():
    assert PATHS["/api/v1/tasks"]["post"]["operationId"] == "post_task"


def test_no_two_bodies_have_one_name():
    """The document has one place for each name, and shows the last."""
    values = {value for module in MODULES for value in vars(module).values() if isinstance(value, type)}
    shapes = {value for value in values if issubclass(value, BaseModel) and value.__module__.startswith("api.")}
    choices = {one for shape in shapes for field in shape.model_fields.values() for one in (field.annotation, *get_args(field.annotation))}
    named = Counter(one.__name__ for one in shapes | {one for one in choices if isinstance(one, type) and issubclass(one, Enum)})

    assert [name for name, count in named.items() if count > 1] == []
