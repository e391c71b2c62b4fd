"""Keeps secrets and bulk out of what is stored, logged or shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

__all__ = ["redact", "redact_url"]

MASK = "•••"
LONGEST = 4_000
BULK = 512
BASE64 = re.compile(r"(data:[^,]{0,80},)?[A-Za-z0-9+/=_-]+")
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
SECRET_HEADERS = frozenset({"authorization", "cookie", "x-api-key", "set-cookie", "proxy-authorization"})


def redact(value: Any, secrets: Iterable[str] = ()) -> Any:
    """A copy of a JSON-like value that can be stored: secrets masked, secret headers masked, base64 bulk replaced by its length."""
    known = tuple(secret for secret in secrets if secret)
    return _redact(value, known)


def _redact(value: Any, secrets: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {str(key): MASK if str(key).lower() in SECRET_HEADERS else _redact(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redact(item, secrets) for item in value]
    if isinstance(value, str):
        return _redact_text(value, secrets)
    return value


def _redact_text(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    text = text.replace("\x00", "?")  # no database takes it
    if len(text) > BULK and BASE64.fullmatch(text, 0, BULK):
        return f"<{len(text)} characters left out>"
    text = JWT.sub(MASK, text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"


def redact_url(url: str) -> str:
    """A URL without its query and user part: both may carry a signature or a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
