"""Reads JSON bodies strictly: refuses what two parsers could understand differently, and what a database cannot store."""

from __future__ import annotations

import json
import math
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from generation.errors import PortalError

__all__ = ["MAX_BODY_BYTES", "BadBody", "StrictParser", "check_values", "read_json", "read_strictly"]

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1
MAX_DIGITS = 20


class BadBody(PortalError):
    """The body cannot be read; `status` is the HTTP status that says so."""

    def __init__(self, message: str, *, code: str = "malformed_json", status: int = 400) -> None:
        super().__init__(message, code=code)
        self.status = status


class StrictParser(Parser):
    """The parser that ninja reads bodies with. Query strings are checked by their types."""

    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request)


def read_json(request: HttpRequest) -> Any:
    """Return the request's body as plain values. Raises `BadBody`."""
    charset = (request.content_params or {}).get("charset", "utf-8").strip('"').lower()
    if request.content_type != "application/json" or charset != "utf-8":
        raise BadBody(_("Send the body as application/json in UTF-8."), code="unsupported_media_type", status=415)
    if len(request.body) > MAX_BODY_BYTES:
        raise BadBody(_("The body is larger than 1 MiB."), code="too_large", status=413)
    return read_strictly(request.body)


def read_strictly(raw: bytes) -> Any:
    """Return the JSON in `raw` as plain values. Raises `BadBody`."""
    try:
        value = json.loads(
            raw.decode("utf-8"),
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise BadBody(_("The body is not UTF-8.")) from error
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise BadBody(_("The body is not JSON: line %(line)d, column %(column)d.") % place) from error
    except RecursionError as error:
        raise _too_deep() from error
    check_values(value)
    return value


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS or abs(int(digits)) > MAX_INTEGER:
        raise BadBody(_("The body holds a whole number that is too large."))
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise BadBody(_("The body holds a number that is too large."))
    return value


def _constant(word: str) -> float:
    raise BadBody(_("%(word)s is not JSON.") % {"word": word})


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadBody(_("An object of the body has the same key twice."))
    return found


def check_values(value: Any) -> None:
    """Raise `BadBody` if the values are nested too deeply or have a text that no database stores."""
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        if isinstance(item, dict):
            waiting.extend((inner, depth + 1) for pair in item.items() for inner in pair)
        elif isinstance(item, list):
            waiting.extend((inner, depth + 1) for inner in item)
        elif isinstance(item, str):
            if "\x00" in item:
                raise BadBody(_("A text in the body has a NUL character. Remove it."))
            try:
                item.encode("utf-8")
            except UnicodeEncodeError as error:
                raise BadBody(_("A text in the body has half of a surrogate pair, which is not Unicode text.")) from error


def _too_deep() -> BadBody:
    return BadBody(_("The body is nested too deeply."))
