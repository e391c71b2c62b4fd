"""What every dialect keeps: its own shape for every failure, every kind of token, nobody else's rows, and no order by accident."""

from __future__ import annotations

import base64
import re
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from access.scopes import Scope
from api.compat.urls import DIALECTS
from generation.models import GenerationTask
from tests.api.compat.conftest import Program
from tests.api.compat.worlds import WORLDS
from tests.cases import in_one_test
from tests.pictures import picture
from tests.task_rows import make_task

WRONG_TOKEN = "vp_aaaaaaaa_" + "a" * 43 + "000000"
ROUTES = [(world, route) for world in WORLDS for route in world.dialect.routes]

every_dialect = in_one_test("world", WORLDS)


def address(world, route) -> str:
    """Return the route's address with ids of rows that are not there."""
    return "/" + world.dialect.prefix + re.sub(r"<[^>]+>", str(uuid4()), route.path)


def is_refused(world, reply, status=None) -> bool:
    """Return whether this is a refusal in the dialect's shape, with the headers that all have."""
    return (
        (reply.status_code == status if status else reply.status_code >= 400)
        and reply["Content-Type"] == "application/json"
        and world.is_refusal(reply.json())
        and "X-Request-Id" in reply
        and "no-store" in reply["Cache-Control"]
    )


def test_every_dialect_has_its_line():
    assert [world.dialect for world in WORLDS] == list(DIALECTS)


@in_one_test(("world", "route"), ROUTES)
def test_no_route_opens_without_a_token_for_it(world, route, user, program_with):
    page = Client(raise_request_exception=False)
    page.force_login(user)
    others = tuple(scope for scope in Scope.values if scope != route.scope)
    where = address(world, route)
    none, other, wrong = Program(), Program(authorization="Digest x"), Program(WRONG_TOKEN)
    signed_in, too_little = page.generic(route.method, where), program_with(scopes=others).ask(route.method, where)

    assert [is_refused(world, one.ask(route.method, where), 401) for one in (none, other)] == [True, True]
    assert is_refused(world, wrong.ask(route.method, where), world.wrong_token)
    assert is_refused(world, signed_in, 401)
    assert is_refused(world, too_little, 403)
    assert too_little["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{route.scope}"'


@every_dialect
def test_a_token_comes_in_any_of_the_usual_ways(world, any_model, program):
    token = program.token
    basic = [base64.b64encode(pair.encode()).decode() for pair in (f"x:{token}", f"{token}:")]
    ways = [f"Bearer {token}", f"bearer  {token}", f"Token {token}", *(f"Basic {pair}" for pair in basic)]
    programs = [*(Program(authorization=way) for way in ways), Program(x_api_key=token)]

    assert [one.post(world.create, world.body).status_code < 300 for one in programs] == [True] * len(programs)


@every_dialect
def test_each_address_has_the_dialects_own_refusals(world, program):
    nowhere = [f"/{world.dialect.prefix}", f"/{world.dialect.prefix}no/such/address", f"/{world.dialect.prefix.rstrip('/')}"]
    method = program.ask("PUT", world.create, {})

    assert [is_refused(world, program.get(where), 404) for where in nowhere] == [True] * 3
    assert is_refused(world, method, 405)
    assert "POST" in method["Allow"]
    assert is_refused(world, Program(host="elsewhere.example").post(world.create, world.body), 400)


@every_dialect
@in_one_test(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"prompt": "a", "prompt": "b"}', "application/json", 400),
        (b'{"prompt": "\\u0000"}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"{}", "application/json; charset=utf-16", 415),
        (b"[" * 2_000_000, "application/json", 413),
        (b"prompt=a&prompt=b", "application/x-www-form-urlencoded", 400),
        (b"prompt=%00", "application/x-www-form-urlencoded", 400),
        (b"prompt=a", "application/x-www-form-urlencoded; charset=utf-16", 400),
        (b"--x\r\nno part", "multipart/form-data; boundary=x", None),
        (b"anything", "multipart/form-data", 400),
    ],
)
def test_a_body_that_cannot_be_read_orders_nothing(world, any_model, program, content, kind, status):
    reply = program.post(world.create, content, kind)

    assert is_refused(world, reply, status), (reply.status_code, reply.content)
    assert not GenerationTask.objects.exists()


@every_dialect
def test_a_file_that_no_field_takes_is_refused_because_the_video_would_be_another(world, any_model, program):
    fields = {name: value for name, value in world.body.items() if isinstance(value, str)}
    content = encode_multipart(BOUNDARY, {**fields, "picture": SimpleUploadedFile("fox.png", picture((640, 640)).getvalue())})
    reply = program.post(world.create, content, MULTIPART_CONTENT)

    assert is_refused(world, reply, world.invalid)
    assert "There is no such field." in reply.content.decode()
    assert not GenerationTask.objects.exists()


@every_dialect
def test_a_large_body_without_a_token_is_refused_before_it_is_read(world, settings):
    settings.MAX_ANONYMOUS_BYTES = 1_000

    assert is_refused(world, Program().post(world.create, b"x" * 1_001), 413)


@every_dialect
def test_a_used_up_rate_says_when_to_come_back(world, any_model, program_with):
    slow = program_with(rate_per_minute=1)
    first, refused = slow.post(world.create, world.body), slow.get(world.get.format(id=uuid4()))

    assert first.status_code < 300
    assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("1", "0")
    assert is_refused(world, refused, 429)
    assert 1 <= int(refused["Retry-After"]) <= 60


@every_dialect
def test_what_belongs_to_others_is_not_there(world, any_model, program, other_program, other_user):
    theirs, nobodys = make_task(other_user).pk, uuid4()
    replies = [program.get(world.get.format(id=one)) for one in (theirs, nobodys, "not-an-id")]

    assert [is_refused(world, reply, 404) for reply in replies] == [True] * 3
    said = [reply.content.decode().replace(reply["X-Request-Id"], "") for reply in replies]
    assert said[0] == said[1]
    assert other_program.get(world.get.format(id=theirs)).status_code == 200


@every_dialect
def test_a_request_with_the_same_key_is_one_task(world, any_model, program):
    key = f"one of {world.dialect.name}"
    replies = [program.post(world.create, world.body, idempotency_key=key) for _time in range(3)]
    other = program.post(world.create, world.asking(prompt="another fox"), idempotency_key=key)

    assert [reply.status_code < 300 for reply in replies] == [True] * 3
    assert is_refused(world, other, world.invalid)
    assert is_refused(world, program.post(world.create, world.body, idempotency_key="k" * 256), world.invalid)
    assert GenerationTask.objects.filter(idempotency_key=key).count() == 1


@every_dialect
def test_a_model_of_others_or_an_unknown_one_is_refused(world, any_model, program, program_with):
    unknown = program.post(world.create, {**world.body, "model": "no-such-model"})
    not_for_it = program_with(models_allowed=("vidu/viduq2",)).post(world.create, {**world.body, "model": "kling/kling-v2-6"})

    if unknown.status_code >= 400:  # some clients name the model in the address
        assert "kling/kling-v2-6" in unknown.content.decode()
        assert is_refused(world, unknown, unknown.status_code)
        assert is_refused(world, not_for_it, 403)
        assert not GenerationTask.objects.exists()


@every_dialect
def test_a_name_that_is_blank_or_very_long_is_no_model(world, any_model, program):
    names = ("model", "model_name", "version")
    replies = [program.post(world.create, {**world.body, **dict.fromkeys(names, name)}) for name in (" ", "x" * 100_000)]

    assert [is_refused(world, reply) and reply.status_code < 500 for reply in replies] == [True, True]
    assert not GenerationTask.objects.exists()


@every_dialect
def test_a_fault_of_ours_is_logged_and_shown_in_the_dialects_shape(world, any_model, program, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE generation_prompt RENAME TO lost")
    reply = program.post(world.create, world.body)

    assert is_refused(world, reply, 500)
    assert "lost" not in reply.content.decode()
    assert f"POST {world.create} failed" in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE lost RENAME TO generation_prompt")
