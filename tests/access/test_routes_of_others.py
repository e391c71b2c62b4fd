"""What belongs to another person does not exist: every address and method answers as it does for an id that nobody has.

**A new route with an id** gets one line here: in `ROWS` if the id is that of a person's row (and in `MADE`, if the kind of row is new), in
`EVERYBODYS` if it is not.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from access.callers import Caller
from access.ledger_models import Reservation
from access.limits import Limits
from access.models import ApiToken
from access.scopes import Scope
from access.tokens import issue
from api.shapes import for_programs
from api.v1.urls import api
from delivery.links import make_link
from generation.lifecycle import Status
from library.index import index_waiting
from library.models import Collection, Comment
from prompts.models import Preset
from tests.api.example_world import budget_of, bulk_job_of, template_of
from tests.batches.batch_rows import make_batch, make_recurring
from tests.cases import in_one_test
from tests.task_rows import MODEL, make_task
from tests.web.page_rows import make_asset, make_video
from webhooks.actions import create, ping
from webhooks.models import Notice

ROWS = {
    "tasks/<uuid:pk>": "task",
    "tasks/<uuid:pk>/settle/<uuid:row>": "reservation",
    "tasks/<uuid:pk>/correct/<uuid:row>": "reservation",
    "videos/<uuid:pk>": "video",
    "videos/<uuid:pk>/links/<uuid:link_pk>": "link",
    "videos/<uuid:pk>/comments/<uuid:comment_pk>": "comment",
    "bin/<uuid:pk>": "video in the bin",
    "assets/<uuid:pk>": "asset",
    "batches/<uuid:pk>": "batch",
    "settings/tokens/<uuid:pk>": "token",
    "webhooks/<uuid:pk>": "endpoint",
    "webhooks/deliveries/<uuid:pk>": "delivery",
    "accounts/2fa/webauthn/keys/<int:pk>": "passkey",
    "notices/<uuid:pk>": "notice",
    "templates/<str:template_id>": "template",
    "api/v1/tasks/<task_id>": "task",
    "api/v1/videos/<video_id>": "video",
    "api/v1/videos/<video_id>/links/<link_id>": "link",
    "collections/<uuid:pk>": "collection",
    "bulk/<uuid:pk>": "change of many videos",
    "api/v1/bulk/<bulk_id>": "change of many videos",
    "api/v1/collections/<collection_id>": "collection",
    "api/v1/videos/<video_id>/comments/<comment_id>": "comment",
    "api/v1/content/<path:content_id>": "task of a content id",
    "api/v1/assets/<asset_id>": "asset",
    "api/v1/batches/<batch_id>": "batch",
    "api/v1/presets/<preset_id>": "preset",
    "studio/presets/<uuid:pk>": "preset",
    "api/v1/recurring-batches/<recurring_id>": "recurring batch",
    "batches/recurring/<uuid:pk>": "recurring batch",
    "api/v1/tokens/<token_id>": "token",
    "api/v1/webhooks/<endpoint_id>": "endpoint",
    "api/v1/deliveries/<delivery_id>": "delivery",
    "api/v1/budgets/<budget_id>": "budget",
    "api/v1/templates/<template_id>": "template",
    "jimeng/tasks/<uuid:task_id>": "task",
    "compat/scitiger/api/v1/tasks/<uuid:task_id>": "task",
    "compat/cogvideox/api/v1/status/<uuid:task_id>": "task",
    "v1/videos/<str:name>": "task with a video",
    "compat/openrouter/v1/videos/<str:name>": "task with a video",
    "compat/replicate/v1/predictions/<str:name>": "task",
    "compat/replicate/v1/files/<str:name>": "asset",
    "v1/video/generations/<str:name>": "task with a video",
    "kling/v1/videos/text2video/<str:name>": "task",
    "kling/v1/videos/image2video/<str:name>": "task",
}
"""The kind of row that an id names, by the address up to that id."""
EVERYBODYS = {
    "api/v1/models/<provider>": "the catalog is the same for all",
    "api/v1/models/<provider>/<path:model>": "the catalog is the same for all",
    "v1/models/<path:name>": "the catalog is the same for all",
    "compat/replicate/v1/models/<path:name>": "the catalog is the same for all",
    "compat/replicate/v1/models/<path:name>/versions/<str:version>": "the catalog is the same for all",
    "compat/replicate/v1/deployments/<path:name>": "a name of the catalog",
    "usage/bills/<uuid:pk>": "of no person, only for those who see all money: tests/web/test_bill_pages.py",
    "api/v1/bills/<bill_id>": "of no person, only for those who see all money: tests/web/test_bill_pages.py",
    "accounts/sso/<slug:provider_id>": "the provider that the environment names: tests/access",
    "accounts/password/reset/key/<slug:uidb36>": "counts only with its key: tests/access/test_password_reset.py",
    "accounts/password/reset/key/<slug:uidb36>/<slug:key>": "a signature, not an id",
    "v/<token>": "a signature, not an id: tests/delivery",
    "v/<token>/<variant>": "one of three words",
    "v/<token>/<variant>/<suffix>": "how the file's name ends",
    "callbacks/<str:vendor>": "vendors call, with a key: tests/callbacks",
    "callbacks/<str:vendor>/<str:account_id>": "vendors call, with a key: tests/callbacks",
    "callbacks/<str:vendor>/<str:account_id>/<str:key>": "vendors call, with a key: tests/callbacks",
}
"""Parts of addresses that name no row of a person, and why not."""

DIFFERS = re.compile(
    r"""[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\d{4}-\d\d-\d\dT[\d:.]+|(?<=csrfmiddlewaretoken" value=")\w+|(?<=csrf-token" content=")\w+"""
    r"""|(?<=<small>)\d+ s(?=</small>)"""
)
"""What is another in every answer: ids, times, how long a task takes that has not ended, and the page's token against forged requests."""

Rows = dict[str, Model]
MADE: Mapping[str, Callable[[User, Rows], Any]] = {
    "task": lambda owner, _rows: make_task(owner, status=Status.FAILED, error_code="refused"),
    "task of a content id": lambda owner, _rows: make_task(owner, pk=(pk := uuid4()), content_id=str(pk)),
    "reservation": lambda owner, rows: Reservation.objects.create(
        task_id=rows["task"].pk, owner=owner, at=timezone.now(), day=timezone.now().date(), is_priced=False, reserved=0
    ),
    "video": lambda owner, _rows: make_video(owner),
    "task with a video": lambda _owner, rows: rows["video"].task,  # type: ignore[attr-defined]
    "video in the bin": lambda owner, _rows: make_video(owner, deleted_at=timezone.now()),
    "link": lambda owner, rows: make_link(rows["video"], by=Caller(user=owner)),  # type: ignore[arg-type]
    "comment": lambda owner, rows: Comment.objects.create(video=rows["video"], author=owner, at_s=1.0, text="a fox"),
    "asset": lambda owner, _rows: make_asset(owner),
    "token": lambda owner, _rows: issue(owner, "program", limits=Limits(scopes=tuple(Scope.values)))[0],
    "passkey": lambda owner, _rows: Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "desk"}),
    "endpoint": lambda owner, _rows: create(by=Caller(user=owner), url="https://shop.example/hooks", types=["task.failed"])[0],
    "delivery": lambda owner, rows: ping(rows["endpoint"], by=Caller(user=owner)),  # type: ignore[arg-type]
    "template": lambda owner, _rows: template_of(owner),
    "preset": lambda owner, _rows: Preset.objects.create(owner=owner, name="lamps", values={"model": MODEL}),
    "budget": lambda owner, _rows: budget_of(owner),
    "batch": lambda owner, _rows: make_batch(owner),
    "recurring batch": lambda owner, _rows: make_recurring(owner),
    "change of many videos": lambda owner, _rows: bulk_job_of(owner),
    "collection": lambda owner, _rows: Collection.objects.create(owner=owner, name="Winter"),
    "notice": lambda owner, _rows: Notice.objects.create(owner=owner, message="read me", created_at=timezone.now()),
}
"""How a row of each kind is made for a person, from those that were made before it."""

DOCUMENT: dict[str, Any] = api.get_openapi_schema()
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
OURS = (
    "access",
    "batches",
    "delivery",
    "events",
    "generation",
    "library",
    "prompts",
    "providers",
    "webhooks",
    "auth",
    "account",
    "mfa",
    "socialaccount",
)
CHANGES_BY_ITSELF = frozenset({"access.sharedvalue", "access.tokenuse"})


def routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    """Yield every address of the portal; the groups of a regular expression are written as other parameters are."""
    for one in patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, here)
        elif groups := list(getattr(one.pattern, "regex", re.compile("")).groupindex):
            yield here if PARAMETER.search(here) and "(?P" not in here else before + "/".join(f"<{name}>" for name in groups)
        else:
            yield here


def with_ids() -> list[str]:
    """Return the addresses that name something, without those of the admin."""
    return sorted({route for route in routes(get_resolver().url_patterns) if PARAMETER.search(route) and not route.startswith("admin/")})


def parts_of(route: str) -> list[str]:
    """Return the address up to each of its parameters."""
    return [route[: found.end()] for found in PARAMETER.finditer(route)]


WALKED = [route for route in with_ids() if any(part in ROWS for part in parts_of(route))]


def filled(route: str, ids: Mapping[str, object]) -> str:
    """Return the address with an id in place of each parameter; `ids` by the address up to it."""
    address, begun = "/", 0
    for found in PARAMETER.finditer(route):
        address += route[begun : found.start()] + str(ids[route[: found.end()]])
        begun = found.end()
    return address + route[begun:]


def nobodys(pk: object) -> object:
    """Return an id of the same kind that no row has."""
    return uuid4() if isinstance(pk, UUID) else 2_000_000_000


def body_of(route: str, method: str) -> str:
    """Return a body that the operation accepts, from its description, so that it is not refused before the row is looked up."""
    path = "/" + PARAMETER.sub(r"{\1}", route)
    operation = DOCUMENT["paths"].get(path, {}).get(method.lower(), {})
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return json.dumps(sample(schema))


def sample(schema: Mapping[str, Any]) -> Any:
    """Return the least that fits the schema."""
    if "$ref" in schema:
        return sample(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for given in ("examples", "enum"):
        if schema.get(given):
            return schema[given][0]
    if "default" in schema:
        return schema["default"]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    if schema.get("type", "object") == "object":
        return {name: sample(schema["properties"][name]) for name in schema.get("required", ())}
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    least = {"string": "x" * schema.get("minLength", 1), "integer": schema.get("minimum", 1), "number": 0, "boolean": False}
    return least.get(schema["type"], [])


class Person:
    """Somebody with a row of each kind, at a page and with a program."""

    def __init__(self, user: User) -> None:
        self.rows: Rows = {}
        for kind, make in MADE.items():
            self.rows[kind] = make(user, self.rows)
        self.page = Client(raise_request_exception=False)
        self.page.force_login(user)
        session = self.page.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        self.token, text = issue(user, "walk", limits=Limits(scopes=tuple(Scope.values)))
        self.program = Client(raise_request_exception=False, headers={"authorization": f"Bearer {text}"})

    def ask(self, route: str, method: str, ids: Mapping[str, object]) -> tuple[int, str]:
        """Return status and body; the ids of this request are hidden in it, and what differs in every page."""
        client = self.program if for_programs(f"/{route}") else self.page
        body = body_of(route, method) if for_programs(f"/{route}") else ""
        kind = "application/json" if body else "application/x-www-form-urlencoded"
        reply = client.generic(method, filled(route, ids), body, content_type=kind)
        content = b"".join(reply.streaming_content) if reply.streaming else reply.content  # type: ignore[attr-defined]
        return reply.status_code, plain(content.decode(errors="replace"), ids.values())


def plain(text: str, ids: Any) -> str:
    for one in ids:
        text = text.replace(*(f"/{one}/", "/<id>/") if isinstance(one, int) else (str(one), "<id>"))
    return DIFFERS.sub("<any>", text)


def first_difference(one: str, two: str) -> str:
    """Return where the texts part, for who reads the failure."""
    at = next((place for place, (left, right) in enumerate(zip(one, two, strict=False)) if left != right), min(len(one), len(two)))
    return f"{one[at : at + 60]!r} for {two[at : at + 60]!r}"


@pytest.fixture
def me(user: User) -> Person:
    return Person(user)


@pytest.fixture
def other(other_user: User) -> Person:
    return Person(other_user)


def everything(but: ApiToken) -> dict[str, list[Any]]:
    """Return all rows, without the walker's own token, which notes its use."""
    models = [model for app in OURS if apps.is_installed(app) or app in apps.app_configs for model in apps.get_app_config(app).get_models()]
    return {
        model._meta.label_lower: list(model.objects.exclude(pk=but.pk if model is ApiToken else None).order_by("pk").values())
        for model in models
        if model._meta.label_lower not in CHANGES_BY_ITSELF
    }


def test_every_id_in_an_address_is_known_to_this_test():
    known = ROWS.keys() | EVERYBODYS.keys()
    unknown = {part for route in with_ids() for part in parts_of(route)} - known

    assert unknown == set(), "say in ROWS or EVERYBODYS of this file what these ids are"
    assert set(ROWS.values()) == set(MADE)
    operations = {"/" + PARAMETER.sub(r"{\1}", route) for route in WALKED}
    described = {path for path in DOCUMENT["paths"] if "{" in path and not path.startswith(("/api/v1/models/", "/api/v1/bills/"))}
    assert described - operations == set()


@pytest.mark.slow
def test_what_belongs_to_others_is_not_there_by_any_address_and_method(me, other):
    index_waiting()  # the clock would in any case, and that is no change by this caller
    before, wrong = everything(me.token), []
    for route in WALKED:
        kinds = {part: ROWS[part] for part in parts_of(route)}
        last = parts_of(route)[-1]
        theirs = {part: other.rows[kind].pk for part, kind in kinds.items()}
        under_mine = {part: me.rows[kind].pk for part, kind in kinds.items()} | {last: theirs[last]}
        for ids in [theirs] if len(kinds) == 1 else [theirs, under_mine]:
            unknown = {part: pk if pk == me.rows[kinds[part]].pk else nobodys(pk) for part, pk in ids.items()}
            for method in METHODS:
                answer = me.ask(route, method, ids)
                if answer == (405, ""):  # the method, whatever the id
                    continue
                expected = me.ask(route, method, unknown)
                if answer != expected or answer[0] not in {404, 405}:
                    wrong.append((method, route, answer[0], expected[0], first_difference(answer[1], expected[1])))

    assert wrong == [], "\n".join(map(str, wrong[:20]))
    assert everything(me.token) == before


def test_the_walk_names_rows_that_are_there(other):
    """Otherwise it would find nothing of others because it looks for nothing."""
    for route in WALKED:
        ids = {part: other.rows[ROWS[part]].pk for part in parts_of(route)}
        statuses = []
        for method in METHODS:
            with transaction.atomic():
                statuses.append(other.ask(route, method, ids)[0])
                transaction.set_rollback(True)
            if statuses[-1] not in {404, 405}:
                break
        else:
            pytest.fail(f"{route} answers its owner {statuses}")


@in_one_test("route", [route for route in routes(get_resolver().url_patterns) if route.startswith("admin/") and PARAMETER.search(route)])
def test_no_page_about_a_row_in_the_admin_opens_for_a_member(route, db, user):
    client = Client()
    client.force_login(user)
    address = "/" + PARAMETER.sub("1", route)

    assert {client.get(address).status_code, client.post(address).status_code} <= {302, 403, 404}


IN_BODIES: list[tuple[str, str, str, str, Any]] = [
    ("asset", "program", "POST", "/api/v1/tasks", {"model": "kling/kling-v2-5-turbo", "inputs": {"first_frame": ["ID"]}}),
    ("asset", "page", "POST", "/studio/", {"model": MODEL, "prompt": "a boat", "count": "1", "first_frame": "ID"}),
    ("task", "page", "POST", "/studio/", {"model": MODEL, "prompt": "", "count": "1", "settles": "ID"}),
    ("video", "page", "GET", "/studio/?from=ID", None),
    ("task", "page", "GET", "/studio/?from_task=ID", None),
    ("video", "page", "GET", "/gallery/?before=ID", None),
    ("video", "page", "GET", "/gallery/?near=ID", None),
    ("video", "program", "GET", "/api/v1/videos?prompt_of=ID", None),
    ("task", "page", "GET", "/activity/?before=ID", None),
    ("video in the bin", "page", "GET", "/bin/?before=ID", None),
    ("task", "program", "GET", "/api/v1/tasks?cursor=ID", None),
    ("video", "program", "GET", "/api/v1/videos?cursor=ID", None),
    ("team", "page", "GET", "/gallery/?team=ID", None),
    ("team", "program", "POST", "/api/v1/tasks", {"model": MODEL, "prompt": "a boat", "team": "ID"}),
    ("team", "program", "POST", "/api/v1/tasks", {"model": MODEL, "prompt": "a boat", "paying_team": "ID"}),
    ("team", "program", "POST", "/api/v1/tasks/MINE/share", {"team": "ID"}),
    ("team", "page", "POST", "/tasks/MINE/share", {"team": "ID"}),
]


@in_one_test(("kind", "by", "method", "path", "body"), IN_BODIES)
def test_ids_of_others_in_bodies_and_queries_are_as_good_as_unknown(kind, by, method, path, body, me, other):
    team = Group.objects.get_or_create(name="theirs")[0]
    other.rows["task"].owner.groups.add(team)  # type: ignore[attr-defined]

    def answer(pk: object) -> tuple[int, str]:
        address = path.replace("ID", str(pk)).replace("MINE", str(me.rows["task"].pk))
        text = json.dumps(body).replace("ID", str(pk)) if body else ""
        client = me.program if by == "program" else me.page
        sent = json.loads(text) if text else None
        reply = client.get(address) if method == "GET" else client.post(address, sent, **AS_JSON[by])
        return reply.status_code, plain(reply.content.decode(), [f"team={pk}"] if kind == "team" else [pk])

    if kind != "team":
        theirs, unknown = other.rows[kind].pk, nobodys(other.rows[kind].pk)
        if "cursor" in path or "before" in path:  # pages by the order of ids: any id is a place in it
            unknown = UUID(int=theirs.int + 1)
    else:
        theirs, unknown = ("theirs", "no-one") if by == "program" else (team.pk, team.pk + 1)
    index_waiting()  # the clock would in any case, and that is no change by this caller
    before = everything(me.token)
    found, expected = answer(theirs), answer(unknown)
    assert found == expected, first_difference(found[1], expected[1])
    assert everything(me.token) == before


AS_JSON: dict[str, dict[str, Any]] = {"program": {"content_type": "application/json"}, "page": {}}
