"""What is true after a storm, read from outside: the simulator's ledger, the database, the storage. Never the portal's own logs."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from generation.lifecycle import TERMINAL, Status
from generation.models import GenerationTask, Video
from providers.models import ProviderAccount

__all__ = ["Facts", "held", "judge", "unsettled"]

Facts = dict[str, Any]


def unsettled() -> int:
    """Return tasks that the worker still has to do something about."""
    settled = [*(status.value for status in TERMINAL), Status.NEEDS_REVIEW.value]
    return GenerationTask.objects.exclude(status__in=settled).count()


def judge(ledger: dict[str, Any]) -> Facts:
    """Return everything that the promise forbids, each as a list that must be empty, and counts of how the tasks ended."""
    tasks = {task.prompt.text: task for task in GenerationTask.objects.select_related("prompt")}
    references = [reference for reference, times in ledger["by_reference"].items() if times > 1]
    return {
        "ended": dict(Counter(task.status for task in tasks.values())),
        "errors": dict(Counter(task.error_code for task in tasks.values() if task.status == Status.FAILED)),
        "paid": ledger["count"],
        "unpaid_reviews": len(_unpaid_reviews(tasks, ledger)),
        "paid_twice": [*ledger["paid_twice"], *references],
        "lost": [found for entry in ledger["entries"] if (found := _lost(tasks.get(entry["prompt"]), entry))],
        "unsettled": [f"{task.pk} {task.status}" for task in tasks.values() if not _is_settled(task)],
        "bad_files": _bad_files(),
        "held": held(),
    }


def _is_settled(task: GenerationTask) -> bool:
    return task.state in TERMINAL or task.state is Status.NEEDS_REVIEW


def _unpaid_reviews(tasks: dict[str, GenerationTask], ledger: dict[str, Any]) -> list[str]:
    return [text for text, task in tasks.items() if task.state is Status.NEEDS_REVIEW and text not in ledger["by_prompt"]]


def _lost(task: GenerationTask | None, entry: dict[str, Any]) -> str | None:
    """Return why this paid render is lost, or None when its task has it."""
    if task is None:
        return f"{entry['prompt']}: no task"
    if task.state is Status.NEEDS_REVIEW or not _is_settled(task):
        return None
    if task.submission_id != entry["task_id"]:
        return f"{entry['prompt']}: {task.status} {task.error_code} as {task.submission_id!r}, paid {entry['task_id']}"
    if task.state is Status.SUCCEEDED and not task.videos.exists():
        return f"{entry['prompt']}: succeeded without a video"
    if task.state is not Status.SUCCEEDED and "#fault:fail" not in entry["prompt"]:
        return f"{entry['prompt']}: {task.status} {task.error_code} {str(task.error_message)[:100]}"
    return None


def _bad_files() -> list[str]:
    """Return published videos whose files are not what their rows say."""
    bad = []
    for video in Video.objects.all():
        digest = hashlib.sha256()
        try:
            with default_storage.open(video.file, "rb") as file:
                for block in iter(lambda file=file: file.read(1 << 20), b""):
                    digest.update(block)
        except FileNotFoundError:
            bad.append(f"{video.file}: missing")
            continue
        whole = digest.hexdigest() == video.sha256 and default_storage.size(video.file) == video.size_bytes
        if not (whole and all(default_storage.exists(key) for key in video.keys)):
            bad.append(f"{video.file}: not what its row says")
    return bad


def held() -> list[str]:
    """Return leases for which no work is left."""
    now = timezone.now()
    rows = GenerationTask.objects.filter(lease_until__gt=now, status__in=[status.value for status in TERMINAL])
    accounts = ProviderAccount.objects.filter(poll_lease_until__gt=now)
    return [*(f"task {row.pk}" for row in rows), *(f"poll lease of {account.label}" for account in accounts)]
