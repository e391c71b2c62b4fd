"""What the live updates and the pages cost while 5,000 tasks wait in line: CPU and queries of one request by a person with 60 of them.

`python -m benchmarks pages`. Requests go through Django's own client, in this process: middleware, session and templates count.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from generation.lifecycle import Status  # noqa: E402
from generation.models import GenerationTask, Prompt  # noqa: E402
from providers.accounts.clients import set_credentials  # noqa: E402
from providers.accounts.sandbox import ensure_sandbox_accounts  # noqa: E402
from providers.models import ProviderAccount  # noqa: E402
from providers.vendors import ALL_MODELS, PROVIDERS  # noqa: E402
from web.views.live import OVERLAP  # noqa: E402

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
    cursor = (timezone.now() + 2 * OVERLAP).isoformat()  # as on a page that shows all these tasks already
    asked = {"tick": f"/tick?since={cursor.replace('+', '%2B')}", "studio": "/studio/", "gallery": "/gallery/", "activity": "/activity/"}
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
    for _ in range(3):
        assert client.get(address).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    queries = len(captured)
    began, spent = time.monotonic(), []
    while len(spent) < TIMES and time.monotonic() - began < 20:
        before = time.process_time()
        client.get(address)
        spent.append(time.process_time() - before)
    total = 1000 * sum(spent) / len(spent)
    return {"requests": len(spent), "CPU, median": f"{1000 * median(spent):.1f} ms", "mean": f"{total:.1f} ms", "queries": queries}


if __name__ == "__main__":
    main()
