"""Zhipu's bearer token: the raw API key, or a JWT signed with the key's secret. Codes 1000, 1001 and 1003."""

from __future__ import annotations

import time

from providers.simulator.accounts import nature
from providers.simulator.dialect import Refused
from providers.simulator.tokens import verified

ID, SECRET = "simid", "simsecret0000000000"


def key_of(header: str | None) -> str:
    """Return the whole key, `id.secret`, in whichever form it was sent. Raise Refused."""
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
    try:
        head, claims = verified(token, lambda claims: secret_of(str(claims.get("api_key"))))
    except ValueError as error:
        raise _wrong() from error
    expires = claims.get("exp")
    if head.get("sign_type") != "SIGN" or not isinstance(expires, int | float) or not isinstance(claims.get("timestamp"), int | float):
        raise _wrong()
    if expires <= time.time() * 1000:  # milliseconds; the caller's clock is the real one
        raise Refused(401, "1003", "Authentication token has expired")
    key_id = str(claims["api_key"])
    return f"{key_id}.{secret_of(key_id)}"


def _wrong() -> Refused:
    return Refused(401, "1000", "Authentication failed")
