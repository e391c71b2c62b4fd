"""Makes the body about an event: a few facts, as JSON in ASCII. Never the prompt: a log of deliveries has more readers than a task.

`status` is that of the event, not of the row at the time of sending. `task.expiring` is not a status, and has that of the task.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from delivery.links import video_url
from events.models import Event
from generation.models import GenerationTask, Video
from webhooks.catalog import ACCOUNT_RESTS, PING, TASK_EXPIRES

__all__ = ["MOST_BYTES", "body_of_account", "body_of_facts", "body_of_ping", "body_of_task"]

MOST_BYTES = 20 * 1000
"""Standard Webhooks asks for less than 20 kB."""


def body_of_task(event: Event, public: str, task: GenerationTask, videos: Iterable[Video]) -> str:
    """Return the body about a task. `metadata` is left out, and `metadata_omitted` says so, if the whole would be too large."""
    facts: dict[str, Any] = {
        "id": str(task.pk),
        "status": event.facts["status"] if public == TASK_EXPIRES else event.type.removeprefix("task."),
        "model": task.model,
        "content_id": task.content_id,
        "external_id": task.external_id,
        "metadata": task.metadata,
        "error_code": event.facts.get("error_code") or None,
        "videos": [{"id": str(one.pk), "url": video_url(one, settings.PUBLIC_URL), "duration_s": one.duration_s} for one in videos],
        "api": f"{settings.PUBLIC_URL}/api/v1/tasks/{task.pk}",
    }
    if public == TASK_EXPIRES:
        facts["expires_at"] = event.facts["expires_at"]
    whole = _body(public, event.at, facts)
    return whole if len(whole) < MOST_BYTES else _body(public, event.at, facts | {"metadata": {}, "metadata_omitted": True})


def body_of_account(event: Event, label: str, vendor: str) -> str:
    """Return the body about an account that takes no tasks until a time."""
    facts = {"id": str(event.subject_id), "label": label, "vendor": vendor, "resting_until": event.facts.get("until")}
    return _body(ACCOUNT_RESTS, event.at, facts)


def body_of_facts(event: Event, public: str) -> str:
    """Return the body about an event whose own facts are enough."""
    return _body(public, event.at, {"id": str(event.subject_id), **event.facts})


def body_of_ping(endpoint_id: UUID, at: datetime) -> str:
    """Return the body of a test."""
    return _body(PING, at, {"endpoint": str(endpoint_id)})


def _body(public: str, at: datetime, facts: Mapping[str, Any]) -> str:
    """Return the JSON text. Raise ValueError for NaN, which JSON does not have."""
    time = at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    return json.dumps({"type": public, "timestamp": time, "data": facts}, ensure_ascii=True, allow_nan=False)
