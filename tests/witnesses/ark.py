"""The Ark runtime SDK against the simulated Seedance tasks: create, get, list by ids, delete, the file, refusals as its errors."""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.request import urlopen

from volcenginesdkarkruntime import Ark
from volcenginesdkarkruntime._exceptions import ArkAPIStatusError

FAR = "https://example.com/picture.jpg"
PATIENCE_S = 10


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def image(role: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": FAR}, "role": role}


ORDERS: list[dict[str, Any]] = [
    {"model": "doubao-seedance-1-5-pro-251215", "resolution": "1080p", "ratio": "9:16", "duration": 4, "generate_audio": True},
    {"model": "doubao-seedance-1-0-pro-250528", "resolution": "480p", "frames": 29, "camera_fixed": True},
    {"model": "doubao-seedance-1-0-pro-fast-251015", "content": [text("a boat"), image("first_frame")], "return_last_frame": True},
    {"model": "doubao-seedance-1-0-lite-t2v-250428", "seed": 7, "watermark": True},
    {"model": "doubao-seedance-1-0-lite-i2v-250428", "content": [image("first_frame"), image("last_frame")], "service_tier": "flex"},
    {"model": "doubao-seedance-2-0-260128", "content": [text("a boat"), image("reference_image")], "duration": 4},
    {"model": "doubao-seedance-2-0-fast-260128", "resolution": "480p", "tools": [{"type": "web_search"}]},
]


def finished(tasks: Any, task_id: str) -> Any:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        task = tasks.get(task_id=task_id)
        if task.status not in {"queued", "running"}:
            return task
        time.sleep(0.05)
    raise AssertionError("the task did not end")


def is_video(url: str) -> bool:
    with urlopen(url, timeout=PATIENCE_S) as file:  # noqa: S310 - an address of the simulator
        return bool(file.read()[4:8] == b"ftyp")


def refused(tasks: Any, **order: Any) -> tuple[int, str]:
    try:
        tasks.create(**{"model": "doubao-seedance-1-5-pro-251215", "content": [text("a boat")], **order})
    except ArkAPIStatusError as error:
        return error.status_code, str(error.code)
    raise AssertionError(f"{order} was not refused")


def main(base: str) -> None:
    tasks = Ark(api_key="sk-sandbox-ark", base_url=f"{base}/hosts/ark/api/v3", max_retries=0).content_generation.tasks
    made = [tasks.create(**{"content": [text(f"a boat {number}")], **order}).id for number, order in enumerate(ORDERS)]
    for name, order in zip(made, ORDERS, strict=True):
        done = finished(tasks, name)
        assert (done.model, done.status) == (order["model"], "succeeded"), done
        assert is_video(done.content.video_url)
        assert done.usage.completion_tokens > 0
    listed = tasks.list(page_num=1, page_size=10, status="succeeded", task_ids=made[:2])
    assert (listed.total, {item.id for item in listed.items}) == (2, set(made[:2]))
    tasks.delete(task_id=made[0])
    assert tasks.list(task_ids=made[:2]).total == 1
    failed = tasks.create(model="doubao-seedance-1-5-pro-251215", content=[text("a boat #fault:fail-content")])
    assert finished(tasks, failed.id).error.code == "OutputVideoSensitiveContentDetected"
    assert refused(tasks, duration=3) == (400, "InvalidParameter")
    assert refused(tasks, model="nothing") == (404, "InvalidEndpointOrModel.NotFound")
    assert refused(tasks, content=[text("a boat #fault:trial-over")]) == (429, "QuotaExceeded")
    assert refused(tasks, content=[text("a boat #fault:quota")]) == (403, "AccountOverdueError")


if __name__ == "__main__":
    main(sys.argv[1])
