"""Accounts that vendors call, tasks of theirs, and calls as a vendor makes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.utils import timezone

from generation.models import GenerationTask
from providers.accounts.callback_urls import callback_url
from providers.models import ProviderAccount
from tests.task_rows import attempt_of, make_task

PUBLIC = "https://portal.example"
SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
MODELS = {"kling": "kling/kling-v2-5-turbo", "ark": "ark/doubao-seedance-1-0-pro-250528", "minimax": "minimax/MiniMax-Hailuo-02"}
LATER = timedelta(minutes=5)


def make_running(owner, account: ProviderAccount, **facts: Any) -> GenerationTask:
    """Make a task that is at the account's vendor as `v-1` and is polled again in five minutes."""
    usual = {"status": "running", "submission_id": "v-1", "due_at": timezone.now() + LATER, "attempt_count": 1}
    return make_task(owner, account=account, model=MODELS[account.vendor], **(usual | facts))


def make_unknown(owner, account: ProviderAccount, dispatch: str = "unknown", **facts: Any) -> GenerationTask:
    """Make a task that was sent and whose answer was lost; it is looked up in five minutes."""
    task = make_running(owner, account, **({"status": "submitting", "submission_id": ""} | facts))
    attempt_of(task, account, dispatch=dispatch)
    return task


def path_of(account: ProviderAccount) -> str:
    return urlsplit(callback_url(account)).path


def call(account: ProviderAccount, fields: Any, **headers: str):
    """Make one callback, by a client that would fail where a CSRF token is required."""
    return call_raw(path_of(account), json.dumps(fields).encode(), **headers)


def call_raw(path: str, raw: bytes, content_type: str = "application/json; charset=utf-8", **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(enforce_csrf_checks=True).post(path, raw, content_type=content_type, headers=named)


def signed(raw: bytes, *, secret: str = SECRET, late_s: int = 0) -> dict[str, str]:
    sent = str(int(timezone.now().timestamp()) - late_s)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"msg_1.{sent}.".encode() + raw, hashlib.sha256).digest()
    return {"webhook_id": "msg_1", "webhook_timestamp": sent, "webhook_signature": "v1," + base64.b64encode(digest).decode()}


def is_due(task: GenerationTask) -> bool:
    task.refresh_from_db()
    return task.due_at is not None and task.due_at <= timezone.now()
