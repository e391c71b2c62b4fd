"""Zhipu's bearer token: the raw API key, or a JWT signed with the key's secret. Codes 1000, 1001 and 1003."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any

from providers.simulator.accounts import nature
from providers.simulator.dialect import Refused

ID, SECRET = "simid", "simsecret0000000000"


def key_of(header: str | None) -> str:
    """The whole key, `id.secret`, however it was shown. Raises Refused."""
    token = (header or "").removeprefix("Bearer").strip()
    if not token:
        raise Refused(401, "1001", "Authentication parameters not received in the header")
    key = _owner(token) if token.count(".") == 2 else token
    if nature(key) == "bad":
        raise _wrong()
    return key


def secret_of(key_id: str) -> str:
    return SECRET if key_id == ID else f"secret-of-{key_id}"


def _owner(token: str) -> str:
    claims = _verified(token)
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or not isinstance(claims.get("timestamp"), int | float):
        raise _wrong()
    if expires <= time.time() * 1000:  # milliseconds; the caller's clock is the real one
        raise Refused(401, "1003", "Authentication token has expired")
    key_id = str(claims["api_key"])
    return f"{key_id}.{secret_of(key_id)}"


def _verified(token: str) -> dict[str, Any]:
    signed, _, signature = token.rpartition(".")
    try:
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        given = _decoded(signature)
    except (ValueError, binascii.Error) as error:
        raise _wrong() from error
    if not isinstance(head, dict) or not isinstance(claims, dict) or (head.get("alg"), head.get("sign_type")) != ("HS256", "SIGN"):
        raise _wrong()
    secret = secret_of(str(claims.get("api_key")))
    if not hmac.compare_digest(given, hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()):
        raise _wrong()
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _wrong() -> Refused:
    return Refused(401, "1000", "Authentication failed")
