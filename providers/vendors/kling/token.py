"""The token that Kling's two keys make. Pure; time comes in from outside.

Kling developer documents, "API authentication"; read 2026-11-20.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta

__all__ = ["token_of"]

LIFE = timedelta(minutes=30)
CLOCK_SKEW = timedelta(seconds=5)


def token_of(access_key: str, secret_key: str, at: datetime) -> str:
    """A JSON Web Token, HS256, good for half an hour."""
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {"iss": access_key, "exp": int((at + LIFE).timestamp()), "nbf": int((at - CLOCK_SKEW).timestamp())}
    signed = b".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims))
    seal = hmac.new(secret_key.encode(), signed, hashlib.sha256).digest()
    return b".".join((signed, _base64url(seal))).decode()


def _base64url(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")
