"""Checks and reads OpenRouter's callbacks: an event about a job that has ended. Pure: the time is an argument.

https://openrouter.ai/docs/guides/overview/multimodal/video-generation, "Webhooks"; read 2026-11-29. The signature is there when a signing
secret exists in the workspace's settings.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from providers.core.callbacks import Callback, CallbackForged, Notice, name_of
from providers.core.replies import object_of

__all__ = ["is_signed", "notice_of"]

TOLERANCE = timedelta(seconds=300)
SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def notice_of(callback: Callback, secret: str, at: datetime) -> Notice:
    """Return the job. Without a secret no signature can be checked: only those who know the address can call."""
    if secret and not is_signed(secret, callback.headers, callback.raw, at):
        raise CallbackForged("OpenRouter's callback is not signed with this account's signing secret, or its signature is not fresh.")
    return Notice(submission_id=name_of(object_of(callback.fields, "data").get("id")))


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, at: datetime) -> bool:
    """Return whether the body has a fresh signature made with this secret. Header names are lower case."""
    given = SIGNATURE.fullmatch(headers.get("x-openrouter-signature", ""))
    if given is None or abs(int(given[1]) - at.timestamp()) > TOLERANCE.total_seconds():
        return False
    expected = hmac.new(secret.encode(), f"{given[1]},".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, given[2])
