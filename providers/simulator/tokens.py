"""JSON Web Tokens signed with HS256, read without a library: the adapters sign with one, and the simulator must not share its mistakes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

Claims = dict[str, Any]


def verified(token: str, secret_of: Callable[[Claims], str | None]) -> tuple[dict[str, Any], Claims]:
    """Return head and claims. Raise ValueError unless the token is signed with the secret that `secret_of` returns for its claims."""
    signed, _, signature = token.rpartition(".")
    try:
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        given = _decoded(signature)
    except (ValueError, binascii.Error) as error:
        raise ValueError("malformed") from error
    if not isinstance(head, dict) or not isinstance(claims, dict) or head.get("alg") != "HS256":
        raise ValueError("not signed with HS256")
    secret = secret_of(claims)
    if secret is None or not hmac.compare_digest(given, hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()):
        raise ValueError("wrong signature")
    return head, claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
