"""Every address below /api/ answers in JSON, whatever is asked there and by whom; every answer has a request id."""

from __future__ import annotations

import io
import logging
import re
from itertools import product

import pytest
from django.test import Client

from access.tokens import issue
from jobs import run
from tests.cases import in_one_test

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
ID = "0190f0e0-0000-7000-8000-000000000000"
ADDRESSES = (
    *("/api", "/api/", "/api/x", "/api/x/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/tasks", "/api/v1/%00", "/api/v1/%ff"),
    *("/api/v1/tasks/", f"/api/v1/tasks/{ID}/", "/api/v1//tasks", "/api/v1/tasks/x", f"/api/v1/tasks/{ID}/nothing"),
    *("/api/v1/models/", "/api/v1/models/a/b/"),
)
CALLERS = (
    {},
    {"authorization": "Bearer vp_x"},
    {"host": "elsewhere.example"},
    {"cookie": "sessionid=nobody"},
    {"accept": "text/html", "content-type": "application/x-www-form-urlencoded"},
)


def of_json(reply) -> bool:
    return reply["Content-Type"].startswith("application/json")


def test_whatever_is_wrong_below_api_is_said_in_json(db, user):
    client = Client(headers={"authorization": f"Bearer {issue(user, 'tests')[1]}"}, raise_request_exception=False)
    for address, method, caller in product(ADDRESSES, METHODS, CALLERS):
        case = (address, method, caller)
        reply = client.generic(method.upper(), address, b"x=y", headers=caller)

        assert reply.status_code in {400, 401, 404, 405}, case
        assert of_json(reply), case
        assert re.fullmatch("[0-9a-f]{32}", reply["X-Request-Id"]), case
        if method != "head":
            assert reply.json()["error"]["request_id"] == reply["X-Request-Id"], case


@in_one_test(
    ("address", "meant"),
    [
        ("/api/v1/tasks/", "/api/v1/tasks"),
        (f"/api/v1/tasks/{ID}/", f"/api/v1/tasks/{ID}"),
        ("/api/v1/models/", "/api/v1/models"),
        ("/api/v1/nothing/", ""),
        ("/api/", ""),
    ],
)
def test_a_slash_too_many_is_named(client, address, meant):
    message = client.get(address).json()["error"]["message"]

    assert message.endswith(meant) if meant else message == "There is nothing at this address."


def test_a_form_of_a_stranger_is_refused_in_json_below_api_and_by_a_page_elsewhere(db):
    client = Client(enforce_csrf_checks=True)

    assert of_json(client.post("/api/v1/nothing", {"a": "b"}))
    assert client.post("/i18n/setlang/", {"language": "en"})["Content-Type"].startswith("text/html")


def test_an_error_outside_of_the_views_is_said_in_json(client):
    """The session of the cookie is looked for before any view, in a database that does not answer here."""
    client.raise_request_exception = False
    client.cookies["sessionid"] = "a" * 32

    reply = client.post("/api/v1/tasks", b"x" * 200_000, content_type="application/json")

    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "internal_error")


@in_one_test(
    ("given", "is_kept"),
    [("order-7_a.b", True), ("A" * 64, True), ("A" * 65, False), ("", False), ("two words", False), ("a\x7f", False), ("é", False)],
)
def test_a_callers_own_request_id_is_kept_if_it_is_harmless(client, given, is_kept):
    for address in ("/api/v1/nothing", "/healthz", "/static/none.css"):
        assert (client.get(address, headers={"x-request-id": given})["X-Request-Id"] == given) is is_kept


def test_the_log_names_the_request(client, caplog):
    with caplog.at_level(logging.WARNING, "django.request"):
        answered = client.get("/api/nothing")["X-Request-Id"]
    formatter = logging.getLogger("api").handlers[0].formatter

    assert [formatter.format(record).endswith(f"[request {answered}]") for record in caplog.records] == [True]


def test_the_log_leads_from_a_request_to_its_task_and_names_jobs(api, idle_account):
    stream, task = io.StringIO(), "01a22f46-8ec5-76ca-9799-b4a6a663eabd"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.getLogger("api").handlers[0].formatter)
    for name in ("generation", "jobs"):
        logging.getLogger(name).addHandler(handler)
    try:
        made = api.post("/tasks", {"model": "kling/kling-v3", "prompt": "a fox"}, x_request_id="order-7").json()
        with pytest.raises(KeyError):
            run("no such job", task)
    finally:
        for name in ("generation", "jobs"):
            logging.getLogger(name).removeHandler(handler)
    lines = stream.getvalue().splitlines()

    assert lines[0].endswith(f"generation.ordering task {made['id']} is ordered: kling/kling-v3 [request order-7]")
    assert lines[1].endswith(f"[job no such job {task}]")


def test_a_page_that_is_not_there_is_still_a_page(db, client):
    assert client.get("/studio/none")["Content-Type"].startswith("text/html")
