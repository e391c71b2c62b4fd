"""What Kling's callbacks prove and name. A callback only makes us ask: the poll decides. Pure; time comes in from outside.

Kling developer documents, "callbacks"; read 2026-11-20. The signature is there when a webhook secret exists in the vendor's console.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

__all__ = ["is_signed", "task_id_of"]

SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets begin, not one of them
VERSION = "v1,"
TOLERANCE = timedelta(seconds=300)


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, at: datetime) -> bool:
    """The body carries a fresh signature made with this secret. While a secret is being changed, one of several may match."""
    told = {name.lower(): value for name, value in headers.items()}
    message_id, sent = told.get("webhook-id", ""), told.get("webhook-timestamp", "")
    if not message_id or not sent.isascii() or not sent.isdigit() or abs(int(sent) - at.timestamp()) > TOLERANCE.total_seconds():
        return False
    expected = _signature(secret, f"{message_id}.{sent}.".encode() + body)
    given = told.get("webhook-signature", "").split()
    return expected is not None and any(hmac.compare_digest(expected, one.encode()) for one in given)


def task_id_of(body: Mapping[str, Any]) -> str:
    """The task that a callback is about: `task_id` in the classic form, `id` in the new one; empty when it names none."""
    for found in (body.get("task_id"), body.get("id")):
        if isinstance(found, str) and found:
            return found
    return ""


def _signature(secret: str, signed: bytes) -> bytes | None:
    """None for a secret that is none."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not key:
        return None
    return VERSION.encode() + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
