"""Reads the bodies of dialects: JSON, multipart or a form, by the content type. Strict about what two parsers could read differently,
tolerant of what clients send for "nothing".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from api.strict_json import MAX_BODY_BYTES, BadBody, check_values, read_strictly
from generation.errors import InvalidRequest

__all__ = ["Body", "read_body", "refuse_unknown"]

FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
MOST_PARTS = 10_000
"""Commas and brackets of a body that is larger than MAX_BODY_BYTES, as images in it make it: values cost far more memory than text."""
MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class Body:
    """What the client sent. Empty texts and nulls are left out. A name that ends in `[]` has a list; other names of a form have texts."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, UploadedFile[Any]] = field(default_factory=dict)


def read_body(request: HttpRequest) -> Body:
    """Read the body of a request that may have one. Raises `BadBody` and what Django raises for broken uploads."""
    if request.content_type in FORMS:
        return _form(request)
    charset = (request.content_params or {}).get("charset", "utf-8").strip('"').lower()
    if charset not in {"utf-8", "utf8"}:
        raise BadBody(_("Send the body as application/json in UTF-8."), code="unsupported_media_type", status=415)
    raw = request.body
    parts = raw.count(b",") + raw.count(b"[") + raw.count(b"{") if len(raw) > MAX_BODY_BYTES else 0
    if len(raw) > settings.MAX_BODY_BYTES or parts > MOST_PARTS:
        raise BadBody(_("The request is too large."), code="too_large", status=413)
    value = read_strictly(raw) if raw.strip() else {}
    if not isinstance(value, dict):
        raise BadBody(_("The body is not a JSON object."))
    return Body(fields=_given(value))


def refuse_unknown(names: Collection[str]) -> None:
    """Raise `InvalidRequest` for fields that nobody knows, of which it names some; return if there are none."""
    if names:
        words = _("There is no such field.")
        raise InvalidRequest(words, code="unknown_parameter", fields=dict.fromkeys(list(names)[:MOST_NAMED], words))


def _form(request: HttpRequest) -> Body:
    texts = dict(request.POST.lists())
    files = {name: request.FILES.getlist(name) for name in request.FILES}
    twice = [name for name, values in (texts | files).items() if len(values) > 1 and not name.endswith("[]")]
    if twice or texts.keys() & files.keys():
        raise BadBody(_("The form has the same field twice."), code="bad_request")
    fields = {name: values if name.endswith("[]") else values[0] for name, values in texts.items()}
    check_values(fields)
    check_values(list(files))
    return Body(fields=_given(fields), files={name: values[0] for name, values in files.items()})


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values without those that mean "nothing", also in objects within."""
    plain = {name: _given(value) if isinstance(value, dict) else value for name, value in values.items()}
    return {name: value for name, value in plain.items() if value is not None and value != ""}
