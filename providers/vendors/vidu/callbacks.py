"""Checks and reads Vidu's callbacks, whose body is that of a query. Pure: the time is an argument.

Vidu platform documents, "callback signature" (https://platform.vidu.com/docs/callback-signature); read 2026-11-29. The secret is the API
key with which the task was made; what is signed is the address and the headers, not the body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from providers.core.base import date_of
from providers.core.callbacks import Callback, CallbackForged, Notice, name_of

__all__ = ["is_signed", "notice_of"]

ACCESS_KEY = "vidu"
TOLERANCE = timedelta(seconds=300)


def notice_of(callback: Callback, key: str, url: str, at: datetime) -> Notice:
    """Return the task and our reference; raise `CallbackForged` unless the call is signed with this key for this address, and fresh."""
    if not is_signed(key, url, callback.headers, at):
        raise CallbackForged("Vidu's callback is not signed with this account's API key, or its signature is not fresh.")
    fields = callback.fields
    return Notice(submission_id=name_of(fields.get("id"), fields.get("task_id")), reference=name_of(fields.get("payload")))


def is_signed(key: str, url: str, headers: Mapping[str, str], at: datetime) -> bool:
    """Return whether the headers have a fresh signature made with this key for a POST to `url`. Header names are lower case."""
    sent = date_of(headers)
    if sent is None or abs(sent - at) > TOLERANCE:
        return False
    target = urlsplit(url)
    listed = filter(None, headers.get("x-hmac-signed-headers", "").split(";"))
    named = (f"{name}:{headers.get(name.lower(), '')}" for name in listed)
    lines = ["POST", target.path or "/", target.query, ACCESS_KEY, headers["date"], *named]
    signed = "".join(f"{line}\n" for line in lines)
    digest = hmac.new(key.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest), headers.get("x-hmac-signature", "").encode("utf-8", "replace"))
