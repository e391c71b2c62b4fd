"""What the live updates and the pages cost while 5,000 tasks wait in line: CPU and queries of one request by a person with 60 of them.

`python -m benchmarks pages`. Requests go through the WSGI application, in this process: middleware, session and templates count.
A tick is measured twice: as an open page asks while the line stands still, and with a cursor after which every place in line has changed.
"""

from __future__ import annotations

import json
import sys
import time
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from generation.lifecycle import Status  # noqa: E402
from generation.models import GenerationTask, Prompt  # noqa: E402
from providers.accounts.clients import set_credentials  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.vendors import ALL_MODELS, PROVIDERS  # noqa: E402
from web.views.live import OVERLAP  # noqa: E402

APPLICATION = get_wsgi_application()
WAITING, OWNERS, OWN, ACCOUNTS, TIMES = 5_000, 50, 60, 10, 200


def main() -> None:
    ensure_sandbox_accounts("http://127.0.0.1:9")
    extra = ProviderAccount.objects.order_by("pk")[ACCOUNTS:]
    ProviderAccount.objects.filter(pk__in=[account.pk for account in extra]).delete()
    while ProviderAccount.objects.count() < ACCOUNTS:
        _another_account()
    me = User.objects.create_user("me", is_staff=True)
    _make_tasks(me, OWN)
    for number in range(OWNERS):
        _make_tasks(User.objects.create_user(f"owner {number}"), (WAITING - OWN) // OWNERS)
    _take_all_slots()
    client = Client(SERVER_NAME="localhost")
    client.force_login(me)
    time.sleep(2 * OVERLAP.total_seconds())  # as on a page that shows all these tasks already
    cursor = client.get("/tick", {"since": timezone.now().isoformat()}).json()["cursor"]
    asked = {
        "tick, the line stands still": "/tick?" + urlencode({"since": cursor}),
        "tick, all places changed": "/tick?" + urlencode({"since": cursor.partition("/")[0]}),
        "studio": "/studio/",
        "gallery": "/gallery/",
        "activity": "/activity/",
    }
    Path(sys.argv[1]).write_text(json.dumps({name: _measure(client, address) for name, address in asked.items()}))


def _another_account() -> None:
    like = ProviderAccount.objects.first()
    assert like is not None
    account = ProviderAccount(vendor=like.vendor, surface=like.surface, label=f"one more {ProviderAccount.objects.count()}", sandbox=True)
    account.base_url = like.base_url
    set_credentials(account, {field.name: "x" * 24 for field in PROVIDERS[like.vendor].surfaces[like.surface].credentials})
    account.save()


def _make_tasks(owner: User, count: int) -> None:
    models = [spec for spec in ALL_MODELS.values() if not spec.retired and not spec.needed_slots and not spec.needed_params]
    prompt, now = Prompt.objects.create(owner=owner, text="a fox runs across fresh snow"), timezone.now()
    GenerationTask.objects.bulk_create(
        GenerationTask(
            owner=owner,
            prompt=prompt,
            model=models[number % len(models)].name,
            params=models[number % len(models)].params().model_dump(mode="json"),
            status=Status.QUEUED,
            due_at=now,
            created_at=now,
            updated_at=now,
        )
        for number in range(count)
    )


def _take_all_slots() -> None:
    """Let the tasks wait in line."""
    ProviderAccount.objects.update(max_in_flight=1)
    for account, task in zip(ProviderAccount.objects.all(), GenerationTask.objects.order_by("-pk"), strict=False):
        facts = {"account": account, "submission_id": "1", "accepted_at": timezone.now()}
        GenerationTask.objects.filter(pk=task.pk).update(status=Status.RUNNING, **facts)


def _measure(client: Client, address: str) -> dict[str, Any]:
    """Measure the application alone: Django's test client costs about a millisecond itself."""
    path, _, query = address.partition("?")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    environ = RequestFactory(SERVER_NAME="localhost", HTTP_COOKIE=cookies).get(path).environ | {"QUERY_STRING": query}
    for _ in range(3):
        _answer(environ)
    with CaptureQueriesContext(connection) as captured:
        _answer(environ)
    queries = len(captured)
    began, spent = time.monotonic(), []
    while len(spent) < TIMES and time.monotonic() - began < 20:
        before = time.process_time()
        _answer(environ)
        spent.append(time.process_time() - before)
    total = 1000 * sum(spent) / len(spent)
    return {"requests": len(spent), "CPU, median": f"{1000 * median(spent):.1f} ms", "mean": f"{total:.1f} ms", "queries": queries}


def _answer(environ: dict[str, Any]) -> None:
    status: list[str] = []
    answer = APPLICATION(dict(environ, **{"wsgi.input": BytesIO()}), lambda line, _headers: status.append(line))
    b"".join(answer)
    assert status[0][:3] in {"200", "204"}, status


if __name__ == "__main__":
    main()
