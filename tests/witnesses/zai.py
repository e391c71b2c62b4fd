"""zai-sdk, both of its clients, against the simulated Zhipu: submit, retrieve and the file of every model, refusals as its errors."""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.request import urlopen

from zai import ZaiClient, ZhipuAiClient
from zai.core import APIAuthenticationError, APIReachLimitError, APIRequestFailedError, ZaiError

FAR = "https://example.com/picture.jpg"
ORDERS: list[dict[str, Any]] = [
    {"model": "cogvideox-3", "size": "1920x1080", "duration": 5, "fps": 30, "quality": "quality", "with_audio": True},
    {"model": "cogvideox-3", "image_url": [FAR, FAR], "duration": 10},
    {"model": "cogvideox-2", "image_url": FAR, "size": "720x480"},
    {"model": "cogvideox-flash", "fps": 60, "watermark_enabled": False},
    {"model": "viduq1-text", "style": "anime", "aspect_ratio": "9:16", "movement_amplitude": "large", "duration": 5},
    {"model": "viduq1-image", "image_url": FAR},
    {"model": "viduq1-start-end", "image_url": [FAR, FAR]},
    {"model": "vidu2-image", "image_url": FAR, "with_audio": True, "duration": 4, "size": "1280x720"},
    {"model": "vidu2-start-end", "image_url": [FAR, FAR], "movement_amplitude": "small"},
    {"model": "vidu2-reference", "image_url": [FAR, FAR, FAR], "aspect_ratio": "16:9"},
]
REFUSALS: list[tuple[str, type[ZaiError], int]] = [
    ("#fault:refuse", APIRequestFailedError, 400),
    ("#fault:bad-param", APIRequestFailedError, 400),
    ("#fault:auth", APIAuthenticationError, 401),
    ("#fault:quota", APIReachLimitError, 429),
]
PATIENCE_S = 10


def finished(client: Any, task_id: str) -> Any:
    """The last answer."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        answer = client.videos.retrieve_videos_result(id=task_id)
        if answer.task_status != "PROCESSING":
            return answer
        time.sleep(0.05)
    raise AssertionError("the task did not end")


def is_video(url: str) -> bool:
    with urlopen(url, timeout=PATIENCE_S) as file:  # noqa: S310 - an address of the simulator
        return bool(file.read()[4:8] == b"ftyp")


def make_all(client: Any) -> None:
    for number, order in enumerate(ORDERS):
        submitted = client.videos.generations(prompt=f"a boat {number}", request_id=f"{type(client).__name__}-{number}", **order)
        assert submitted.task_status == "PROCESSING"
        assert submitted.request_id == f"{type(client).__name__}-{number}"
        done = finished(client, submitted.id)
        assert (done.model, done.task_status) == (order["model"], "SUCCESS")
        assert is_video(done.video_result[0].url)


def be_refused(client: Any) -> None:
    for words, kind, status in REFUSALS:
        refused_with = None
        try:
            client.videos.generations(model="cogvideox-3", prompt=f"a boat {words}")
        except kind as error:
            refused_with = error.status_code
        assert refused_with == status, words


def outlive_faults(client: Any) -> None:
    """The SDK tries again by itself after 429 and 5xx."""
    submitted = client.videos.generations(model="cogvideox-3", prompt="a boat #fault:rate-limit #fault:poll-5xx #fault:poll-429:1")
    assert finished(client, submitted.id).task_status == "SUCCESS"
    failed = client.videos.generations(model="cogvideox-3", prompt="a boat #fault:fail-internal")
    assert finished(client, failed.id).task_status == "FAIL"


def main(base: str) -> None:
    base_url = f"{base}/hosts/zhipu/api/paas/v4"
    make_all(ZhipuAiClient(api_key="simid.simsecret0000000000", base_url=base_url))
    make_all(ZaiClient(api_key="simid.simsecret0000000000", base_url=base_url, disable_token_cache=False))
    client = ZhipuAiClient(api_key="simid.simsecret0000000000", base_url=base_url)
    be_refused(client)
    outlive_faults(client)


if __name__ == "__main__":
    main(sys.argv[1])
