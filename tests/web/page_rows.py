"""Rows for page tests, written straight into the tables: what a page shows does not depend on how a row came to be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from generation import store
from generation.lifecycle import Status
from generation.models import Asset, GenerationTask, Video
from generation.ordering.assets import store_asset
from providers.models import ProviderAccount
from tests.pictures import picture
from tests.task_rows import MODEL, make_task

KLING = MODEL
WAN = "dashscope/wanx2.1-t2v-turbo"
FRAMES = "dashscope/wanx2.1-kf2v-plus"
BYTES = b"0123456789" * 100


def asked(client: Client, path: str) -> int:
    """Return the status of what is there, read to its end."""
    reply = client.get(path)
    if reply.streaming:
        list(reply.streaming_content)  # read to its end, so that the file is closed
    return reply.status_code


def make_video(owner: User, *, prompt: str = "a boat", task: GenerationTask | None = None, **facts: Any) -> Video:
    """Store a video of 1000 bytes with poster and preview."""
    task = task or make_task(owner, status=Status.SUCCEEDED, prompt=prompt, team=facts.get("team"))
    row = {
        "title": prompt,
        "colour": "#224466",
        "sha256": task.pk.hex * 2,
        "source_sha256": "0" * 64,
        "size_bytes": len(BYTES),
        "duration_s": 5.0,
        "width_px": 1280,
        "height_px": 720,
        "fps": 24.0,
        "codec": "h264",
    }
    video = Video(task=task, owner=owner, model=task.model, **(row | facts))
    for field, name in (("file", "v.mp4"), ("poster", "p.webp"), ("preview", "p.mp4")):
        setattr(video, field, f"pages/{video.pk}/{name}")
        store.save(getattr(video, field), BYTES)
    video.save()
    return video


def make_videos(owner: User, count: int, *, prompt: str = "a red boat") -> list[UUID]:
    """Store many videos of one task, which share a file. Return their ids."""
    first = make_video(owner, prompt=prompt)
    shared = {name: getattr(first, name) for name in ("task", "owner", "model", "file", "colour", "size_bytes", "duration_s", "fps")}
    size = {"width_px": first.width_px, "height_px": first.height_px}
    rows = Video.objects.bulk_create(Video(output_index=number, **shared, **size) for number in range(1, count))
    return [first.pk, *(row.pk for row in rows)]


def moved(video: Video, when: datetime) -> Video:
    """Make the video look as if it was made at that time."""
    Video.objects.filter(pk=video.pk).update(created_at=when)
    return video


def make_asset(owner: User, *, width: int = 640, height: int = 480) -> Asset:
    return store_asset(owner=owner, file=picture((width, height)))


def fill_slots(account: ProviderAccount, owner: User) -> None:
    """Take every slot of the account."""
    for number in range(account.max_in_flight):
        make_task(owner, status=Status.RUNNING, account=account, submission_id=f"full-{number}")


def ago(**parts: int) -> datetime:
    return timezone.now() - timedelta(**parts)
