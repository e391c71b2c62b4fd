"""Words in which the tests speak with the simulator: hand-written requests, nothing of the adapters."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

KEY = "sk-simulator-tests"


def bearer(key: str = KEY, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", **more}


class KlingCaller:
    """Hand-written requests to the classic API of one host."""

    def __init__(self, base: str, key: str = KEY) -> None:
        self.videos = f"{base}/v1/videos"
        self.key = key

    def submit(self, prompt: str = "a paper boat", kind: str = "text2video", **fields: Any) -> requests.Response:
        headers = {**bearer(self.key), **fields.pop("headers", {})}
        return requests.post(f"{self.videos}/{kind}", json={"prompt": prompt, **fields}, headers=headers, timeout=20)

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["data"]["task_id"]

    def poll(self, task_id: str, kind: str = "text2video") -> requests.Response:
        return requests.get(f"{self.videos}/{kind}/{task_id}", headers=bearer(self.key), timeout=20)

    def finished(self, task_id: str, kind: str = "text2video") -> dict[str, Any]:
        return until(lambda: self.poll(task_id, kind).json()["data"], "task_status", {"succeed", "failed"})


class DashScopeCaller:
    def __init__(self, base: str, key: str = KEY) -> None:
        self.api = f"{base}/api/v1"
        self.key = key

    def submit(
        self,
        prompt: str = "a paper boat",
        model: str = "wanx2.1-t2v-turbo",
        group: str = "video-generation",
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
        **given: Any,
    ) -> requests.Response:
        body = {"model": model, "input": {"prompt": prompt, **given}, "parameters": parameters or {}}
        headers = bearer(self.key, **{"X-DashScope-Async": "enable"}) | (headers or {})
        return requests.post(f"{self.api}/services/aigc/{group}/video-synthesis", json=body, headers=headers, timeout=20)

    def task(self, prompt: str = "a paper boat", **fields: Any) -> str:
        return self.submit(prompt, **fields).json()["output"]["task_id"]

    def poll(self, task_id: str) -> requests.Response:
        return requests.get(f"{self.api}/tasks/{task_id}", headers=bearer(self.key), timeout=20)

    def finished(self, task_id: str) -> dict[str, Any]:
        ends = {"SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN"}
        return until(lambda: self.poll(task_id).json()["output"], "task_status", ends)


def until(ask: Callable[[], dict[str, Any]], field: str, wanted: set[str]) -> dict[str, Any]:
    """Ask until the field has one of these values; a minute at most."""
    deadline = time.monotonic() + 60
    while (answer := ask())[field] not in wanted:
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer
