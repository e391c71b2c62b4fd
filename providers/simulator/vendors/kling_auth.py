"""Kling's bearer token: a JWT signed with the account's secret, or a static key. Codes 1001 to 1004."""

from __future__ import annotations

import time
from typing import Any

from providers.simulator.accounts import nature, secret_of
from providers.simulator.dialect import Refused
from providers.simulator.tokens import verified

_REMEMBERED = 10_000


class Doorkeeper:
    """Turns an Authorization header into the account's key. Remembers the JWTs whose signatures were right."""

    def __init__(self) -> None:
        self._signed: dict[str, dict[str, Any]] = {}

    def key_of(self, header: str | None, *, behind_s: float = 0.0) -> str:
        """Return the key. `behind_s` is how far the clock that checks tokens is behind.

        Raise Refused with 1001 (none), 1002 (wrong), 1003 (not yet valid) or 1004 (expired).
        """
        token = (header or "").removeprefix("Bearer").strip()
        if not token:
            raise Refused(401, 1001, "Authorization is empty")
        key = self._issuer(token, behind_s) if token.count(".") == 2 else token
        if nature(key) == "bad":
            raise Refused(401, 1002, "Authorization is invalid")
        return key

    def _issuer(self, token: str, behind_s: float) -> str:
        claims = self._signed.get(token)
        if claims is None:
            try:
                _, claims = verified(token, lambda claims: secret_of(str(claims.get("iss", ""))))
            except ValueError as error:
                raise Refused(401, 1002, "Authorization is invalid") from error
            if len(self._signed) >= _REMEMBERED:
                self._signed.clear()
            self._signed[token] = claims
        _check_times(claims, time.time() - behind_s)
        return str(claims["iss"])


def _check_times(claims: dict[str, Any], now: float) -> None:
    """Raise Refused unless the token is valid at the real time, which is the caller's."""
    expires, starts = claims.get("exp"), claims.get("nbf")
    if not isinstance(expires, int | float):
        raise Refused(401, 1002, "Authorization is invalid: exp is missing")
    if isinstance(starts, int | float) and starts > now:
        raise Refused(401, 1003, "Authorization is not yet valid")
    if expires <= now:
        raise Refused(401, 1004, "Authorization has expired")
