"""Every operation has an example, and every example works."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.db import transaction

from api.examples import EXAMPLES, filled
from api.v1.urls import api as the_api
from tests.api.example_world import world_of
from tests.pictures import picture
from tests.scripted_server import ScriptedServer, answer

PATHS = the_api.get_openapi_schema()["paths"]
OPERATIONS = [(method, path, operation) for path, operations in PATHS.items() for method, operation in operations.items()]


def test_every_operation_has_an_example_that_works(admin_api, staff, driver, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    world, faults = world_of(staff, driver), []
    with ScriptedServer(answer(200, picture().read(), headers="Content-Type: image/jpeg\r\n")) as shop:
        world["image_url"] = f"{shop.url}/fox.jpg"
        for method, path, operation in OPERATIONS:
            name = operation["operationId"]
            example = EXAMPLES.get(name)
            if example is None:
                faults.append(f"{name} has no example: add one to EXAMPLES in api/examples.py, and its rows to tests/api/example_world.py.")
                continue
            parts = [part["name"] for part in operation.get("parameters", []) if part["in"] == "path"]
            address = path.format(**{part: filled(example.path_value(part), world) for part in parts})
            with transaction.atomic():  # each example finds the rows as they were made
                reply = admin_api.client.generic(
                    method.upper(),
                    f"{address}?{urlencode(example.query)}",
                    b"" if example.body is None else json.dumps(filled(example.body, world)).encode(),
                    content_type="application/json",
                )
                said = b"".join(reply) if reply.streaming else reply.content
                transaction.set_rollback(True)
            if reply.status_code != example.status or str(example.status) not in map(str, operation["responses"]):
                faults.append(f"{name}: answered {reply.status_code}, and the example says {example.status}: {said[:300]!r}")

    assert not faults, "\n".join(faults)


def test_no_example_is_left_over_and_all_are_in_the_document():
    by_name = {operation["operationId"]: operation for _method, _path, operation in OPERATIONS}

    assert EXAMPLES.keys() == by_name.keys()
    for name, example in EXAMPLES.items():
        body = by_name[name].get("requestBody", {}).get("content", {}).get("application/json", {})
        named = {part["name"] for part in by_name[name].get("parameters", [])}
        assert (example.body is None) is ("example" not in body), name
        assert example.query.keys() | example.path.keys() <= named, name
    assert all(operation["summary"] and operation["security"] for operation in by_name.values())
