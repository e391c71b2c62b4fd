"""Kling's bearer token: a JWT signed with the account's secret, or a static key. Codes 1001 to 1004."""

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

ACCESS, SECRET = "sim-access", "sim-secret"
_REMEMBERED = 10_000


class Doorkeeper:
    """Turns an Authorization header into the account's key. A JWT whose signature was right is remembered."""

    def __init__(self) -> None:
        self._signed: dict[str, dict[str, Any]] = {}

    def key_of(self, header: str | None) -> str:
        """Raises Refused with 1001 (none), 1002 (wrong), 1003 (not yet), 1004 (no longer valid)."""
        token = (header or "").removeprefix("Bearer").strip()
        if not token:
            raise Refused(401, 1001, "Authorization is empty")
        key = self._issuer(token) if token.count(".") == 2 else token
        if nature(key) == "bad":
            raise Refused(401, 1002, "Authorization is invalid")
        return key

    def _issuer(self, token: str) -> str:
        claims = self._signed.get(token)
        if claims is None:
            claims = verified(token)
            if len(self._signed) >= _REMEMBERED:
                self._signed.clear()
            self._signed[token] = claims
        _check_times(claims, time.time())
        return str(claims["iss"])


def secret_of(access: str) -> str | None:
    if access == ACCESS:
        return SECRET
    return "sk-" + access.removeprefix("ak-") if access.startswith("ak-") else None


def verified(token: str) -> dict[str, Any]:
    """The claims. Raises Refused 1002 when the token was not signed with the issuer's secret."""
    wrong = Refused(401, 1002, "Authorization is invalid")
    signed, _, signature = token.rpartition(".")
    try:
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        given = _decoded(signature)
    except (ValueError, binascii.Error) as error:
        raise wrong from error
    if not isinstance(head, dict) or not isinstance(claims, dict) or head.get("alg") != "HS256":
        raise wrong
    secret = secret_of(str(claims.get("iss", "")))
    if secret is None:
        raise wrong
    if not hmac.compare_digest(given, hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()):
        raise wrong
    return claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _check_times(claims: dict[str, Any], now: float) -> None:
    """The caller's clock is the real one, so the token is checked against that."""
    expires, starts = claims.get("exp"), claims.get("nbf")
    if not isinstance(expires, int | float):
        raise Refused(401, 1002, "Authorization is invalid: exp is missing")
    if isinstance(starts, int | float) and starts > now:
        raise Refused(401, 1003, "Authorization is not yet valid")
    if expires <= now:
        raise Refused(401, 1004, "Authorization has expired")
