"""Checks and reads Kling's callbacks. A callback only makes the portal poll. Pure: the time is an argument.

Kling developer documents, "callbacks" (https://app.klingai.com/global/dev/document-api), get-started/callbacks; read 2026-11-20. The
signature is there when a webhook secret exists in the vendor's console. The classic API's body and the new one's differ.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from providers.core.callbacks import Callback, CallbackForged, Notice, name_of
from providers.core.replies import object_of

__all__ = ["is_signed", "notice_of"]

SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets begin, not one of them
VERSION = "v1,"
TOLERANCE = timedelta(seconds=300)
TIMESTAMP = re.compile(r"[0-9]{1,12}")


def notice_of(callback: Callback, secret: str, at: datetime) -> Notice:
    """Return the task and our reference: `task_id` and inside `task_info` in the classic form, `id` and `external_id` in the new one.

    Without a secret no signature can be checked: only who knows the address can call.
    """
    if secret and not is_signed(secret, callback.headers, callback.raw, at):
        raise CallbackForged("Kling's callback is not signed with this account's webhook secret, or its signature is not fresh.")
    fields = callback.fields
    classic = object_of(fields, "task_info").get("external_task_id")
    return Notice(submission_id=name_of(fields.get("task_id"), fields.get("id")), reference=name_of(classic, fields.get("external_id")))


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, at: datetime) -> bool:
    """Return whether the body has a fresh signature made with this secret. While a secret is being changed, one of several may match."""
    lowered = {name.lower(): value for name, value in headers.items()}
    message_id, sent = lowered.get("webhook-id", ""), lowered.get("webhook-timestamp", "")
    if not message_id or not TIMESTAMP.fullmatch(sent) or abs(int(sent) - at.timestamp()) > TOLERANCE.total_seconds():
        return False
    expected = _signature(secret, _bytes(f"{message_id}.{sent}.") + body)
    given = lowered.get("webhook-signature", "").split()
    return expected is not None and any(hmac.compare_digest(expected, _bytes(one)) for one in given)


def _bytes(header: str) -> bytes:
    """Encode a header, whatever a stranger put into it."""
    return header.encode("utf-8", "replace")


def _signature(secret: str, signed: bytes) -> bytes | None:
    """Return the signature, or None for a secret that is not base64."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not key:
        return None
    return VERSION.encode() + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
