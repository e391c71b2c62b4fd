"""Videos whose files are real, stored as the ingest stores them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from generation import store
from generation.lifecycle import Status
from generation.models import Video
from tests.generation.media.videos import FPS, make_video
from tests.task_rows import make_task

__all__ = ["FPS", "real_video"]

SIZE = (160, 90)


def real_video(owner: User, *, prompt: str = "a yellow square walks", content: bytes = b"", task: Any = None, **facts: Any) -> Video:
    """Store a video of two seconds, 12 pictures each, with a poster and a preview that are not real."""
    content = content or make_video(size=SIZE, audio=False, options={"bf": "2"})
    task = task or make_task(owner, status=Status.SUCCEEDED, prompt=prompt)
    stem = f"videos/{task.created_at:%Y/%m/%d}/{task.pk}-0-1"
    keys = {"file": f"{stem}.mp4", "poster": f"{stem}.webp", "preview": f"{stem}.preview.mp4"}
    for key in keys.values():
        store.save(key, content if key == keys["file"] else b"not a picture")
    row = {
        "title": prompt,
        "colour": "#224466",
        "sha256": task.pk.hex * 2,
        "source_sha256": "0" * 64,
        "size_bytes": len(content),
        "stored_bytes": len(content) + 26,
        "duration_s": 2.0,
        "width_px": SIZE[0],
        "height_px": SIZE[1],
        "fps": float(FPS),
        "codec": "h264",
    }
    return Video.objects.create(task=task, owner=owner, model=task.model, **(row | keys | facts))
