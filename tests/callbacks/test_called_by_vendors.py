"""The portal's own processes and the simulator: with polls ten minutes apart, a video is there seconds after its vendor called."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.callbacks.called_rows import SECRET
from tools.migrated import put_sqlite
from tools.stack import Stack

pytestmark = pytest.mark.slow

MODELS = [
    "kling/kling-v2-5-turbo",
    "kling/kling-3.0",
    "ark/doubao-seedance-1-0-pro-250528",
    "minimax/MiniMax-Hailuo-02",
    "minimax/MiniMax-H3",
]
MODELS += ["vidu/viduq3-turbo", "openrouter/google/veo-3.1"]
RENDER_S = 3
WITHIN_S = 120.0
POLLS_APART_S = 600
PREPARE = f"""
from django.core.management import call_command
from providers.accounts.clients import set_credentials
from providers.models import ProviderAccount
from providers.accounts.sealing import unseal
call_command("sandbox_accounts", url="%s")
call_command("first_admin")
ProviderAccount.objects.filter(surface="gateway").delete()
for account in ProviderAccount.objects.filter(vendor="kling"):
    set_credentials(account, unseal(account.pk, account.sealed) | {{"webhook_secret": "{SECRET}"}})
    account.save()
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    environment = {
        "PORTAL_DATA_DIR": str(tmp_path),
        "PORTAL_TESTING": "True",
        "PORTAL_POLL_EVERY_S": str(POLLS_APART_S),
        "PORTAL_SUBMIT_WORKERS": "1",
        "PORTAL_POLL_WORKERS": "1",
        "PORTAL_INGEST_WORKERS": "1",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'portal.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "videoportal.settings",
    }
    words = ("--render-s", str(RENDER_S), "--queue-s", "0.5", "--media", "tiny")
    stack = Stack(web_port=0, simulator_port=0, environment=environment, simulator_words=words)
    put_sqlite(tmp_path / "portal.sqlite3")
    stack.manage("shell", "--no-imports", "-c", PREPARE % stack.simulator_url)
    with stack:
        yield stack


def ask(url: str, body: dict[str, object] | None = None, token: str = "") -> dict:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as reply:  # noqa: S310 - our own servers
        return json.load(reply)


ADDRESS = """
from providers.accounts.callback_urls import callback_url
from providers.models import ProviderAccount
print(callback_url(ProviderAccount.objects.get(vendor="minimax")))
"""


def post_in_chunks(url: str, *chunks: bytes) -> tuple[int, bytes]:
    """A body that names no length, as some HTTP clients send it."""
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    try:
        connection.request("POST", parts.path, body=iter(chunks), encode_chunked=True)
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def challenged(stack: Stack) -> list[tuple[int, bytes]]:
    url = stack.manage("shell", "--verbosity", "0", "-c", ADDRESS).strip()
    return [
        post_in_chunks(url, b'{"chall', b'enge": "c-1"}'),
        post_in_chunks(url, *[b"x" * 1024] * 65),
        post_in_chunks(url[:-1], b"{}"),
    ]


def test_videos_come_by_callbacks_when_polls_are_minutes_apart(stack):
    token = stack.manage("create_token", "admin", "test").strip().splitlines()[-1]
    ask(f"{stack.simulator_url}/_control/settings", {"webhook_secret": SECRET})
    tasks = [ask(f"{stack.url}/api/v1/tasks", {"model": model, "prompt": "a boat"}, token)["id"] for model in MODELS]

    until, found = time.monotonic() + WITHIN_S, {}
    while set(found.values()) != {"succeeded"} and time.monotonic() < until:
        time.sleep(0.5)
        found = {task: ask(f"{stack.url}/api/v1/tasks/{task}", token=token)["status"] for task in tasks}

    called = ask(f"{stack.simulator_url}/_control/requests")["callbacks"]
    assert set(found.values()) == {"succeeded"}, [call | {"body": ""} for call in called]
    assert {call["status"] for call in called} == {200}
    assert [call for call in called if "challenge" in call["body"]]
    assert challenged(stack) == [(200, b'{"challenge": "c-1"}'), (413, b""), (404, b"")]
