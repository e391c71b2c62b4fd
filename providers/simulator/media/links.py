"""Addresses of results: signed, and valid until a moment."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import parse_qs

_SECRET = secrets.token_bytes(32)


def link(base: str, task_id: str, name: str, expires_at: float, *, suffix: str = "mp4") -> str:
    expires = int(expires_at)
    return f"{base}/media/{task_id}/{name}.{suffix}?expires={expires}&sig={_signed(task_id, name, expires)}"


def is_genuine(task_id: str, name: str, query: str) -> bool:
    fields = parse_qs(query)
    expires, given = fields.get("expires", [""])[0], fields.get("sig", [""])[0]
    return expires.isdecimal() and hmac.compare_digest(given, _signed(task_id, name, int(expires)))


def has_expired(query: str, now: float) -> bool:
    """Return whether a genuine link is no longer valid."""
    return int(parse_qs(query)["expires"][0]) <= now


def _signed(task_id: str, name: str, expires: int) -> str:
    text = f"{task_id}/{name}?{expires}".encode()
    return hmac.new(_SECRET, text, hashlib.sha256).hexdigest()[:32]
