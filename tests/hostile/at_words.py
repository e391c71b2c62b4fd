"""Kinds whose answer to a paid request that counted says that it did not, in words of the vendor, of a gateway or of an unknown server."""

from __future__ import annotations

import json

from tests.hostile.kinds import Stage, declare, kind
from tests.hostile.talk import Talk

REFUSES_BY_FRAMEWORK = ("/hosts/cogvideox", "/hosts/openai")
"""Services whose own web framework answers 422, so that it is a plain refusal there."""
NAMES_ONCE = ("/hosts/kling", "/hosts/dmxapi", "/hosts/zhipu", "/hosts/jimeng")
"""Where the simulator refuses a reference that it has."""


def _words(name: str, summary: str, status: int, body: object, *headers: tuple[str, str], stage: Stage = Stage.PAID) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    content_type = "text/html" if raw.startswith(b"<") else "application/json"

    def act(talk: Talk) -> None:
        talk.answer(raw, status, *headers, kind=content_type)

    declare(f"words-{name}", stage, f"{summary} Paid.", act)


_OPENAI_QUOTA = {"error": {"message": "You exceeded your current quota.", "type": "insufficient_quota", "code": "insufficient_quota"}}
_NEW_API_QUOTA = {"code": "insufficient_user_quota", "message": "user quota is not enough", "data": None}

_words("200-unknown-code", "Answer 200 with a code that no table has.", 200, {"code": "weird_thing", "message": "hm", "data": None})
_words("200-unknown-number", "Answer 200 with a number that no table has.", 200, {"code": 987654, "message": "hm", "data": None})
_words("200-error-object", "Answer 200 with an error object of an unknown shape.", 200, {"error": {"code": "odd", "message": "hm"}})
_words("200-error-text", "Answer 200 with an error as text.", 200, {"error": "something went wrong"})
_words("200-success-false", "Answer 200 with success: false alone.", 200, {"success": False})
_words("200-insufficient-quota", "Answer 200 with OpenAI's insufficient_quota.", 200, _OPENAI_QUOTA)
_words("200-new-api-quota", "Answer 200 with new-api's insufficient_user_quota.", 200, _NEW_API_QUOTA, stage=Stage.DENIED)
_words("400-unknown", "Answer 400 with a body that no table has.", 400, {"oops": 1})
_words("400-empty", "Answer 400 with nothing.", 400, b"")
_words("403-waf", "Answer 403 with a firewall's page.", 403, b"<html>Request blocked. Ray ID 42</html>")
_words("404-page", "Answer 404 with a proxy's page.", 404, b"<html>404 Not Found</html>")
_words("405-page", "Answer 405 with a proxy's page.", 405, b"<html>405 Not Allowed</html>")
_words("408-page", "Answer 408 with a proxy's page.", 408, b"<html>408 Request Time-out</html>")
_words("409-unknown", "Answer 409 with a body that no table has.", 409, {"state": "conflict"})
_words("418-text", "Answer 418.", 418, b'"teapot"')
_words("429-page", "Answer 429 with a proxy's page.", 429, b"<html>Too many requests</html>", ("Retry-After", "1"), stage=Stage.DENIED)
_words("499-page", "Answer 499 with a proxy's page.", 499, b"<html>499</html>")
_words("500-json", "Answer 500 in JSON.", 500, {"code": "do_request_failed", "message": "upstream", "data": None})
_words("502-page", "Answer 502 with a proxy's page.", 502, b"<html>502 Bad Gateway</html>")
_words("503-page", "Answer 503 with a proxy's page.", 503, b"<html>503</html>", ("Retry-After", "1"))
_words("504-page", "Answer 504 with a proxy's page.", 504, b"<html>504 Gateway Time-out</html>")
_words("524-page", "Answer 524 with a proxy's page.", 524, b"<html>524: A timeout occurred</html>")

for _status in (403, 404, 503, 504):
    _problem = {"type": "about:blank", "title": "No", "status": _status, "detail": "gateway timeout"}
    _words(f"{_status}-problem", f"Answer {_status} with RFC 9457's problem in JSON.", _status, _problem)
    _spring = {"timestamp": "2026-11-28T10:00:00Z", "status": _status, "error": "Gateway Timeout", "path": "/v1/videos"}
    _words(f"{_status}-framework", f"Answer {_status} with a web framework's fields.", _status, _spring)
    _words(
        f"{_status}-nested", f"Answer {_status} with an error object without a code.", _status, {"error": {"message": "upstream timeout"}}
    )
    _quoted = {"code": "fail_to_fetch_task", "message": f"<html>{_status}</html>", "data": None}
    _words(f"{_status}-quoted-page", f"Answer {_status} as new-api does that quotes a page.", _status, _quoted)


@kind(Stage.PAID)
def words_422_detail(talk: Talk) -> None:
    """Answer 422 with FastAPI's list, except where that is a plain refusal. Paid."""
    if talk.request.path.startswith(REFUSES_BY_FRAMEWORK):
        talk.is_idle = True  # does not strike: the portal rightly believes it here
        talk.relay()
    else:
        talk.answer(b'{"detail": [{"loc": ["body"], "msg": "odd", "type": "odd"}]}', 422)


def _own_words(fault: str, summary: str, stage: Stage = Stage.DENIED) -> None:
    """The simulator refuses the same request once more: nothing is billed by that, and the words are the vendor's own."""

    def act(talk: Talk) -> None:
        reply = talk.forward(("X-Sim-Fault", fault))
        if reply.status == 503 and talk.request.path.startswith("/hosts/cogvideox") and stage is Stage.PAID:
            talk.is_idle = True  # does not strike: 503 means busy here, which is rightly believed
            talk.relay()
        else:
            talk.answer(reply.body, reply.status)

    declare(f"words-own-{fault}", stage, f"{summary}, in the vendor's own words. Paid.", act)


_own_words("5xx-before", "Say that the vendor failed", Stage.PAID)
_own_words("rate-limit", "Refuse for the rate after accepting")
_own_words("quota", "Refuse for the balance after accepting")


@kind(Stage.PAID)
def words_known_reference(talk: Talk) -> None:
    """Say that the reference exists already, in the vendor's own words where it refuses it. Paid."""
    if talk.request.path.startswith(NAMES_ONCE):
        reply = talk.forward()
        talk.answer(reply.body, reply.status)
    else:
        talk.answer(b'{"error": {"code": "InvalidParameter", "message": "request_id already exists"}}', 400)


@kind(Stage.PAID)
def words_known_reference_in_passing(talk: Talk) -> None:
    """Say `external_task_id already exists` under a code that no table has. Paid."""
    talk.answer(b'{"code": "duplicate", "message": "external_task_id already exists", "data": null}', 409)
